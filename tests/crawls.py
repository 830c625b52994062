"""Real crawls for tests: a site on loopback, a spider, and what came of it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.http import Response

Page = str | bytes | web.Response

WORDS = "Every harbour keeps a book of its tides, and every book is wrong by a little more each year. "


def article(title: str, words: str = WORDS * 6, links: str = "") -> str:
    """A page with a main text."""
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title></head><body>'
        f'<nav><a href="/">Home</a></nav><article>'
        f"<h1>{title}</h1><p>{words} {links}</p></article></body></html>"
    )


@asynccontextmanager
async def site(pages: Mapping[str, Page]) -> AsyncIterator[str]:
    """Serves pages by path on a free port; the address of the root. Text is served as HTML."""

    async def handle(request: web.Request) -> web.StreamResponse:
        page = pages.get(request.path)
        if page is None:
            raise web.HTTPNotFound(text=article("Not found"), content_type="text/html")
        if isinstance(page, web.Response):
            # A response can be sent once.
            return web.Response(body=page.body, status=page.status, headers=page.headers)
        return web.Response(body=page.encode() if isinstance(page, str) else page, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@dataclass
class Crawl:
    """What came of a crawl."""

    stats: dict[str, Any]
    items: list[Any] = field(default_factory=list)

    def riptide(self, *prefixes: str) -> dict[str, Any]:
        """The plugin's stats below ``riptide/`` that begin with one of the prefixes."""
        return {
            name.removeprefix("riptide/"): value
            for name, value in self.stats.items()
            if name.startswith(tuple(f"riptide/{prefix}" for prefix in prefixes or ("",)))
        }

    def outcomes(self) -> dict[str, int]:
        """Pages and what became of them, after a check that they add up."""
        counts = self.riptide("pages", "errors", "skipped", "fallback")
        ends = sum(
            count
            for name, count in counts.items()
            if name == "pages/extracted" or name.startswith(("errors", "skipped"))
        )
        assert counts.get("pages/seen", 0) == ends, counts
        return counts


class PageSpider(Spider):
    """Yields what every page of ``paths`` came with."""

    name = "pages"
    root = ""
    paths: tuple[str, ...] = ("/",)
    meta: Mapping[str, Any] = {}

    async def start(self) -> AsyncIterator[Request]:
        """A request for each path."""
        for path in self.paths:
            yield Request(self.root + path, meta=dict(self.meta))

    def parse(self, response: Response) -> Any:
        """The page's results."""
        yield {
            "path": response.url.removeprefix(self.root),
            "content": response.meta.get("riptide_content"),
            "error": response.meta.get("riptide_error"),
        }


#: For spiders that yield content, which is not to be filled into their items.
AS_IT_IS: dict[str, Any] = {"RIPTIDE_ITEM_FIELDS": {}}

_BASE: dict[str, Any] = {
    "ADDONS": {"scrapy_riptide.Addon": 500},
    "TWISTED_REACTOR_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "LOG_ENABLED": False,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "RETRY_TIMES": 0,
}


async def crawl(
    spider_class: type[Spider],
    settings: Mapping[str, Any],
    arguments: Mapping[str, str] | None = None,
    **attributes: Any,
) -> Crawl:
    """Runs a spider, with attributes set on its class, on the running loop and without a reactor.

    ``arguments`` are what ``scrapy crawl -a`` gives a spider.
    """
    spider_class = type(spider_class.__name__, (spider_class,), attributes)
    runner = AsyncCrawlerRunner({**_BASE, **settings})
    crawler = runner.create_crawler(spider_class)
    items: list[Any] = []

    def scraped(item: Any) -> None:
        items.append(item)

    crawler.signals.connect(scraped, signal=signals.item_scraped)
    await runner.crawl(crawler, **(arguments or {}))
    assert isinstance(crawler, Crawler)
    return Crawl(dict(crawler.stats.get_stats()), items)


def messages(records: list[logging.LogRecord], level: int = logging.WARNING) -> list[str]:
    """The log lines of the plugin's Scrapy side at or above a level."""
    return [
        record.getMessage()
        for record in records
        if record.levelno >= level and record.name.startswith("scrapy_riptide") and ".wasm" not in record.name
    ]
