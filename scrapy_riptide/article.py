"""From a page's content to ``zyte_common_items.Article``, with what the document says beside it."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urljoin

from markdown_it import MarkdownIt
from parsel import Selector
from w3lib.html import get_base_url
from zyte_common_items import Article, ArticleMetadata, Audio, Author, Breadcrumb, Image, Video

from scrapy_riptide.content import ExtractedContent

_MODIFIED = (
    "//meta[@property='article:modified_time' or @property='og:updated_time']/@content",
    "//*[@itemprop='dateModified']/@content",
    "//*[@itemprop='dateModified']/@datetime",
)
_PUBLISHED = (
    "//meta[@property='article:published_time']/@content",
    "//*[@itemprop='datePublished']/@content",
    "//*[@itemprop='datePublished']/@datetime",
    "//time/@datetime",
)
_MAIN_IMAGE = (
    "//meta[starts-with(@property, 'og:image') or starts-with(@name, 'twitter:image')"
    " or @itemprop='image']/@content",
    "//link[@rel='image_src']/@href",
)
_CRUMBS = (
    "//*[@itemtype='https://schema.org/BreadcrumbList' or @itemtype='http://schema.org/BreadcrumbList']",
    "//nav[contains(translate(@aria-label, 'B', 'b'), 'breadcrumb')]",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' breadcrumb ')]",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' breadcrumbs ')]",
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?\s?(Z|[+-]\d\d:?\d\d)?)?$")

# Markup in a document's text is text.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def article_of(content: ExtractedContent, html: str) -> Article:
    """The article that a page is. What neither the content nor the document says stays None.

    The document is read once more, for what the content has no place for: the canonical address,
    the breadcrumbs, the date of the last change, and which media are videos.
    """
    said = _Said.by(html, content.url)
    images = [url for url in content.media if url not in said.videos and url not in said.audios]
    is_main = bool(images) and images[0] in said.main_images
    quality = content.quality_score
    return Article(
        url=content.url,
        canonicalUrl=said.canonical,
        headline=content.title,
        description=content.description,
        articleBody=content.text or None,
        articleBodyHtml=_markdown.render(content.markdown) if content.markdown else None,
        datePublished=_instant(content.published_iso),
        datePublishedRaw=said.published_as(content.published_iso),
        dateModified=_instant(said.modified),
        dateModifiedRaw=said.modified,
        authors=[Author(name=name, nameRaw=name) for name in (content.byline or "").split(", ") if name]
        or None,
        inLanguage=content.language.partition("-")[0] if content.language else None,
        mainImage=Image(url=images[0]) if is_main else None,
        images=[Image(url=url) for url in images] or None,
        videos=[Video(url=url) for url in said.videos] or None,
        audios=[Audio(url=url) for url in said.audios] or None,
        breadcrumbs=said.breadcrumbs or None,
        metadata=ArticleMetadata(
            dateDownloaded=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            probability=None if quality is None else quality / 100,
        ),
    )


def _instant(date: str | None) -> str | None:
    """A date as these items want it: with a time always, with a zone where there is one."""
    found = _DATE.match((date or "").strip())
    if not found:
        return None
    day, minutes, seconds, zone = found.groups()
    if zone and zone != "Z" and ":" not in zone:
        zone = f"{zone[:3]}:{zone[3:]}"
    return f"{day}T{minutes or '00:00'}{seconds or ':00'}{zone or ''}"


@dataclass
class _Said:
    """What a document says of itself."""

    canonical: str | None = None
    modified: str | None = None
    published: list[str] = field(default_factory=list)
    main_images: set[str] = field(default_factory=set)
    videos: list[str] = field(default_factory=list)
    audios: list[str] = field(default_factory=list)
    breadcrumbs: list[Breadcrumb] = field(default_factory=list)

    @classmethod
    def by(cls, html: str, url: str) -> _Said:
        if not html.strip():
            return cls()
        document = Selector(text=html)
        base = get_base_url(html, url)
        linked = list(_linked_data(document))

        def addresses(*paths: str) -> list[str]:
            return list(dict.fromkeys(_absolute(base, _all(document, *paths))))

        return cls(
            canonical=next(iter(addresses("//link[@rel='canonical']/@href")), None),
            modified=next(iter([*_texts(linked, "dateModified"), *_all(document, *_MODIFIED)]), None),
            published=[*_texts(linked, "datePublished"), *_all(document, *_PUBLISHED)],
            main_images={*addresses(*_MAIN_IMAGE), *_absolute(base, _strings(linked))},
            videos=addresses("//video/@src", "//video/source/@src"),
            audios=addresses("//audio/@src", "//audio/source/@src"),
            breadcrumbs=_linked_crumbs(linked, base) or _marked_crumbs(document, base),
        )

    def published_as(self, iso: str | None) -> str | None:
        """The words that the document has for this date."""
        day = _DAY.match(iso or "")
        return next((text for text in self.published if day and day[0] in text), None)


def _all(document: Selector, *paths: str) -> list[str]:
    return [text.strip() for path in paths for text in document.xpath(path).getall() if text.strip()]


def _absolute(base: str, addresses: list[str]) -> list[str]:
    return [url for address in addresses if (url := _joined(base, address))]


def _joined(base: str, address: str) -> str | None:
    try:
        return urljoin(base, address)
    except ValueError:  # a bracket that closes no IPv6 address
        return None


def _linked_data(document: Selector) -> Iterator[dict[str, Any]]:
    """Every object of the document's JSON-LD."""
    waiting: deque[Any] = deque()
    waiting.extend(map(_json, document.xpath("//script[@type='application/ld+json']/text()").getall()))
    while waiting:
        value = waiting.popleft()
        if isinstance(value, dict):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _json(script: str) -> Any:
    try:
        return json.loads(script, strict=False)
    except (ValueError, RecursionError):  # not JSON, or none that anybody wrote
        return None


def _texts(objects: list[dict[str, Any]], key: str) -> list[str]:
    return [value for each in objects if isinstance(value := each.get(key), str) and value]


def _strings(objects: list[dict[str, Any]]) -> list[str]:
    values = [value for each in objects for value in each.values()]
    inner = [text for value in values if isinstance(value, list) for text in value]
    return [text for text in values + inner if isinstance(text, str) and text.startswith(("http", "/"))]


def _linked_crumbs(objects: list[dict[str, Any]], base: str) -> list[Breadcrumb]:
    for each in objects:
        elements = each.get("itemListElement")
        if each.get("@type") == "BreadcrumbList" and isinstance(elements, list):
            return [
                Breadcrumb(name=name, url=url)
                for element in elements
                if isinstance(element, dict)
                for name, url in [_crumb(element, base)]
                if name
            ]
    return []


def _crumb(element: dict[str, Any], base: str) -> tuple[str | None, str | None]:
    item = element.get("item")
    thing = item if isinstance(item, dict) else {"@id": item}
    name = element.get("name") or thing.get("name")
    address = thing.get("@id") or thing.get("url")
    url = _joined(base, address) if isinstance(address, str) else None
    return (name if isinstance(name, str) else None), url


def _marked_crumbs(document: Selector, base: str) -> list[Breadcrumb]:
    for path in _CRUMBS:
        links = document.xpath(path)[:1].xpath(".//a[@href]")
        if links:
            return [
                Breadcrumb(name=name, url=_joined(base, link.attrib["href"]))
                for link in links
                if (name := " ".join(link.xpath("string()").get("").split()))
            ]
    return []
