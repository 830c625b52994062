"""One page by every way there is: the same content, field by field."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from crawls import AS_IT_IS, PageSpider, crawl, site
from scrapy import Request, Spider
from scrapy.http import Response

from scrapy_riptide import ExtractedContent, Extractor
from scrapy_riptide.settings import CONTENT_FIELDS
from scrapy_riptide.spiders import ArticleSpider

PAGE = (
    Path(__file__).parents[1] / "example_project" / "example" / "pages" / "news" / "swing-bridge.html"
).read_text("utf-8")


class MetaSpider(PageSpider):
    def parse(self, response: Response) -> Any:
        yield response.meta["riptide_content"]


class FilledSpider(PageSpider):
    def parse(self, response: Response) -> Any:
        yield dict.fromkeys(CONTENT_FIELDS)


class SourceSpider(PageSpider):
    """Its items carry their document themselves."""

    def parse(self, response: Response) -> Any:
        yield {"html": PAGE, "url": response.url}


class AskingSpider(Spider):
    name = "asking"
    root = ""

    async def start(self) -> AsyncIterator[Request]:
        yield Request(self.root + "/")

    def parse(self, response: Response, content: ExtractedContent) -> Any:
        yield content


async def on_the_command_line(url: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scrapy_riptide", "extract", "--url", url, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    content: dict[str, Any] = json.loads(printed)
    return content


def only(items: list[Any]) -> dict[str, Any]:
    [item] = items
    return dict(item) if isinstance(item, dict) else dataclasses.asdict(item)


@pytest.mark.slow
async def test_the_same_page_is_the_same_content_by_every_way() -> None:
    poet = {"ADDONS": {"scrapy_poet.Addon": 300, "scrapy_riptide.Addon": 500}, "SCRAPY_POET_RULES": []}
    async with site({"/": PAGE}) as root:
        url = f"{root}/"
        with Extractor() as extractor:
            plain = dataclasses.asdict(extractor.extract(PAGE, url))
        ways = {
            "middleware": only((await crawl(MetaSpider, AS_IT_IS, root=root)).items),
            "item": only((await crawl(FilledSpider, {}, root=root)).items),
            "pipeline": only((await crawl(SourceSpider, {"RIPTIDE_SOURCE_FIELD": "html"}, root=root)).items),
            "page object": only((await crawl(AskingSpider, {**AS_IT_IS, **poet}, root=root)).items),
            "ready-made spider": only((await crawl(ArticleSpider, {}, {"url": url, "depth": "0"})).items),
            "command line": await on_the_command_line(url),
        }
    ways["pipeline"].pop("html")
    assert len(plain["text"]) > 500
    for way, content in ways.items():
        assert content == plain, way
