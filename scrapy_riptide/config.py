"""The runtime's configuration: defaults < environment ``RIPTIDE_WASM_*`` < Scrapy settings < arguments.

Every option stands once, as a field of :class:`ExtractorConfig` with its range and its meaning;
the environment variable, the Scrapy setting and the reference page of the documentation are made
from that. A value that is not allowed is a :class:`~scrapy_riptide.errors.ConfigError` that names
where it came from, the value and what is allowed.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from scrapy_riptide.content import FAVORS, Favor
from scrapy_riptide.errors import ConfigError
from scrapy_riptide.wording import in_short

logger = logging.getLogger(__name__)

#: Bytes of one WebAssembly page.
PAGE_BYTES = 65536
MIB = 1024 * 1024

ENV_PREFIX = "RIPTIDE_WASM_"
SETTING_PREFIX = "RIPTIDE_"

# wasmtime ends the process over a wasm stack larger than its stack for async calls, which is not
# ours to set. What host frames need below and above the guest's is not in this figure.
_MAX_STACK_BYTES_LIMIT = 2 * MIB
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_NONE = frozenset({"", "none", "null"})

Parser = Callable[[Any], Any]


@dataclass(frozen=True)
class Allowed:
    """What an option accepts: ``parse`` turns what was given into the value or raises ``ValueError``.

    What that was raised from is told as the reason.
    """

    parse: Parser
    #: Completes the sentence "… is not allowed: it takes".
    sentence: str


def integer(minimum: int, maximum: int | None = None, *, unit: str = "") -> Allowed:
    """A whole number within a range, given as a number or as text."""

    def parse(value: Any) -> int:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError
        number = int(value)
        if number < minimum or (maximum is not None and number > maximum):
            raise ValueError
        return number

    return Allowed(parse, _range("a whole number", minimum, maximum, unit))


def decimal(minimum: float, maximum: float | None = None, *, unit: str = "") -> Allowed:
    """A number within a range, given as a number or as text."""

    def parse(value: Any) -> float:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)
        # A NaN compares as neither; what never ends is nothing to count down, or to write into a message.
        if not (minimum <= number < float("inf")) or (maximum is not None and number > maximum):
            raise ValueError
        return number

    return Allowed(parse, _range("a number", minimum, maximum, unit))


def _range(what: str, minimum: float, maximum: float | None, unit: str) -> str:
    of = f" of {unit}" if unit else ""
    if maximum is None:
        return f"{what}{of}, at least {minimum}"
    return f"{what}{of} from {minimum} to {maximum}"


def boolean() -> Allowed:
    """On or off, given as a bool, as 0 or 1, or as the usual words."""

    def parse(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise ValueError

    return Allowed(parse, "True or False (in the environment 1, true, yes, on or 0, false, no, off)")


def choice(*words: str) -> Allowed:
    """One of some words."""

    def parse(value: Any) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return Allowed(parse, " or ".join(repr(word) for word in words))


def optional(inner: Allowed) -> Allowed:
    """What ``inner`` accepts, or None."""

    def parse(value: Any) -> Any:
        if value is None or (isinstance(value, str) and value.strip().lower() in _NONE):
            return None
        return inner.parse(value)

    return Allowed(parse, f"{inner.sentence}, or None")


def text(what: str) -> Allowed:
    """A text that is not empty; a path is taken as its text."""

    def parse(value: Any) -> str:
        if isinstance(value, Path):
            return str(value)
        if not isinstance(value, str) or not value.strip():
            raise ValueError
        return value

    return Allowed(parse, what)


def or_auto(maximum: int, meaning: str) -> Allowed:
    """A number from 1, or ``auto``."""
    number = integer(1, maximum)

    def parse(value: Any) -> int | str:
        return "auto" if value == "auto" else int(number.parse(value))

    return Allowed(parse, f"'auto' ({meaning}) or {number.sentence}")


def fallback_name() -> Allowed:
    """A fallback extractor's name or class path; every way of saying off becomes None."""

    def parse(value: Any) -> str | None:
        if value is None or value is False:
            return None
        if value is True:
            return "parsel"
        if isinstance(value, type):
            return f"{value.__module__}.{value.__qualname__}"
        if not isinstance(value, str):
            raise ValueError
        word = value.strip()
        if word.lower() in _NONE | _FALSE:
            return None
        if word.lower() in _TRUE:
            return "parsel"
        if word in ("parsel", "trafilatura") or "." in word:
            return word
        raise ValueError

    return Allowed(parse, "'parsel', 'trafilatura', the import path of a class, or None for off")


def option(default: Any, allowed: Allowed, meaning: str) -> Any:
    """A field of a configuration dataclass: its default, what it accepts, and what it means."""
    return field(default=default, metadata={"allowed": allowed, "meaning": meaning})


def parse_option(config_class: type, name: str, value: Any, source: str) -> Any:
    """The value of option ``name``, or a :class:`ConfigError` that names ``source``."""
    allowed: Allowed = next(f for f in fields(config_class) if f.name == name).metadata["allowed"]
    try:
        return allowed.parse(value)
    except (ValueError, TypeError, OverflowError) as error:
        message = f"{source} = {in_short(repr(value))} is not allowed: it takes {allowed.sentence}."
        # The sentence says all that the refusal itself does. Only what it came of is worth a traceback: a
        # module that can't be imported, say.
        because = error.__cause__
        raise ConfigError(message if because is None else f"{message} ({because})") from because


class _Implied(int):
    """A memory limit that was not given and follows from the other.

    It gives way when the configuration is made again with another value of that one, as
    ``dataclasses.replace`` does.
    """


@dataclass(frozen=True, kw_only=True)
class ExtractorConfig:
    """How an :class:`~scrapy_riptide.Extractor` runs its guests.

    Options are keyword arguments; what is not given has the documented default. Environment
    variables are read by :meth:`from_env` and :meth:`from_settings` only.
    """

    component: str | None = option(
        None,
        optional(text("a file's path, or package:resource")),
        "The component to run. None: the packaged one.",
    )
    max_pool_size: int | str = option(
        8,
        or_auto(1024, "what this process's cores and half of its memory are enough for"),
        "Instances at most; there are never more of them than worker threads.",
    )
    initial_pool_size: int = option(
        2, integer(0, 1024), "Instances made ready at start, in the background; never more than there may be."
    )
    max_workers: int | str = option(
        "auto",
        or_auto(256, "one for each core this process may use"),
        "Threads that run guests. More than one a core only makes pages wait for each other.",
    )
    checkout_timeout_secs: float = option(
        30.0,
        # None takes no time to begin: at 0 every extraction would be too late.
        decimal(0.001, 86400, unit="seconds"),
        "How long an extraction may wait for an instance before PoolExhausted.",
    )
    memory_limit_mb: int | None = option(
        None,
        optional(integer(1, 4096, unit="MiB")),
        "Linear memory of one instance at most. The stricter limit wins; alone, it sets the other.",
    )
    memory_limit_pages: int | None = option(
        None,
        optional(integer(1, 65536, unit="pages (64 KiB)")),
        "The same limit in WebAssembly pages, 4096 where neither limit is given.",
    )
    timeout_secs: float = option(
        30.0, decimal(0.001, 86400, unit="seconds"), "How long a guest may run for one document."
    )
    enable_simd: bool = option(True, boolean(), "Run the guest that was built with SIMD.")
    enable_aot_cache: bool = option(True, boolean(), "Keep compiled components on disk.")
    cache_dir: str | None = option(
        None,
        optional(text("a directory's path")),
        "Where compiled components are kept. None: the user's cache.",
    )
    cold_start_target_ms: float | None = option(
        15.0,
        optional(decimal(0, unit="milliseconds")),
        "A slower start of a cached component is a warning, unless it only waited for a processor."
        " None: however long one takes, it isn't.",
    )
    enable_reuse: bool = option(
        True, boolean(), "Use an instance for many documents. Off: one instance a document."
    )
    enable_metrics: bool = option(
        True,
        boolean(),
        "Keep timings and histograms beside the counters. Off: they are absent, and None in metrics().",
    )
    memory_pressure_threshold: float = option(
        80.0, decimal(1, 100, unit="percent"), "From here on an instance's memory pressure counts as high."
    )
    health_check_interval_secs: float = option(
        120.0, decimal(0, unit="seconds"), "How often idle instances are asked for their health. 0: never."
    )
    aggressive_gc: bool = option(
        False,
        boolean(),
        "Retire an instance as soon as its memory pressure is high, rather than at the limit.",
    )
    fuel_limit: int | None = option(
        None,
        optional(integer(1, 2**63 - 1)),
        "Units of fuel for one document; a page burns tens of millions. None: no fuel.",
    )
    enable_leak_detection: bool = option(
        True,
        boolean(),
        "Watch for instances whose memory keeps growing over similar documents, and replace them.",
    )
    max_uses: int = option(1000, integer(1), "Documents after which an instance is replaced.")
    recycle_memory_mb: int = option(
        512,
        integer(1, 4096, unit="MiB"),
        "Linear memory from which an instance is replaced; never above the limit.",
    )
    idle_expiry_secs: float | None = option(
        300.0,
        optional(decimal(0, unit="seconds")),
        "Idle instances beyond the initial ones are dropped after this time.",
    )
    failure_threshold: int = option(
        5, integer(1), "Failures of the machinery in a row that open the breaker."
    )
    recovery_timeout_secs: float = option(
        60.0, decimal(0, unit="seconds"), "How long the breaker stays open before it tries again."
    )
    half_open_max_requests: int = option(
        3, integer(1), "Trial extractions that must succeed before the breaker closes."
    )
    max_stack_bytes: int = option(
        2 * MIB, integer(64 * 1024, _MAX_STACK_BYTES_LIMIT, unit="bytes"), "The guest's call stack at most."
    )
    favor: Favor = option(  # noqa: RUF009
        "balanced",
        choice(*FAVORS),
        "Which error is worse in the modes article and full: 'precision' keeps less, 'recall' more.",
    )
    fallback: str | None = option(
        "parsel",
        fallback_name(),
        "Who answers when wasm can't: 'parsel', 'trafilatura', a class path, None for off.",
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            given = getattr(self, each.name)
            value = parse_option(
                type(self),
                each.name,
                None if isinstance(given, _Implied) else given,
                f"ExtractorConfig: {each.name}",
            )
            object.__setattr__(self, each.name, value)
        # Of the two limits, what was not given is no stricter than what was.
        if self.memory_limit_pages is None:
            pages = 4096 if self.memory_limit_mb is None else self.memory_limit_mb * MIB // PAGE_BYTES
            object.__setattr__(self, "memory_limit_pages", _Implied(pages))
        if self.memory_limit_mb is None:
            assert self.memory_limit_pages is not None
            megabytes = -(-self.memory_limit_pages * PAGE_BYTES // MIB)
            object.__setattr__(self, "memory_limit_mb", _Implied(megabytes))

    @property
    def memory_limit_bytes(self) -> int:
        """Bytes of linear memory that one instance may have: the stricter of the two limits."""
        assert self.memory_limit_mb is not None
        assert self.memory_limit_pages is not None
        return min(self.memory_limit_mb * MIB, self.memory_limit_pages * PAGE_BYTES)

    @property
    def limit_pages(self) -> int:
        """The same in WebAssembly pages."""
        return self.memory_limit_bytes // PAGE_BYTES

    @property
    def recycle_memory_bytes(self) -> int:
        """Bytes of linear memory from which an instance is replaced."""
        return min(self.recycle_memory_mb * MIB, self.memory_limit_bytes)

    def name_of(self, option_name: str) -> str:
        """What an option is called where this configuration's values come from, for messages."""
        names: dict[str, str] = self.__dict__.get("_names", {})
        prefix: str = self.__dict__.get("_prefix", "")
        return names.get(option_name) or (prefix + option_name.upper() if prefix else option_name)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **arguments: Any) -> ExtractorConfig:
        """The configuration that ``RIPTIDE_WASM_*`` variables describe; arguments win over them."""
        values = _from_environ(os.environ if environ is None else environ)
        return cls(**{**values, **arguments})._named(ENV_PREFIX, {name: name for name in arguments})

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, Any], environ: Mapping[str, str] | None = None
    ) -> ExtractorConfig:
        """The configuration that a mapping of Scrapy settings describes, over the environment's.

        An option is the setting ``RIPTIDE_<OPTION>``; the variable's name, ``RIPTIDE_WASM_<OPTION>``,
        is taken as well.
        """
        values = _from_environ(os.environ if environ is None else environ)
        sources = {name: ENV_PREFIX + name.upper() for name in values}
        for each in fields(cls):
            names = [
                name
                for name in (SETTING_PREFIX + each.name.upper(), ENV_PREFIX + each.name.upper())
                if name in settings
            ]
            if len(names) == 2:
                raise ConfigError(f"{names[0]} and {names[1]} are the same setting: keep one of them.")
            for name in names:
                values[each.name] = parse_option(cls, each.name, settings[name], name)
                sources[each.name] = name
        return cls(**values)._named(SETTING_PREFIX, sources)

    def but(self, **options: Any) -> ExtractorConfig:
        """The same configuration with some options changed."""
        changed = replace(self, **options)
        names = self.__dict__.get("_names", {})
        return changed._named(self.__dict__.get("_prefix", ""), {**names, **dict.fromkeys(options, "")})

    def _named(self, prefix: str, names: Mapping[str, str]) -> ExtractorConfig:
        # No fields: two configurations of the same values are the same, wherever they come from.
        object.__setattr__(self, "_prefix", prefix)
        object.__setattr__(self, "_names", dict(names))
        return self


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    names = {ENV_PREFIX + each.name.upper(): each.name for each in fields(ExtractorConfig)}
    values = {}
    for variable, value in environ.items():
        if variable in names:
            name = names[variable]
            values[name] = parse_option(ExtractorConfig, name, value, variable)
        elif variable.startswith(ENV_PREFIX):
            _warn_of(variable, tuple(names))
    return values


@cache
def _warn_of(variable: str, known: tuple[str, ...]) -> None:
    # A warning, once a process, and no error: other programs' versions read the same environment.
    (close,) = get_close_matches(variable, known, n=1, cutoff=0.0)
    logger.warning("%s is no variable of scrapy-riptide and does nothing: did you mean %s?", variable, close)
