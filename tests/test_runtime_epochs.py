"""What stops the guests of components without polls: an engine's epoch, and a store's deadline in ticks."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from conftest import MakeRuntime
from spinning import spin
from waiting import wait_for

from scrapy_riptide.wasm import deadline, epochs
from scrapy_riptide.wasm.deadline import Clock
from scrapy_riptide.wasm.epochs import TICK_S, EpochTicker, ticks
from scrapy_riptide.wasm.instance import Instance


class SlowClock(Clock):
    """For a ticker whose thread is not woken for half a second."""

    def sleep(self, _: float) -> None:
        time.sleep(0.5)


def test_ticks_that_come_late_shorten_nobodys_deadline(
    runtime: MakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "clock", SlowClock())
    made, config = runtime(timeout_secs=0.3)
    first, second = Instance(made, config, 1), Instance(made, config, 2)
    thread = threading.Thread(target=spin, args=[first])
    thread.start()
    # The second guest starts just before the thread wakes, with 45 ticks to make up for.
    time.sleep(0.45)
    assert spin(second) >= 0.3
    thread.join()
    first.close()
    second.close()


def test_late_ticks_are_made_up_for(runtime: MakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "clock", SlowClock())
    made, config = runtime(timeout_secs=0.9)
    instance = Instance(made, config, 1)
    # Woken twice in the time of 90 ticks: without making up, this guest would run for 45 seconds.
    assert 0.9 <= spin(instance) < 40
    instance.close()


def test_parts_of_ticks_add_up_to_ticks() -> None:
    class Epochs:
        count = 0

        def increment_epoch(self) -> None:
            self.count += 1

    engine: Any = Epochs()
    ticker = EpochTicker(engine)
    ticker._epoch_s = 100.0
    for step in range(1, 101):  # the thread is woken each 19 ms
        ticker._advance(100.0 + step * 0.019)
    ticker.close()
    assert engine.count in (189, 190)


def test_the_ticker_sleeps_without_guests_and_wakes_for_the_next(
    runtime: MakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epochs, "_LINGER_S", 0.02)
    made, config = runtime(timeout_secs=0.05)
    instance = Instance(made, config, 1)
    spin(instance)
    wait_for(lambda: not made.deadlines._wake.is_set(), "it sleeps")
    again = Instance(made, config, 2)
    assert spin(again) >= 0.05
    instance.close()
    again.close()


@pytest.mark.parametrize("seconds", [0.001, 0.01, 0.0101, 1, 30, 86400])
def test_a_deadline_in_ticks_is_never_early(seconds: float) -> None:
    assert (ticks(seconds) - 1) * TICK_S >= seconds - 1e-9
    assert (ticks(seconds) - 2) * TICK_S < seconds


def test_a_ticker_is_closed_once_and_for_all(runtime: MakeRuntime) -> None:
    made, _ = runtime()
    ticker = EpochTicker(made.engine)
    ticker.close()
    ticker.close()
    assert not ticker.is_alive()
