"""The fallback that is always there: extraction with parsel and lxml, which come with Scrapy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cssselect import SelectorError
from lxml import etree

from scrapy_riptide.content import MODE_NAMES, ExtractedContent, Mode
from scrapy_riptide.errors import ParseError, UnsupportedModeError
from scrapy_riptide.fallback.document import Document
from scrapy_riptide.fallback.main_text import MainText, is_chrome, is_invisible
from scrapy_riptide.fallback.markdown import Skip, render
from scrapy_riptide.fallback.metadata import read_metadata
from scrapy_riptide.wording import in_short

_WORDS_PER_MINUTE = 220
# Scripts that are written without spaces are counted by the character.
_UNSPACED = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")


class ParselExtractor:
    """Content by simple rules: metadata from the markup, the main text by its density.

    Safe to call from several threads. HTML of any quality is read; what would take lxml minutes is
    refused with :class:`~scrapy_riptide.errors.DocumentTooLarge`.
    """

    name = "parsel"

    def extract(self, html: str, url: str, mode: Mode) -> ExtractedContent:
        """The content of one document; the errors are those of the contract."""
        document = Document(html, url)
        content = describe(document, self.name)
        if mode == "metadata":
            return content
        roots, skip = _wanted(document, mode)
        text, markdown = render(document, roots, skip)
        content.links = document.links(roots if not isinstance(mode, str) else None)
        if not isinstance(mode, str):
            content.media = document.media(None, roots)
        return with_text(content, text, markdown)


def describe(document: Document, engine: str) -> ExtractedContent:
    """Everything but the text."""
    metadata = read_metadata(document)
    return ExtractedContent(
        url=document.url,
        title=metadata.title,
        byline=metadata.byline,
        published_iso=metadata.published_iso,
        links=document.links(),
        media=document.media(metadata.image),
        language=metadata.language,
        categories=metadata.categories,
        site_name=metadata.site_name,
        description=metadata.description,
        engine=engine,
    )


def with_text(content: ExtractedContent, text: str, markdown: str) -> ExtractedContent:
    """``content`` with its text, and what is counted from that."""
    words = sum(1 for _ in _WORD.finditer(text))
    content.text = text
    content.markdown = markdown
    content.word_count = words
    content.reading_time = max(1, round(words / _WORDS_PER_MINUTE)) if words else None
    content.quality_score = _quality(content, words) if words else None
    return content


def _quality(content: ExtractedContent, words: int) -> int:
    described = sum(
        10 for each in (content.title, content.byline, content.published_iso, content.description) if each
    )
    return min(100, described + min(60, words // 5))


def _wanted(document: Document, mode: Mode) -> tuple[list[etree._Element], Skip]:
    if mode == "article":
        main = MainText(document)
        return [main.root], main.skip
    if mode == "full":
        return [next(document.root.iter("body"), document.root)], is_chrome
    if isinstance(mode, str):
        raise UnsupportedModeError(
            f"{mode!r} is no mode: there are {', '.join(MODE_NAMES)} and CSS selectors."
        )
    return list(_selected(document, mode)), is_invisible


def _selected(document: Document, selectors: Sequence[str]) -> Iterator[etree._Element]:
    """The elements that match any of the selectors, in document order, none inside of another."""
    if not selectors:
        raise ParseError("The list of CSS selectors is empty.")
    matching: set[etree._Element] = set()
    for selector in selectors:
        matching.update(_match(document, selector))
    walker = etree.iterwalk(document.root, events=("start",))
    for _, element in walker:
        if element in matching:
            walker.skip_subtree()
            yield element


def _match(document: Document, selector: str) -> Iterable[etree._Element]:
    try:
        return [
            each.root for each in document.selector.css(selector) if isinstance(each.root, etree._Element)
        ]
    except (SelectorError, ValueError, RecursionError) as error:
        raise ParseError(
            f"The CSS selector {in_short(repr(selector))} can't be read: {in_short(str(error))}."
        ) from error
