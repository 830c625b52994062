"""The contract ``riptide:extractor@0.2.0`` of ``wit/extractor.wit``, as the host sees it.

The signatures are written once, here, and compared with what a component declares before its
first call. A component has all of :data:`FUNCTIONS`; of :data:`OPTIONAL_FUNCTIONS` it has those of
the interfaces that it exports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from scrapy_riptide import errors
from scrapy_riptide.content import (
    FAVORS,
    MODE_NAMES,
    ComponentInfo,
    ExtractedContent,
    ExtractionStats,
    Favor,
    HealthStatus,
    Link,
    Mode,
)
from scrapy_riptide.wasm.lifting import (
    BOOL,
    STRING,
    U8,
    U32,
    U64,
    Argument,
    Case,
    EnumOf,
    ListOf,
    OptionOf,
    RecordOf,
    ResultOf,
    Signature,
    TupleOf,
    Type,
    VariantOf,
    lower_enum,
    lower_string,
    lower_strings,
    lower_variant,
)
from scrapy_riptide.wording import in_short

INTERFACE = "riptide:extractor/extractor@0.2.0"
TUNING_INTERFACE = "riptide:extractor/tuning@0.2.0"

#: What a guest's health-check says when all is well.
HEALTHY = frozenset({"healthy", "ok"})

_TEXT = OptionOf(STRING)
_COUNT = OptionOf(U32)
_STRINGS = ListOf(STRING)

_MODE = VariantOf([("article", None), ("full", None), ("metadata", None), ("custom", _STRINGS)])

_CONTENT = RecordOf(
    ExtractedContent,
    [
        ("url", STRING),
        ("title", _TEXT),
        ("byline", _TEXT),
        ("published-iso", _TEXT),
        ("markdown", STRING),
        ("text", STRING),
        ("links", _STRINGS),
        ("media", _STRINGS),
        ("language", _TEXT),
        ("reading-time", _COUNT),
        ("quality-score", OptionOf(U8)),
        ("word-count", _COUNT),
        ("categories", _STRINGS),
        ("site-name", _TEXT),
        ("description", _TEXT),
    ],
)
_STATS = RecordOf(
    ExtractionStats,
    [
        ("processing-time-ms", U64),
        ("memory-used", U64),
        ("nodes-processed", _COUNT),
        ("links-found", U32),
        ("images-found", U32),
    ],
)
_LINK = RecordOf(
    Link,
    [
        ("url", STRING),
        ("text", STRING),
        ("nofollow", BOOL),
        ("ugc", BOOL),
        ("sponsored", BOOL),
        ("hreflang", _TEXT),
    ],
)
_HEALTH = RecordOf(
    HealthStatus,
    [
        ("status", STRING),
        ("version", STRING),
        ("trek-version", STRING),
        ("capabilities", _STRINGS),
        ("memory-usage", OptionOf(U64)),
        ("extraction-count", OptionOf(U64)),
    ],
)
_INFO = RecordOf(
    ComponentInfo,
    [
        ("name", STRING),
        ("version", STRING),
        ("component-model-version", STRING),
        ("features", _STRINGS),
        ("supported-modes", _STRINGS),
    ],
)

#: The error variant's cases, in its order, and the exception of each.
ERRORS: Mapping[str, type[errors.ExtractionError]] = {
    "invalid-html": errors.InvalidHtmlError,
    "network-error": errors.NetworkError,
    "parse-error": errors.ParseError,
    "resource-limit": errors.ResourceLimitError,
    "extractor-error": errors.ExtractorError,
    "internal-error": errors.InternalError,
    "unsupported-mode": errors.UnsupportedModeError,
}
_ERROR = VariantOf([(case, STRING) for case in ERRORS])


def _fallible(result: Type) -> ResultOf:
    return ResultOf(result, _ERROR)


_DOCUMENT = (("html", STRING), ("url", STRING))

#: The functions of the interface.
FUNCTIONS: Mapping[str, Signature] = MappingProxyType(
    {
        "extract": Signature((*_DOCUMENT, ("mode", _MODE)), _fallible(_CONTENT)),
        "extract-with-stats": Signature((*_DOCUMENT, ("mode", _MODE)), _fallible(TupleOf(_CONTENT, _STATS))),
        "extract-links": Signature(_DOCUMENT, _fallible(ListOf(_LINK))),
        "validate-html": Signature((("html", STRING),), _fallible(BOOL)),
        "health-check": Signature((), _HEALTH),
        "get-info": Signature((), _INFO),
        "reset-state": Signature((), _fallible(STRING)),
        "get-modes": Signature((), _STRINGS),
    }
)

#: The functions of interfaces that a component may export beside the contract's.
OPTIONAL_FUNCTIONS: Mapping[str, Mapping[str, Signature]] = MappingProxyType(
    {
        TUNING_INTERFACE: {
            "extract-favoring": Signature(
                (*_DOCUMENT, ("mode", _MODE), ("favor", EnumOf(*FAVORS))),
                _fallible(TupleOf(_CONTENT, _STATS)),
            )
        }
    }
)

#: The signature of every function, optional or not.
SIGNATURES: Mapping[str, Signature] = MappingProxyType(
    {name: each for group in (FUNCTIONS, *OPTIONAL_FUNCTIONS.values()) for name, each in group.items()}
)


def extraction(html: str | bytes, url: str, mode: Mode, favor: Favor) -> tuple[str, tuple[Argument, ...]]:
    """The function that extracts a document in this way, and its arguments, the document first.

    Every component is balanced; the others' preference takes one that exports the tuning interface.
    """
    document = (lower_string(html), lower_string(url), lower_mode(mode))
    if favor == "balanced":
        return "extract-with-stats", document
    if favor not in FAVORS:
        raise errors.UnsupportedModeError(f"favor {favor!r} is not known: {', '.join(map(repr, FAVORS))} are")
    return "extract-favoring", (*document, lower_enum(favor))


def interface_of(name: str) -> str:
    """The interface that a function belongs to."""
    optional = (each for each, functions in OPTIONAL_FUNCTIONS.items() if name in functions)
    return next(optional, INTERFACE)


def missing_function(name: str) -> str:
    """Why an optional function can't be called that a component doesn't have."""
    return (
        f"the component doesn't export {interface_of(name)}, so favor can only be 'balanced': leave favor"
        " (RIPTIDE_FAVOR) out, or use the packaged component"
    )


# The same for every document.
_NAMED_MODES: Mapping[str, Argument] = MappingProxyType({name: lower_variant(name) for name in MODE_NAMES})


def lower_mode(mode: Mode) -> Argument:
    """The argument for ``mode``: one of three names, or CSS selectors for ``custom``."""
    if isinstance(mode, str):
        if mode not in _NAMED_MODES:
            raise errors.UnsupportedModeError(
                f"mode {mode!r} is not known: 'article', 'full', 'metadata' or a list of CSS selectors is"
            )
        return _NAMED_MODES[mode]
    if not isinstance(mode, Sequence) or not all(isinstance(selector, str) for selector in mode):
        raise errors.UnsupportedModeError(f"mode {mode!r} is neither a name nor a list of CSS selectors")
    return lower_variant("custom", lower_strings(mode))


def error_from(case: Case) -> errors.ExtractionError:
    """The exception for an error that the guest returned. It may repeat a selector of any length."""
    return ERRORS[case.name](in_short(case.payload, 500))
