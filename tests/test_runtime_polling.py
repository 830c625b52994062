"""What stops the packaged guest: a page of its memory, protected when its deadline has come."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

import pytest
from clocks import HeldTime
from conftest import Configure, MakeExtractor, MakeRuntime
from misbehaving import START_PAGES
from spinning import spin
from waiting import wait_for

from scrapy_riptide import Extractor, errors
from scrapy_riptide.wasm import deadline as module
from scrapy_riptide.wasm import polling
from scrapy_riptide.wasm.contract import lower_mode
from scrapy_riptide.wasm.deadline import Clock
from scrapy_riptide.wasm.engine import EngineSettings
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.lifting import lower_string
from scrapy_riptide.wasm.polling import PolledDeadline, PollingKeeper
from scrapy_riptide.wasm.polling_page import PollingPage
from scrapy_riptide.wasm.runtime import engine_settings

URL = "https://example.com/"


@pytest.fixture
def config(polls_config: Configure) -> Configure:
    """A configuration of the misbehaving component with polls."""
    return polls_config


class Access:
    """What was done to a page, in order: True for readable."""

    def __init__(self, *, refusals: int = 0) -> None:
        self.done: list[bool] = []
        self._refusals = refusals

    def __call__(self, readable: bool) -> bool:
        if self._refusals:
            self._refusals -= 1
            return False
        self.done.append(readable)
        return True


# The page.


def test_a_page_is_protected_once_and_released_once() -> None:
    page, access = PollingPage(), Access()
    page.place(access)
    assert (page.protect(), page.protect(), page.is_protected) == (True, True, True)
    assert (page.release(), page.release(), page.is_protected) == (True, True, False)
    assert access.done == [False, True]


def test_a_page_without_a_place_is_protected_when_it_has_one() -> None:
    page, access = PollingPage(), Access()
    assert page.protect()
    assert not page.is_protected
    page.place(access)
    assert page.is_protected
    assert access.done == [False]


def test_a_page_that_is_gone_is_left_alone() -> None:
    page, access = PollingPage(), Access()
    page.place(access)
    page.remove()
    assert page.protect()
    assert not page.is_protected
    assert access.done == []


def test_a_refusal_of_the_systems_is_said_and_can_be_overcome() -> None:
    page, access = PollingPage(), Access(refusals=1)
    page.place(access)
    assert (page.protect(), page.is_protected) == (False, False)
    assert (page.protect(), page.is_protected) == (True, True)


# The thread.


@pytest.fixture
def keeper() -> Any:
    made: Any = PollingKeeper()
    # Else its first look could be at what a test gives it, which wakes it for a second one.
    wait_for(lambda: made._wake._cond._waiters, "its thread sleeps")
    yield made
    made.close()


def deadline(keeper: PollingKeeper, seconds: float, access: Access) -> PolledDeadline:
    store: Any = None  # of a guest that is stopped without wasmtime's help
    made = keeper.deadline(store)
    made.polling_page.place(access)
    made.set(seconds)
    return made


def test_only_who_met_the_deadline_is_stopped(keeper: PollingKeeper) -> None:
    late, early = Access(), Access()
    with deadline(keeper, 3600, early), deadline(keeper, 0.02, late):
        wait_for(lambda: late.done == [False], "it is stopped")
    assert early.done == []


def test_a_guest_that_ends_just_in_time_is_not_stopped_the_next_time(keeper: PollingKeeper) -> None:
    access = Access()
    one = deadline(keeper, 0, access)
    with one:
        wait_for(lambda: one.polling_page.is_protected, "its deadline has come")
    assert (access.done, one.has_stopped("")) == ([False, True], False)
    one.set(3600)
    with one:
        time.sleep(0.05)
    assert access.done == [False, True]


def test_who_has_ended_is_not_stopped_any_more(held_time: HeldTime, keeper: PollingKeeper) -> None:
    ended, running = Access(), Access()
    with deadline(keeper, 1, running):
        with deadline(keeper, 1, ended):
            pass
        held_time.go_on(2)
        wait_for(lambda: running.done == [False], "who still runs is stopped")
    assert ended.done == []


def test_a_page_that_stays_protected_is_an_error(keeper: PollingKeeper) -> None:
    one = deadline(keeper, 0, Access())
    one.__enter__()
    wait_for(lambda: one.polling_page.is_protected, "its deadline has come")
    one.polling_page.place(Access(refusals=1))
    with pytest.raises(errors.InternalError, match="can't be made readable again"):
        one.__exit__(None, None, None)


def test_a_refusal_is_tried_again(keeper: PollingKeeper) -> None:
    access = Access(refusals=3)
    with deadline(keeper, 0, access):
        wait_for(lambda: access.done == [False], "the page is protected in the end")


def test_the_thread_outlives_a_shortage_of_memory(
    keeper: PollingKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ShortOfMemory(Clock):
        shortages: ClassVar[list[Exception]] = [MemoryError(), RuntimeError("can't allocate lock")]

        def wait(self, event: threading.Event, seconds: float | None) -> None:
            if self.shortages:
                raise self.shortages.pop()
            super().wait(event, seconds)

    monkeypatch.setattr(module, "clock", ShortOfMemory())
    keeper._wake.set()
    wait_for(lambda: not ShortOfMemory.shortages, "it was short of memory twice")
    access = Access()
    with deadline(keeper, 0.02, access):
        wait_for(lambda: access.done == [False], "the page is protected")


def test_the_thread_sleeps_until_the_next_deadline(keeper: PollingKeeper) -> None:
    with deadline(keeper, 3600, Access()) as _:
        wait_for(lambda: keeper._wakes_at < math.inf, "it knows the first")
        first = keeper._wakes_at
        for _ in range(100):  # documents that come later have later deadlines
            with deadline(keeper, 3600, Access()):
                assert not keeper._wake.is_set()
        assert keeper._wakes_at == first
        with deadline(keeper, 1800, Access()):
            wait_for(lambda: keeper._wakes_at < first, "an earlier one is not slept through")


def test_wasmtimes_signal_handlers_are_put_back_first(
    keeper: PollingKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    monkeypatch.setattr(polling, "keep_trap_handlers", lambda: order.append("handlers"))

    def protect(readable: bool) -> bool:
        order.append(f"readable={readable}")
        return True

    one = keeper.deadline(None)  # type: ignore[arg-type]
    one.polling_page.place(protect)
    one.set(0)
    with one:
        wait_for(lambda: len(order) == 2, "it is stopped")
    assert order == ["handlers", "readable=False", "readable=True"]


# Guests.


def test_a_guest_whose_memory_grew_is_stopped(runtime: MakeRuntime) -> None:
    made, config = runtime(timeout_secs=0.05)
    instance = Instance(made, config, 1)
    for _ in range(3):
        instance.call("extract", lower_string("!g"), lower_string(URL), lower_mode("article"))
    assert (instance.tracker.current_pages or 0) > START_PAGES + 3 * 16
    assert spin(instance) >= 0.05
    instance.close()


def test_guests_are_stopped_each_at_its_own_deadline(runtime: MakeRuntime) -> None:
    made, config = runtime(timeout_secs=600)
    took: dict[float, float] = {}

    def run(limit_s: float) -> None:
        instance = Instance(made, config, 1)
        started = time.monotonic()
        with pytest.raises(errors.ExtractionTimeout):
            instance.call(
                "extract", lower_string("!s"), lower_string(URL), lower_mode("article"), timeout_s=limit_s
            )
        took[limit_s] = time.monotonic() - started
        instance.close()

    threads = [threading.Thread(target=run, args=[limit_s]) for limit_s in (0.4, 0.1, 0.2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(took) == [0.1, 0.2, 0.4]
    assert all(seconds >= limit_s for limit_s, seconds in took.items()), took


def test_many_guests_are_stopped_and_replaced(extractor: MakeExtractor) -> None:
    made = extractor(timeout_secs=0.01, max_workers=2)
    for _ in range(100):
        assert isinstance(made.run("!s", URL).error, errors.ExtractionTimeout)
    assert made.metrics()["riptide_errors_total"] == {"timeout": 100}
    assert made.metrics()["riptide_wasm_grow_failed_total"] == 0


def test_a_packaged_component_without_polls_is_refused(
    config: Configure, misbehaving: Path, tmp_path: Path
) -> None:
    with (
        Extractor(config(component=str(misbehaving), cache_dir=str(tmp_path))) as made,
        pytest.raises(errors.ComponentError) as caught,
    ):
        made.run("fine", URL)
    assert str(caught.value) == (
        "the packaged component has no polls, so nothing would stop it: 'make guest' builds one that has"
    )


@pytest.mark.parametrize("enable_simd", [True, False])
def test_the_packaged_component_is_stopped_by_its_polls(
    real_extractor: MakeExtractor, real_config: Configure, enable_simd: bool
) -> None:
    settings = engine_settings(real_config(enable_simd=enable_simd))
    assert (settings.polls, settings.epochs) == (True, False)
    made = real_extractor(enable_simd=enable_simd, timeout_secs=0.01)
    with pytest.raises(errors.ExtractionTimeout):
        made.extract("<p>Words of a text" * 500_000, URL)


def test_any_other_component_is_stopped_by_epochs(real_config: Configure, misbehaving: Path) -> None:
    settings = engine_settings(real_config(component=str(misbehaving)))
    assert (settings.polls, settings.epochs) == (False, True)


def test_no_guest_is_stopped_both_ways() -> None:
    with pytest.raises(ValueError, match="by epochs or by polls, not by both"):
        EngineSettings(epochs=True, polls=True)
