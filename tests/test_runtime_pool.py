"""The pool: who is given which instance, which are let go and why, and how much they may hold together."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from conftest import Configure, MakeExtractor, MakeRuntime
from misbehaving import START_PAGES
from waiting import PATIENCE_S, wait_for

from scrapy_riptide import Extractor, ExtractorConfig, errors
from scrapy_riptide.config import MIB, PAGE_BYTES
from scrapy_riptide.wasm import memory
from scrapy_riptide.wasm import pool as pool_module
from scrapy_riptide.wasm.capacity import pool_size
from scrapy_riptide.wasm.contract import lower_mode
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.lifting import lower_string
from scrapy_riptide.wasm.memory_tracker import MemoryTracker
from scrapy_riptide.wasm.pool import InstancePool
from scrapy_riptide.wasm.pressure import Pressure
from scrapy_riptide.wasm.runtime import Runtime

URL = "https://example.com/"
POOL_LOGGER = "scrapy_riptide.wasm.pool"


class Pool:
    """A pool with shorthands."""

    def __init__(self, made: tuple[Runtime, ExtractorConfig]) -> None:
        runtime, config = made
        self.pool = InstancePool(runtime, config, pool_size(config))

    def take(self, timeout_s: float = 0.0) -> Instance:
        return self.pool.checkout(timeout_s)

    def take_when_free(self) -> Instance:
        """Waits for what comes free, and not until its time is over."""
        started = time.monotonic()
        instance = self.take(timeout_s=2 * PATIENCE_S)
        assert time.monotonic() - started < PATIENCE_S
        return instance

    def use(self, *whats: str, instance: Instance | None = None) -> Instance:
        """Checks an instance out, unless given, has it do some things, and gives it back."""
        for what in whats:
            held = instance or self.take()
            with suppress(errors.ExtractionError):
                tell(held, what)
            self.pool.give_back(held, len(what))
        return held

    @property
    def retired(self) -> dict[str, int]:
        return self.pool.figures().retired

    @property
    def numbers(self) -> tuple[int, int, int]:
        figures = self.pool.figures()
        return figures.active, figures.idle, figures.created


def tell(instance: Instance, what: str) -> Any:
    return instance.call("extract", lower_string(what), lower_string(URL), lower_mode("article"))


def grow_to(instance: Instance, pages: int) -> Instance:
    while (instance.tracker.current_pages or 0) < pages:
        tell(instance, "!g")
    return instance


@pytest.fixture
def pool(runtime: MakeRuntime) -> Iterator[Any]:
    made: list[Pool] = []

    def make(**options: Any) -> Pool:
        made.append(Pool(runtime(**options)))
        return made[-1]

    yield make
    for each in made:
        each.pool.close()
        # What a test kept would be the garbage collector's, in the midst of a later one that counts memories.
        for instance in list(each.pool._active.values()):
            each.pool.give_back(instance)


# Checkout.


def test_an_instance_is_used_again(pool: Any) -> None:
    made = pool()
    numbers = {made.use("fine").number for _ in range(10)}
    figures = made.pool.figures()
    assert numbers == {1}
    assert (figures.checkouts, figures.reuses, figures.created, figures.reuse_rate) == (10, 9, 1, 0.9)


def test_the_instance_that_was_used_last_is_given_first(pool: Any) -> None:
    made = pool()
    first, second, third = made.take(), made.take(), made.take()
    for each in (second, first, third):
        made.pool.give_back(each)
    assert [made.take().number for _ in range(3)] == [third.number, first.number, second.number]


def test_a_full_pool_waits_no_longer_than_it_may(pool: Any) -> None:
    made = pool(max_pool_size=2)
    made.take(), made.take()
    started = time.monotonic()
    with pytest.raises(errors.PoolExhausted) as caught:
        made.take(timeout_s=0.2)
    assert 0.2 <= time.monotonic() - started < PATIENCE_S
    assert str(caught.value) == "no instance came free within 0.2 s: 2 of 2 are at work"
    assert (caught.value.active, caught.value.max, caught.value.retryable) == (2, 2, True)


def test_a_full_pool_gives_what_comes_back_in_time(pool: Any) -> None:
    made = pool(max_pool_size=1)
    held = made.take()
    timer = threading.Timer(0.1, made.pool.give_back, [held])
    timer.start()
    assert made.take_when_free() is held
    timer.join()


def test_what_comes_back_as_the_time_to_wait_ends_is_given(
    pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pool(max_pool_size=1)
    held = made.take()
    # Re-entrant as it comes, so that the waiter itself can give back at the moment it has waited.
    wait = made.pool._changed.wait

    def ends(timeout_s: float) -> bool:
        waited = wait(timeout_s)
        made.pool.give_back(held)
        return bool(waited)

    monkeypatch.setattr(made.pool._changed, "wait", ends)
    assert made.take(timeout_s=0.01) is held


def test_who_waits_gets_a_new_instance_as_soon_as_a_failed_one_is_gone(
    pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pool(max_pool_size=1)
    close = Instance.close

    def slowly(instance: Instance) -> None:
        time.sleep(0.3)
        close(instance)

    monkeypatch.setattr(Instance, "close", slowly)
    failed = made.take()
    with pytest.raises(errors.GuestTrap):
        tell(failed, "!t")
    timer = threading.Timer(0.1, made.pool.give_back, [failed])
    timer.start()
    assert made.take_when_free().number == 2
    timer.join()


def test_an_instance_made_ahead_comes_after_the_used_ones_and_its_first_use_is_no_reuse(pool: Any) -> None:
    made = pool(initial_pool_size=2)
    made.pool.warm()
    first = made.take()
    assert (first.number, made.pool.figures().reuses) == (1, 0)
    tell(first, "fine")
    made.pool.give_back(first)
    made.pool.warm()
    assert made.numbers == (0, 2, 2)
    assert (made.take().number, made.pool.figures().reuses) == (1, 1)


def test_an_instance_that_has_just_what_it_may_keep_is_replaced(pool: Any) -> None:
    made = pool(recycle_memory_mb=2, enable_leak_detection=False)
    growths = 2 * MIB // PAGE_BYTES - START_PAGES
    made.use(*["!l"] * (growths - 1))
    assert made.retired == {}
    made.use("!l")
    assert made.retired == {"memory": 1}


def test_who_waits_is_told_when_the_pool_is_closed(pool: Any) -> None:
    made = pool(max_pool_size=1)
    held = made.take()
    waited: list[float] = []

    def wait() -> None:
        started = time.monotonic()
        with pytest.raises(errors.ExtractorClosed):
            made.take(timeout_s=2 * PATIENCE_S)
        waited.append(time.monotonic() - started)

    threads = [threading.Thread(target=wait) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(made.pool._changed._waiters) == 2, "both wait")
    made.pool.close()
    for thread in threads:
        thread.join()
    assert len(waited) == 2
    assert max(waited) < PATIENCE_S
    made.pool.give_back(held)
    assert made.pool.is_empty


def test_an_instance_that_can_not_be_made_leaves_its_place_to_others(
    pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pool(max_pool_size=1)

    def fails(*_: object) -> None:
        raise errors.InternalError("no instance today")

    with monkeypatch.context() as patch:
        patch.setattr(pool_module, "Instance", fails)
        for _ in range(3):
            with pytest.raises(errors.InternalError, match="no instance today"):
                made.take()
    assert made.take().number == 4
    assert made.numbers == (1, 0, 1)


def test_who_waits_for_one_that_can_not_be_made_tries_itself(
    pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pool(max_pool_size=1, initial_pool_size=1)
    making, go_on = threading.Event(), threading.Event()

    def fails(*_: object) -> None:
        monkeypatch.setattr(pool_module, "Instance", Instance)
        making.set()
        go_on.wait(PATIENCE_S)
        raise errors.InternalError("no instance today")

    def warm() -> None:
        with pytest.raises(errors.InternalError, match="no instance today"):
            made.pool.warm()

    monkeypatch.setattr(pool_module, "Instance", fails)
    thread = threading.Thread(target=warm)
    thread.start()
    making.wait(PATIENCE_S)
    threading.Timer(0.1, go_on.set).start()
    assert made.take_when_free().number == 2
    thread.join()


def test_a_closed_pool_gives_nothing_and_keeps_nothing(pool: Any) -> None:
    made = pool()
    before = len(memory._memories)
    held, idle = made.take(), made.take()
    made.pool.give_back(idle)
    made.pool.close()
    made.pool.close()
    assert (made.numbers[:2], len(memory._memories) - before) == ((1, 0), 1)
    made.pool.give_back(held)
    assert (made.numbers[:2], len(memory._memories) - before) == ((0, 0), 0)
    assert made.pool.is_empty
    assert made.pool._watches == {}
    with pytest.raises(errors.ExtractorClosed, match="the extractor is closed"):
        made.take()


# Retirement.


@pytest.mark.parametrize(
    ("options", "whats", "retired", "created"),
    [
        ({}, ["fine"] * 5, {}, 1),
        ({}, ["!e0", "!e3", "!e5", "fine"], {}, 1),
        ({"max_uses": 2}, ["fine"] * 5, {"uses": 2}, 3),
        ({"enable_reuse": False}, ["fine"] * 3, {"reuse_off": 3}, 3),
        ({}, ["!t", "!o", "!d", "!r", "!x", "fine"], {"failed": 5}, 6),
        ({"timeout_secs": 0.02}, ["!s", "fine"], {"failed": 1}, 2),
        ({"fuel_limit": 10_000}, ["!b", "fine"], {"failed": 1}, 2),
        ({"recycle_memory_mb": 2}, ["!g", "fine", "fine"], {"memory": 1}, 2),
        ({"recycle_memory_mb": 2}, ["fine", "fine"], {}, 1),
        ({"aggressive_gc": True, "memory_limit_pages": 40}, ["!g", "fine"], {"memory": 1}, 2),
        ({"aggressive_gc": False, "memory_limit_pages": 40}, ["!g", "fine"], {}, 1),
    ],
)
@pytest.mark.usefixtures("own_time")
def test_an_instance_is_let_go_for_a_reason(
    pool: Any, options: dict[str, Any], whats: list[str], retired: dict[str, int], created: int
) -> None:
    made = pool(**options)
    made.use(*whats)
    assert (made.retired, made.pool.figures().created) == (retired, created)


def test_a_leaking_instance_is_reported_once_and_replaced(
    pool: Any, caplog: pytest.LogCaptureFixture
) -> None:
    made = pool()
    with caplog.at_level(logging.WARNING, POOL_LOGGER):
        made.use(*["!l"] * 15)
    assert (made.retired, made.pool.figures().leaks) == ({"leak": 1}, 1)
    # Each of the last eight uses, the second half of them all, grew by a page that nothing explains.
    assert [record.getMessage() for record in caplog.records] == [
        "Instance 1 leaks and is replaced: 8 pages of growth within its last 8 uses that no larger document "
        "explains, 32 pages now, 15 uses"
    ]
    assert made.use("fine").number == 2


def test_larger_documents_are_no_leak(pool: Any) -> None:
    made = pool(memory_limit_mb=64)
    made.use(*["x" * size for size in range(0, 4_000_000, 100_000)])
    assert (made.retired, made.pool.figures().leaks) == ({}, 0)
    assert made.pool.figures().memory_pages > START_PAGES


def test_without_leak_detection_a_leaking_instance_goes_on(pool: Any) -> None:
    made = pool(enable_leak_detection=False)
    made.use(*["!l"] * 40)
    assert (made.retired, made.pool.figures().memory_pages) == ({}, START_PAGES + 40)


def test_idle_instances_beyond_the_initial_ones_expire_the_oldest_first(pool: Any) -> None:
    made = pool(initial_pool_size=1, idle_expiry_secs=0)
    held = [made.take() for _ in range(4)]
    for each in held:
        made.pool.give_back(each)
    time.sleep(0.01)
    made.pool.reap()
    assert (made.retired, made.numbers) == ({"idle": 3}, (0, 1, 4))
    assert made.take() is held[-1]


def test_the_initial_ones_stay_and_those_at_work_are_among_them(pool: Any) -> None:
    made = pool(initial_pool_size=2, idle_expiry_secs=0)
    before = len(memory._memories)
    held = [made.take() for _ in range(3)]
    seen = []
    for each in held:
        made.pool.give_back(each)
        time.sleep(0.01)
        made.pool.reap()
        seen.append((made.numbers[:2], len(memory._memories) - before))
    assert seen == [((2, 0), 2), ((1, 1), 2), ((0, 2), 2)]


def test_none_expires_of_fewer_than_the_initial_ones(pool: Any) -> None:
    made = pool(initial_pool_size=4, idle_expiry_secs=0)
    held = [made.take() for _ in range(3)]
    for each in held:
        made.pool.give_back(each)
    time.sleep(0.01)
    made.pool.reap()
    assert made.numbers == (0, 3, 3)


@pytest.mark.parametrize("idle_expiry_secs", [None, 3600])
def test_idle_instances_stay_until_their_time_is_over(pool: Any, idle_expiry_secs: float | None) -> None:
    made = pool(idle_expiry_secs=idle_expiry_secs)
    held = [made.take(), made.take()]
    for each in held:
        made.pool.give_back(each)
    made.pool.reap()
    assert made.numbers == (0, 2, 2)


def test_an_unhealthy_instance_is_replaced_and_a_healthy_one_stays(
    pool: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pool()
    sick, well = made.take(), made.take()
    tell(sick, "!h")
    uses = well.uses
    for each in (sick, well):
        made.pool.give_back(each)
    started_s = time.time()
    allowed_s: list[float | None] = []
    call = Instance.call

    def counted(instance: Instance, name: str, *, timeout_s: float | None = None) -> object:
        allowed_s.append(timeout_s)
        return call(instance, name, timeout_s=timeout_s)

    with caplog.at_level(logging.WARNING, POOL_LOGGER), monkeypatch.context() as patch:
        patch.setattr(Instance, "call", counted)
        made.pool.check_health()
    assert allowed_s == [1.0, 1.0]
    assert started_s <= made.pool.figures().last_health_check_s <= time.time()
    assert (made.retired, made.numbers) == ({"unhealthy": 1}, (0, 1, 2))
    assert [record.getMessage() for record in caplog.records] == [
        "Instance 1 says it is 'sick' and is replaced"
    ]
    assert (made.take(), well.uses) == (well, uses)
    assert made.pool.figures().health_checks == 2


def test_to_be_asked_for_its_health_keeps_no_instance_from_expiring(pool: Any) -> None:
    """Health is asked for every two minutes, and idle instances expire after five."""
    made = pool(idle_expiry_secs=0)
    made.pool.give_back(made.take())
    before = made.pool._idle[0].last_used
    time.sleep(0.01)
    made.pool.check_health()
    assert [each.last_used for each in made.pool._idle] == [before]
    made.pool.reap()
    assert made.retired == {"idle": 1}


def test_while_one_instance_is_asked_for_its_health_the_others_are_given(
    pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pool(max_pool_size=3)
    held = [made.take() for _ in range(3)]
    for each in held:
        tell(each, "fine")
        made.pool.give_back(each)
    taken: list[tuple[int, int]] = []
    is_healthy = InstancePool._is_healthy

    def asked(self: InstancePool, instance: Instance) -> bool:
        document = made.use("fine")
        taken.append((instance.number, document.number))
        return is_healthy(self, instance)

    monkeypatch.setattr(InstancePool, "_is_healthy", asked)
    made.pool.check_health()
    # The one that was used last goes to each document, and is asked like the others.
    assert taken == [(1, 3), (2, 3), (3, 2)]
    # And each is back where its last use puts it.
    assert [each.number for each in made.pool._idle] == [1, 3, 2]


@pytest.mark.parametrize("healthy", [True, False])
def test_who_waits_while_the_last_one_is_asked_for_its_health_gets_it_or_another(
    pool: Any, monkeypatch: pytest.MonkeyPatch, healthy: bool
) -> None:
    made = pool(max_pool_size=1)
    made.use("fine")
    asked, answer = threading.Event(), threading.Event()

    def is_healthy(*_: object) -> bool:
        asked.set()
        answer.wait(PATIENCE_S)
        return healthy

    monkeypatch.setattr(InstancePool, "_is_healthy", is_healthy)
    thread = threading.Thread(target=made.pool.check_health)
    thread.start()
    asked.wait(PATIENCE_S)
    threading.Timer(0.1, answer.set).start()
    assert made.take_when_free().number == (1 if healthy else 2)
    thread.join()


def test_an_instance_that_is_away_when_its_turn_comes_is_not_asked(
    pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pool(max_pool_size=2)
    held = [made.take(), made.take()]
    for each in held:
        made.pool.give_back(each)
    is_healthy = InstancePool._is_healthy

    def asked(self: InstancePool, instance: Instance) -> bool:
        held.append(made.take())
        return is_healthy(self, instance)

    monkeypatch.setattr(InstancePool, "_is_healthy", asked)
    made.pool.check_health()
    assert (made.numbers, made.pool.figures().health_checks) == ((1, 1, 2), 1)
    assert held[-1].number == 2


@pytest.mark.parametrize("healthy", [True, False])
def test_an_instance_that_is_asked_for_its_health_as_the_pool_closes_is_let_go(
    pool: Any, monkeypatch: pytest.MonkeyPatch, healthy: bool
) -> None:
    made = pool()
    made.use("fine")

    def closes(pool: InstancePool, _: Instance) -> bool:
        pool.close()
        return healthy

    monkeypatch.setattr(InstancePool, "_is_healthy", closes)
    made.pool.check_health()
    assert (made.retired, made.numbers, made.pool.is_empty) == ({"closed": 1}, (0, 0, 1), True)


def test_who_waits_is_given_what_was_made_ahead(pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = pool(max_pool_size=1, initial_pool_size=1)
    making, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Instance:
        making.set()
        go_on.wait(PATIENCE_S)
        return Instance(*arguments)

    monkeypatch.setattr(pool_module, "Instance", slow)
    warm = threading.Thread(target=made.pool.warm)
    warm.start()
    making.wait(PATIENCE_S)
    threading.Timer(0.1, go_on.set).start()
    assert made.take_when_free().number == 1
    warm.join()


def test_an_instance_that_is_made_ahead_as_the_pool_closes_is_let_go(
    pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pool(initial_pool_size=1)
    before = len(memory._memories)

    def slow(*arguments: Any) -> Instance:
        made.pool.close()
        assert not made.pool.is_empty
        return Instance(*arguments)

    monkeypatch.setattr(pool_module, "Instance", slow)
    made.pool.warm()
    assert (made.retired, made.numbers, made.pool.is_empty) == ({"closed": 1}, (0, 0, 1), True)
    assert len(memory._memories) == before


def test_instances_are_made_ahead_up_to_the_initial_size(pool: Any) -> None:
    made = pool(initial_pool_size=2)
    for _ in range(5):
        made.pool.warm()
    assert made.numbers == (0, 2, 2)


# Pressure: a budget of max_pool_size instances at their limit.


def held_at(made: Pool, *pages: int) -> list[Instance]:
    return [grow_to(made.take(), each) for each in pages]


@pytest.mark.parametrize(
    ("pages", "pressure"),
    [
        ([17], Pressure.LOW),
        ([17, 33], Pressure.LOW),
        ([33, 33], Pressure.MEDIUM),
        ([33, 49], Pressure.HIGH),
        ([49, 49], Pressure.CRITICAL),
    ],
)
def test_pressure_is_the_share_of_the_budget_that_is_held(
    pool: Any, pages: list[int], pressure: Pressure
) -> None:
    made = pool(max_pool_size=2, memory_limit_pages=50)
    held = held_at(made, *pages)
    figures = made.pool.figures()
    assert (figures.pressure, figures.memory_pages, figures.budget_pages) == (pressure, sum(pages), 100)
    for each in held:
        made.pool.give_back(each)


def test_a_state_begins_above_its_share_and_not_at_it(pool: Any) -> None:
    made = pool(max_pool_size=1, memory_limit_pages=100)
    held = made.take()
    states = {}
    while (pages := held.tracker.current_pages) < 91:
        tell(held, "!l")
        states[pages + 1] = made.pool.figures().pressure
    assert [states[pages].value for pages in (60, 61, 80, 81, 90, 91)] == [
        "low",
        "medium",
        "medium",
        "high",
        "high",
        "critical",
    ]


def test_under_medium_pressure_nothing_is_made_ahead(pool: Any) -> None:
    made = pool(max_pool_size=3, initial_pool_size=3, memory_limit_pages=50)
    held_at(made, 49, 49)
    made.pool.warm()
    assert (made.pool.figures().pressure, made.numbers) == (Pressure.MEDIUM, (2, 0, 2))
    assert made.take().number == 3  # but what is asked for is made


def test_under_high_pressure_the_pool_does_not_grow_and_drops_the_idle(pool: Any) -> None:
    made = pool(max_pool_size=6, memory_limit_pages=50)
    held = held_at(made, 49, 49, 49, 49, 49)
    assert made.pool.figures().pressure is Pressure.HIGH
    with pytest.raises(errors.PoolExhausted, match="5 of 6 are at work"):
        made.take()
    made.pool.give_back(held.pop())
    assert (made.retired, made.numbers) == ({"pressure": 1}, (4, 0, 5))
    assert made.pool.figures().pressure is Pressure.MEDIUM
    assert made.take().number == 6


def test_under_critical_pressure_an_instance_is_dropped_after_its_use(pool: Any) -> None:
    made = pool(max_pool_size=1, memory_limit_pages=50)
    made.use("!g", "!g")
    assert (made.retired, made.numbers) == ({"pressure": 1}, (0, 0, 1))
    assert made.use("fine").number == 2


def test_under_critical_pressure_checkouts_wait_for_the_ones_at_work(pool: Any) -> None:
    made = pool(max_pool_size=2, memory_limit_pages=50)
    idle, busy = held_at(made, 49, 17)
    made.pool.give_back(idle)
    grow_to(busy, 49)
    assert made.pool.figures().pressure is Pressure.CRITICAL
    with pytest.raises(errors.PoolExhausted):
        made.take()
    made.pool.give_back(busy)
    assert (made.retired, made.take().number) == ({"pressure": 2}, 3)


def test_a_single_instance_is_always_given_whatever_the_pressure(pool: Any) -> None:
    made = pool(max_pool_size=1, memory_limit_pages=START_PAGES)
    assert {made.use("fine").number for _ in range(3)} == {1, 2, 3}


def test_every_state_of_pressure_can_happen_with_the_default_limits(
    config: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crawl of two cores: eight instances are allowed, two can be, and those two share the budget."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    full = (4096 - START_PAGES) // 16 * 16 + START_PAGES
    with Extractor(config()) as made:
        made.extract("fine", URL)
        pool = made._host._pool.result()
        states = []
        first, second = pool.checkout(0), pool.checkout(0)
        steps = [(first, START_PAGES), (first, full), (second, 2000), (second, 3000), (second, full)]
        for instance, pages in steps:
            grow_to(instance, pages)
            states.append(made.metrics()["riptide_pool_pressure"])
        metrics = made.metrics()
        pool.give_back(first)
        pool.give_back(second)
        assert made.extract("fine", URL).text == "fine"
    assert states == ["low", "low", "medium", "high", "critical"]
    assert metrics["riptide_wasm_memory_budget_pages"] == 2 * 4096
    assert metrics["riptide_workers"] == 2


# Bounds and neighbours.


def test_instances_together_never_exceed_the_sum(config: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(memory._memories)
    most = 0
    start = MemoryTracker.start

    def counting_start(tracker: MemoryTracker, pages: int) -> bool:
        nonlocal most
        most = max(most, len(memory._memories) - before + 1)
        return start(tracker, pages)

    monkeypatch.setattr(MemoryTracker, "start", counting_start)
    options = {"max_pool_size": 3, "max_workers": 3, "memory_limit_pages": 400, "max_uses": 3}
    with Extractor(config(**options)) as made:
        pages = [("!t", "!x", "fine", "!g", "!c", "!o")[index % 6] for index in range(1200)]
        outcomes = list(made.extract_many((each, URL) for each in pages))
        peak = made.metrics()["riptide_wasm_peak_memory_pages"]
    assert len(outcomes) == 1200
    assert most <= 3
    assert peak == 400 - (400 - START_PAGES) % 16


def test_an_instance_counts_until_its_memory_is_given_back(
    pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pool(max_pool_size=1, max_uses=1)
    held = made.take()
    tell(held, "fine")
    closing, close = threading.Event(), threading.Event()
    close_instance = Instance.close

    def slow_close(instance: Instance) -> None:
        closing.set()
        close.wait(PATIENCE_S)
        close_instance(instance)

    monkeypatch.setattr(Instance, "close", slow_close)
    thread = threading.Thread(target=made.pool.give_back, args=[held])
    thread.start()
    closing.wait(PATIENCE_S)
    with pytest.raises(errors.PoolExhausted):
        made.take(timeout_s=0.05)
    assert not made.pool.is_empty
    close.set()
    assert made.take(timeout_s=PATIENCE_S).number == 2
    thread.join()


def test_a_trap_does_not_touch_the_neighbours(extractor: MakeExtractor) -> None:
    made = extractor(max_pool_size=2, max_workers=2)
    texts = [f"neighbour {number}" for number in range(200)]
    pages = [page for text in texts for page in (text, "!t", "!b" if text.endswith("0") else text, "!o")]
    outcomes = list(made.extract_many((each, URL) for each in pages))
    assert [
        type(outcome).__name__ if isinstance(outcome, Exception) else outcome.text for outcome in outcomes
    ] == [{"!t": "GuestTrap", "!o": "GuestTrap"}.get(page, page) for page in pages]


def test_a_steady_crawl_reuses_nearly_always(extractor: MakeExtractor) -> None:
    made = extractor()
    for number in range(500):
        made.extract(f"page {number}", URL)
    assert made.metrics()["riptide_pool_reuse_ratio"] >= 0.94


def test_memory_after_a_call_is_what_the_instance_holds(extractor: MakeExtractor) -> None:
    _, stats = extractor().extract_with_stats("!g", URL)
    assert stats.memory_used == (START_PAGES + 16) * PAGE_BYTES
