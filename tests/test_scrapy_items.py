"""From a page's content into the items of a crawl, whatever kind they are."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pydantic
import pytest
import scrapy
from crawls import WORDS, PageSpider, article, crawl, messages, site
from scrapy.http import Response

from scrapy_riptide.errors import ConfigError
from scrapy_riptide.settings import CONTENT_FIELDS

TITLE = "A tide before its time"


@dataclasses.dataclass
class DataItem:
    url: str = ""
    title: str | None = None
    word_count: int = 0
    links: list[str] = dataclasses.field(default_factory=list)
    price: int = 3


@attrs.define
class AttrsItem:
    url: str = ""
    title: str | None = None
    word_count: int = 0
    links: list[str] = attrs.Factory(list)
    price: int = 3


class ModelItem(pydantic.BaseModel):
    url: str = ""
    title: str | None = None
    word_count: int = 0
    links: list[str] = []
    price: int = 3


class ScrapyItem(scrapy.Item):
    url = scrapy.Field()
    title = scrapy.Field()
    word_count = scrapy.Field()
    links = scrapy.Field()
    price = scrapy.Field()


@dataclasses.dataclass
class OtherItem:
    price: int = 3


@dataclasses.dataclass(frozen=True)
class FrozenItem:
    title: str = ""


@pytest.fixture
def settings(cache_dir: Path) -> dict[str, Any]:
    return {"RIPTIDE_CACHE_DIR": str(cache_dir)}


class ItemSpider(PageSpider):
    item_class: Any = dict
    values: Mapping[str, Any] = {}

    def parse(self, response: Response) -> Any:
        yield self.item_class(**self.values)


async def items(settings: dict[str, Any], item_class: Any, **values: Any) -> list[Any]:
    async with site({"/": article(TITLE, links='<a href="http://far.example/">Far</a>')}) as root:
        result = await crawl(
            ItemSpider, settings, root=root, item_class=staticmethod(item_class), values=values
        )
    return [
        {**item, "url": item["url"].replace(root, "ROOT")}
        if isinstance(item, dict) and "url" in item
        else item
        for item in result.items
    ]


@pytest.mark.parametrize("item_class", [DataItem, AttrsItem, ModelItem, ScrapyItem])
async def test_fields_of_the_same_name_are_filled(settings: dict[str, Any], item_class: Any) -> None:
    (item,) = await items(settings, item_class, price=5)
    fields = scrapy.Item if item_class is ScrapyItem else item_class
    assert isinstance(item, fields)
    values = (
        dict(item) if isinstance(item, scrapy.Item) else {name: getattr(item, name) for name in vars_of(item)}
    )
    assert values["title"] == TITLE
    assert values["word_count"] >= len((WORDS * 6).split())
    assert values["url"].startswith("http://127.0.0.1:")
    assert "http://far.example/" in values["links"]
    assert values["price"] == 5
    assert set(values) == {"url", "title", "word_count", "links", "price"}


def vars_of(item: Any) -> list[str]:
    return ["url", "title", "word_count", "links", "price"]


async def test_a_dict_gets_every_field_that_the_page_has(settings: dict[str, Any]) -> None:
    (item,) = await items(settings, dict, price=5)
    assert item["title"] == TITLE
    assert item["url"] == "ROOT/"
    assert set(item) <= {*CONTENT_FIELDS, "price"}
    assert {"text", "markdown", "links", "engine"} <= set(item)


async def test_values_that_are_there_are_kept_and_empty_ones_are_filled(settings: dict[str, Any]) -> None:
    kept: dict[str, Any] = {"title": "Mine", "url": "", "text": None, "links": [], "language": "tlh"}
    (item,) = await items(settings, dict, **kept)
    assert (item["title"], item["language"], item["url"]) == ("Mine", "tlh", "ROOT/")
    assert item["text"]
    assert item["links"]


async def test_a_map_says_which_fields_fill_which(settings: dict[str, Any]) -> None:
    mapped = {**settings, "RIPTIDE_ITEM_FIELDS": {"title": "headline", "word_count": "words"}}
    (item,) = await items(mapped, dict)
    assert set(item) == {"headline", "words"}
    assert item["headline"] == TITLE


async def test_an_empty_map_fills_nothing(settings: dict[str, Any]) -> None:
    assert await items({**settings, "RIPTIDE_ITEM_FIELDS": {}}, dict, a=1) == [{"a": 1}]


async def test_only_the_classes_that_are_named_are_filled(settings: dict[str, Any]) -> None:
    named = {**settings, "RIPTIDE_ITEM_FIELDS": {"title": "title"}, "RIPTIDE_ITEM_CLASSES": [DataItem]}
    assert await items(named, dict, a=1) == [{"a": 1}]
    assert await items(named, OtherItem) == [OtherItem()]
    (item,) = await items(named, DataItem)
    assert item.title == TITLE


MAPPED = {"RIPTIDE_ITEM_FIELDS": {"title": "headline"}}
MESSAGE = "RIPTIDE_ITEM_FIELDS = .*OtherItem has no 'headline', it has 'price'"


async def test_a_field_that_a_named_class_lacks_stops_the_crawl_at_start(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=MESSAGE):
        await items({**settings, **MAPPED, "RIPTIDE_ITEM_CLASSES": [OtherItem]}, dict)


async def test_a_field_that_the_default_item_class_lacks_stops_the_crawl_at_start(
    settings: dict[str, Any],
) -> None:
    with pytest.raises(ConfigError, match=MESSAGE):
        await items({**settings, **MAPPED, "DEFAULT_ITEM_CLASS": f"{__name__}.OtherItem"}, dict)


class AnnotatedSpider(PageSpider):
    def parse(self, response: Response) -> Iterator[OtherItem | scrapy.Request]:
        yield OtherItem()


async def test_a_field_that_an_annotated_class_lacks_stops_the_crawl_at_start(
    settings: dict[str, Any],
) -> None:
    with pytest.raises(ConfigError, match=MESSAGE):
        await crawl(AnnotatedSpider, {**settings, **MAPPED}, root="http://never.invalid")


async def test_a_field_that_an_unknown_class_lacks_ends_the_crawl_at_its_first_item(
    settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    pages = {f"/{number}": article(TITLE) for number in range(30)}
    async with site(pages) as root:
        result = await crawl(
            ItemSpider,
            {**settings, **MAPPED, "CONCURRENT_REQUESTS": 1},
            root=root,
            paths=tuple(pages),
            item_class=OtherItem,
        )
    assert result.stats["finish_reason"] == "riptide_item_fields"
    assert len(result.items) < 5
    (line,) = messages(caplog.records, logging.ERROR)
    assert "OtherItem has no 'headline'" in line


async def test_an_item_that_refuses_its_content_is_counted_and_passes(
    settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with site({"/": article(TITLE)}) as root:
        result = await crawl(ItemSpider, settings, root=root, item_class=FrozenItem)
    assert result.items == [FrozenItem()]
    assert result.riptide("items") == {"items/errors/refused": 1}
    (refusal,) = (each for each in caplog.records if "FrozenItem refused its content" in each.getMessage())
    assert vars(refusal)["spider"].name == ItemSpider.name


class TwoPagesSpider(PageSpider):
    """Its items are yielded while other pages are under way."""

    async def parse(self, response: Response) -> Any:
        for number in range(3):
            await asyncio.sleep(0.01)
            yield {"path": response.url.removeprefix(self.root), "number": number}


async def test_every_item_gets_the_content_of_its_own_response(settings: dict[str, Any]) -> None:
    pages = {f"/{number}": article(f"Title of /{number}") for number in range(20)}
    async with site(pages) as root:
        result = await crawl(TwoPagesSpider, settings, root=root, paths=tuple(pages))
    assert len(result.items) == 60
    assert all(item["title"] == f"Title of {item['path']}" for item in result.items)
    assert result.stats["riptide/items/filled"] == 60


async def test_items_from_nowhere_and_from_skipped_pages_stay_as_they_are(settings: dict[str, Any]) -> None:
    class StartSpider(ItemSpider):
        async def start(self) -> Any:
            yield {"from": "start"}
            yield scrapy.Request(self.root + "/", meta={"riptide": False})

    async with site({"/": article(TITLE)}) as root:
        result = await crawl(StartSpider, settings, root=root, values={"from": "page"})
    assert result.items == [{"from": "start"}, {"from": "page"}]


class SourceSpider(PageSpider):
    sources: Sequence[Any] = ()

    async def start(self) -> Any:
        for source in self.sources:
            yield source


def title_of(item: Any) -> Any:
    return (
        item.get("title")
        if isinstance(item, dict)
        else getattr(item, "title", None)
        if dataclasses.is_dataclass(item)
        else None
    )


SOURCE = {"RIPTIDE_SOURCE_FIELD": "html"}
URL = "https://harbour.example/a"


async def test_html_in_an_item_is_extracted_there_and_then(
    settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    @dataclasses.dataclass
    class Stored:
        url: str
        html: str | bytes | None = None
        title: str | None = None

    page = article("Café")
    sources: list[Any] = [
        {"url": URL, "html": page},
        {"url": URL, "html": page.encode()},
        {"url": URL, "html": b'<meta charset="latin-1">' + page.encode("latin-1")},
        # It says nothing of its encoding, which is not UTF-8.
        {"url": URL, "html": page.encode("cp1252")},
        Stored(URL, page),
        {"url": URL, "html": scrapy.http.HtmlResponse(URL + "/other", body=page.encode(), encoding="utf-8")},
        {"html": scrapy.http.HtmlResponse(URL + "/other", body=page.encode(), encoding="utf-8")},
        {"url": URL, "html": ""},
        {"url": URL},
        "no item at all",
    ]
    with caplog.at_level(logging.INFO):
        result = await crawl(SourceSpider, {**settings, **SOURCE}, sources=sources)
    assert "; 7 items extracted from RIPTIDE_SOURCE_FIELD; " in messages(caplog.records, logging.INFO)[-1]
    assert [title_of(item) for item in sources] == ["Café"] * 7 + [None] * 3
    assert len(result.items) == 10
    assert [isinstance(item, dict) and "html" in item for item in sources[:7]] == [True] * 4 + [False] * 3
    assert sources[4] == Stored(URL, page, "Café")
    assert sources[6]["url"] == URL + "/other"
    assert result.riptide("items") == {"items/extracted": 7, "items/filled": 7}


@pytest.mark.parametrize(
    ("sources", "warned"),
    [
        ([{"url": URL, "html": article(TITLE)}], False),
        ([{"url": URL, "price": 3}, {"url": URL, "html": None}], False),
        ([{"url": URL, "htlm": article(TITLE)}, {"url": URL}], True),
        ([], False),
    ],
    ids=["there", "there and empty", "misspelt", "no items"],
)
async def test_a_source_field_that_no_item_has_is_told_of(
    sources: list[dict[str, Any]], warned: bool, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    await crawl(SourceSpider, {**settings, **SOURCE}, sources=sources)
    said = [line for line in messages(caplog.records) if line.startswith("RIPTIDE_SOURCE_FIELD = 'html'")]
    assert [line.endswith("Did you mean 'htlm'?") for line in said] == [True] * warned


async def test_a_source_that_is_no_document_is_counted_and_the_item_passes(
    settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    sources = [{"html": article(TITLE)}, {"url": URL, "html": "  "}]
    result = await crawl(SourceSpider, {**settings, **SOURCE}, sources=sources)
    assert sources == [{"html": article(TITLE)}, {"url": URL, "html": "  "}]
    assert len(result.items) == 2
    assert result.riptide("items") == {"items/errors/source": 1, "items/errors/invalid_html": 1}
    assert sorted(line.partition(" failed: ")[2] for line in messages(caplog.records)) == [
        "invalid_html: the HTML is empty",
        "source: HTML needs its address, and the item's field 'url' has None",
    ]


async def test_an_items_own_document_goes_before_the_page_it_comes_from(settings: dict[str, Any]) -> None:
    """From a page with content of its own, an item with another document is that document's."""
    other = article("Another document")
    loaded = {"url": [URL], "html": [other]}
    unlike = {"url": URL, "html": 5}

    class Listing(PageSpider):
        def parse(self, response: Response) -> Any:
            assert response.meta["riptide_content"].title == TITLE
            yield {"url": URL, "html": other}
            yield loaded
            yield unlike
            yield {"url": URL}

    async with site({"/": article(TITLE)}) as root:
        result = await crawl(Listing, {**settings, **SOURCE}, root=root)
    titles = sorted(str(item.get("title")) for item in result.items)
    assert titles == sorted([TITLE, "Another document", "Another document", "None"])
    assert result.riptide("items") == {
        "items/errors/source": 1,
        "items/extracted": 2,
        "items/filled": 3,
    }
