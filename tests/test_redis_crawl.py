"""Two workers share a queue in a real Redis, and one is killed."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from crawls import PageSpider, article, crawl, site

pytest.importorskip("scrapy_redis", reason="the extra 'redis' is not installed")

from prometheus_server import PROMETHEUS, Prometheus
from redis import Redis
from redis.exceptions import ConnectionError as NotConnected
from scrapy import Request
from sharing import REDIS_SERVER, TreeSite, redis_server, start_worker
from waiting import PATIENCE_S, wait_for

from scrapy_riptide.redis import LeaseQueue

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(REDIS_SERVER is None, reason="there is no redis-server (Debian: redis-server)"),
]

LEASES = "scrapy_riptide.redis.LeaseScheduler"
PLAIN = "scrapy_redis.scheduler.Scheduler"
# Fewer than there are pages behind a site's gate: one worker can't have them all.
CONCURRENT_REQUESTS = 4


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def redis_url(stack: ExitStack, tmp_path: Path) -> str:
    return stack.enter_context(redis_server(tmp_path))


class SharedCrawl:
    """A tree of pages, a Redis, and workers."""

    def __init__(
        self,
        stack: ExitStack,
        redis_url: str,
        tree: TreeSite,
        component: Path,
        cache_dir: Path,
        **settings: Any,
    ) -> None:
        self._stack = stack
        self.site = tree
        self.redis = stack.enter_context(Redis.from_url(redis_url))
        self.settings = {
            "ADDONS": {"scrapy_riptide.Addon": 500},
            "SCHEDULER": LEASES,
            "DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter",
            "SCHEDULER_PERSIST": True,
            "REDIS_URL": redis_url,
            "ROOT": tree.root,
            "WORKERS": 2,
            "ITEM_PIPELINES": {"__main__.Keep": 0},
            "CONCURRENT_REQUESTS": CONCURRENT_REQUESTS,
            "DOWNLOAD_DELAY": 0,
            "TWISTED_REACTOR_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
            # For ever: a busy machine must not make a lease run out that the test has not ended.
            "RIPTIDE_LEASE_SECS": 3600,
            "RIPTIDE_COMPONENT": str(component),
            "RIPTIDE_CACHE_DIR": str(cache_dir),
            "RIPTIDE_FAILURE_THRESHOLD": 1000,
            "RIPTIDE_FALLBACK": None,
            "RIPTIDE_METRICS_PORT": None,
            "LOG_LEVEL": "ERROR",
            **settings,
        }

    def worker(self, name: str, **settings: Any) -> subprocess.Popen[bytes]:
        worker = self._stack.enter_context(start_worker({**self.settings, "USER_AGENT": name, **settings}))
        self._stack.callback(worker.kill)
        return worker

    def items(self) -> list[dict[str, Any]]:
        return [json.loads(item) for item in self.redis.lrange("items", 0, -1)]

    def items_on_their_way(self) -> set[str]:
        """Pages whose items are in a pipeline that keeps them back."""
        return {url.decode() for url in self.redis.smembers("on_their_way")}

    def end_leases(self, but: set[str]) -> int:
        """What time would do: all leases but those of some pages have run out. How many leases there are."""
        leases = self.redis.zrange("tree:requests:leases", 0, -1)
        for lease in leases:
            request = pickle.loads(self.redis.hget("tree:requests:entries", lease))  # noqa: S301
            if request["url"].removeprefix(self.site.address) not in but:
                self.redis.zadd("tree:requests:leases", {lease: 0})
        return len(leases)

    def left_over(self) -> int:
        """Entries in any state."""
        return int(self.redis.zcard("tree:requests")) + sum(
            int(self.redis.hlen(f"tree:requests:{part}"))
            for part in ("entries", "holders", "losses", "given_up")
        )


def kill_one_of_two(shared: SharedCrawl, enough: Path) -> tuple[set[str], int]:
    """Kills a worker when nothing moves any more: all that both do waits at the site's gate or in a pipeline.

    Opens the gate and waits for the other. The pages that the killed worker had not done, and how many
    requests the two had in hand.
    """
    workers = {"killed": shared.worker("killed", HOLD=True), "survivor": shared.worker("survivor")}
    site, held = shared.site, shared.site.held
    wait_for(
        lambda: [len(held[name]) for name in workers] == [CONCURRENT_REQUESTS] * 2,
        "both wait for as many pages as they may",
    )
    answered = min(held["killed"])
    site.let_through(answered)
    wait_for(lambda: site.address + answered in shared.items_on_their_way(), "an item on its way")
    wait_for(lambda: len(held["killed"]) == CONCURRENT_REQUESTS + 1, "the next page at the gate")
    workers["killed"].kill()
    workers["killed"].wait()
    in_hand = shared.end_leases(but=held["survivor"])
    site.open()
    enough.touch()
    assert workers["survivor"].wait(PATIENCE_S) == 0
    on_their_way = {url.removeprefix(site.address) for url in shared.items_on_their_way()}
    return held["killed"] | on_their_way, in_hand


@pytest.mark.parametrize("scheduler", [LEASES, PLAIN])
def test_a_killed_worker_takes_nothing_along_unless_the_queue_is_scrapy_redis_own(  # noqa: PLR0917
    stack: ExitStack, redis_url: str, tmp_path: Path, misbehaving: Path, cache_dir: Path, scheduler: str
) -> None:
    tree = stack.enter_context(TreeSite(90, gate=30))
    # A worker that has nothing to do yet must not take that for the end.
    enough = tmp_path / "enough"
    options = {"SCHEDULER": scheduler, "ENOUGH": str(enough)}
    shared = SharedCrawl(stack, redis_url, tree, misbehaving, cache_dir, **options)
    not_done, in_hand = kill_one_of_two(shared, enough)

    items = shared.items()
    found = {item["url"] for item in items}
    if scheduler == PLAIN:
        assert found < tree.urls, "if scrapy-redis loses nothing, this test would not notice what ours loses"
        return
    assert found == tree.urls
    assert not_done <= {path for path, times in tree.fetched.items() if times > 1}
    assert sum(tree.fetched.values()) - len(tree.fetched) <= in_hand
    assert {item["url"] for item in items if item["error"]} == {
        f"{tree.root[:-1]}{number}" for number in range(6, tree.count, 7)
    }
    assert shared.left_over() == 0


@pytest.mark.skipif(PROMETHEUS is None, reason="there is no Prometheus here (Debian: prometheus)")
def test_the_figures_of_all_workers_add_up_in_prometheus(
    stack: ExitStack, redis_url: str, tmp_path: Path, misbehaving: Path, cache_dir: Path
) -> None:
    tree = stack.enter_context(TreeSite(60, gate=7))
    targets, enough = tmp_path / "targets", tmp_path / "enough"
    shared = SharedCrawl(
        stack,
        redis_url,
        tree,
        misbehaving,
        cache_dir,
        ENOUGH=str(enough),
        RIPTIDE_METRICS_TARGETS_DIR=str(targets),
        RIPTIDE_METRICS_PORT=[9410, 9460],
    )
    workers = [shared.worker("first"), shared.worker("second")]
    wait_for(lambda: len(tree.held) == len(workers), "both have pages in hand")
    tree.open()
    prometheus = Prometheus(tmp_path, targets)
    stack.enter_context(prometheus.process)
    stack.callback(prometheus.process.kill)

    def total(query: str) -> float:
        return prometheus.by_spider(f"sum by (spider) ({query})").get("tree", 0)

    # The tree's, and the home page to which they link and which is not there.
    wait_for(lambda: total("riptide_pages_seen_total") == 60 + 1, "all pages seen")
    each_saw = prometheus.get("query", query="riptide_pages_seen_total")["result"]
    assert len({one["metric"]["instance"] for one in each_saw}) == len(workers)
    assert all(float(one["value"][1]) > 0 for one in each_saw)
    failures = len(range(6, 60, 7))
    assert total("riptide_pages_extracted_total") == 60 - failures
    assert total('riptide_errors_total{kind="trap"}') == failures
    assert total("riptide_skipped_total") == 1
    assert total("riptide_leases_run_out_total") == 0
    enough.touch()
    assert [worker.wait(PATIENCE_S) for worker in workers] == [0, 0]
    assert sorted(item["url"] for item in shared.items()) == sorted(tree.urls)


class Failing(LeaseQueue):
    """A queue whose Redis goes away at the fourth request."""

    pushed = 0

    def push(self, *arguments: Any) -> bool:
        Failing.pushed += 1
        if Failing.pushed == 4:
            raise NotConnected("Connection refused")
        return super().push(*arguments)


def ignore(response: Any) -> None:
    """No method of a spider."""


class Branching(PageSpider):
    """Goes on from its first page to two others, and to one that nobody can keep."""

    def parse(self, response: Any) -> Iterator[Any]:
        yield from super().parse(response)
        if response.url.endswith("/0"):
            yield Request(self.root + "/unkept", callback=ignore)
            yield Request(self.root + "/1")
            yield Request(self.root + "/2")


def in_process(redis_url: str, **settings: Any) -> dict[str, Any]:
    return {
        "SCHEDULER": LEASES,
        "DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter",
        "SCHEDULER_PERSIST": True,
        "REDIS_URL": redis_url,
        "RIPTIDE_METRICS_PORT": None,
        **settings,
    }


PAGES = {f"/{number}": article(f"Page {number}") for number in range(3)}


async def test_a_request_that_can_t_be_written_down_is_dropped_with_a_word_and_the_rest_goes_on(
    redis_url: str, cache_dir: Path
) -> None:
    settings = in_process(redis_url, RIPTIDE_CACHE_DIR=str(cache_dir))
    async with site(PAGES) as root:
        done = await crawl(Branching, settings, root=root, paths=("/0",))
    assert {item["path"] for item in done.items} == {"/0", "/1", "/2"}
    assert done.stats["scheduler/unserializable"] == 1
    assert done.stats["finish_reason"] == "finished"


async def test_a_worker_that_can_t_keep_a_request_ends_and_leaves_what_it_had_in_hand_to_others(
    redis_url: str, cache_dir: Path
) -> None:
    settings = in_process(redis_url, RIPTIDE_CACHE_DIR=str(cache_dir), RIPTIDE_LEASE_SECS=1)
    failing = {**settings, "SCHEDULER_QUEUE_CLASS": Failing}
    Failing.pushed = 1  # the root is the second, its first child the third, its second the fourth
    async with site(PAGES) as root:
        first = await crawl(Branching, failing, root=root, paths=("/0",))
        second = await crawl(Branching, settings, root=root, paths=("/0",))
    assert first.stats["finish_reason"] == "riptide_redis"
    assert {item["path"] for item in first.items} <= {"/0", "/1"}
    # The page whose child was lost is fetched again, and so the child is found again.
    assert {item["path"] for item in second.items} == {"/0", "/1", "/2"}
    assert second.stats["finish_reason"] == "finished"
    assert second.stats["riptide/leases/run_out"] >= 1


def lease_ends(redis: Redis) -> float:
    """When the lease of the page in hand ends, in milliseconds of Redis's clock."""
    [lease] = redis.zrange("pages:requests:leases", 0, -1, withscores=True)
    return float(lease[1])


class Slow(PageSpider):
    """Has a page in hand until its lease was renewed, and once more."""

    async def parse(self, response: Any) -> Any:
        for _ in range(2):
            await asyncio.wait_for(self._renewal(), PATIENCE_S)
        for item in super().parse(response):
            yield item

    async def _renewal(self) -> None:
        with Redis.from_url(self.settings["REDIS_URL"]) as redis:
            ends = lease_ends(redis)
            while lease_ends(redis) == ends:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_page_that_takes_longer_than_a_part_of_its_lease_keeps_it(
    redis_url: str, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So many that none of them can come too late.
    monkeypatch.setattr("scrapy_riptide.redis.scheduler._RENEWALS_PER_LEASE", 36_000)
    settings = in_process(redis_url, RIPTIDE_CACHE_DIR=str(cache_dir), RIPTIDE_LEASE_SECS=3600)
    async with site(PAGES) as root:
        done = await crawl(Slow, settings, root=root, paths=("/0",))
    assert [item["path"] for item in done.items] == ["/0"]
    assert [name for name in done.stats if name.startswith("riptide/leases")] == []


async def test_who_leaves_early_clears_nothing_and_who_finishes_does(redis_url: str, cache_dir: Path) -> None:
    settings = in_process(redis_url, RIPTIDE_CACHE_DIR=str(cache_dir), SCHEDULER_PERSIST=False)
    async with site(PAGES) as root:
        early = await crawl(
            Branching,
            {**settings, "CLOSESPIDER_ITEMCOUNT": 1, "CONCURRENT_REQUESTS": 1},
            root=root,
            paths=("/0",),
        )
        with Redis.from_url(redis_url) as redis:
            assert early.stats["finish_reason"] == "closespider_itemcount"
            assert redis.scard("pages:dupefilter") == 3
            await crawl(Branching, settings, root=root, paths=("/0",))
            assert redis.keys("*") == []


def test_the_example_project_shares_its_crawl(redis_url: str) -> None:
    project = Path(__file__).parent.parent / "example_project"
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "article"],
        cwd=project,
        env={**os.environ, "SCRAPY_PROJECT": "shared", "REDIS_URL": redis_url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in done.stderr
    with Redis.from_url(redis_url) as redis:
        items = [json.loads(item) for item in redis.lrange("article:items", 0, -1)]
        assert len(items) == len({item["url"] for item in items}) > 10
        assert sum(bool(item["title"]) for item in items) > 10
        assert redis.exists("article:requests", "article:requests:leases", "article:requests:entries") == 0
        assert redis.scard("article:dupefilter") >= len(items)
