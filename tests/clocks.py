"""Clocks for the thread that keeps deadlines, so that no busy machine decides how a test ends.

``monkeypatch.setattr(deadline, "clock", OwnTime())``
"""

from __future__ import annotations

import threading
import time

from scrapy_riptide.wasm.deadline import Clock


class Watched(Clock):
    """Whoever waits looks at the clock again and again, since it goes otherwise than the wall's."""

    def wait(self, event: threading.Event, seconds: float | None) -> None:
        event.wait(0.01 if seconds is None else min(seconds, 0.01))


class OwnTime(Watched):
    """Goes on only while this process has a processor, and never faster than the wall's clock.

    A guest that spins meets its deadline. One that works a little doesn't because others had the machine.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # From the wall's: a thread that outlives the test, and this clock, finds itself a little late there.
        self._now = self._wall = time.monotonic()
        self._cpu = time.process_time()

    def monotonic(self) -> float:
        """Seconds that this process has worked."""
        with self._lock:
            wall, cpu = time.monotonic(), time.process_time()
            self._now += min(wall - self._wall, cpu - self._cpu)
            self._wall, self._cpu = wall, cpu
            return self._now


class HeldTime(Watched):
    """Stands still until :meth:`go_on`: until then no guest meets its deadline, however long it spins."""

    def __init__(self) -> None:
        self._now = time.monotonic()

    def monotonic(self) -> float:
        """The moment at which time stands."""
        return self._now

    def go_on(self, seconds: float) -> None:
        """So much later at once."""
        self._now += seconds
