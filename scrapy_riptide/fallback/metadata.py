"""What a document says about itself: JSON-LD, Open Graph, Twitter cards, Dublin Core, meta tags."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from scrapy_riptide.fallback.document import Document

_TITLE = ("og:title", "twitter:title", "dc.title", "dcterms.title", "title")
_BYLINE = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "parsely-author",
    "byl",
    "sailthru.author",
)
_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.issued",
    "dc.date",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "date",
)
_DESCRIPTION = ("og:description", "description", "twitter:description", "dc.description")
_SITE_NAME = ("og:site_name", "application-name", "apple-mobile-web-app-title")
_IMAGE = ("og:image", "og:image:url", "twitter:image", "twitter:image:src")
_CATEGORIES = ("article:section", "article:tag", "keywords", "news_keywords", "parsely-section")

_JSON_MAX_CHARS = 1_000_000
_JSON_MAX_NODES = 20_000
_ARTICLE_TYPES = re.compile(
    r"Article|Posting|WebPage|Product|Report|Review|Recipe|Question|Event", re.IGNORECASE
)
_DATE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*")
_TITLE_SEPARATOR = re.compile(r"\s+[|·•»\u2013\u2014-]\s+")
_BY = re.compile(r"^\s*(?:by|von|par|por|di|door)\s+", re.IGNORECASE)


@dataclass(slots=True)
class Metadata:
    """The descriptive fields of :class:`~scrapy_riptide.ExtractedContent`, and the main image."""

    title: str | None = None
    byline: str | None = None
    published_iso: str | None = None
    language: str | None = None
    site_name: str | None = None
    description: str | None = None
    image: str | None = None
    categories: list[str] = field(default_factory=list)


def read_metadata(document: Document) -> Metadata:
    """Whatever the document's markup says, the most trustworthy source first."""
    meta = _meta_tags(document)
    things = list(_json_ld(document))
    articles = [thing for thing in things if _ARTICLE_TYPES.search(str(thing.get("@type", "")))]
    site_name = _first(meta, _SITE_NAME) or _name_of(_find(articles, "publisher"))
    return Metadata(
        title=_title(document, meta, articles, site_name),
        byline=_byline(document, meta, articles),
        published_iso=_published(document, meta, articles),
        language=_language(document, meta),
        site_name=site_name,
        description=_first(meta, _DESCRIPTION) or _text(_find(articles, "description")),
        image=_first(meta, _IMAGE) or _address_of(_find(articles, "image")),
        categories=_categories(meta, articles),
    )


def normal_date(value: str | None) -> str | None:
    """``value`` as ISO 8601, where it is that already or a date as in mails; else ``None``."""
    if not value:
        return None
    value = value.strip()[:64]
    if match := _DATE.match(value):
        year, month, day, time, zone = match.groups()
        if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
            return None
        return f"{year}-{month}-{day}" + (f"T{time}{(zone or '').upper()}" if time else "")
    try:
        return parsedate_to_datetime(value).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _meta_tags(document: Document) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in document.root.iter("meta"):
        name = (
            element.get("property")
            or element.get("name")
            or element.get("itemprop")
            or element.get("http-equiv")
        )
        content = _clean(element.get("content"))
        if name and content:
            found.setdefault(name.strip().lower(), []).append(content)
    return found


def _json_ld(document: Document) -> Iterator[dict[str, Any]]:
    """Every object of the document's JSON-LD, graphs and lists opened, outer ones first."""
    for script in document.root.iter("script"):
        source = script.text or ""
        if "ld+json" not in (script.get("type") or "").lower() or len(source) > _JSON_MAX_CHARS:
            continue
        try:
            waiting = deque([json.loads(source, strict=False)])
        except (ValueError, RecursionError):
            continue
        for _ in range(_JSON_MAX_NODES):
            if not waiting:
                break
            node = waiting.popleft()
            if isinstance(node, list):
                waiting.extendleft(reversed(node[:_JSON_MAX_NODES]))
            elif isinstance(node, dict):
                yield node
                waiting.extend(node[key] for key in ("@graph", "mainEntity") if key in node)


def _title(
    document: Document, meta: dict[str, list[str]], articles: list[dict[str, Any]], site_name: str | None
) -> str | None:
    headline = _text(_find(articles, "headline"))
    title = headline or _first(meta, _TITLE) or _clean(document.selector.xpath("string(//title)").get())
    heading = _clean(document.selector.xpath("string(//h1)").get())
    if not title:
        return heading
    # "Heading | Site": the heading is what a reader calls the title.
    parts = _TITLE_SEPARATOR.split(title)
    if len(parts) > 1 and (site_name in parts or heading in parts):
        return heading if heading in parts else max((part for part in parts if part != site_name), key=len)
    return title


def _byline(document: Document, meta: dict[str, list[str]], articles: list[dict[str, Any]]) -> str | None:
    names = _names(_find(articles, "author"))
    if not names:
        names = [name for key in _BYLINE for name in meta.get(key, ()) if not name.startswith("http")]
    if not names:
        marked = document.selector.css(
            "[itemprop~=author] [itemprop~=name], [itemprop~=author], [rel~=author], .byline, .author-name"
        )
        names = [text for each in marked[:1] if (text := _clean(each.xpath("string()").get()))]
    unique = list(dict.fromkeys(_BY.sub("", name) for name in names))
    joined = ", ".join(unique[:10])
    return joined if 0 < len(joined) <= 200 else None


def _published(document: Document, meta: dict[str, list[str]], articles: list[dict[str, Any]]) -> str | None:
    candidates: list[str | None] = [_text(_find(articles, key)) for key in ("datePublished", "dateCreated")]
    candidates += [value for key in _PUBLISHED for value in meta.get(key, ())]
    candidates += document.selector.css(
        "[itemprop~=datePublished]::attr(datetime), [itemprop~=datePublished]::attr(content),"
        "time[pubdate]::attr(datetime), article time::attr(datetime), time::attr(datetime)"
    ).getall()[:20]
    return next((date for each in candidates if (date := normal_date(each))), None)


def _language(document: Document, meta: dict[str, list[str]]) -> str | None:
    html = next(document.root.iter("html"), document.root)
    candidates = [html.get("lang"), html.get("xml:lang")]
    candidates += [
        value for key in ("content-language", "dc.language", "og:locale") for value in meta.get(key, ())
    ]
    for each in candidates:
        if each and _LANGUAGE.fullmatch(each.strip()):
            primary, *rest = re.split("[-_]", each.strip())
            return "-".join([primary.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])
    return None


def _categories(meta: dict[str, list[str]], articles: list[dict[str, Any]]) -> list[str]:
    found = _texts(_find(articles, "articleSection")) + _texts(_find(articles, "keywords"))
    found += [value for key in _CATEGORIES for value in meta.get(key, ())]
    words = (word.strip() for value in found for word in value.split(",")[:50])
    return list(
        {word.lower(): word for word in words if word and word.lower() != "home" and len(word) < 100}.values()
    )


def _find(things: Iterable[dict[str, Any]], key: str) -> Any:
    return next((thing[key] for thing in things if thing.get(key)), None)


def _names(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [name for each in values[:10] if (name := _name_of(each)) and not name.startswith("http")]


def _name_of(value: Any) -> str | None:
    return _text(value.get("name") if isinstance(value, dict) else value)


def _address_of(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return _text(value.get("url") if isinstance(value, dict) else value)


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for each in values[:50] if (text := _text(each))]


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return _clean(value) if isinstance(value, str) else None


def _first(meta: dict[str, list[str]], keys: Iterable[str]) -> str | None:
    return next((meta[key][0] for key in keys if key in meta), None)


def _clean(value: str | None) -> str | None:
    return " ".join(value.split()) or None if value else None
