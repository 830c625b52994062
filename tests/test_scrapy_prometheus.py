"""A real Prometheus finds two crawls that run at once, and has their figures to the unit."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from crawl_scripts import command
from prometheus_server import PROMETHEUS, Prometheus
from waiting import PATIENCE_S, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PROMETHEUS is None, reason="there is no Prometheus here (Debian: apt install prometheus)"
    ),
]

# Pages that grow, are denied, trap and are answered, as often as the arguments say. Before the last of each
# kind the crawl waits for a file, so that what is scraped grows later; and after it for another, so that the
# last figures are scraped.
CRAWL = """
import asyncio, json, os, sys
from urllib.parse import unquote, urlsplit
import scrapy
from crawl_scripts import serve
from scrapy.crawler import AsyncCrawlerProcess

folder, name, pages, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])

root = serve(lambda path: unquote(urlsplit(path).query.partition("&")[0]).encode())

async def file(name):
    while not os.path.exists(f"{folder}/{name}"):
        await asyncio.sleep(0.1)

class Pages(scrapy.Spider):
    async def start(self):
        for body, times in pages.items():
            for number in range(1, times):
                yield scrapy.Request(f"{root}/?{body}&{number}")
        await file("go on")
        for body in pages:
            yield scrapy.Request(f"{root}/?{body}")
        await file("enough")
    def parse(self, response):
        pass

Pages.name = name
process = AsyncCrawlerProcess(settings)
crawler = process.create_crawler(Pages)
process.crawl(crawler)
process.start()
with open(f"{folder}/{name}.json", "w") as file:
    json.dump(crawler.stats.get_stats(), file, default=str)
"""

CRAWLS = {
    "north": {" ": 1, "plain text": 7, "!t": 2, "!x": 3, "!c": 4, "!g": 5, "!e0": 1},
    "south": {"plain text": 3, "!t": 1, "!x": 1, "!e5": 2},
}
DASHBOARD = Path(__file__).parent.parent / "ops" / "grafana" / "dashboards" / "riptide.json"


def dashboard_queries() -> list[str]:
    """Every query of the dashboard, for all spiders and with a fixed interval."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    words = {"$__rate_interval": "1h", "$spider": ".*", "$project": ".*"}
    for word, value in words.items():
        queries = [query.replace(word, value) for query in queries]
    return queries


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_the_figures_are_those_of_the_crawls(
    stack: ExitStack, tmp_path: Path, cache_dir: Path, misbehaving: Path
) -> None:
    targets = tmp_path / "targets"
    settings = {
        "ADDONS": {"scrapy_riptide.Addon": 500},
        "RIPTIDE_METRICS_TARGETS_DIR": str(targets),
        "RIPTIDE_CACHE_DIR": str(cache_dir),
        "RIPTIDE_COMPONENT": str(misbehaving),
        "RIPTIDE_MEMORY_LIMIT_MB": 16,
        # A page that fills its instance's memory would have the next one's growth denied as well.
        "RIPTIDE_ENABLE_REUSE": False,
        "RIPTIDE_FAILURE_THRESHOLD": 1000,
        "DOWNLOAD_DELAY": 0,
        "REMOTE_CONTROL_ENABLED": False,
        "BOT_NAME": "tides",
        "LOG_LEVEL": "ERROR",
    }
    crawls = []
    for name, pages in CRAWLS.items():
        begin = command(CRAWL, tmp_path, name, json.dumps(pages), json.dumps(settings))
        crawls.append(stack.enter_context(subprocess.Popen(begin)))
        stack.callback(crawls[-1].kill)
    prometheus = Prometheus(tmp_path, targets)
    stack.enter_context(prometheus.process)
    stack.callback(prometheus.process.kill)

    given = {name: sum(pages.values()) - pages.get(" ", 0) for name, pages in CRAWLS.items()}
    totals = {name: sum(pages.values()) for name, pages in CRAWLS.items()}
    firsts = {name: total - len(CRAWLS[name]) for name, total in totals.items()}
    wait_for(lambda: prometheus.by_spider("riptide_pages_seen_total") == firsts, "the first pages seen")
    (tmp_path / "go on").touch()
    wait_for(lambda: prometheus.by_spider("riptide_pages_seen_total") == totals, "all pages seen")
    wait_for(
        lambda: set(prometheus.by_spider("riptide_wasm_memory_pages")) == set(CRAWLS), "both have figures"
    )

    up = prometheus.get("query", query="up")["result"]
    assert {each["metric"]["spider"] for each in up} == set(CRAWLS)
    assert {each["metric"]["project"] for each in up} == {"tides"}
    assert len({each["metric"]["instance"] for each in up}) == 2
    figures = {
        query: prometheus.by_spider(query)
        for query in (
            "riptide_wasm_grow_failed_total",
            "riptide_pages_extracted_total",
            'riptide_errors_total{kind="trap"}',
            'riptide_errors_total{kind="memory_limit"}',
            'riptide_errors_total{kind="invalid_html"}',
            "sum by (spider) (riptide_fallback_total)",
            "sum by (spider) (riptide_extractions_total)",
            "riptide_extraction_duration_seconds_count",
            "riptide_wasm_peak_memory_pages",
        )
    }

    shown = 'sum by (outcome) (rate(riptide_extractions_total{spider=~".*", project=~".*"}[1h]))'
    assert shown in dashboard_queries()
    outcomes = {"ok", "trap", "memory_limit", "invalid_html", "internal"}
    # A rate needs two scrapes.
    wait_for(
        lambda: (
            {each["metric"]["outcome"] for each in prometheus.get("query", query=shown)["result"]} == outcomes
        ),
        "rates of all outcomes",
    )
    for query in dashboard_queries():
        answers = prometheus.get("query", query=query)["result"]
        assert answers, f"no answer: {query}"
        assert all(math.isfinite(float(each["value"][1])) for each in answers), f"{query}: {answers}"

    every = '{spider=~".*", project=~".*"}'
    seen, extracted = sum(totals.values()), 7 + 4 + 5 + 3
    for query, value in {
        f"sum(riptide_pages_seen_total{every})": seen,
        f"sum(riptide_pages_extracted_total{every}) / sum(riptide_pages_seen_total{every})": extracted / seen,
        f"sum(riptide_wasm_leaks_total{every})": 0,
    }.items():
        assert query in dashboard_queries()
        assert prometheus.by_spider(query) == {"": pytest.approx(value)}

    (tmp_path / "enough").touch()
    assert [each.wait(PATIENCE_S) for each in crawls] == [0, 0]
    stats = {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in CRAWLS}

    def stat(key: str) -> dict[str, float]:
        return {name: each[f"riptide/{key}"] for name, each in stats.items() if f"riptide/{key}" in each}

    assert figures == {
        # One denial for each page that grows until it is denied.
        "riptide_wasm_grow_failed_total": {"north": 3 + 4, "south": 1},
        "riptide_pages_extracted_total": {"north": 7 + 4 + 5, "south": 3},
        'riptide_errors_total{kind="trap"}': {"north": 2, "south": 1},
        'riptide_errors_total{kind="memory_limit"}': {"north": 3, "south": 1},
        'riptide_errors_total{kind="invalid_html"}': {"north": 1},
        "sum by (spider) (riptide_fallback_total)": {"north": 2 + 3, "south": 1 + 1 + 2},
        "sum by (spider) (riptide_extractions_total)": given,
        "riptide_extraction_duration_seconds_count": given,
        "riptide_wasm_peak_memory_pages": stat("wasm/peak_memory_pages"),
    }
    assert figures["riptide_wasm_grow_failed_total"] == stat("wasm/grow_failed")
    assert figures["riptide_pages_extracted_total"] == stat("pages/extracted")
    assert figures['riptide_errors_total{kind="memory_limit"}'] == stat("errors/memory_limit")
    assert list(targets.iterdir()) == []
    wait_for(lambda: prometheus.get("targets")["activeTargets"] == [], "the targets have gone")
