"""What the example's spider collects."""

from dataclasses import dataclass, field


@dataclass
class Document:
    """One page. scrapy-riptide fills every field but ``url``, from its content's field of the same name."""

    url: str
    title: str | None = None
    byline: str | None = None
    published_iso: str | None = None
    language: str | None = None
    site_name: str | None = None
    description: str | None = None
    categories: list[str] = field(default_factory=list)
    word_count: int | None = None
    reading_time: int | None = None
    quality_score: int | None = None
    markdown: str | None = None
    text: str | None = None
    links: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
