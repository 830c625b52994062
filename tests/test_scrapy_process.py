"""Crawls in processes of their own: every way to run Scrapy, one extractor for all crawls of a process."""

from __future__ import annotations

import json
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest
from conftest import Configure
from crawl_scripts import command
from waiting import PATIENCE_S

from scrapy_riptide import shared

PRELUDE = """
import asyncio, json, sys
import scrapy
from crawl_scripts import serve
from scrapy import signals
from scrapy_riptide import shared

PAGE = b"<article><h1>Tide</h1><p>" + b"The harbour keeps a book of its tides. " * 20 + b"</p></article>"

ROOT = serve(lambda path: PAGE)
extractors, most = [], 0

class Spider(scrapy.Spider):
    name = "pages"
    async def start(self):
        for number in range(5):
            yield scrapy.Request(f"{ROOT}/{number}")
    def parse(self, response):
        global most
        extractors.extend(entry.extractor for entry in shared._entries.values())
        most = max(most, *(entry.leases for entry in shared._entries.values()))
        yield {"engine": response.meta["riptide_content"].engine}

SETTINGS = {
    "ADDONS": {"scrapy_riptide.Addon": 500}, "REMOTE_CONTROL_ENABLED": False, "TELNETCONSOLE_ENABLED": False,
    "RIPTIDE_CACHE_DIR": CACHE, "LOG_LEVEL": "WARNING",
}

def report(*crawlers):
    print(json.dumps({
        "stats": [dict(crawler.stats.get_stats()) for crawler in crawlers],
        "extractors": len({id(each) for each in extractors}),
        "closed": all(each.closed for each in extractors),
        "leases": most,
        "left": len(shared._entries),
    }, default=str))
"""


def ended(body: str, cache_dir: Path) -> subprocess.CompletedProcess[str]:
    script = f"CACHE = {str(cache_dir)!r}\n{PRELUDE}\n{textwrap.dedent(body)}"
    return subprocess.run(command(script), capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def run(body: str, cache_dir: Path) -> dict[str, Any]:
    done = ended(body, cache_dir)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def assert_whole(report: dict[str, Any], crawls: int) -> None:
    assert len(report["stats"]) == crawls
    for stats in report["stats"]:
        assert stats["riptide/pages/seen"] == stats["riptide/pages/extracted"] == 5
        assert stats["item_scraped_count"] == 5
        assert stats["finish_reason"] == "finished"
        assert stats["riptide/wasm/memory_pages"] > 0
    assert report["closed"]
    assert report["left"] == 0


def test_async_crawler_process_without_a_reactor(cache_dir: Path) -> None:
    report = run(
        """
        from scrapy.crawler import AsyncCrawlerProcess
        process = AsyncCrawlerProcess({**SETTINGS, "TWISTED_REACTOR_ENABLED": False})
        crawler = process.create_crawler(Spider)
        process.crawl(crawler)
        process.start()
        report(crawler)
        """,
        cache_dir,
    )
    assert_whole(report, 1)


def test_async_crawler_process_with_the_asyncio_reactor(cache_dir: Path) -> None:
    report = run(
        """
        from scrapy.crawler import AsyncCrawlerProcess
        process = AsyncCrawlerProcess(SETTINGS)
        crawler = process.create_crawler(Spider)
        process.crawl(crawler)
        process.start()
        report(crawler)
        """,
        cache_dir,
    )
    assert_whole(report, 1)


def test_crawler_runner_in_a_script_with_a_reactor_of_its_own(cache_dir: Path) -> None:
    report = run(
        """
        from scrapy.utils.reactor import install_reactor
        install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
        from twisted.internet import reactor
        from scrapy.crawler import CrawlerRunner
        runner = CrawlerRunner(SETTINGS)
        crawlers = [runner.create_crawler(Spider) for _ in range(2)]
        for crawler in crawlers:
            runner.crawl(crawler)
        runner.join().addBoth(lambda _: reactor.stop())
        reactor.run()
        report(*crawlers)
        """,
        cache_dir,
    )
    assert_whole(report, 2)
    assert report["extractors"] == 1


def test_two_spiders_of_a_crawler_process_share_one_extractor(cache_dir: Path) -> None:
    report = run(
        """
        from scrapy.crawler import CrawlerProcess
        process = CrawlerProcess(SETTINGS)
        crawlers = [process.create_crawler(type(name, (Spider,), {"name": name})) for name in ("one", "two")]
        for crawler in crawlers:
            process.crawl(crawler)
        process.start()
        report(*crawlers)
        """,
        cache_dir,
    )
    assert_whole(report, 2)
    assert report["extractors"] == 1
    assert report["leases"] == 2


def test_spiders_that_differ_in_configuration_have_an_extractor_each(cache_dir: Path) -> None:
    report = run(
        """
        from scrapy.crawler import CrawlerProcess
        process = CrawlerProcess(SETTINGS)
        limits = {"custom_settings": {"RIPTIDE_MEMORY_LIMIT_MB": 64}}
        crawlers = [process.create_crawler(each) for each in (Spider, type("Small", (Spider,), limits))]
        for crawler in crawlers:
            process.crawl(crawler)
        process.start()
        report(*crawlers)
        """,
        cache_dir,
    )
    assert_whole(report, 2)
    assert report["extractors"] == 2
    assert report["leases"] == 1


def test_crawls_one_after_another_close_the_extractor_in_between(cache_dir: Path) -> None:
    report = run(
        """
        from scrapy.crawler import AsyncCrawlerRunner
        async def main():
            runner = AsyncCrawlerRunner({**SETTINGS, "TWISTED_REACTOR_ENABLED": False})
            crawlers = [runner.create_crawler(Spider) for _ in range(2)]
            for crawler in crawlers:
                await runner.crawl(crawler)
                assert all(each.closed for each in extractors)
            report(*crawlers)
        asyncio.run(main())
        """,
        cache_dir,
    )
    assert_whole(report, 2)


def test_a_crawl_that_fails_at_start_gives_its_lease_back(cache_dir: Path) -> None:
    report = run(
        """
        import gc
        from scrapy.crawler import AsyncCrawlerRunner
        class Bad:
            @classmethod
            def from_crawler(cls, crawler):
                assert len(shared._entries) == 1
                raise RuntimeError("no pipeline")
        async def main():
            reactorless = {"TWISTED_REACTOR_ENABLED": False, "ITEM_PIPELINES": {Bad: 1}}
            runner = AsyncCrawlerRunner({**SETTINGS, **reactorless})
            try:
                await runner.crawl(Spider)
            except RuntimeError as error:
                assert str(error) == "no pipeline"
        asyncio.run(main())
        gc.collect()
        report()
        """,
        cache_dir,
    )
    assert report["left"] == 0


def test_a_crawl_that_is_garbage_when_the_next_one_makes_its_extractor_keeps_nobody_waiting(
    cache_dir: Path,
) -> None:
    report = run(
        """
        import gc, weakref
        from scrapy.crawler import AsyncCrawlerRunner
        make = shared.Extractor
        def collect_and_make(config):
            gc.collect()
            return make(config)
        shared.Extractor = collect_and_make
        async def crawl(runner):
            crawler = runner.create_crawler(Spider)
            await runner.crawl(crawler)
            return weakref.ref(crawler)
        async def main():
            gc.disable()
            runner = AsyncCrawlerRunner({**SETTINGS, "TWISTED_REACTOR_ENABLED": False})
            first = await crawl(runner)
            assert first() is not None
            await crawl(runner)
            assert first() is None
            report()
        asyncio.run(main())
        """,
        cache_dir,
    )
    assert (report["extractors"], report["closed"], report["left"]) == (2, True, 0)


def test_an_extractor_whose_last_crawl_is_garbage_as_the_next_one_finds_it_is_not_the_next_ones(
    config: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    garbage = shared.ExtractorLease(config())

    class Collecting(dict[Any, Any]):
        def get(self, key: Any, default: Any = None) -> Any:
            found = super().get(key, default)
            garbage.release()
            return found

    entries = Collecting(shared._entries)
    monkeypatch.setattr(shared, "_entries", entries)
    lease = shared.ExtractorLease(config())
    assert (garbage.extractor.closed, lease.extractor.closed) == (True, False)
    assert lease.extractor.extract("fine", "https://example.com/").text == "fine"
    lease.release()
    assert lease.extractor.closed
    assert lease._key not in entries


def test_without_asyncio_the_plugin_says_what_to_do_and_the_crawl_goes_on(cache_dir: Path) -> None:
    done = ended(
        """
        from scrapy.crawler import CrawlerProcess
        SETTINGS["TWISTED_REACTOR"] = "twisted.internet.selectreactor.SelectReactor"
        class Plain(Spider):
            def parse(self, response):
                yield {"content": "riptide_content" in response.meta}
        process = CrawlerProcess(SETTINGS)
        crawler = process.create_crawler(Plain)
        process.crawl(crawler)
        process.start()
        print(crawler.stats.get_value("item_scraped_count"))
        """,
        cache_dir,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["5"]
    assert (
        "Disabled scrapy_riptide.middleware.RiptideMiddleware: scrapy-riptide awaits"
        in done.stderr.replace("<class '", "").replace("'>", "")
    )
    assert "Remove TWISTED_REACTOR from the settings" in done.stderr


@pytest.mark.parametrize("class_name", ["CrawlerProcess", "AsyncCrawlerProcess"])
def test_a_bad_value_ends_the_process_with_its_sentence(cache_dir: Path, class_name: str) -> None:
    done = ended(
        f"""
        from scrapy.crawler import {class_name}
        process = {class_name}({{**SETTINGS, "RIPTIDE_TIMEOUT_SECS": "soon"}})
        process.crawl(Spider)
        process.start()
        sys.exit(process.bootstrap_failed)
        """,
        cache_dir,
    )
    assert done.returncode == 1
    assert "RIPTIDE_TIMEOUT_SECS = 'soon' is not allowed: it takes a number of seconds" in done.stderr
