"""Who answers when wasm can't: an extractor in the host's own language.

A fallback is any object with a ``name`` and an ``extract`` (see :class:`FallbackExtractor`). It
runs in the worker threads, so it has to be safe to call from several of them at once, and nothing
can stop it once it runs: it limits its own input.
"""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import Protocol, runtime_checkable

from scrapy_riptide.content import ExtractedContent, Mode
from scrapy_riptide.errors import ConfigError
from scrapy_riptide.wording import install

__all__ = ["FallbackExtractor", "LazyFallback", "load_fallback"]

_BUILT_IN = {
    "parsel": "scrapy_riptide.fallback.parsel_engine.ParselExtractor",
    "trafilatura": "scrapy_riptide.fallback.trafilatura_engine.TrafilaturaExtractor",
}


@runtime_checkable
class FallbackExtractor(Protocol):
    """What ``RIPTIDE_FALLBACK`` may name: a class that can be made without arguments and has this."""

    #: Goes into ``content.engine`` and into the counts.
    name: str

    def extract(self, html: str, url: str, mode: Mode) -> ExtractedContent:
        """The content of one document, or an :class:`~scrapy_riptide.errors.ExtractionError`."""
        ...


def load_fallback(name: str) -> FallbackExtractor:
    """The fallback of this name: ``parsel``, ``trafilatura``, or the import path of a class.

    What can't be imported or isn't a fallback is a :class:`~scrapy_riptide.errors.ConfigError`.
    """
    path = _BUILT_IN.get(name, name)
    module_name, _, class_name = path.rpartition(".")
    try:
        fallback_class = getattr(import_module(module_name), class_name)
    except ImportError as error:
        remedy = f" Install it: {install('trafilatura')}." if name == "trafilatura" else ""
        raise ConfigError(f"The fallback extractor {name!r} can't be imported: {error}.{remedy}") from error
    except (AttributeError, ValueError) as error:
        raise ConfigError(f"The fallback extractor {name!r} can't be imported: {error}.") from error
    fallback = fallback_class() if callable(fallback_class) else fallback_class
    if not isinstance(fallback, FallbackExtractor):
        raise ConfigError(f"{path} is no fallback extractor: it needs a name and extract(html, url, mode).")
    return fallback


class LazyFallback:
    """The packaged fallback, imported with the first document it is asked for.

    Outside of a crawl, where parsel isn't imported already, that takes many times as long as the
    cold start of a guest.
    """

    name = "parsel"

    @cached_property
    def _engine(self) -> FallbackExtractor:
        return load_fallback(self.name)

    def extract(self, html: str, url: str, mode: Mode) -> ExtractedContent:
        """The content of one document, or an :class:`~scrapy_riptide.errors.ExtractionError`."""
        return self._engine.extract(html, url, mode)
