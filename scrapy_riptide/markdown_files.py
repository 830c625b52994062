"""A corpus as files: each document as Markdown, with what is known about it as YAML front matter."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import tempfile
import unicodedata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from itemadapter import ItemAdapter
from scrapy.exceptions import NotConfigured
from scrapy.utils.serialize import ScrapyJSONEncoder

from scrapy_riptide.crawl import RiptideCrawl
from scrapy_riptide.errors import ConfigError
from scrapy_riptide.whole_files import write_whole
from scrapy_riptide.wording import install

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from typing_extensions import Self

logger = logging.getLogger(__name__)

# The same text once more, and what the Markdown has where it belongs.
_LEFT_OUT = ("markdown", "text", "links")
# File systems take 255 bytes; the rest is for the digest and the suffix.
_MAX_NAME_BYTES = 120


def check_markdown_dir(directory: str) -> ModuleType:
    """Makes the directory, tries it, and returns the module that writes YAML.

    :raises ConfigError: nothing can be written to the directory, or PyYAML isn't installed
    """
    try:
        import yaml
    except ImportError as error:
        raise ConfigError(f"RIPTIDE_MARKDOWN_DIR needs PyYAML ({error}): {install('corpus')}") from error
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return yaml
    except OSError as error:
        raise ConfigError(
            f"RIPTIDE_MARKDOWN_DIR = {directory!r} can't be written to: {error.strerror}."
            " Name a directory that is yours, or make it so."
        ) from error


class MarkdownFiles:
    """A pipeline that writes each item with Markdown to ``RIPTIDE_MARKDOWN_DIR``.

    A document is ``<host>/<title>-<digest of its address>.md``: crawled again, it is replaced. A
    file is there as a whole or not at all. A disk that is full ends the crawl.

    :raises ConfigError: see :func:`check_markdown_dir`
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawl = RiptideCrawl.of(crawler)
        directory = self._crawl.settings.markdown_dir
        if directory is None:
            raise NotConfigured(
                "RIPTIDE_MARKDOWN_DIR is not set. Set it to the directory for Markdown files."
            )
        self._yaml = check_markdown_dir(directory)
        self._directory = Path(directory)
        self._writing = asyncio.Lock()
        fields = self._crawl.settings.item_fields or {}
        self._markdown, self._url, self._title = (
            fields.get(name, name) for name in ("markdown", "url", "title")
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Writes the item's document, and passes the item on whatever happens."""
        adapter = ItemAdapter(item) if ItemAdapter.is_item(item) else {}
        markdown, url = adapter.get(self._markdown), adapter.get(self._url)
        if not (isinstance(markdown, str) and markdown and isinstance(url, str) and url):
            self._crawl.stats.item_failed("no_markdown")
            logger.debug(
                "An item without %s or %s became no file: %r",
                self._markdown,
                self._url,
                url,
                extra={"spider": self._crawl.spider},
            )
            return item
        known = {
            name: value
            for name, value in adapter.items()
            if name not in (*_LEFT_OUT, self._markdown) and value not in (None, "", [])
        }
        path, document = self._path(url, adapter.get(self._title)), self._document(known, markdown)
        try:
            # In turn, so that of two items of one document the last one's file stays.
            async with self._writing:
                await asyncio.to_thread(_write, path, document)
        except OSError as error:
            self._crawl.stats.item_failed("unwritable")
            self._crawl.stop(
                "riptide_markdown_dir",
                f"The crawl ends: {error.filename or self._directory} can't be written: {error.strerror}.",
            )
        return item

    def _document(self, known: dict[str, Any], markdown: str) -> str:
        plain = json.loads(ScrapyJSONEncoder().encode(known))
        front = self._yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=1000)
        return f"---\n{front}---\n\n{markdown.rstrip()}\n"

    def _path(self, url: str, title: Any) -> Path:
        parts = urlsplit(url)
        words = title if isinstance(title, str) and title else unquote(parts.path)
        host = _safe(parts.netloc.rpartition("@")[2]) or "documents"
        digest = hashlib.sha256(url.encode(errors="surrogatepass")).hexdigest()[:10]
        name = "-".join(filter(None, (_safe(words), digest)))
        return self._directory / host / f"{name}.md"


def _write(path: Path, document: str) -> None:
    path.parent.mkdir(exist_ok=True)
    write_whole(path, document.encode(errors="replace"))


def _safe(words: str) -> str:
    """Letters and digits of any writing, for a name that no file system or shell minds."""
    name = re.sub(r"[^\w.]+", "-", unicodedata.normalize("NFC", words.lower())).strip("-._")
    return name.encode(errors="ignore")[:_MAX_NAME_BYTES].decode(errors="ignore").strip("-._")
