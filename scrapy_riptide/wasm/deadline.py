"""Deadlines: a thread that advances an engine's epoch, and so ends guests that run too long.

Epochs only ever advance for a whole engine; a store says at how many ticks from now it wants to
trap. The thread sleeps while no guest has run for a while, and makes up for ticks it missed when
the process was too busy to wake it in time, so a deadline is met within two ticks of the clock.
"""

from __future__ import annotations

import math
import threading
import time
from types import TracebackType

from wasmtime import Engine

from scrapy_riptide.errors import ExtractorClosed
from scrapy_riptide.wasm.threads import RuntimeThread

#: Seconds between two ticks. A budget of 50 ms ended after 50 to 60 ms with it.
TICK_S = 0.01

# How long the thread goes on ticking after the last guest, rather than being woken for each.
_LINGER_S = 1.0
# Enough to reach any deadline that the configuration allows in a handful of batches.
_EXPIRE_BATCH = 4096


def ticks(seconds: float) -> int:
    """The deadline for ``seconds``, in ticks: never early, so one more for the tick under way."""
    return math.ceil(seconds / TICK_S) + 1


class EpochTicker:
    """Advances the epoch of one engine while guests run. A context manager around each call."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._running = 0
        self._last_active = 0.0
        #: The moment up to which the epoch has been advanced.
        self._epoch_s = time.monotonic()
        self._ended = False
        self._wake = threading.Event()
        self._stopped = False
        self._thread = RuntimeThread(self._tick, "riptide-epochs")
        self._thread.start()

    @property
    def running(self) -> int:
        """Guests that run now."""
        return self._running

    @property
    def ended(self) -> bool:
        """Whether :meth:`expire_all` was called."""
        return self._ended

    def catch_up(self) -> None:
        """Makes up for the ticks that are due, so that they don't shorten a deadline set next.

        On a busy machine, or while another thread holds the GIL, the ticker's thread may come late.
        """
        with self._lock:
            now = time.monotonic()
            if self._running:
                self._advance(now)
            else:
                self._epoch_s = now

    def __enter__(self) -> None:
        with self._lock:
            if self._ended:
                raise ExtractorClosed("the extractor is closed")
            self._running += 1
        if not self._wake.is_set():
            self._wake.set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._running -= 1
            self._last_active = time.monotonic()

    def is_alive(self) -> bool:
        """Whether deadlines are kept: a guest must not be started otherwise."""
        return self._thread.is_alive()

    def expire_all(self, timeout_s: float = 2.0) -> bool:
        """Brings every running guest to its deadline now, and lets none start any more.

        Returns whether all had ended within ``timeout_s``.
        """
        with self._lock:
            self._ended = True
        end = time.monotonic() + timeout_s
        while self._running and time.monotonic() < end:
            for _ in range(_EXPIRE_BATCH):
                self._engine.increment_epoch()
            time.sleep(0.001)
        return not self._running

    def close(self) -> None:
        """Stops the thread; the engine may be closed afterwards."""
        self._stopped = True
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _tick(self) -> None:
        while not self._stopped:
            self._wake.wait()
            while not self._stopped:
                time.sleep(TICK_S)
                now = time.monotonic()
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
