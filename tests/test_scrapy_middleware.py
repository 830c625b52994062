"""What the downloader middleware does to pages, in real crawls."""

from __future__ import annotations

import asyncio
import gzip
import logging
import pickle
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from clocks import HeldTime
from crawls import AS_IT_IS, WORDS, Crawl, Page, PageSpider, article, crawl, messages, site
from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from spinning import guests_running
from waiting import PATIENCE_S

from scrapy_riptide import ExtractedContent, Extractor, middleware
from scrapy_riptide.crawl import RiptideCrawl

TITLE = "A tide before its time"


@pytest.fixture
def settings(cache_dir: Path) -> dict[str, Any]:
    return {"RIPTIDE_CACHE_DIR": str(cache_dir), **AS_IT_IS}


@pytest.fixture
def hostile_settings(settings: dict[str, Any], misbehaving: Path) -> dict[str, Any]:
    """Settings with a component that does as the page says."""
    return {**settings, "RIPTIDE_COMPONENT": str(misbehaving), "RIPTIDE_FALLBACK": None}


async def test_html_is_extracted_and_everything_else_passes_through_counted(settings: dict[str, Any]) -> None:
    pages: dict[str, Page] = {
        "/": article(TITLE),
        "/blank": "  \n ",
        "/large": article(TITLE, WORDS * 40),
        "/data.json": web.Response(text="{}", content_type="application/json"),
        "/plain": web.Response(text="plain", content_type="text/plain"),
        "/image": web.Response(body=b"\x89PNG\r\n\x1a\n\0\0", content_type="image/png"),
        "/zipped": web.Response(
            body=gzip.compress(article("Zipped").encode()),
            content_type="text/html",
            headers={"Content-Encoding": "gzip"},
        ),
        "/latin": web.Response(
            body=article("Café").encode("latin-1"), headers={"Content-Type": "text/html; charset=latin-1"}
        ),
        "/moved": web.Response(status=302, headers={"Location": "/"}),
    }
    async with site(pages) as root:
        result = await crawl(
            PageSpider,
            {
                **settings,
                "RIPTIDE_MAX_BODY_BYTES": 3000,
                "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
            },
            root=root,
            paths=(*pages, "/missing"),
        )
    assert result.outcomes() == {
        "pages/seen": 10,
        "pages/extracted": 4,
        "skipped/empty": 1,
        "skipped/not_html": 3,
        "skipped/too_large": 1,
        "skipped/status": 1,
    }
    found = {
        item["path"]: item["content"] and item["content"].title
        for item in result.items
        if item["path"] != "/"
    }
    assert found == {
        "/blank": None,
        "/large": None,
        "/data.json": None,
        "/plain": None,
        "/image": None,
        "/zipped": "Zipped",
        "/latin": "Café",
    }
    content = next(item["content"] for item in result.items if item["path"] == "/")
    assert isinstance(content, ExtractedContent)
    assert (content.url, content.title, content.engine) == (f"{root}/", TITLE, "wasm")
    assert content.text.endswith((WORDS * 6).strip())
    assert all(item["error"] is None for item in result.items)


async def test_a_status_that_the_spider_handles_is_extracted(settings: dict[str, Any]) -> None:
    async with site({}) as root:
        result = await crawl(PageSpider, settings, root=root, handle_httpstatus_list=[404])
        asked = await crawl(
            PageSpider, settings, root=root, meta={"riptide": True, "handle_httpstatus_all": True}
        )
    for each in (result, asked):
        assert each.outcomes() == {"pages/seen": 1, "pages/extracted": 1}
        assert each.items[0]["content"].title == "Not found"


WISHES: list[tuple[Any, str | None]] = [
    (True, "article"),
    (None, "article"),
    ("metadata", "metadata"),
    ({"mode": "metadata"}, "metadata"),
    ({}, "article"),
    (["h1"], "custom"),
    ({"select": "h1"}, "custom"),
    ({"select": ["h1", "h2"], "mode": "custom"}, "custom"),
    ({"max_body_bytes": 10}, "too_large"),
    (False, "switched_off"),
]


@pytest.mark.parametrize(("wish", "expected"), WISHES)
async def test_a_request_says_what_it_wants(settings: dict[str, Any], wish: Any, expected: str) -> None:
    async with site({"/": article(TITLE)}) as root:
        result = await crawl(PageSpider, settings, root=root, meta={"riptide": wish})
    content = result.items[0]["content"]
    texts = {"article": (WORDS * 6).strip(), "metadata": "", "custom": TITLE}
    if expected in texts:
        assert content.text.split("\n")[-1] == texts[expected]
        assert result.outcomes() == {"pages/seen": 1, "pages/extracted": 1}
    else:
        assert content is None
        assert result.outcomes() == {"pages/seen": 1, f"skipped/{expected}": 1}


BAD_WISHES = [
    (
        "articel",
        "meta['riptide'] = 'articel' is not allowed: it takes 'article', 'full', 'metadata', or a list",
    ),
    (7, "meta['riptide'] = 7 is not allowed"),
    ([], "meta['riptide'] = [] is not allowed"),
    ({"mod": "full"}, "meta['riptide'] has the unknown key 'mod': did you mean 'mode'?"),
    ({"mode": "full", "select": "h1"}, "has both mode = 'full' and select"),
    ({"mode": "custom"}, "meta['riptide']['mode'] = 'custom' is not allowed"),
    ({"max_body_bytes": "much"}, "meta['riptide']['max_body_bytes'] = 'much' is not allowed"),
]


@pytest.mark.parametrize(("wish", "message"), BAD_WISHES)
async def test_a_wish_that_means_nothing_is_told_and_the_page_passes(
    settings: dict[str, Any], caplog: pytest.LogCaptureFixture, wish: Any, message: str
) -> None:
    async with site({"/": article(TITLE)}) as root:
        result = await crawl(PageSpider, settings, root=root, meta={"riptide": wish})
    assert result.outcomes() == {"pages/seen": 1, "errors/options": 1}
    error = result.items[0]["error"]
    assert error["kind"] == "options"
    assert message in error["message"]
    (line,) = messages(caplog.records)
    assert f"{root}/" in line
    assert message in line


async def test_a_selector_that_cannot_be_read_is_the_pages_error(settings: dict[str, Any]) -> None:
    async with site({"/": article(TITLE)}) as root:
        result = await crawl(PageSpider, settings, root=root, meta={"riptide": ["p["]})
    assert result.outcomes() == {"pages/seen": 1, "errors/parse": 1}
    assert "p[" in result.items[0]["error"]["message"]


async def test_opt_in_extracts_what_is_asked_for(settings: dict[str, Any]) -> None:
    opt_in = {**settings, "RIPTIDE_EXTRACT": "opt-in", "RIPTIDE_MODE": '["h1"]'}
    async with site({"/": article(TITLE)}) as root:
        not_asked = await crawl(PageSpider, opt_in, root=root)
        asked = await crawl(PageSpider, opt_in, root=root, meta={"riptide": True})
    assert not_asked.outcomes() == {"pages/seen": 1, "skipped/not_asked": 1}
    assert asked.items[0]["content"].text == TITLE


async def test_robots_txt_is_left_alone_even_when_it_comes_as_html(settings: dict[str, Any]) -> None:
    async with site({"/": article(TITLE), "/robots.txt": "<p>User-agent: *"}) as root:
        result = await crawl(PageSpider, {**settings, "ROBOTSTXT_OBEY": True}, root=root)
    assert result.outcomes() == {"pages/seen": 2, "pages/extracted": 1, "skipped/robots_txt": 1}


async def test_cached_responses_are_extracted(settings: dict[str, Any], tmp_path: Path) -> None:
    cache = {**settings, "HTTPCACHE_ENABLED": True, "HTTPCACHE_DIR": str(tmp_path)}
    async with site({"/": article(TITLE)}) as root:
        first = await crawl(PageSpider, cache, root=root)
        second = await crawl(PageSpider, cache, root=root)
    assert second.stats["httpcache/hit"] == 1
    assert second.items == first.items


class CopyingSpider(Spider):
    """Makes requests with copies of a response's meta, in every way there is."""

    name = "copying"
    root = ""
    seen: list[tuple[str, list[str]]]

    async def start(self) -> AsyncIterator[Request]:
        self.seen = []
        yield Request(self.root + "/")

    async def parse(self, response: Response) -> AsyncIterator[Request]:
        assert "riptide_content" in response.meta
        off = {**response.meta, "riptide": False}
        yield Request(self.root + "/meta", meta=off, callback=self.look)
        yield response.follow("/follow", meta=off, callback=self.look)
        assert response.request is not None
        yield response.request.replace(url=self.root + "/replace", meta=off, callback=self.look)
        yield Request(self.root + "/errback", meta=off, callback=self.look, errback=self.give_up)
        yield Request(self.root + "/missing", meta=off, callback=self.look, errback=self.give_up)
        self.crawler.engine.crawl(Request(self.root + "/engine", meta=off, callback=self.look))
        inline = await self.crawler.engine.download_async(
            Request(self.root + "/inline", meta=off, callback=NO_CALLBACK)
        )
        self.note(inline)
        assert "riptide_content" in response.meta

    def look(self, response: Response) -> None:
        self.note(response)

    def give_up(self, failure: Any) -> Request:
        self.note(failure.value.response)
        meta = {**failure.value.response.meta, "riptide_error": {"kind": "stale"}}
        return Request(self.root + "/after", meta=meta, callback=self.look)

    def note(self, response: Response) -> None:
        keys = sorted(key for key in response.meta if key.startswith("riptide_"))
        self.seen.append((response.url.removeprefix(self.root), keys))


@pytest.mark.parametrize("job", [False, True])
async def test_results_never_travel_into_another_request(
    settings: dict[str, Any], tmp_path: Path, job: bool
) -> None:
    names = ["meta", "follow", "replace", "errback", "engine", "inline", "after"]
    spiders: list[CopyingSpider] = []

    class Noted(CopyingSpider):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            spiders.append(self)

    jobdir = {"JOBDIR": str(tmp_path)} if job else {}
    async with site({f"/{name}": article(name) for name in ["", *names]}) as root:
        result = await crawl(Noted, {**settings, **jobdir, "META_COPY_WARN_SKIP_KEYS": []}, root=root)
    assert sorted(spiders[0].seen) == sorted((f"/{name}", []) for name in [*names, "missing"])
    assert result.outcomes() == {"pages/seen": 9, "pages/extracted": 1, "skipped/switched_off": 8}


class PicklingSpider(PageSpider):
    def parse(self, response: Response) -> Any:
        assert response.request is not None
        yield {
            "same": pickle.loads(pickle.dumps(response.meta)) == response.meta,  # noqa: S301
            "keys": sorted(response.meta),
        }


async def test_results_are_plain_data(hostile_settings: dict[str, Any]) -> None:
    async with site({"/": article(TITLE), "/trap": "!t"}) as root:
        result = await crawl(PicklingSpider, hostile_settings, root=root, paths=("/", "/trap"))
    assert all(item["same"] for item in result.items)
    assert {key for item in result.items for key in item["keys"] if key.startswith("riptide")} == {
        "riptide_content",
        "riptide_duration_ms",
        "riptide_error",
    }


HOSTILE: dict[str, Page] = {
    "/fine": "fine",
    "/spin": "!s",
    "/trap": "!t",
    "/recurse": "!r",
    "/memory": "!x",
    "/invalid": "!e0",
    "/internal": "!e5",
    "/fine-too": "fine too",
}
KINDS = {
    "/spin": "timeout",
    "/trap": "trap",
    "/recurse": "trap",
    "/memory": "memory_limit",
    "/invalid": "invalid_html",
    "/internal": "internal",
}
LIMITS = {"RIPTIDE_TIMEOUT_SECS": 0.3, "RIPTIDE_MEMORY_LIMIT_MB": 16, "RIPTIDE_FAILURE_THRESHOLD": 100}


@pytest.mark.usefixtures("own_time")
async def test_a_page_that_hurts_the_guest_reaches_the_spider_with_its_error(
    hostile_settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with site(HOSTILE) as root:
        result = await crawl(PageSpider, {**hostile_settings, **LIMITS}, root=root, paths=tuple(HOSTILE))
    assert {item["path"]: item["error"]["kind"] for item in result.items if item["error"]} == KINDS
    assert {item["path"]: item["content"].text for item in result.items if item["content"]} == {
        "/fine": "fine",
        "/fine-too": "fine too",
    }
    error = next(item["error"] for item in result.items if item["path"] == "/spin")
    assert set(error) == {"kind", "message", "url", "duration_ms"}
    assert error["url"] == f"{root}/spin"
    assert error["duration_ms"] >= 300
    assert result.outcomes() == {
        "pages/seen": 8,
        "pages/extracted": 2,
        "errors/timeout": 1,
        "errors/trap": 2,
        "errors/memory_limit": 1,
        "errors/invalid_html": 1,
        "errors/internal": 1,
    }
    lines = [line for line in messages(caplog.records) if line.startswith("Extraction of")]
    assert len(lines) == 6
    assert any(f"{root}/trap failed: trap in" in line and "answered by nobody" in line for line in lines)


@pytest.mark.usefixtures("own_time")
async def test_the_fallback_answers_for_the_machinery_and_is_counted_by_reason(
    hostile_settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings = {**hostile_settings, **LIMITS, "RIPTIDE_FALLBACK": "parsel"}
    async with site(HOSTILE) as root:
        result = await crawl(PageSpider, settings, root=root, paths=tuple(HOSTILE))
    assert {item["path"]: item["content"].engine for item in result.items if item["content"]} == {
        "/fine": "wasm",
        "/fine-too": "wasm",
        "/spin": "parsel",
        "/trap": "parsel",
        "/recurse": "parsel",
        "/memory": "parsel",
        "/internal": "parsel",
    }
    assert {item["path"] for item in result.items if item["error"]} == {"/invalid"}
    assert result.outcomes() == {
        "pages/seen": 8,
        "pages/extracted": 2,
        "errors/timeout": 1,
        "errors/trap": 2,
        "errors/memory_limit": 1,
        "errors/invalid_html": 1,
        "errors/internal": 1,
        "fallback/timeout": 1,
        "fallback/trap": 2,
        "fallback/memory_limit": 1,
        "fallback/internal": 1,
    }
    assert any("answered by parsel" in line for line in messages(caplog.records))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="errors take notes from Python 3.11 on")
async def test_of_a_page_that_nobody_answered_the_line_says_why_the_fallback_did_not(
    hostile_settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings = {**hostile_settings, "RIPTIDE_FALLBACK": "parsel"}
    async with site({"/": "!t" + "<p>" * 120_001}) as root:
        await crawl(PageSpider, settings, root=root)
    (line,) = (line for line in messages(caplog.records) if line.startswith("Extraction of"))
    assert "answered by nobody" in line
    assert line.endswith(
        "The fallback failed as well: The document has 120001 tags; the fallback reads 120000."
    )


async def test_a_failure_is_one_line_with_fields_and_the_end_is_a_line_to_read(
    hostile_settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scrapy_riptide.crawl")
    pages: dict[str, Page] = {"/fine": "fine", "/trap": "!t", "/blank": " "}
    async with site(pages) as root:
        result = await crawl(
            PageSpider, {**hostile_settings, "RIPTIDE_FALLBACK": "parsel"}, root=root, paths=tuple(pages)
        )
    records = [each for each in caplog.records if each.name == "scrapy_riptide.crawl"]
    failure, end = records
    assert (failure.levelname, end.levelname) == ("WARNING", "INFO")
    fields = {name: value for name, value in vars(failure).items() if name.startswith("riptide_")}
    assert fields.pop("riptide_duration_ms") > 0
    assert fields.pop("riptide_instance") >= 1
    assert 0 < fields.pop("riptide_memory_pages") <= result.stats["riptide/wasm/peak_memory_pages"]
    assert fields == {"riptide_url": f"{root}/trap", "riptide_kind": "trap", "riptide_answered_by": "parsel"}
    assert re.search(
        r"trap in instance \d+ with \d+ pages, answered by parsel after [\d.]+ ms in all: ",
        failure.getMessage(),
    )
    assert vars(failure)["spider"].name == vars(end)["spider"].name == "pages"
    peak = result.stats["riptide/wasm/peak_memory_pages"]
    pattern = (
        r"scrapy-riptide: 3 pages: 1 extracted, 1 failed \(trap\), 1 skipped \(empty\);"
        r" the fallback answered 1 of those that failed; \d+\.\d ms a page;"
        rf" at most {peak} memory pages in an instance, 0 growths denied\."
    )
    assert re.fullmatch(pattern, end.getMessage())


async def test_an_open_breaker_is_a_reason_of_its_own(hostile_settings: dict[str, Any]) -> None:
    one_at_a_time = {"CONCURRENT_REQUESTS": 1, "RIPTIDE_FAILURE_THRESHOLD": 2, "RIPTIDE_FALLBACK": "parsel"}
    paths = ("/trap?1", "/trap?2", "/fine")
    async with site(HOSTILE) as root:
        result = await crawl(PageSpider, {**hostile_settings, **one_at_a_time}, root=root, paths=paths)
    counts = result.outcomes()
    assert counts["fallback/trap"] == 2
    assert counts["fallback/circuit_open"] == 1
    assert result.stats["riptide/breaker/state"] == "open"


class ExhaustingSpider(PageSpider):
    """A guest spins, on the only thread, until pages found that thread busy so many times."""

    time: HeldTime
    times = 1

    async def start(self) -> AsyncIterator[Request]:
        extractor = RiptideCrawl.of(self.crawler).extractor
        await self.occupy(extractor)
        for path in self.paths:
            yield Request(self.root + path)
        while extractor.metrics()["riptide_pool_exhausted_total"] < self.times:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self.time.go_on(BUSY["RIPTIDE_TIMEOUT_SECS"] + 1)

    async def occupy(self, extractor: Extractor) -> None:
        # No page of the crawl's: it could find the thread busy as well, with an instance made ahead of need.
        extractor._submit("!s", self.root, "article", None, PATIENCE_S)
        while not guests_running(extractor):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


BUSY: dict[str, Any] = {
    "RIPTIDE_MAX_POOL_SIZE": 1,
    "RIPTIDE_CHECKOUT_TIMEOUT_SECS": 0.05,
    "RIPTIDE_POOL_RETRY_DELAY_SECS": 0.01,
    "RIPTIDE_TIMEOUT_SECS": 1,
}


async def exhausted(
    settings: dict[str, Any],
    time: HeldTime,
    *,
    count: int = 8,
    times: int = 1,
    spider: type[Spider] = ExhaustingSpider,
) -> Crawl:
    """A crawl of ``count`` pages, on whose only thread a guest spins until it was busy so many times."""
    pages: dict[str, Page] = {f"/{number}": article(TITLE) for number in range(count)}
    async with site(pages) as root:
        return await crawl(
            spider, {**settings, **BUSY}, root=root, paths=tuple(pages), time=time, times=times
        )


async def test_an_exhausted_pool_means_waiting_and_trying_again(
    hostile_settings: dict[str, Any], held_time: HeldTime
) -> None:
    result = await exhausted({**hostile_settings, "RIPTIDE_POOL_RETRY_TIMES": 1000}, held_time)
    assert result.outcomes() == {"pages/seen": 8, "pages/extracted": 8}
    assert result.stats["riptide/retries/pool_exhausted"] >= 1


async def test_pauses_double_up_to_five_seconds_and_no_two_pages_have_the_same(
    hostile_settings: dict[str, Any], held_time: HeldTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0.01)

    monkeypatch.setattr(middleware, "asyncio", SimpleNamespace(sleep=pause))
    settings = {**hostile_settings, "RIPTIDE_POOL_RETRY_TIMES": 12}
    await exhausted(settings, held_time, count=1, times=1 + 12)
    delays_s = [min(BUSY["RIPTIDE_POOL_RETRY_DELAY_SECS"] * 2**n, 5.0) for n in range(12)]
    assert delays_s[-1] == 5.0
    shares = [pause_s / delay_s for pause_s, delay_s in zip(pauses, delays_s, strict=True)]
    assert 0.5 <= min(shares) < max(shares) <= 1.5
    assert len(set(shares)) == 12


async def test_the_fallback_answers_for_pages_that_no_instance_came_free_for(
    hostile_settings: dict[str, Any], held_time: HeldTime
) -> None:
    settings = {**hostile_settings, "RIPTIDE_POOL_RETRY_TIMES": 0, "RIPTIDE_FALLBACK": "parsel"}
    result = await exhausted(settings, held_time)
    outcomes = result.outcomes()
    assert outcomes["fallback/pool_exhausted"] == outcomes["errors/pool_exhausted"] >= 1
    assert [item for item in result.items if item["content"] is None] == []


async def test_a_pool_that_stays_exhausted_is_the_pages_error_at_last(
    hostile_settings: dict[str, Any], held_time: HeldTime
) -> None:
    settings = {**hostile_settings, "RIPTIDE_POOL_RETRY_TIMES": 2}
    result = await exhausted(settings, held_time, count=1, times=1 + 2)
    assert result.outcomes() == {"pages/seen": 1, "errors/pool_exhausted": 1}
    assert result.stats["riptide/retries/pool_exhausted"] == 2


class StoppedSpider(ExhaustingSpider):
    """Its crawl is told to end while a page waits for the only thread."""

    fallback_asked: asyncio.Event

    async def start(self) -> AsyncIterator[Request]:
        self.stopping = asyncio.ensure_future(self.stop())
        await self.occupy(RiptideCrawl.of(self.crawler).extractor)
        for path in self.paths:
            yield Request(self.root + path)

    async def stop(self) -> None:
        extractor = RiptideCrawl.of(self.crawler).extractor
        while not extractor.metrics()["riptide_pool_exhausted_total"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self.ended = asyncio.ensure_future(self.crawler.stop_async())
        await asyncio.wait_for(self.fallback_asked.wait(), PATIENCE_S)
        self.time.go_on(BUSY["RIPTIDE_TIMEOUT_SECS"] + 1)


async def test_a_crawl_that_ends_waits_for_no_instance_but_has_its_fallback_answer(
    hostile_settings: dict[str, Any], held_time: HeldTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, fall_back_async = asyncio.Event(), Extractor.fall_back_async

    def noted(*arguments: Any) -> Any:
        asked.set()
        return fall_back_async(*arguments)

    monkeypatch.setattr(Extractor, "fall_back_async", noted)
    monkeypatch.setattr(StoppedSpider, "fallback_asked", asked, raising=False)
    settings = {**hostile_settings, "RIPTIDE_POOL_RETRY_TIMES": 1000, "RIPTIDE_FALLBACK": "parsel"}
    result = await exhausted(settings, held_time, count=1, spider=StoppedSpider)
    assert result.stats["finish_reason"] == "shutdown"
    assert result.outcomes() == {
        "pages/seen": 1,
        "errors/pool_exhausted": 1,
        "fallback/pool_exhausted": 1,
    }


async def test_a_component_that_cannot_be_used_stops_the_crawl_with_a_sentence(
    settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.wasm"
    broken.write_bytes(b"\0asm\x0d\0\x01\0 and then nothing that is any component")
    async with site({"/": article(TITLE)}) as root:
        result = await crawl(PageSpider, {**settings, "RIPTIDE_COMPONENT": str(broken)}, root=root)
    assert result.stats["finish_reason"] == "riptide_component"
    (line,) = messages(caplog.records, logging.ERROR)
    assert line.startswith("The crawl ends: ")
