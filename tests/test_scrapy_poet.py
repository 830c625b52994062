"""Callbacks and page objects that ask for content, in real crawls."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from crawls import AS_IT_IS, WORDS, Crawl, article, crawl, site
from scrapy import Request, Spider
from scrapy.http import Response
from scrapy_poet.api import DummyResponse
from web_poet import ItemPage, field, handle_urls
from zyte_common_items import Article, AutoArticlePage
from zyte_common_items.fields import auto_field

from scrapy_riptide import ExtractedContent
from scrapy_riptide.article import article_of
from scrapy_riptide.poet import NoContent

STORY = f"""<!doctype html><html lang="en-GB"><head><title>A tide before its time | Gazette</title>
<link rel="canonical" href="/canonical"><meta name="description" content="It came early.">
<meta property="article:published_time" content="2026-03-08T17:45+0100">
<meta property="og:image" content="/img/tide.jpg">
<script type="application/ld+json">{{"@graph": [
  {{"@type": "BreadcrumbList", "itemListElement": [
    {{"@type": "ListItem", "position": 1, "name": "News", "item": "/news"}},
    {{"@type": "ListItem", "position": 2, "item": {{"@id": "/news/sea", "name": "Sea"}}}}]}},
  {{"@type": "NewsArticle", "dateModified": "2026-03-09", "author": [
    {{"@type": "Person", "name": "Ines Calloway"}}, {{"@type": "Person", "name": "Tom Reed"}}]}}]}}</script>
</head><body><nav><a href="/">Home</a></nav><article><h1>A tide before its time</h1>
<p>{WORDS * 3}</p><p>{WORDS * 3}</p><img src="/img/tide.jpg" alt="The tide">
<img src="/img/quay.jpg" alt="The quay">
<video src="/film.mp4"></video><audio src="/waves.ogg"></audio><p>{WORDS * 2}</p></article></body></html>"""

POET = {
    "ADDONS": {"scrapy_poet.Addon": 300, "scrapy_riptide.Addon": 500},
    **AS_IT_IS,
    "SCRAPY_POET_RULES": [],
}


class ContentSpider(Spider):
    name = "content"
    root = ""
    paths: tuple[str, ...] = ("/",)
    meta: dict[str, Any] = {}  # noqa: RUF012

    async def start(self) -> AsyncIterator[Request]:
        for path in self.paths:
            yield Request(self.root + path, meta=dict(self.meta), errback=self.failed)

    async def parse(self, response: Response, content: ExtractedContent) -> AsyncIterator[Any]:
        same = content is response.meta["riptide_content"]
        yield {"title": content.title, "text": content.text, "same": same}

    def failed(self, failure: Any) -> Any:
        yield {"error": type(failure.value).__name__, "kind": getattr(failure.value, "kind", None)}


class ArticleCallbackSpider(ContentSpider):
    name = "articles"

    def parse(self, response: DummyResponse, article: Article) -> Any:  # type: ignore[override]
        yield article


@handle_urls("")
@attrs.define
class GazettePage(AutoArticlePage):
    content: ExtractedContent

    @auto_field
    def headline(self) -> str:
        return f"{self.content.title} ({self.content.word_count} words)"


@dataclasses.dataclass
class Tide:
    name: str
    words: int


@handle_urls("")
@attrs.define
class TidePage(ItemPage[Tide]):
    content: ExtractedContent

    @field
    def name(self) -> str | None:
        return self.content.title

    @field
    def words(self) -> int | None:
        return self.content.word_count


class TideSpider(ContentSpider):
    name = "tides"

    def parse(self, response: DummyResponse, tide: Tide) -> Any:  # type: ignore[override]
        yield tide


async def run(spider: type[Spider], page: Any = STORY, **settings: Any) -> tuple[str, Crawl]:
    attributes = settings.pop("attributes", {})
    async with site({"/": page}) as root:
        return root, await crawl(spider, {**POET, **settings}, root=root, **attributes)


async def test_a_callback_that_asks_for_content_gets_the_middleware_s() -> None:
    _, done = await run(ContentSpider)
    assert [(item["title"], item["same"]) for item in done.items] == [("A tide before its time", True)]
    assert "Every harbour keeps a book" in done.items[0]["text"]
    assert done.outcomes() == {"pages/seen": 1, "pages/extracted": 1}  # extracted once


async def test_an_article_has_every_field_that_the_page_has_something_for() -> None:
    root, done = await run(ArticleCallbackSpider)
    [item] = done.items
    found = {key: value for key, value in attrs.asdict(item).items() if value is not None}
    assert WORDS.strip() in found.pop("articleBody")
    assert f"<p>{WORDS * 2}".strip() in found.pop("articleBodyHtml")
    metadata = found.pop("metadata")
    assert 0 < metadata["probability"] <= 1
    assert metadata["dateDownloaded"]
    assert found == {
        "url": f"{root}/",
        "canonicalUrl": f"{root}/canonical",
        "headline": "A tide before its time",
        "description": "It came early.",
        "datePublished": "2026-03-08T17:45:00+01:00",
        "datePublishedRaw": "2026-03-08T17:45+0100",
        "dateModified": "2026-03-09T00:00:00",
        "dateModifiedRaw": "2026-03-09",
        "inLanguage": "en",
        "authors": [
            {"email": None, "url": None, "name": name, "nameRaw": name}
            for name in ("Ines Calloway", "Tom Reed")
        ],
        "breadcrumbs": [
            {"name": "News", "url": f"{root}/news"},
            {"name": "Sea", "url": f"{root}/news/sea"},
        ],
        "mainImage": {"url": f"{root}/img/tide.jpg"},
        "images": [{"url": f"{root}/img/tide.jpg"}, {"url": f"{root}/img/quay.jpg"}],
        "videos": [{"url": f"{root}/film.mp4"}],
        "audios": [{"url": f"{root}/waves.ogg"}],
    }


async def test_a_page_object_overrides_single_fields() -> None:
    _, done = await run(ArticleCallbackSpider, SCRAPY_POET_RULES=rules_of(GazettePage))
    [item] = done.items
    assert item.headline.startswith("A tide before its time (")
    assert (item.description, item.inLanguage) == ("It came early.", "en")
    assert done.outcomes() == {"pages/seen": 1, "pages/extracted": 1}


async def test_content_feeds_page_objects_of_any_item() -> None:
    _, done = await run(TideSpider, SCRAPY_POET_RULES=rules_of(TidePage))
    assert [item.name for item in done.items] == ["A tide before its time"]
    assert done.items[0].words > 100


def rules_of(page: type) -> list[Any]:
    from web_poet import default_registry

    return [rule for rule in default_registry.get_rules() if rule.use is page]


@pytest.mark.parametrize(
    ("page", "meta", "error", "kind"),
    [
        (b"   ", {}, "NoContent", "empty"),
        (STORY, {"riptide": False}, "NoContent", "switched_off"),
        (STORY, {"riptide": ["h1[["]}, "NoContent", "parse"),
    ],
)
async def test_a_callback_is_not_called_without_what_it_asks_for(
    page: Any, meta: dict[str, Any], error: str, kind: str
) -> None:
    _, done = await run(ContentSpider, page, attributes={"meta": meta}, RIPTIDE_FALLBACK=None)
    assert done.items == [{"error": error, "kind": kind}]
    assert done.outcomes()["pages/seen"] == 1


async def test_a_status_that_scrapy_filters_is_an_http_error_as_ever() -> None:
    _, done = await run(ContentSpider, attributes={"paths": ("/nothing",)})
    assert done.items == [{"error": "HttpError", "kind": None}]
    assert done.outcomes() == {"pages/seen": 1, "skipped/status": 1}


async def test_asking_for_content_is_opting_in() -> None:
    _, done = await run(ContentSpider, RIPTIDE_EXTRACT="opt-in")
    assert done.outcomes() == {"pages/seen": 1, "pages/extracted": 1}


async def test_content_goes_through_the_cache_of_scrapy_poet(tmp_path: Path) -> None:
    settings = {"SCRAPY_POET_CACHE": str(tmp_path / "cache")}
    async with site({"/": STORY}) as root:
        first = await crawl(ArticleCallbackSpider, {**POET, **settings}, root=root)
        second = await crawl(ArticleCallbackSpider, {**POET, **settings}, root=root)
    assert first.items == second.items
    assert second.stats["poet/cache/hit"] == 1


async def test_without_scrapy_poet_s_add_on_nothing_is_injected() -> None:
    class PlainSpider(ContentSpider):
        name = "plain"

        async def parse(self, response: Response) -> AsyncIterator[Any]:  # type: ignore[override]
            yield {"title": response.meta["riptide_content"].title}

    _, done = await run(PlainSpider, ADDONS={"scrapy_riptide.Addon": 500})
    assert done.items == [{"title": "A tide before its time"}]


def test_hostile_linked_data_costs_fields_and_nothing_else() -> None:
    deep = "[" * 20000 + "]" * 20000
    page = article("A page").replace(
        "</head>",
        f'<script type="application/ld+json">{deep}</script><script type="application/ld+json">{{nothing'
        '</script><script type="application/ld+json">{"@type": "BreadcrumbList", "itemListElement": [7, '
        '{"name": 4}, {"name": "Here", "item": "http://[broken"}]}</script>'
        '<link rel="canonical" href="http://[::1"></head>',
    )
    made = article_of(ExtractedContent(url="https://a.example/b", title="A page"), page)
    assert (made.headline, made.canonicalUrl) == ("A page", None)
    assert [attrs.asdict(each) for each in made.breadcrumbs or []] == [{"name": "Here", "url": None}]


@pytest.mark.parametrize(
    ("iso", "instant"),
    [
        ("2026-03-08", "2026-03-08T00:00:00"),
        ("2026-03-08T17:45:00Z", "2026-03-08T17:45:00Z"),
        ("2026-03-08T17:45:00-08:00", "2026-03-08T17:45:00-08:00"),
        ("2026-03-08T17:45:00", "2026-03-08T17:45:00"),
        ("yesterday", None),
        (None, None),
    ],
)
def test_a_date_keeps_its_zone_and_is_given_none(iso: str | None, instant: str | None) -> None:
    made = article_of(ExtractedContent(url="https://a.example/b", published_iso=iso), "")
    assert made.datePublished == instant


def test_no_content_says_why() -> None:
    error = NoContent("https://a.example/b: it is blank", kind="empty")
    assert (str(error), error.kind) == ("https://a.example/b: it is blank", "empty")
