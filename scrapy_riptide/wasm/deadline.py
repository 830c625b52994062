"""How a guest that runs too long is stopped: what the ways to do so have in common.

There are two. The packaged guest looks at a page of its memory in every loop, which the host takes
away to stop it (``polling.py``): that costs a guest 1.1 % of CPU time. Any other component, and any on
a system where memories can't be made, counts epochs (``epochs.py``), which wasmtime compiles into it: 22 %.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Generic, TypeVar

from wasmtime import Store

from scrapy_riptide.errors import ExtractorClosed
from scrapy_riptide.wasm.polling_page import PollingPage
from scrapy_riptide.wasm.threads import RuntimeThread


class Clock:
    """What the threads that keep deadlines go by."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits so long."""
        time.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float | None) -> None:
        """Waits for ``event``, for so long at most; ``None`` is for ever."""
        event.wait(seconds)


#: Tests have others.
clock = Clock()


class Deadline(ABC):
    """When one guest is stopped. After :meth:`set`, a context manager around whatever it runs."""

    #: What stops the guest, for whoever makes its memory; None for another way to stop it.
    polling_page: PollingPage | None = None

    def __init__(self, keeper: DeadlineKeeper[Any]) -> None:
        self._keeper = keeper

    @abstractmethod
    def set(self, seconds: float) -> None:
        """Stops what runs next after so many seconds, never earlier."""

    @abstractmethod
    def has_stopped(self, trap: str) -> bool:
        """Whether it was this that ended the guest. ``trap`` is wasmtime's word for how it ended."""

    def __enter__(self) -> None:
        self._keeper.begin(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._keeper.end(self)


_D = TypeVar("_D", bound=Deadline)


class DeadlineKeeper(ABC, Generic[_D]):
    """The deadlines of all guests of a runtime, and the thread that keeps them."""

    def __init__(self, thread_name: str) -> None:
        self._lock = threading.Lock()
        self._running: set[_D] = set()
        self._ended = False
        self._wake = threading.Event()
        self._stopped = False
        self._thread = RuntimeThread(self._keep, thread_name)

    @abstractmethod
    def deadline(self, store: Store) -> _D:
        """The deadline of the guest of ``store``."""

    @property
    def running(self) -> int:
        """Guests that run now."""
        return len(self._running)

    @property
    def ended(self) -> bool:
        """Whether :meth:`expire_all` was called."""
        return self._ended

    def begin(self, deadline: _D) -> None:
        """From now on the deadline is kept.

        :raises ExtractorClosed: all were expired, and no guest starts any more
        """
        with self._lock:
            if self._ended:
                raise ExtractorClosed("the extractor is closed")
            self._running.add(deadline)
            sleeps = self._sleeps_through(deadline)
        if sleeps and not self._wake.is_set():
            self._wake.set()

    def end(self, deadline: _D) -> None:
        """From now on the deadline stops nobody."""
        with self._lock:
            self._running.discard(deadline)

    def is_alive(self) -> bool:
        """Whether deadlines are kept: a guest must not be started otherwise."""
        return self._thread.is_alive()

    def expire_all(self, timeout_s: float = 2.0) -> bool:
        """Brings every running guest to its deadline now, and lets none start any more.

        Returns whether all had ended within ``timeout_s``.
        """
        with self._lock:
            self._ended = True
        # However long that takes on a busy machine: a guest that is not stopped would run to its deadline.
        self._expire()
        end = time.monotonic() + timeout_s
        while self._running and time.monotonic() < end:
            time.sleep(0.001)
            self._expire()
        return not self._running

    def close(self) -> None:
        """Stops the thread; the engine may be closed afterwards."""
        self._stopped = True
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    @abstractmethod
    def _keep(self) -> None:
        """What the thread does, until ``_stopped``."""

    @abstractmethod
    def _sleeps_through(self, deadline: _D) -> bool:
        """Whether the thread would not wake in time for it. Called with the lock."""

    @abstractmethod
    def _expire(self) -> None:
        """Stops all that run, as far as it can be done at once."""
