"""Everything that can go wrong, as types.

:class:`RiptideError` is the root. Below it, :class:`ExtractionError` is one document's failure
(the crawl goes on): the contract's cases, as the guest reports them, and the host's own.
The rest is a wrong setting or a component that can't be used (nothing can start).

Every :class:`ExtractionError` has a ``kind``, the word under which it is counted, and says by
``is_machinery`` whether the machinery failed (a trap, a deadline, the memory limit), which the
circuit breaker counts, or the document was just no document.
"""

from __future__ import annotations

from typing import Any, ClassVar


class RiptideError(Exception):
    """The root of the package's exceptions."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions with keyword arguments don't unpickle by themselves.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(cls: type[RiptideError], args: tuple[Any, ...], state: dict[str, Any]) -> RiptideError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigError(RiptideError, ValueError):
    """A setting, variable or argument with a value that is not allowed.

    The message names the setting, the value and what is allowed.
    """


class ComponentError(RiptideError):
    """The component can't be used: not found, no component, of another contract, or importing."""


class UnsupportedWasmtime(RiptideError):
    """The installed wasmtime is outside of the range the runtime was tested with."""


class ExtractorClosed(RiptideError):
    """The extractor was closed, or belongs to the process this one was forked from."""


class ExtractionError(RiptideError):
    """One document's extraction failed."""

    kind: ClassVar[str] = "extraction"
    is_machinery: ClassVar[bool] = False

    #: The number of the instance that was at work, and the pages (64 KiB) of linear memory it had.
    #: None where no instance was, or its pages can't be known.
    instance: int | None = None
    memory_pages: int | None = None


# The contract's cases, in its order.


class InvalidHtmlError(ExtractionError):
    """The HTML is empty or blank, or the address is no absolute URL."""

    kind = "invalid_html"


class NetworkError(ExtractionError):
    """The contract's case for guests that fetch. This project's guest never does."""

    kind = "network"


class ParseError(ExtractionError):
    """What was given beside the HTML can't be parsed: a CSS selector. Says which and where."""

    kind = "parse"


class ResourceLimitError(ExtractionError):
    """The guest gave up by itself, before a limit of the host's stopped it, or its answer is too large."""

    kind = "resource_limit"
    is_machinery = True


class ExtractorError(ExtractionError):
    """The extraction engine inside the guest failed."""

    kind = "extractor"
    is_machinery = True


class InternalError(ExtractionError):
    """The guest, or the host's side of the boundary, met something it never should."""

    kind = "internal"
    is_machinery = True


class UnsupportedModeError(ExtractionError):
    """The component doesn't have this mode."""

    kind = "unsupported_mode"


# The host's own.


class ExtractionTimeout(ExtractionError):
    """The guest ran past its deadline and was stopped."""

    kind = "timeout"
    is_machinery = True


class FuelExhausted(ExtractionError):
    """The guest used up its fuel and was stopped."""

    kind = "fuel"
    is_machinery = True


class MemoryLimitExceeded(ExtractionError):
    """The guest wanted more linear memory than it may have, and could not go on without.

    ``grow_failures`` is the number of growths denied to this extraction, ``None`` where the
    runtime can't count them.
    """

    kind = "memory_limit"
    is_machinery = True

    def __init__(self, message: str, *, grow_failures: int | None = None) -> None:
        super().__init__(message)
        self.grow_failures = grow_failures


class GuestTrap(ExtractionError):
    """The guest trapped. ``trap`` is wasmtime's word for how."""

    kind = "trap"
    is_machinery = True

    def __init__(self, message: str, *, trap: str = "") -> None:
        super().__init__(message)
        self.trap = trap


class PoolExhausted(ExtractionError):
    """No instance came free in time. Worth another try: nothing is wrong with the document."""

    kind = "pool_exhausted"
    retryable: ClassVar[bool] = True

    def __init__(self, message: str, *, active: int, max: int) -> None:  # noqa: A002 (the word operators know)
        super().__init__(message)
        self.active = active
        self.max = max


class CircuitOpen(ExtractionError):
    """The breaker is open after repeated failures of the machinery.

    ``retry_in_s`` is the number of seconds until it lets trial requests through.
    """

    kind = "circuit_open"

    def __init__(self, message: str, *, retry_in_s: float) -> None:
        super().__init__(message)
        self.retry_in_s = retry_in_s


class DocumentTooLarge(ExtractionError):
    """The document is larger than the extractor that was asked takes."""

    kind = "too_large"
