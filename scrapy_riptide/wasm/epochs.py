"""Deadlines by epochs: a thread advances an engine's epoch, and so ends guests that run too long.

Epochs only ever advance for a whole engine; a store says at how many ticks from now it wants to
trap. The thread sleeps while no guest has run for a while, and makes up for ticks it missed when
the process was too busy to wake it in time, so a deadline is met within two ticks of the clock.
"""

from __future__ import annotations

import math

from wasmtime import Engine, Store

from scrapy_riptide.wasm import deadline
from scrapy_riptide.wasm.deadline import Deadline, DeadlineKeeper

#: Seconds between two ticks. A budget of 50 ms ended after 50 to 60 ms with it.
TICK_S = 0.01

# How long the thread goes on ticking after the last guest, rather than being woken for each.
_LINGER_S = 1.0


def ticks(seconds: float) -> int:
    """The deadline for ``seconds``, in ticks: never early, so one more for the tick under way."""
    return math.ceil(seconds / TICK_S) + 1


class EpochDeadline(Deadline):
    """A number of ticks that is set in the guest's store."""

    def __init__(self, keeper: EpochTicker, store: Store) -> None:
        super().__init__(keeper)
        self._ticker = keeper
        self._store = store
        #: How far it is away at most.
        self.ticks = 0

    def set(self, seconds: float) -> None:
        """As the base class says."""
        self._ticker.catch_up()
        self.ticks = ticks(seconds)
        self._store.set_epoch_deadline(self.ticks)

    def has_stopped(self, trap: str) -> bool:
        """As the base class says."""
        return "interrupt" in trap


class EpochTicker(DeadlineKeeper[EpochDeadline]):
    """Advances the epoch of one engine while guests run."""

    def __init__(self, engine: Engine) -> None:
        super().__init__("riptide-epochs")
        self._engine = engine
        self._last_active = 0.0
        #: The moment up to which the epoch has been advanced.
        self._epoch_s = deadline.clock.monotonic()
        self._thread.start()

    def deadline(self, store: Store) -> EpochDeadline:
        """As the base class says."""
        return EpochDeadline(self, store)

    def catch_up(self) -> None:
        """Makes up for the ticks that are due, so that they don't shorten a deadline set next.

        On a busy machine, or while another thread holds the GIL, the ticker's thread may come late.
        """
        with self._lock:
            now = deadline.clock.monotonic()
            if self._running:
                self._advance(now)
            else:
                self._epoch_s = now

    def end(self, deadline_: EpochDeadline) -> None:
        """As the base class says."""
        super().end(deadline_)
        self._last_active = deadline.clock.monotonic()

    def _sleeps_through(self, _: EpochDeadline) -> bool:
        return True  # unless it ticks: whether it does, it says by the event

    def _expire(self) -> None:
        with self._lock:
            away = max((each.ticks for each in self._running), default=0)
            for each in self._running:
                each.ticks = 0
        for _ in range(away):
            if not self._running:
                return
            self._engine.increment_epoch()

    def _keep(self) -> None:
        while not self._stopped:
            try:
                self._wake.wait()
            except (MemoryError, RuntimeError):  # as in polling.py: the process has no memory left
                deadline.clock.sleep(TICK_S)
                continue
            while not self._stopped:
                deadline.clock.sleep(TICK_S)
                now = deadline.clock.monotonic()
                with self._lock:
                    self._advance(now)
                if not self._running and now - self._last_active > _LINGER_S:
                    break
            if self._stopped:
                return
            self._wake.clear()
            # A guest may have started between the look and the clearing.
            if self._running:
                self._wake.set()

    def _advance(self, now: float) -> None:
        due = int((now - self._epoch_s) / TICK_S)
        self._epoch_s += due * TICK_S
        for _ in range(due):
            self._engine.increment_epoch()
