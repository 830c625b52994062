"""One worker of a shared crawl: ``python shared_worker.py SETTINGS``, which is JSON or a file of it.

Its spider walks a tree of pages, and keeps an item of each in Redis before the pipeline lets it go.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from redis import Redis
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import Response


class Keep:
    """Keeps items in Redis; with ``HOLD`` none, so that all are on their way when the worker is killed."""

    def __init__(self, redis: Redis, *, hold: bool) -> None:
        self._redis = redis
        self._hold = hold

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Keep:
        return cls(Redis.from_url(crawler.settings["REDIS_URL"]), hold=crawler.settings.getbool("HOLD"))

    async def process_item(self, item: Any) -> Any:
        if self._hold:
            self._redis.sadd("on_their_way", item["url"])
            await asyncio.Event().wait()
        self._redis.rpush("items", json.dumps(item))
        return item


class Tree(Spider):
    """From the root to every page, once ``WORKERS`` are there; and until ``ENOUGH``, a path, exists."""

    name = "tree"

    async def start(self) -> AsyncIterator[Request]:
        redis = Redis.from_url(self.settings["REDIS_URL"])
        redis.incr("workers")
        while int(redis.get("workers") or 0) < self.settings.getint("WORKERS"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        yield Request(self.settings["ROOT"], meta={"riptide": {"mode": "full"}})
        while (enough := self.settings.get("ENOUGH")) and not os.path.exists(enough):  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.1)

    def parse(self, response: Response) -> Iterator[Any]:
        content, error = response.meta.get("riptide_content"), response.meta.get("riptide_error")
        yield {
            "url": response.url,
            "worker": os.getpid(),
            "title": content.title if content else None,
            "error": error["kind"] if error else None,
        }
        for link in response.css("a::attr(href)").getall():
            # All of a response's meta goes along, as in many a project.
            yield response.follow(link, meta=response.meta)


def main(settings: str) -> None:
    """Crawls until there is nothing left to do, for any worker."""
    text = settings if settings.startswith("{") else Path(settings).read_text()
    process = AsyncCrawlerProcess(json.loads(text))
    process.crawl(Tree)
    process.start()


if __name__ == "__main__":
    main(sys.argv[1])
