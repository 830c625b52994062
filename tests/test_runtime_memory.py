"""The memory tracker: exact to the page, whatever ends the guest."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import Configure, MakeExtractor, MakeRuntime
from misbehaving import START_PAGES, write_misbehaving
from waiting import PATIENCE_S
from wasmtime import Store, WasmtimeError

from scrapy_riptide import Extractor, errors
from scrapy_riptide.config import MIB, PAGE_BYTES
from scrapy_riptide.wasm import instance as instance_module
from scrapy_riptide.wasm import memory
from scrapy_riptide.wasm.contract import lower_mode
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.lifting import lower_string
from scrapy_riptide.wasm.memory_tracker import MemoryTracker

URL = "https://example.com/"
# Growths of 16 pages that fit under the default limit of 4096, and where they end.
GROWTHS = (4096 - START_PAGES) // 16
FULL = START_PAGES + GROWTHS * 16


def tell(instance: Instance, what: str) -> object:
    return instance.call("extract", lower_string(what), lower_string(URL), lower_mode("article"))


def figures(tracker: MemoryTracker) -> dict[str, object]:
    return {
        "current": tracker.current_pages,
        "peak": tracker.peak_pages,
        "max": tracker.max_pages,
        "grow_failures": tracker.grow_failures,
        "use_grow_failures": tracker.use_grow_failures,
        "pressure": tracker.memory_pressure(),
        "high": tracker.is_high_memory_pressure(),
    }


def test_growth_is_counted_to_the_page(runtime: MakeRuntime) -> None:
    instance = Instance(*runtime(), number=1)
    tracker = instance.tracker
    assert (tracker.peak_pages, tracker.wasm_cleanups_performed) == (START_PAGES, 0)
    seen = []
    for _ in range(3):
        tell(instance, "!g")
        seen.append((instance.tracker.current_pages, instance.tracker.peak_pages, instance.memory_bytes))
    instance.close()
    pages = [START_PAGES + 16 * count for count in (1, 2, 3)]
    assert seen == [(each, each, each * PAGE_BYTES) for each in pages]
    assert (tracker.current_pages, tracker.peak_pages, tracker.wasm_cleanups_performed) == (0, pages[-1], 1)


def test_a_closed_instance_s_addresses_are_the_system_s_again(runtime: MakeRuntime) -> None:
    instance = Instance(*runtime(), number=1)
    (own,) = [each for each in memory._memories.values() if each.tracker is instance.tracker]

    def mapped() -> bool:
        starts = [line.partition("-")[0] for line in Path("/proc/self/maps").read_text().splitlines()]
        return own.base in [int(start, 16) for start in starts]

    assert mapped()
    instance.close()
    assert not mapped()


def test_a_memory_that_nobody_owns_is_refused(runtime: MakeRuntime) -> None:
    made, config = runtime()
    Instance(made, config, 1).close()
    with pytest.raises(WasmtimeError, match="a linear memory without an owner"):
        made.linker.instantiate(Store(made.engine), made.component)


def test_a_denied_growth_is_counted_whether_the_guest_survives_it_or_not(runtime: MakeRuntime) -> None:
    instance = Instance(*runtime(), number=1)
    tell(instance, "!c")
    assert figures(instance.tracker) == {
        "current": FULL,
        "peak": FULL,
        "max": 4096,
        "grow_failures": 1,
        "use_grow_failures": 1,
        "pressure": 100 * FULL / 4096,
        "high": True,
    }
    tell(instance, "!c")
    with pytest.raises(errors.MemoryLimitExceeded) as caught:
        tell(instance, "!x")
    assert (caught.value.grow_failures, instance.tracker.grow_failures) == (1, 3)
    assert str(caught.value) == (
        f"the guest could not go on: 1 growth of its memory denied at {FULL} of 4096 pages. "
        "For documents like this raise memory_limit_mb or memory_limit_pages"
    )
    instance.close()


def test_a_growth_that_the_system_refuses_is_a_denied_one(
    runtime: MakeRuntime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    instance = Instance(*runtime(), number=1)
    tell(instance, "fine")
    caplog.set_level(logging.DEBUG, "scrapy_riptide.wasm.memory_tracker")
    with monkeypatch.context() as patch:
        patch.setattr(memory, "_mprotect", lambda *_: -1)
        tell(instance, "!g")
    tracker = instance.tracker
    assert (tracker.current_pages, tracker.grow_failures, tracker.use_grow_failures) == (START_PAGES, 1, 1)
    assert tracker.peak_pages == START_PAGES
    assert [record.getMessage() for record in caplog.records] == [
        "linear memory growth denied by the system: current 17 pages, desired 33 pages, limit 4096 pages"
    ]
    tell(instance, "!g")
    assert (tracker.current_pages, tracker.use_grow_failures) == (START_PAGES + 16, 0)
    instance.close()


@pytest.mark.parametrize(
    ("call", "answer", "what"), [("_mprotect", -1, "memory"), ("_mmap", memory._MAP_FAILED, "addresses")]
)
def test_an_instance_that_the_system_has_no_memory_for_is_refused_and_counts_nothing(
    runtime: MakeRuntime, monkeypatch: pytest.MonkeyPatch, call: str, answer: int, what: str
) -> None:
    made, config = runtime()
    before = len(memory._memories)
    trackers: list[MemoryTracker] = []

    def tracked(*arguments: Any, **options: Any) -> MemoryTracker:
        trackers.append(MemoryTracker(*arguments, **options))
        return trackers[0]

    with monkeypatch.context() as patch:
        patch.setattr(memory, call, lambda *_: answer)
        patch.setattr(instance_module, "MemoryTracker", tracked)
        with pytest.raises(errors.InternalError, match=f"bytes of {what} left"):
            Instance(made, config, 1)
    assert (len(memory._memories), trackers[0].current_pages) == (before, 0)
    Instance(made, config, 2).close()


@pytest.mark.slow
def test_the_packaged_guest_asks_the_host_for_whatever_it_wants(real_extractor: MakeExtractor) -> None:
    """Its next step is one from 700 MB to more than 1 GiB, which was its own memory's maximum once."""
    made = real_extractor(memory_limit_mb=900, timeout_secs=PATIENCE_S)
    outcome = made.run("<article><dl>" + "<dt>a<dd>b" * 1_000_000, URL)
    assert outcome.error is not None
    assert outcome.error.kind == "memory_limit"
    assert made.metrics()["riptide_wasm_grow_failed_total"] == 1


def test_a_denial_that_the_guest_survives_is_no_error(runtime: MakeRuntime) -> None:
    instance = Instance(*runtime(), number=1)
    tell(instance, "!c")
    assert tell(instance, "fine") is not None
    assert (instance.usable, instance.tracker.wasm_errors) == (True, 0)
    with pytest.raises(errors.GuestTrap):  # nothing was denied to this use
        tell(instance, "!t")
    instance.close()


@pytest.mark.parametrize(
    ("limits", "max_pages"),
    [
        ({}, 4096),
        ({"memory_limit_mb": 512}, 8192),
        ({"memory_limit_mb": 1024}, 16384),
        ({"memory_limit_pages": 100}, 100),
        # To the last page of it.
        ({"memory_limit_pages": START_PAGES + 32}, START_PAGES + 32),
        ({"memory_limit_mb": 512, "memory_limit_pages": 200}, 200),
        ({"memory_limit_mb": 16, "memory_limit_pages": 16384}, 256),
    ],
)
def test_the_stricter_limit_holds_exactly(
    runtime: MakeRuntime, limits: dict[str, int], max_pages: int
) -> None:
    instance = Instance(*runtime(**limits), number=1)
    with pytest.raises(errors.MemoryLimitExceeded):
        tell(instance, "!x")
    tracker = instance.tracker
    assert tracker.max_pages == max_pages
    assert tracker.peak_pages == max_pages - (max_pages - START_PAGES) % 16
    instance.close()


def test_a_guest_that_starts_over_the_limit_is_told_with_the_remedy(extractor: MakeExtractor) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        extractor(memory_limit_pages=START_PAGES - 1).extract("hello", URL)
    assert str(caught.value) == (
        "the guest starts with 17 pages, the limit is 16 pages: raise memory_limit_mb or memory_limit_pages"
    )


def test_a_guest_that_starts_at_the_limit_runs(extractor: MakeExtractor) -> None:
    assert extractor(memory_limit_pages=START_PAGES).extract("hello", URL).text == "hello"


def test_every_way_out_gives_the_memory_back(extractor: MakeExtractor) -> None:
    before = len(memory._memories)
    made = extractor(timeout_secs=0.05, max_pool_size=1)
    for what in ("fine", "!t", "!o", "!r", "!x", "!s", "!e0"):
        made.run(what, URL)
    made.close()
    assert len(memory._memories) == before


def test_growths_and_errors_add_up_over_a_pools_instances(extractor: MakeExtractor) -> None:
    made = extractor(max_pool_size=1)
    for what in ("!x", "!g", "!c", "!x", "!e2", "!t", "fine"):
        made.run(what, URL)
    metrics = made.metrics()
    assert {
        name: metrics[name]
        for name in (
            "riptide_wasm_memory_pages",
            "riptide_wasm_peak_memory_pages",
            "riptide_wasm_grow_failed_total",
            "riptide_wasm_memory_limit_pages",
            "riptide_wasm_errors_total",
            "riptide_wasm_cleanups_performed_total",
            "riptide_errors_total",
        )
    } == {
        "riptide_wasm_memory_pages": START_PAGES,
        "riptide_wasm_peak_memory_pages": FULL,
        "riptide_wasm_grow_failed_total": 3,
        "riptide_wasm_memory_limit_pages": 4096,
        "riptide_wasm_errors_total": 4,
        # The instance of "!c" is full: it is recycled as the failed ones are.
        "riptide_wasm_cleanups_performed_total": 4,
        "riptide_errors_total": {"memory_limit": 2, "parse": 1, "trap": 1},
    }


# The tracker by itself.


def test_reset_for_reuse_restarts_one_use_and_keeps_the_life() -> None:
    tracker = MemoryTracker(100, exact=True)
    tracker.start(10)
    tracker.grow(80, lambda: True)
    tracker.grow(80, lambda: True)
    tracker.free(50)
    tracker.reset_for_reuse()
    assert figures(tracker) == {
        "current": 40,
        "peak": 90,
        "max": 100,
        "grow_failures": 1,
        "use_grow_failures": 0,
        "pressure": 40.0,
        "high": False,
    }


@pytest.mark.parametrize(
    ("pages", "options", "high"),
    [
        (80, {}, False),
        (81, {}, True),
        (50, {"pressure_threshold": 50}, False),
        (51, {"pressure_threshold": 50}, True),
    ],
)
def test_pressure_is_high_above_the_threshold_only(pages: int, options: dict[str, float], high: bool) -> None:
    tracker = MemoryTracker(100, exact=True, **options)
    tracker.start(pages)
    assert (tracker.memory_pressure(), tracker.is_high_memory_pressure()) == (float(pages), high)


def test_cleanup_is_done_once_whoever_comes_first() -> None:
    tracker = MemoryTracker(100, exact=True)
    barrier = threading.Barrier(16)
    done: list[bool] = []

    def clean() -> None:
        barrier.wait()
        done.extend(tracker.cleanup() for _ in range(100))

    threads = [threading.Thread(target=clean) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (done.count(True), len(done), tracker.wasm_cleanups_performed) == (1, 1600, 1)


def test_an_instance_is_closed_once_whoever_comes_first(runtime: MakeRuntime) -> None:
    made, config = runtime()
    before = len(memory._memories)
    for number in range(20):
        instance = Instance(made, config, number)
        barrier = threading.Barrier(8)

        def close(instance: Instance = instance, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            instance.close()

        threads = [threading.Thread(target=close) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (instance.tracker.wasm_cleanups_performed, instance.tracker.current_pages) == (1, 0)
    assert len(memory._memories) == before


def test_a_growth_is_told_though_no_call_came_back_after_it(caplog: pytest.LogCaptureFixture) -> None:
    tracker = MemoryTracker(100, exact=True)
    with caplog.at_level(logging.DEBUG, "scrapy_riptide.wasm.memory_tracker"):
        tracker.grow(1, lambda: True)
        tracker.cleanup()
    assert len(caplog.records) == 1


def test_a_growth_is_one_debug_line(runtime: MakeRuntime, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "scrapy_riptide.wasm.memory_tracker"):
        instance = Instance(*runtime(memory_limit_pages=40), number=1)
        tell(instance, "!c")
        instance.close()
    assert [record.getMessage() for record in caplog.records] == [
        "linear memory growth allowed: current 17 pages, desired 33 pages, limit 40 pages",
        "linear memory growth denied: current 33 pages, desired 49 pages, limit 40 pages",
    ]
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}


def test_without_debug_logging_growths_are_not_kept(runtime: MakeRuntime) -> None:
    instance = Instance(*runtime(), number=1)
    tell(instance, "!c")
    assert instance.tracker._events == []
    instance.close()


# Where memories can't be made here: limits hold, and what can't be known is None.


@pytest.fixture
def no_creator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CREATOR_AVAILABLE", False)


@pytest.mark.usefixtures("no_creator")
def test_without_the_creator_the_limit_holds_and_no_counter_is_invented(extractor: MakeExtractor) -> None:
    made = extractor(memory_limit_mb=8, max_pool_size=1)
    before = len(memory._memories)
    outcome = made.run("!x", URL)
    assert outcome.error is not None
    assert made.extract("x" * 4 * MIB, URL).text == "x" * 4 * MIB
    assert made.run("x" * 8 * MIB, URL).error is not None
    assert len(memory._memories) == before
    metrics, health = made.metrics(), made.health()
    assert [
        metrics[name]
        for name in (
            "riptide_wasm_memory_pages",
            "riptide_wasm_peak_memory_pages",
            "riptide_wasm_grow_failed_total",
            "riptide_pool_pressure",
        )
    ] == [None] * 4
    assert (health["status"], health["memory_counters"], health["memory_usage_mb"]) == (
        "ok",
        "unavailable",
        None,
    )
    assert health["memory_pressure"] is None


@pytest.mark.usefixtures("no_creator")
def test_without_the_creator_stats_say_what_the_guest_says(extractor: MakeExtractor) -> None:
    _, stats = extractor().extract_with_stats("hello", URL)
    assert stats.memory_used == 0  # the guest's own word, and this guest says 0


@pytest.mark.usefixtures("no_creator")
def test_without_the_creator_a_guest_over_the_limit_is_told_with_the_remedy(
    cache_dir: object, config: Configure
) -> None:
    with (
        Extractor(config(memory_limit_pages=START_PAGES - 1)) as made,
        pytest.raises(errors.ConfigError, match="raise memory_limit_mb"),
    ):
        made.extract("hello", URL)


@pytest.mark.usefixtures("no_creator")
def test_without_the_creator_an_instance_knows_no_figure(runtime: MakeRuntime) -> None:
    instance = Instance(*runtime(), number=1)
    tell(instance, "!g")
    assert figures(instance.tracker) == {
        "current": None,
        "peak": None,
        "max": 4096,
        "grow_failures": None,
        "use_grow_failures": None,
        "pressure": None,
        "high": False,
    }
    assert instance.memory_bytes is None
    instance.close()


def test_a_larger_start_is_counted_from_its_start(
    tmp_path_factory: pytest.TempPathFactory, extractor: MakeExtractor
) -> None:
    component = write_misbehaving(tmp_path_factory.mktemp("larger"), start_pages=100)
    made = extractor(component=str(component))
    made.extract("hello", URL)
    assert made.metrics()["riptide_wasm_memory_pages"] == 100
