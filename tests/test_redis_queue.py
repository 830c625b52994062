"""What the queue with leases promises, asked of a real Redis."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("scrapy_redis", reason="the extra 'redis' is not installed")

from redis import Redis
from scrapy import Request, Spider
from scrapy.exceptions import NotSupported
from scrapy.utils.test import get_crawler
from sharing import REDIS_SERVER, redis_server

from scrapy_riptide.errors import ConfigError
from scrapy_riptide.redis import LeaseQueue, LeaseScheduler

pytestmark = pytest.mark.skipif(
    REDIS_SERVER is None, reason="there is no redis-server (Debian: redis-server)"
)

MakeQueue = Callable[..., LeaseQueue]


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def worker(redis_url: str) -> Iterator[MakeQueue]:
    """Makes queues, each a worker's, over the same keys."""
    with Redis.from_url(redis_url) as redis:
        redis.flushall()

        def make(**settings: Any) -> LeaseQueue:
            crawler = get_crawler(Spider, {"RIPTIDE_LEASE_SECS": 600, **settings})
            crawler.spider = Spider.from_crawler(crawler, name="tides")
            return LeaseQueue(redis, crawler.spider, "%(spider)s:requests")

        yield make


def push(queue: LeaseQueue, *urls: str, priority: int = 0) -> None:
    for url in urls:
        queue.push(queue.encode(Request(url, priority=priority)), -priority, "seen", None)


def take(queue: LeaseQueue, done: tuple[Any, ...] = ()) -> tuple[Any, str | None]:
    """The next lease's id and address."""
    taken = queue.take(done)
    if taken.lease is None:
        return None, None
    lease, encoded = taken.lease
    return lease, queue.decode(encoded).url


def take_all(queue: LeaseQueue) -> list[str]:
    urls = []
    while (url := take(queue)[1]) is not None:
        urls.append(url)
    return urls


def leases_end(queue: LeaseQueue) -> list[float]:
    """When each lease ends, in milliseconds from now."""
    seconds, microseconds = queue.server.time()
    now_ms = seconds * 1000 + microseconds // 1000
    return [ends - now_ms for _, ends in queue.server.zrange("tides:requests:leases", 0, -1, withscores=True)]


def let_run_out(queue: LeaseQueue) -> None:
    """What time does, and no busy machine before the test wants it: the end of all leases has come."""
    for lease in queue.server.zrange("tides:requests:leases", 0, -1):
        queue.server.zadd("tides:requests:leases", {lease: 0})


A, B, C = "https://tides.example/a", "https://tides.example/b", "https://tides.example/c"


def test_requests_come_by_priority_and_the_older_first(worker: MakeQueue) -> None:
    queue = worker()
    push(queue, A, B)
    push(queue, C, priority=10)
    push(queue, "https://tides.example/later", priority=-1)
    assert take_all(queue) == [C, A, B, "https://tides.example/later"]


def test_equal_requests_that_are_not_to_be_filtered_are_all_kept(worker: MakeQueue) -> None:
    queue = worker()
    push(queue, A, A, A)
    assert take_all(queue) == [A, A, A]


def test_a_known_request_is_not_added_and_becomes_known_only_with_its_place_in_the_queue(
    worker: MakeQueue,
) -> None:
    queue, other = worker(), worker()
    encoded = queue.encode(Request(A))
    assert queue.push(encoded, 0, "seen", "fingerprint of a")
    assert not other.push(encoded, 0, "seen", "fingerprint of a")
    assert (len(queue), queue.server.scard("seen")) == (1, 1)


def test_two_workers_never_have_the_same_request(worker: MakeQueue) -> None:
    first, second = worker(), worker()
    push(first, A, B)
    assert {take(first)[1], take(second)[1]} == {A, B}
    assert take(first) == take(second) == (None, None)


def test_what_is_in_hand_counts_until_it_is_done(worker: MakeQueue) -> None:
    first, second = worker(), worker()
    push(first, A)
    lease, _ = take(first)
    assert len(second) == 1
    assert take(first, done=(lease,)) == (None, None)
    assert len(second) == 0
    assert first.server.keys("tides:requests*") == [b"tides:requests:sequence"]


@pytest.mark.parametrize("seconds", [60, 600])
def test_a_lease_lasts_as_long_as_the_setting_says(worker: MakeQueue, seconds: int) -> None:
    queue = worker(RIPTIDE_LEASE_SECS=seconds)
    push(queue, A)
    lease, _ = take(queue)
    (ends_in_ms,) = leases_end(queue)
    assert 0 < ends_in_ms <= seconds * 1000
    let_run_out(queue)
    queue.renew([], [lease])
    (ends_in_ms,) = leases_end(queue)
    assert (seconds - 30) * 1000 < ends_in_ms <= seconds * 1000


def test_a_lease_that_runs_out_is_anybodys_in_its_old_place(worker: MakeQueue) -> None:
    first, second = worker(), worker()
    push(first, A, B, priority=3)
    push(first, C, priority=1)
    assert take(first)[1] == A
    assert take(first)[1] == B
    let_run_out(first)
    taken = second.take()
    assert taken.lease is not None
    assert second.decode(taken.lease[1]).url == A
    assert taken.run_out == 2
    assert take_all(second) == [B, C]


def test_a_lease_that_ran_out_and_that_nobody_took_yet_is_still_its_holders(worker: MakeQueue) -> None:
    first, second = worker(), worker()
    push(first, A)
    lease, _ = take(first)
    for _ in range(4):
        let_run_out(first)
        assert first.renew([], [lease]) == (0, [])
        assert take(second) == (None, None)


def test_who_lost_a_lease_hears_of_it_and_takes_nothing_from_the_new_holder(worker: MakeQueue) -> None:
    hung, other = worker(), worker()
    push(hung, A)
    lease, _ = take(hung)
    let_run_out(hung)
    assert take(other) == (lease, A)
    assert hung.renew([], [lease]) == (0, [lease])
    assert hung.renew([lease], []) == (1, [])
    assert hung.take([lease]).lost == 1
    assert len(other) == 1
    assert other.renew([lease], []) == (0, [])
    assert len(other) == 0


def test_a_request_that_costs_every_worker_its_lease_is_given_up(worker: MakeQueue) -> None:
    queue = worker(RIPTIDE_LEASE_ATTEMPTS=2)
    push(queue, A)
    for attempt in range(2):
        assert take(queue)[1] == A, attempt
        let_run_out(queue)
    taken = queue.take()
    assert taken.lease is None
    assert [queue.decode(each).url for each in taken.given_up] == [A]
    assert len(queue) == 0
    (kept,) = queue.server.hvals("tides:requests:given_up")
    assert queue.decode(kept).url == A


def test_clearing_forgets_what_is_in_hand_as_well(worker: MakeQueue) -> None:
    queue = worker()
    push(queue, A, B)
    lease, _ = take(queue)
    queue.clear()
    assert len(queue) == 0
    assert queue.server.keys("tides:*") == []
    assert queue.renew([lease], []) == (1, [])


def test_redis_may_forget_the_scripts(worker: MakeQueue) -> None:
    queue = worker()
    queue.server.script_flush()
    push(queue, A)
    queue.server.script_flush()
    assert take(queue)[1] == A


def test_priorities_beyond_whole_numbers_keep_their_order(worker: MakeQueue) -> None:
    queue = worker()
    for priority in (10**12, -(10**12), 0):
        push(queue, f"https://tides.example/{priority}", priority=priority)
    ordered = [f"https://tides.example/{priority}" for priority in (10**12, 0, -(10**12))]
    assert take_all(queue) == ordered
    let_run_out(queue)
    assert take_all(queue) == ordered


def test_the_options_of_a_request_survive_redis(worker: MakeQueue) -> None:
    queue = worker()
    meta = {"riptide": {"select": ["article p"], "max_body_bytes": 10**6}, "own": pickle.dumps(1)}
    queue.push(queue.encode(Request(A, meta=meta)), 0, "seen", None)
    taken = queue.take()
    assert taken.lease is not None
    assert queue.decode(taken.lease[1]).meta == meta


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"SCHEDULER_QUEUE_CLASS": "scrapy_redis.queue.PriorityQueue"}, "hands requests out for good"),
        ({"DUPEFILTER_CLASS": "scrapy.dupefilters.RFPDupeFilter"}, "not shared with the other workers"),
    ],
)
def test_settings_that_would_lose_requests_are_refused(
    redis_url: str, settings: dict[str, str], words: str
) -> None:
    shared = {"REDIS_URL": redis_url, "DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter"}
    with pytest.raises(ConfigError, match=words):
        LeaseScheduler.from_crawler(get_crawler(Spider, {**shared, **settings}))


def test_a_scrapy_that_does_not_tell_what_is_done_is_refused(redis_url: str) -> None:
    shared = {"REDIS_URL": redis_url, "DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter"}
    crawler = get_crawler(Spider, shared)
    scheduler = LeaseScheduler.from_crawler(crawler)
    scheduler._crawler = SimpleNamespace(engine=SimpleNamespace())
    with pytest.raises(NotSupported, match="keeps its requests in progress elsewhere"):
        scheduler.open(Spider.from_crawler(crawler, name="tides"))
