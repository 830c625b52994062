"""The fallback for those who want trafilatura's text: the extra ``trafilatura``.

On some documents trafilatura hangs, and in threads it has ended whole processes (its issues 840
and 925): a crawl of untrusted documents is safer with the parsel fallback.
"""

from __future__ import annotations

import trafilatura

from scrapy_riptide.content import ExtractedContent, Mode
from scrapy_riptide.errors import ExtractorError
from scrapy_riptide.fallback.document import Document
from scrapy_riptide.fallback.parsel_engine import ParselExtractor, describe, with_text


class TrafilaturaExtractor:
    """The main text by trafilatura; metadata, links and the other modes by the parsel fallback."""

    name = "trafilatura"

    def __init__(self) -> None:
        self._parsel = ParselExtractor()

    def extract(self, html: str, url: str, mode: Mode) -> ExtractedContent:
        """The content of one document; the errors are those of the contract."""
        if mode != "article":
            content = self._parsel.extract(html, url, mode)
            content.engine = self.name
            return content
        document = Document(html, url)
        text = self._main_text(html, url, "txt")
        return with_text(describe(document, self.name), text, self._main_text(html, url, "markdown"))

    def _main_text(self, html: str, url: str, output_format: str) -> str:
        try:
            text: str | None = trafilatura.extract(
                html, url=url, output_format=output_format, include_comments=False
            )
        except Exception as error:
            raise ExtractorError(f"trafilatura failed: {error!r}.") from error
        return text or ""
