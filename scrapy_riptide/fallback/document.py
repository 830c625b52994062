"""A document as lxml reads it: parsed without hurting the process, with its links and media.

lxml holds no deadline: once libxml2 runs, nothing stops it. So what is known to make it run for
minutes is refused before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from urllib.parse import urljoin, urlsplit

from lxml import etree
from parsel import Selector

from scrapy_riptide.errors import DocumentTooLarge, InvalidHtmlError

#: Characters of a document at most. libxml2 reads this in a quarter of a second at worst.
MAX_CHARS = 8 * 1024 * 1024

# libxml2 compares every attribute with all before it: 20,000 in one tag take 0.4 s, 200,000 98 s
# (measured with 2.14.6).
MAX_ATTRIBUTES = 4000

#: Tags of a document at most, end tags included. What comes after the parsing walks the tree in
#: Python: 500,000 short paragraphs took it 8 s, and nothing could have stopped it.
MAX_TAGS = 120_000

# As the guest has them. A base is copied into every link: one of 150,000 characters made 7,500 links take
# 33 s and a gigabyte.
_BASE_MAX_CHARS = 2 * 1024
_REFERENCE_MAX_CHARS = 16 * 1024

# What a tokenizer of HTML 5 takes for one attribute: quotes count only after the equals sign.
_ATTRIBUTE = r"""[^\s/>][^\s/>=]*(?:\s*=\s*(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[^\s"'>][^\s>]*)?)?"""
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_TAG_OR_COMMENT = re.compile(rf"<!--.*?(?:-->|\Z)|<([a-zA-Z][^\s/>]*)(?:[\s/]+|{_ATTRIBUTE})*", re.DOTALL)
_RAW_TEXT = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})

_CANDIDATE_END = re.compile(r",\s")
_SRCSET_MAX_CHARS = 20_000


class Document:
    """One parsed document and its address.

    Raises :class:`InvalidHtmlError` for blank HTML or a relative address, and
    :class:`DocumentTooLarge` for what lxml would take minutes to read.
    """

    def __init__(self, html: str, url: str) -> None:
        if not html or html.isspace():
            raise InvalidHtmlError("The HTML is empty.")
        if not _is_absolute(url):
            raise InvalidHtmlError(f"{url!r} is no absolute URL.")
        _refuse_what_takes_minutes(html)
        self.url = url
        self.root = _parse(html)
        self.selector = Selector(root=self.root, type="html")
        self._absolute: dict[str, str | None] = {}

    @cached_property
    def base_url(self) -> str:
        """What relative addresses are relative to: the document's ``base``, unless that is too long."""
        href = self.selector.css("base[href]::attr(href)").get() or ""
        return (_absolute(self.url, href) if len(href) <= _BASE_MAX_CHARS else None) or self.url

    def absolute(self, reference: str) -> str | None:
        """The absolute http(s) address of ``reference``; none for one that leads nowhere else."""
        if reference not in self._absolute:
            self._absolute[reference] = _absolute(self.base_url, reference)
        return self._absolute[reference]

    def links(self, within: Iterable[etree._Element] | None = None) -> list[str]:
        """Absolute addresses of the anchors, in document order, without repeats."""
        return self._addresses(
            href
            for root in ([self.root] if within is None else within)
            for anchor in root.iter("a", "area")
            if (href := anchor.get("href"))
        )

    def media(self, first: str | None, within: Iterable[etree._Element] | None = None) -> list[str]:
        """Absolute addresses of images, video and audio, ``first`` first, without repeats."""
        found = [first] if first else []
        for root in [self.root] if within is None else within:
            for element in root.iter("img", "source", "video", "audio"):
                found += _media_of(element)
        return self._addresses(found)

    def _addresses(self, references: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(url for each in references if (url := self.absolute(each))))


def _parse(html: str) -> etree._Element:
    parser = etree.HTMLParser(recover=True, huge_tree=True, encoding="utf-8")
    # Lone surrogates can't be encoded; at a NUL libxml2 would stop.
    clean = html.strip().replace("\0", "").encode("utf-8", "replace")
    try:
        root: etree._Element | None = etree.fromstring(clean, parser)
    except etree.XMLSyntaxError:  # nothing but what libxml2 skips
        root = None
    # It keeps what it has read until then, and would pass for a shorter document.
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log):
        raise DocumentTooLarge("The document's elements are nested deeper than the fallback reads.")
    return etree.fromstring(b"<html/>", etree.HTMLParser()) if root is None else root


def _absolute(base: str, reference: str) -> str | None:
    reference = reference.strip()
    if not 0 < len(reference) <= _REFERENCE_MAX_CHARS or reference.startswith("#"):
        return None
    try:
        joined = urljoin(base, reference)
        scheme = urlsplit(joined).scheme
    except ValueError:
        return None
    return joined if scheme in ("http", "https") else None


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path))


def _media_of(element: etree._Element) -> Iterator[str]:
    candidates = _largest(element.get("srcset") or element.get("data-srcset") or "")
    source = candidates or element.get("src") or element.get("data-src")
    if source:
        yield source
    if poster := element.get("poster"):
        yield poster


def _largest(srcset: str) -> str | None:
    if len(srcset) > _SRCSET_MAX_CHARS:
        return None
    found: list[tuple[float, str]] = []
    # "a.jpg 1x, b.jpg 2x": an address may hold commas, so a candidate ends at comma and blank.
    for candidate in _CANDIDATE_END.split(srcset.strip()):
        address, _, size = candidate.strip(", ").partition(" ")
        if address:
            found.append((_number(size.strip()[:-1]), address))
    return max(found, key=lambda each: each[0])[1] if found else None


def _number(size: str) -> float:
    try:
        return float(size)
    except ValueError:
        return 1.0


def _refuse_what_takes_minutes(html: str) -> None:
    if len(html) > MAX_CHARS:
        raise DocumentTooLarge(f"The document has {len(html)} characters; the fallback reads {MAX_CHARS}.")
    tags = html.count("<")
    if tags > MAX_TAGS:
        raise DocumentTooLarge(f"The document has {tags} tags; the fallback reads {MAX_TAGS}.")
    position = 0
    # Every attribute has a name and something between it and the next.
    least_length = 2 * MAX_ATTRIBUTES
    while tag := _TAG_OR_COMMENT.search(html, position):
        position = tag.end()
        if position - tag.start() > least_length and tag[1]:
            attributes = sum(1 for _ in _ATTRIBUTES.finditer(tag[0], tag.end(1) - tag.start()))
            if attributes > MAX_ATTRIBUTES:
                raise DocumentTooLarge(
                    f"A <{tag[1][:40]}> has {attributes} attributes; the fallback reads {MAX_ATTRIBUTES}."
                )
        if tag[1] and (name := tag[1].lower()) in _RAW_TEXT:
            position = _end_of_raw_text(html, name, position)


def _end_of_raw_text(html: str, name: str, position: int) -> int:
    end = re.compile(f"</{name}", re.IGNORECASE).search(html, position)
    return end.start() if end else len(html)
