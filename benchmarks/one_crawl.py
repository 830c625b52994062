"""One crawl in a process of its own, measured: what ``crawl.py`` runs for each way to extract.

    python benchmarks/one_crawl.py WAY ADDRESS < paths

Prints one JSON object: seconds, CPU seconds, those of the event loop's thread among them, and how late
the loop's timers were, all from the spider's opening to its closing, the most memory the process had,
and a digest of each item's text.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from hashlib import blake2b
from typing import Any

import scrapy
from page_server import HOSTS
from resident import peak_mib
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import Response, TextResponse

TICK_S = 0.01


def _trafilatura() -> Callable[[str, str], str]:
    import trafilatura

    def extract(html: str, url: str) -> str:
        document: Any = trafilatura.bare_extraction(
            html, url=url, with_metadata=True, include_links=True, include_images=True, include_tables=True
        )
        return "" if document is None else document.text or ""

    return extract


def _readability() -> Callable[[str, str], str]:
    from readability import Document

    def extract(html: str, url: str) -> str:
        document = Document(html, url=url)
        return str(document.short_title()) + str(document.summary())

    return extract


class _Pipeline:
    """Extracts where Scrapy's users mostly do: in a pipeline, on the event loop."""

    _make: Callable[[], Callable[[str, str], str]]

    def __init__(self) -> None:
        self._extract = type(self)._make()

    def _text(self, item: dict[str, Any]) -> str:
        try:
            return self._extract(item.pop("html"), item["url"])
        except Exception as error:  # noqa: BLE001 (another's engine: what it raises is its outcome)
            return f"{type(error).__name__}: {error}"

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        item["text"] = self._text(item)
        return item


class TrafilaturaPipeline(_Pipeline):
    _make = staticmethod(_trafilatura)


class ReadabilityPipeline(_Pipeline):
    _make = staticmethod(_readability)


class TrafilaturaThreads(TrafilaturaPipeline):
    """The usual advice against a blocked event loop."""

    async def process_item(self, item: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]
        item["text"] = await asyncio.to_thread(self._text, item)
        return item


#: Each way's settings.
WAYS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "scrapy-riptide": {"ADDONS": {"scrapy_riptide.Addon": 500}, "RIPTIDE_FALLBACK": None},
    "trafilatura in a pipeline": {"ITEM_PIPELINES": {TrafilaturaPipeline: 500}},
    "trafilatura in threads": {"ITEM_PIPELINES": {TrafilaturaThreads: 500}},
    "readability-lxml in a pipeline": {"ITEM_PIPELINES": {ReadabilityPipeline: 500}},
}

_SETTINGS: dict[str, Any] = {
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_DELAY": 0,
    "ROBOTSTXT_OBEY": False,
    "TELNETCONSOLE_ENABLED": False,
    "LOG_LEVEL": "ERROR",
}


class Measured:
    """Measures a crawl from the spider's opening to its closing."""

    def __init__(self, crawler: Crawler) -> None:
        self.late_ms: list[float] = []
        self.digests: dict[str, str] = {}
        crawler.signals.connect(self._opened, signal=signals.spider_opened)
        crawler.signals.connect(self._closed, signal=signals.spider_closed)
        crawler.signals.connect(self._scraped, signal=signals.item_scraped)

    def _opened(self) -> None:
        self._started, self._cpu = time.perf_counter(), time.process_time()
        self._loop_cpu = time.thread_time()
        self._ticking = asyncio.ensure_future(self._tick())

    async def _tick(self) -> None:
        while True:
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            self.late_ms.append((time.perf_counter() - due) * 1000)

    def _scraped(self, item: dict[str, Any]) -> None:
        path = item["url"].rsplit("/", 1)[1]
        self.digests[path] = blake2b(item["text"].encode(errors="replace"), digest_size=8).hexdigest()

    def _closed(self) -> None:
        self.seconds = time.perf_counter() - self._started
        self.cpu_seconds = time.process_time() - self._cpu
        self.loop_cpu_seconds = time.thread_time() - self._loop_cpu
        self._ticking.cancel()

    def result(self) -> dict[str, Any]:
        return {
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "loop_cpu_seconds": self.loop_cpu_seconds,
            "peak_mb": peak_mib(),
            "late_ms": [round(each, 3) for each in self.late_ms],
            "digests": self.digests,
        }


class PagesSpider(scrapy.Spider):
    """Asks for every page; its items are what the way needs, and nothing is parsed beside it."""

    name = "pages"

    def __init__(self, address: str, paths: list[str], way: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._urls = [f"http://{HOSTS[n % len(HOSTS)]}:{address}/{path}" for n, path in enumerate(paths)]
        self._way = way

    async def start(self) -> AsyncIterator[Any]:
        for url in self._urls:
            yield scrapy.Request(url)

    def parse(self, response: Response) -> Any:
        assert isinstance(response, TextResponse)
        if self._way == "nothing":
            return {"url": response.url, "text": str(len(response.body))}
        if self._way == "scrapy-riptide":
            return {"url": response.url, "text": response.meta["riptide_content"].text}
        return {"url": response.url, "html": response.text}


def main() -> None:
    way, port = sys.argv[1:]
    process = AsyncCrawlerProcess({**_SETTINGS, **WAYS[way]})
    crawler = process.create_crawler(PagesSpider)
    measured = Measured(crawler)
    process.crawl(crawler, address=port, paths=sys.stdin.read().split(), way=way)
    process.start()
    json.dump(measured.result(), sys.stdout)


if __name__ == "__main__":
    main()
