"""What an extraction yields: the records of ``wit/extractor.wit`` as plain dataclasses.

Everything here is made of strings, numbers, booleans and lists, so it pickles, goes into
``Response.meta`` and through ``itemadapter`` as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Union

ModeName = Literal["article", "full", "metadata"]

#: How much of a document is wanted: one of the three names, or CSS selectors for ``custom``.
Mode = Union[ModeName, Sequence[str]]

MODE_NAMES: tuple[ModeName, ...] = ("article", "full", "metadata")

#: Which error is worse in the modes ``article`` and ``full``, keeping too much or too little.
Favor = Literal["precision", "balanced", "recall"]

FAVORS: tuple[Favor, ...] = ("precision", "balanced", "recall")


@dataclass(slots=True)
class ExtractedContent:
    """One document's content: the contract's record ``extracted-content``, and who made it.

    ``None`` means that the document doesn't say; an empty list, that it has none.
    """

    #: The document's address, as it was given.
    url: str
    title: str | None = None
    byline: str | None = None
    #: ISO 8601, with time and zone where the document has them.
    published_iso: str | None = None
    markdown: str = ""
    text: str = ""
    #: Absolute, in document order, without repeats.
    links: list[str] = field(default_factory=list)
    #: Absolute, the main image first, without repeats.
    media: list[str] = field(default_factory=list)
    #: BCP 47: ``en``, ``pt-BR``.
    language: str | None = None
    #: Minutes, at least one where there is text.
    reading_time: int | None = None
    #: 0 to 100.
    quality_score: int | None = None
    word_count: int | None = None
    categories: list[str] = field(default_factory=list)
    site_name: str | None = None
    description: str | None = None
    #: ``wasm``, or the name of the fallback extractor that made it.
    engine: str = "wasm"


@dataclass(slots=True)
class ExtractionStats:
    """What an extraction cost: the contract's record ``extraction-stats``.

    The guest has no clock: the host measures ``processing_time_ms`` and fills it in.
    """

    #: Milliseconds from the call of the guest to its result, whole as in the contract.
    processing_time_ms: int
    #: Bytes of the guest's linear memory after the call.
    memory_used: int
    nodes_processed: int | None
    links_found: int
    images_found: int


@dataclass(slots=True)
class Link:
    """One link of a document: the contract's record ``link``."""

    #: Absolute.
    url: str
    text: str
    nofollow: bool
    ugc: bool
    sponsored: bool
    hreflang: str | None = None


@dataclass(slots=True)
class HealthStatus:
    """The guest's own word on its health: the contract's record ``health-status``."""

    status: str
    version: str
    #: Name and version of the extraction engine inside the component.
    trek_version: str
    capabilities: list[str]
    #: Bytes of linear memory.
    memory_usage: int | None
    extraction_count: int | None


@dataclass(slots=True)
class ComponentInfo:
    """What the guest says it is: the contract's record ``component-info``."""

    name: str
    version: str
    component_model_version: str
    features: list[str]
    supported_modes: list[str]
