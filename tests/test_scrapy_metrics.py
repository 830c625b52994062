"""What a crawl shows to the outside: metrics, health, the live page, and the files that lead there."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from crawls import AS_IT_IS, Page, PageSpider, article, crawl, messages, site
from ports import free_ports
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest as text_format
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_format
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.registry import Collector
from scrapy.http import Response
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler
from waiting import PATIENCE_S, wait_for

from scrapy_riptide import RiptideExporter
from scrapy_riptide.monitoring import scrapes, server, statscollector
from scrapy_riptide.monitoring.discovery import with_port
from scrapy_riptide.monitoring.figures import CrawlFigures, Extraction, Histogram
from scrapy_riptide.monitoring.metrics import COUNTERS_BY, FROM_STATS, OF_THE_MOMENT
from scrapy_riptide.monitoring.server import is_allowed_host
from scrapy_riptide.monitoring.stats import PageStats
from scrapy_riptide.monitoring.statscollector import StatsFamilies

PAGES: dict[str, Page] = {"/fine": "fine", "/trap": "!t", "/memory": "!x", "/invalid": "!e0", "/blank": " "}
REFERENCE = Path(__file__).parent.parent / "docs" / "reference" / "metrics.md"


@pytest.fixture
def settings(cache_dir: Path, misbehaving: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    # No machine is so busy that a guest's word comes too late.
    monkeypatch.setattr(server, "_HEALTH_TIMEOUT_S", PATIENCE_S)
    return {
        "RIPTIDE_CACHE_DIR": str(cache_dir),
        "RIPTIDE_COMPONENT": str(misbehaving),
        "RIPTIDE_MEMORY_LIMIT_MB": 16,
        "RIPTIDE_FAILURE_THRESHOLD": 100,
        "CONCURRENT_REQUESTS": 1,
        "BOT_NAME": "harbour",
        **AS_IT_IS,
    }


class AskingSpider(PageSpider):
    """After its last page it asks its own server for some paths."""

    name = "asking"
    ask: tuple[tuple[str, Mapping[str, str]], ...] = ()
    last = "/blank"

    async def parse(self, response: Response) -> Any:
        if not response.url.endswith(self.last):
            return
        exporter = self.crawler.get_extension(RiptideExporter)
        assert exporter is not None
        for path, headers in self.ask:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{exporter.port}{path}", headers=dict(headers)) as answer,
            ):
                yield {
                    "status": answer.status,
                    "type": answer.headers["Content-Type"],
                    "text": await answer.text(),
                    "headers": dict(answer.headers),
                    "port": exporter.port,
                }


async def ask(
    settings: dict[str, Any],
    *paths: str,
    headers: Mapping[str, str] | None = None,
    pages: Mapping[str, Page] = PAGES,
) -> tuple[list[Any], dict[str, Any]]:
    async with site(pages) as root:
        result = await crawl(
            AskingSpider,
            settings,
            root=root,
            paths=tuple(pages),
            ask=tuple((path, headers or {}) for path in paths),
        )
    return result.items, result.stats


OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


def values(families: Any) -> dict[str, float]:
    """Samples by name and own labels."""
    found: dict[str, float] = {}
    for family in families:
        for sample in family.samples:
            assert sample.labels["spider"] == "asking"
            assert sample.labels["project"] == "harbour"
            own = [
                f"{name}={value}"
                for name, value in sample.labels.items()
                if name not in ("spider", "project", "job")
            ]
            found[",".join([sample.name, *sorted(own)])] = sample.value
    return found


async def test_the_metrics_are_the_stats(settings: dict[str, Any]) -> None:
    items, stats = await ask(settings, "/metrics")
    found = values(parse_text(items[0]["text"]))
    assert items[0]["type"].startswith("text/plain; version=")
    expected = {
        "riptide_pages_seen_total": 5,
        "riptide_pages_extracted_total": 1,
        "riptide_errors_total,kind=trap": 1,
        "riptide_errors_total,kind=memory_limit": 1,
        "riptide_errors_total,kind=invalid_html": 1,
        "riptide_fallback_total,reason=trap": 1,
        "riptide_fallback_total,reason=memory_limit": 1,
        "riptide_skipped_total,kind=empty": 1,
        "riptide_extractions_total,engine=wasm,mode=article,outcome=ok": 1,
        "riptide_extractions_total,engine=parsel,mode=article,outcome=trap": 1,
        "riptide_extractions_total,engine=parsel,mode=article,outcome=memory_limit": 1,
        "riptide_extractions_total,engine=none,mode=article,outcome=invalid_html": 1,
        "riptide_extraction_duration_seconds_count": 4,
        "riptide_extraction_wait_seconds_count": 4,
        "riptide_html_bytes_total": sum(
            len(PAGES[path]) for path in ("/fine", "/trap", "/memory", "/invalid")
        ),
        "riptide_wasm_grow_failed_total": stats["riptide/wasm/grow_failed"],
        "riptide_wasm_peak_memory_pages": stats["riptide/wasm/peak_memory_pages"],
        "riptide_wasm_cold_start_time_ms_count": 1,
        "riptide_wasm_memory_limit_pages": 256,
        "riptide_breaker_state,riptide_breaker_state=closed": 1,
        "riptide_breaker_state,riptide_breaker_state=open": 0,
        "riptide_pool_instances,state=active": 0,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["riptide_wasm_aot_cache_hits"] + found["riptide_wasm_aot_cache_misses"] == 1
    assert stats["riptide/wasm/grow_failed"] >= 1
    assert stats["riptide/duration_ms/total"] == round(
        found["riptide_extraction_duration_seconds_sum"] * 1000
    )


async def test_pages_that_no_thread_took_have_no_duration(settings: dict[str, Any]) -> None:
    async with site({"/blank": "fine"}) as root:
        result = await crawl(
            AskingSpider,
            settings,
            root=root,
            paths=("/blank",),
            ask=(("/metrics", {}),),
            meta={"riptide": {"nonsense": 1}},
        )
    found = values(parse_text(result.items[0]["text"]))
    expected = {
        "riptide_errors_total,kind=options": 1,
        "riptide_extraction_duration_seconds_count": 0,
        "riptide_extraction_wait_seconds_count": 0,
    }
    assert {name: found.get(name) for name in expected} == expected


async def test_stats_that_nobody_keeps_are_absent_rather_than_zero(
    settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    kept = {"STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector"}
    items, _ = await ask({**settings, **kept}, "/metrics")
    found = values(parse_text(items[0]["text"]))
    assert found["riptide_extractions_total,engine=wasm,mode=article,outcome=ok"] == 1
    assert [name for name in found if re.match("riptide_(pages|errors|skipped|fallback|items)_", name)] == []
    assert [each for each in messages(caplog.records, logging.INFO) if "pages:" in each] == []


async def test_what_is_so_at_the_moment_is_shown_while_it_is(settings: dict[str, Any]) -> None:
    items, _ = await ask(settings, "/metrics")
    assert {each.name for each in parse_text(items[0]["text"])} >= OF_THE_MOMENT


async def test_openmetrics_is_spoken(settings: dict[str, Any]) -> None:
    items, _ = await ask(settings, "/metrics", headers=OPENMETRICS)
    assert items[0]["type"].startswith("application/openmetrics-text")
    families = list(parse_openmetrics(items[0]["text"]))  # type: ignore[no-untyped-call]
    found = values(families)
    assert found["riptide_wasm_grow_failed_total"] >= 1
    units = {family.name: family.unit for family in families}
    assert (units["riptide_html_bytes"], units["riptide_wasm_memory_pages"]) == ("bytes", "pages")
    assert (units["riptide_extraction_wait_seconds"], units["riptide_pages_seen"]) == ("seconds", "")
    assert found["riptide_pages_seen_total"] == 5


async def test_every_series_has_its_row_and_every_row_its_series(settings: dict[str, Any]) -> None:
    items, _ = await ask(settings, "/metrics", headers=OPENMETRICS)
    families = list(parse_openmetrics(items[0]["text"]))  # type: ignore[no-untyped-call]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|\s*(.*?)\s*\| (.+?) \|$", REFERENCE.read_text(), re.MULTILINE)
    table = {name.removesuffix("_total"): (kind, meaning) for name, kind, _, meaning in rows}
    assert {each.name: (each.type, each.documentation) for each in families} == table
    own = {name.removesuffix("_total"): set(re.findall(r"`(\w+)`", labels)) for name, _, labels, _ in rows}
    for family in families:
        for sample in family.samples:
            assert set(sample.labels) - {"spider", "project", "job", "le"} == own[family.name]
    assert all(own[name.removesuffix("_total")] for name in (*COUNTERS_BY, *FROM_STATS))


class NoCounters(RiptideExporter):
    """As if the platform had no memory counters."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        figures = self._crawl.extractor.metrics
        names = ("memory_pages", "peak_memory_pages", "grow_failed_total")
        unknown = {f"riptide_wasm_{name}": None for name in names}
        self._crawl.extractor.metrics = lambda: {**figures(), **unknown}  # type: ignore[method-assign]


async def test_what_cannot_be_known_is_absent(settings: dict[str, Any]) -> None:
    settings = {**settings, "EXTENSIONS": {RiptideExporter: None, NoCounters: 0}}
    items, stats = await ask(settings, "/metrics", "/live.json")
    found = values(parse_text(items[0]["text"]))
    assert "riptide_wasm_memory_limit_pages" in found
    assert not {
        "riptide_wasm_memory_pages",
        "riptide_wasm_peak_memory_pages",
        "riptide_wasm_grow_failed_total",
    } & set(found)
    assert json.loads(items[1]["text"])["memory_pages"] is None
    assert "riptide/wasm/memory_pages" not in stats


async def test_health_says_how_the_extractor_is(settings: dict[str, Any]) -> None:
    items, _ = await ask(settings, "/health")
    assert items[0]["status"] == 200
    health = json.loads(items[0]["text"])
    assert health["status"] == "ok"
    assert health["reason"] is None
    component = health["components"]["wasm_extractor"]
    assert set(component) >= {
        "status",
        "version",
        "trek_version",
        "memory_usage_mb",
        "extraction_count",
        "pool_size",
        "active_instances",
        "circuit_breaker_state",
        "last_health_check",
    }
    assert (component["status"], component["circuit_breaker_state"]) == ("ok", "closed")


async def test_health_without_an_answer_has_every_field(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    items, _ = await ask(settings, "/health")
    monkeypatch.setattr(server, "_HEALTH_TIMEOUT_S", 0)
    unanswered, _ = await ask(settings, "/health")
    assert unanswered[0]["status"] == 503
    answer, health = (json.loads(each["text"]) for each in (items[0], unanswered[0]))
    assert health["reason"] == "no guest had time to answer within 0 s"
    component = health["components"]["wasm_extractor"]
    assert component.keys() == answer["components"]["wasm_extractor"].keys()
    assert (component["status"], component["extraction_count"]) == ("unhealthy", 1)
    assert component["memory_usage_mb"] > 0


async def test_without_prometheus_client_there_are_health_and_the_live_page(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "scrapy_riptide.monitoring.metrics", None)
    files = {f"RIPTIDE_METRICS_{name}": "never/written" for name in ("TEXTFILE", "TARGETS_DIR")}
    items, _ = await ask(
        {**settings, **files}, "/metrics", "/health", "/", "/live.json", pages={"/blank": " "}
    )
    assert [each["status"] for each in items] == [501, 200, 200, 200]
    assert "pip install 'scrapy-riptide[metrics]'" in items[0]["text"]
    told = [line.partition(" needs prometheus-client: ")[0] for line in messages(caplog.records)]
    assert {*files} <= {*told}


async def test_an_open_breaker_without_a_fallback_is_unhealthy(settings: dict[str, Any]) -> None:
    broken = {**settings, "RIPTIDE_FAILURE_THRESHOLD": 1, "RIPTIDE_FALLBACK": None}
    items, _ = await ask(broken, "/health", pages={"/trap": "!t", "/blank": " "})
    assert items[0]["status"] == 503
    health = json.loads(items[0]["text"])
    assert health["status"] == "unhealthy"
    assert health["reason"]


async def test_the_live_page_shows_the_crawl(settings: dict[str, Any]) -> None:
    items, _ = await ask(settings, "/", "/live.json")
    page, live = items[0], json.loads(items[1]["text"])
    assert page["type"].startswith("text/html")
    assert "src=" not in page["text"]
    assert "default-src 'none'" in page["headers"]["Content-Security-Policy"]
    assert (live["seen"], live["extracted"]) == (5, 1)
    assert live["errors"] == {"trap": 1, "memory_limit": 1, "invalid_html": 1}
    assert live["fallback"] == {"trap": 1, "memory_limit": 1}
    assert live["skipped"] == {"empty": 1}
    assert [(each["kind"], each["engine"]) for each in live["recent"]] == [
        ("invalid_html", None),
        ("memory_limit", "parsel"),
        ("trap", "parsel"),
        (None, "wasm"),
    ]


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


class BrowsingSpider(PageSpider):
    """After its last page it opens the live page in a browser."""

    name = "browsing"

    async def parse(self, response: Response) -> Any:
        if not response.url.endswith("/blank"):
            return
        exporter = self.crawler.get_extension(RiptideExporter)
        assert exporter is not None
        assert CHROMIUM is not None
        browser = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"),
            f"http://127.0.0.1:{exporter.port}/",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        yield {"dom": (await browser.communicate())[0].decode()}


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
async def test_a_browser_draws_the_live_page(settings: dict[str, Any]) -> None:
    async with site({**PAGES, "/blank": " "}) as root:
        result = await crawl(BrowsingSpider, settings, root=root, paths=tuple(PAGES))
    (item,) = result.items
    text = re.sub(r"<[^>]+>", " ", item["dom"].split("<main>")[1].split("<script>")[0])
    words = " ".join(text.split())
    assert "5 seen, 1 extracted" in words
    assert "trap 1 1 answered by the fallback" in words
    assert "invalid html 1" in words
    assert "breaker closed, pressure" in words
    assert f"{root}/fine wasm ok" in words
    assert "The crawl doesn't answer" not in words
    assert "<polyline points=" in item["dom"]
    assert re.search(r'id="rate-chart-top">at most [\d.]+<', item["dom"])


class RawSpider(PageSpider):
    """Says some bytes to its own server, on one connection, and yields what came for each."""

    said: tuple[bytes, ...] = ()
    heard: list[bytes]

    async def parse(self, response: Response) -> Any:
        exporter = self.crawler.get_extension(RiptideExporter)
        assert exporter is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", exporter.port)
        for said in self.said:
            *parts, last = said.split(b"|")
            for part in parts:
                writer.write(part)
                while self.heard[-1:] != [part]:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            writer.write(last)
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?i)^content-length: (\d+)", head, re.MULTILINE)
            assert length
            body = (await reader.readexactly(int(length[1]))).decode()
            server = re.search(r"(?i)^server: (\S+)", head, re.MULTILINE)
            yield {"status": int(head.split()[1]), "body": body, "by": server[1][:7] if server else "fast"}
        writer.close()


SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Prometheus/3\r\n%b\r\n"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # A scraper keeps its connection, and never meets aiohttp.
        ((SCRAPE % b"", SCRAPE % b"", SCRAPE % b"Accept: */*\r\n"), [(200, "fast")] * 3),
        # Whoever asks for something else is aiohttp's from there on.
        (
            (SCRAPE % b"", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", SCRAPE % b""),
            [(200, "fast"), (200, "Python/"), (200, "Python/")],
        ),
        ((SCRAPE.replace(b"/metrics", b"/met|rics") % b"",), [(200, "Python/")]),
        ((SCRAPE % b"Connection: close\r\n",), [(200, "Python/")]),
        ((SCRAPE % b"Content-Length: 0\r\n",), [(200, "Python/")]),
        ((SCRAPE.replace(b"127.0.0.1", b"evil.example") % b"",), [(403, "Python/")]),
        ((SCRAPE % b"sec-fetch-site: cross-site\r\n",), [(403, "Python/")]),
    ],
)
async def test_scrapes_take_the_short_way_and_everything_else_the_long_one(
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    said: tuple[bytes, ...],
    expected: list[tuple[int, str]],
) -> None:
    heard: list[bytes] = []
    data_received = scrapes.ScrapeProtocol.data_received

    def noted(self: scrapes.ScrapeProtocol, data: bytes) -> None:
        heard.append(data)
        data_received(self, data)

    monkeypatch.setattr(scrapes.ScrapeProtocol, "data_received", noted)
    async with site({"/": "fine"}) as root:
        result = await crawl(RawSpider, settings, root=root, said=said, heard=heard)
    assert [(each["status"], each["by"]) for each in result.items] == expected
    scraped = [each["body"] for each in result.items if each["by"] == "fast"]
    assert all("riptide_pages_seen_total{" in body for body in scraped)


class CrowdSpider(PageSpider):
    """Opens connections to its own server and says little, then yields what a page is like meanwhile."""

    async def parse(self, response: Response) -> Any:
        exporter = self.crawler.get_extension(RiptideExporter)
        assert exporter is not None
        idle = [await asyncio.open_connection("127.0.0.1", exporter.port) for _ in range(200)]
        for _, writer in idle[100:]:
            writer.write(b"G")
        beyond = await asyncio.open_connection("127.0.0.1", exporter.port)
        yield {
            "content": response.meta["riptide_content"].text,
            "beyond": await asyncio.wait_for(beyond[0].read(), PATIENCE_S),
        }
        idle[0][1].write(SCRAPE % b"")
        yield {"scraped": await idle[0][0].readline()}
        for _, writer in (*idle, beyond):
            writer.close()


async def test_connections_get_no_more_than_some_descriptors(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrapes, "_CONNECTIONS", 200)
    async with site({"/": "fine"}) as root:
        result = await crawl(CrowdSpider, settings, root=root)
    assert result.items == [{"content": "fine", "beyond": b""}, {"scraped": b"HTTP/1.1 200 OK\r\n"}]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:9410"},
        {"Host": "127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
async def test_nobody_elses_page_is_answered(settings: dict[str, Any], headers: dict[str, str]) -> None:
    items, _ = await ask(settings, "/metrics", "/live.json", "/", headers=headers, pages={"/blank": " "})
    assert [each["status"] for each in items] == [403] * 3
    assert not any("riptide_" in each["text"] for each in items)


async def test_a_link_that_a_person_follows_is_answered(settings: dict[str, Any]) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    items, _ = await ask(settings, "/", headers=headers, pages={"/blank": " "})
    assert items[0]["status"] == 200


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost:9410", True),
        ("127.0.0.1:9410", True),
        ("[::1]:9410", True),
        ("10.1.2.3", True),
        ("Host.Docker.Internal:9410", True),
        ("localhost.evil.example", False),
        ("evil.example", False),
        ("localhost.", False),
        ("evil.example.", False),
        ("", False),
        ("[", False),
        ("[fe80::1%25eth0]:9410", True),
        ("EVIL.example:9410", False),
        ("evil.example@127.0.0.1", False),
        ("127.0.0.1@evil.example", False),
        ("127.0.0.1/evil.example", False),
        ("127.0.0.1:evil", False),
        ("127.0.0.1:9410:evil", False),
        ("2130706433", False),
    ],
)
def test_addresses_and_names_that_are_allowed_are_served(host: str, allowed: bool) -> None:
    assert is_allowed_host(host, ("host.docker.internal",)) is allowed


async def test_who_listens_on_every_interface_answers_to_the_name_in_its_target_file(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    everywhere = {
        **settings,
        "RIPTIDE_METRICS_HOST": "0.0.0.0",  # noqa: S104
        "RIPTIDE_METRICS_TARGETS_DIR": tmp_path,
    }
    async with site({"/": "fine"}) as root:
        result = await crawl(TargetSpider, everywhere, root=root, folder=tmp_path)
    (item,) = result.items
    (address,) = item["files"][0][0]["targets"]
    assert address == f"{socket.gethostname().lower()}:{item['port']}"
    items, _ = await ask(everywhere, "/metrics", headers={"Host": address}, pages={"/blank": " "})
    assert items[0]["status"] == 200


async def test_refusals_and_errors_have_the_headers_as_well(settings: dict[str, Any]) -> None:
    items, _ = await ask(settings, "/metrics", "/nothing", "/", pages={"/blank": " "})
    refused, _ = await ask(settings, "/", headers={"Host": "evil.example"}, pages={"/blank": " "})
    assert [each["status"] for each in (*items, *refused)] == [200, 404, 200, 403]
    for each in (*items, *refused):
        assert "frame-ancestors 'none'" in each["headers"]["Content-Security-Policy"]
        assert each["headers"]["X-Frame-Options"] == "DENY"
        assert each["headers"]["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in each["headers"]


async def test_the_first_free_port_of_the_range_is_taken(settings: dict[str, Any]) -> None:
    first = free_ports(2)
    with socket.create_server(("127.0.0.1", first)):
        ranged = {**settings, "RIPTIDE_METRICS_PORT": [first, first + 1]}
        items, _ = await ask(ranged, "/metrics", pages={"/blank": " "})
    assert (items[0]["status"], items[0]["port"]) == (200, first + 1)


async def test_no_free_port_is_one_error_and_the_crawl_goes_on(
    settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    first = free_ports()
    with socket.create_server(("127.0.0.1", first)):
        _, stats = await ask({**settings, "RIPTIDE_METRICS_PORT": first}, pages={"/blank": " "})
    assert stats["finish_reason"] == "finished"
    lines = [line for line in messages(caplog.records) if "RIPTIDE_METRICS_PORT" in line]
    assert len(lines) == 1
    assert f"RIPTIDE_METRICS_PORT = [{first}, {first}]: no port of 127.0.0.1 can be used" in lines[0]


async def test_a_host_that_is_not_there_is_tried_once(
    settings: dict[str, Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    listen = server.CrawlServer.listen

    async def count(self: server.CrawlServer, host: str, port: int) -> None:
        tried.append(port)
        await listen(self, host, port)

    monkeypatch.setattr(server.CrawlServer, "listen", count)
    elsewhere = {**settings, "RIPTIDE_METRICS_HOST": "198.51.100.7", "RIPTIDE_METRICS_PORT": [9410, 9460]}
    async with site({"/": "fine"}) as root:
        result = await crawl(PageSpider, elsewhere, root=root)
    assert result.stats["finish_reason"] == "finished"
    assert any("no port of 198.51.100.7 can be used" in line for line in messages(caplog.records))
    assert tried == [9410]


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "127.0.0.1:9410"), ("::1", "[::1]:9410"), ("box", "box:9410")]
)
def test_an_address_is_one_that_a_browser_takes(host: str, address: str) -> None:
    assert with_port(host, 9410) == address


async def test_without_a_port_nothing_is_served(settings: dict[str, Any]) -> None:
    async with site({"/": "fine"}) as root:
        await crawl(NoExporterSpider, {**settings, "RIPTIDE_METRICS_PORT": None}, root=root)


class NoExporterSpider(PageSpider):
    def parse(self, response: Response) -> None:
        assert self.crawler.get_extension(RiptideExporter) is None


class TargetSpider(PageSpider):
    """Yields the files that lead to the crawl's server."""

    folder = Path()

    def parse(self, response: Response) -> Any:
        exporter = self.crawler.get_extension(RiptideExporter)
        assert exporter is not None
        yield {
            "port": exporter.port,
            "files": [json.loads(each.read_text()) for each in self.folder.iterdir()],
        }


async def test_a_target_file_is_there_while_the_server_is(settings: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "targets"
    async with site({"/": "fine"}) as root:
        targets = {**settings, "RIPTIDE_METRICS_TARGETS_DIR": folder}
        result = await crawl(TargetSpider, targets, root=root, folder=folder, _job="7f")
    (item,) = result.items
    assert item["files"] == [
        [
            {
                "targets": [f"127.0.0.1:{item['port']}"],
                "labels": {"spider": "pages", "project": "harbour", "job": "7f"},
            }
        ]
    ]
    assert list(folder.iterdir()) == []


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_what_killed_processes_left_is_swept_and_nothing_else(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    host, own = socket.gethostname(), free_ports()
    target = json.dumps([{"targets": ["127.0.0.1:1"]}])
    with socket.create_server(("127.0.0.1", 0)) as alive:
        port = alive.getsockname()[1]
        alive_target = json.dumps([{"targets": [f"127.0.0.1:{port}"]}])
        stay = {
            f"riptide-{host}-{os.getpid()}-{port}.json": alive_target,
            f"riptide-elsewhere-{dead_pid()}-9410.json": target,
            f"riptide-{host}-2-{dead_pid()}-9410.json": target,
            "mine.json": target,
            f"riptide-{host}-x-y.json": target,
        }
        go = {
            f"riptide-{host}-{dead_pid()}-9410.json": target,
            f"riptide-{host}-{os.getpid()}-1.json": target,
            f"riptide-{host}-{os.getpid()}-2.json": "not json",
            # Its port is the crawl's now, and its number another process's.
            f"riptide-{host}-{os.getppid()}-{own}.json": json.dumps([{"targets": [f"127.0.0.1:{own}"]}]),
        }
        for name, content in {**stay, **go}.items():
            (tmp_path / name).write_text(content)
        async with site({"/": "fine"}) as root:
            swept = {"RIPTIDE_METRICS_TARGETS_DIR": str(tmp_path), "RIPTIDE_METRICS_PORT": own}
            await crawl(PageSpider, {**settings, **swept}, root=root)
    assert set(os.listdir(tmp_path)) == set(stay)


async def test_a_targets_directory_that_cannot_be_is_one_error(
    settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    bad = {
        **settings,
        "RIPTIDE_METRICS_TARGETS_DIR": str(tmp_path / "file"),
        "RIPTIDE_METRICS_TEXTFILE": tmp_path,
    }
    async with site({"/": "fine"}) as root:
        result = await crawl(PageSpider, bad, root=root)
    assert result.stats["finish_reason"] == "finished"
    lines = [line for line in messages(caplog.records) if "can't be written" in line]
    assert [line.split(" =")[0] for line in sorted(lines)] == [
        "RIPTIDE_METRICS_TARGETS_DIR",
        "RIPTIDE_METRICS_TEXTFILE",
    ]
    complaints = [each for each in caplog.records if "can't be written" in each.getMessage()]
    assert {vars(each)["spider"].name for each in complaints} == {PageSpider.name}


async def test_the_textfile_has_the_last_figures(settings: dict[str, Any], tmp_path: Path) -> None:
    textfile = {
        **settings,
        "RIPTIDE_METRICS_TEXTFILE": tmp_path / "riptide.prom",
        "RIPTIDE_METRICS_PORT": None,
    }
    async with site(PAGES) as root:
        result = await crawl(PageSpider, textfile, root=root, paths=tuple(PAGES), name="asking")
    found = values(parse_text((tmp_path / "riptide.prom").read_text()))
    # A node exporter would show them for ever.
    assert [name for name in found if name.partition(",")[0] in OF_THE_MOMENT] == []
    assert found["riptide_pages_seen_total"] == result.stats["riptide/pages/seen"] == 5
    assert found["riptide_wasm_grow_failed_total"] == result.stats["riptide/wasm/grow_failed"]
    assert os.listdir(tmp_path) == ["riptide.prom"]


async def test_crawls_of_a_project_have_textfiles_of_their_own(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    textfile = {**settings, "RIPTIDE_METRICS_TEXTFILE": f"{tmp_path}/%(project)s-%(spider)s-%(job)s.prom"}
    async with site({"/": "fine"}) as root:
        await asyncio.gather(
            crawl(PageSpider, textfile, root=root, name="north", _job="7f"),
            crawl(PageSpider, textfile, root=root, name="south"),
        )
    assert sorted(os.listdir(tmp_path)) == ["harbour-north-7f.prom", "harbour-south-.prom"]


WRITE = """
import resource, sys
from pathlib import Path
from scrapy_riptide.whole_files import write_whole
path = Path(sys.argv[1])
write_whole(path, b"before")
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_whole(path, bytes(100_000))
except OSError as error:
    print(type(error).__name__)
"""


def test_a_file_for_which_there_is_no_room_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "riptide.prom"
    done = subprocess.run(
        [sys.executable, "-c", WRITE, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "OSError\n"
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["riptide.prom"]


CRAWL = """
import sys, scrapy
from scrapy.crawler import AsyncCrawlerProcess
class Slow(scrapy.Spider):
    name = "slow"
    async def start(self):
        import asyncio
        print("started", flush=True)
        await asyncio.Event().wait()
        yield {}
process = AsyncCrawlerProcess({
    "ADDONS": {"scrapy_riptide.Addon": 500}, "RIPTIDE_METRICS_TARGETS_DIR": sys.argv[1], "LOG_LEVEL": "ERROR",
    "RIPTIDE_CACHE_DIR": sys.argv[2], "RIPTIDE_COMPONENT": sys.argv[3], "REMOTE_CONTROL_ENABLED": False,
})
process.crawl(Slow)
process.start()
"""


def test_two_processes_take_two_ports_and_a_killed_ones_file_is_swept(
    tmp_path: Path, cache_dir: Path, misbehaving: Path
) -> None:
    def start(stack: ExitStack) -> subprocess.Popen[str]:
        arguments = [str(tmp_path), str(cache_dir), str(misbehaving)]
        command = [sys.executable, "-c", CRAWL, *arguments]
        process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        stack.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        return process

    def files() -> set[str]:
        return {each.name for each in tmp_path.glob("riptide-*.json")}

    def wait_for_files(number: int) -> set[str]:
        wait_for(lambda: len(files()) == number, f"{number} files")
        return files()

    with ExitStack() as stack:
        first, second = start(stack), start(stack)
        names = wait_for_files(2)
        assert len({name.rsplit("-")[-1] for name in names}) == 2
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert wait_for_files(2) == names
        third = start(stack)
        assert f"-{first.pid}-" not in " ".join(wait_for_files(2))
        for process in (second, third):
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 0
        assert wait_for_files(0) == set()


async def test_every_stat_of_the_crawl_can_be_a_metric(settings: dict[str, Any]) -> None:
    exported = {
        **settings,
        "STATS_CLASS": "scrapy_riptide.RiptideStatsCollector",
        "RIPTIDE_STATS_CLASS": f"{__name__}.OddStats",
    }
    items, stats = await ask(
        exported, "/metrics", "/metrics", headers=OPENMETRICS, pages={"/none": "", "/blank": " "}
    )
    found = values(parse_openmetrics(items[0]["text"]))  # type: ignore[no-untyped-call]
    assert found["scrapy_downloader_response_status_count,kind=200"] == 2
    assert found["scrapy_downloader_request_count"] == 2
    assert found["scrapy_scheduler_enqueued"] == found["scrapy_scheduler_enqueued_memory"] == 2
    assert found["scrapy_odd_number_s"] == 1.5
    assert not any("start_time" in name or "scrapy_riptide" in name or "odd_text" in name for name in found)
    assert stats["odd/number's"] == 1.5


ODD: dict[Any, Any] = {
    "odd/number's": 1.5,
    "odd/whole": Fraction(1, 2),
    "odd/infinite": float("inf"),
    'odd\ud800/reason_count/\ud800\n"a/b\\': 1,
    "日本": 3,
    "odd/huge": 10**400,
    "odd/nan": float("nan"),
    "odd/none": None,
    "odd/text": "x",
    "odd/flag": True,
    "odd/list": [1],
    "odd/when": datetime(2026, 1, 1),
    ("odd", "tuple"): 1,
    7: 7,
    None: 1,
}


class OddStats(MemoryStatsCollector):
    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._stats.update(ODD)


def test_of_odd_stats_the_numbers_are_metrics() -> None:
    registry = CollectorRegistry()
    registry.register(Odd())
    for encode, parse in ((text_format, parse_text), (openmetrics_format, parse_openmetrics)):
        samples = [sample for family in parse(encode(registry).decode()) for sample in family.samples]
        assert {(sample.name, sample.labels.get("kind")): sample.value for sample in samples} == {
            ("scrapy_odd_number_s", None): 1.5,
            ("scrapy_odd_whole", None): 0.5,
            ("scrapy_odd_infinite", None): float("inf"),
            ("scrapy_odd_reason_count", '?\n"a/b\\'): 1,
            ("scrapy_", None): 3,
        }


class Odd(Collector):
    def collect(self) -> Any:
        return StatsFamilies().of(ODD, {"spider": "s"})


def test_of_very_many_stats_the_first_are_metrics_and_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(statscollector, "_MAX_SERIES", 3)
    families = StatsFamilies()
    stats = {"text": "no number", **{f"hosts_count/{number}.example": number for number in range(9)}}
    for _ in range(2):
        (family,) = families.of(stats, {"spider": "s"})
        assert [sample.labels["kind"] for sample in family.samples] == ["0.example", "1.example", "2.example"]
    assert len(messages(caplog.records)) == 1
    assert "are the first 3" in messages(caplog.records)[0]


def test_a_text_that_takes_long_to_make_is_kept_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[float] = []

    class Slow(Collector):
        def collect(self) -> Any:
            made.append(0.1)
            return ()

    registry = CollectorRegistry()
    registry.register(Slow())
    made.clear()
    clock = iter([10.0, 10.0, 11.5, 29.9, 30.1, 30.1])
    # Not everybody's: another test's threads may still look at theirs.
    times = SimpleNamespace(monotonic=lambda: next(clock), thread_time=lambda: sum(made))
    monkeypatch.setattr(scrapes, "time", times)
    text = scrapes.MetricsText(registry)
    counts = []
    for _ in range(4):
        text.render("")
        counts.append(len(made))
    assert counts == [1, 1, 1, 2]


async def test_without_the_stats_class_only_the_plugins_own_are_shown(settings: dict[str, Any]) -> None:
    items, _ = await ask(settings, "/metrics", pages={"/blank": " "})
    assert "scrapy_" not in items[0]["text"]


def test_stats_become_metrics_by_one_rule() -> None:
    stats = {
        "spider_exceptions/count": 3,
        "spider_exceptions/ValueError": 3,
        "retry/count": 1,
        "retry/reason_count/504 Gateway Time-out": 1,
        "item_dropped_reasons_count/DropItem": 2,
        "downloader/exception_type_count/a/b": 4,
        "elapsed_time_seconds": 1.5,
    }
    found = {
        (sample.name, sample.labels.get("kind")): sample.value
        for family in StatsFamilies().of(stats, {"spider": "s"})
        for sample in family.samples
    }
    assert found == {
        ("scrapy_spider_exceptions_count", None): 3,
        ("scrapy_spider_exceptions", "ValueError"): 3,
        ("scrapy_retry_count", None): 1,
        ("scrapy_retry_reason_count", "504 Gateway Time-out"): 1,
        ("scrapy_item_dropped_reasons_count", "DropItem"): 2,
        ("scrapy_downloader_exception_type_count", "a/b"): 4,
        ("scrapy_elapsed_time_seconds", None): 1.5,
    }


def test_milliseconds_of_many_quick_pages_add_up() -> None:
    quick = Extraction("", "article", "wasm", None, "", 0, 0, duration_ms=0.4, wait_ms=0.0)
    figures, kept = CrawlFigures(), MemoryStatsCollector(get_crawler())
    for _ in range(1000):
        figures.record(quick)
        PageStats(kept).given(quick, figures.durations_s.sum * 1000)
    assert kept.get_value("riptide/duration_ms/total") == 400


def test_a_histogram_counts_up_to_and_including_its_bounds() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 9.0):
        histogram.observe(value)
    assert list(histogram.cumulative()) == [("1.0", 2), ("2.0", 4), ("+Inf", 5)]
    assert histogram.sum == 14.0


async def test_article_pages_fill_the_live_table(settings: dict[str, Any]) -> None:
    real = {name: value for name, value in settings.items() if name != "RIPTIDE_COMPONENT"}
    items, _ = await ask(real, "/live.json", pages={"/a": article("A tide"), "/blank": " "})
    (entry,) = json.loads(items[0]["text"])["recent"]
    assert (entry["title"], entry["engine"], entry["mode"]) == ("A tide", "wasm", "article")
    assert entry["word_count"] > 0
