"""How many pages of linear memory an instance has, and how many it may have."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import NamedTuple

logger = logging.getLogger(__name__)


class Growth(NamedTuple):
    """A growth of a memory that a guest asked for, in pages of 64 KiB over the whole instance."""

    current_pages: int
    desired_pages: int
    limit_pages: int
    allowed: bool

    @property
    def outcome(self) -> str:
        """In words: what is denied within the limit, the system had no memory for."""
        if self.allowed:
            return "allowed"
        return "denied" if self.desired_pages > self.limit_pages else "denied by the system"


class MemoryTracker:
    """The linear memory of one instance, all its core memories together, in pages of 64 KiB.

    ``current_pages``, ``peak_pages`` and ``grow_failures`` are ``None`` where they can't be known
    (see :attr:`exact`). ``grow_failures`` counts the instance's whole life; what
    :meth:`reset_for_reuse` restarts is the view of one use.
    """

    def __init__(self, max_pages: int, *, exact: bool, pressure_threshold: float = 80.0) -> None:
        #: The limit, over all memories of the instance.
        self.max_pages = max_pages
        #: Whether the counters are counted.
        self.exact = exact
        self._pressure_threshold = pressure_threshold
        self._lock = threading.Lock()
        self._current = 0
        self._peak = 0
        self._denied = 0
        self._use_denied = 0
        self._refused_start: int | None = None
        self._events: list[Growth] = []
        self._cleaned = False
        #: Extractions of the instance that ended in an error of any kind.
        self.wasm_errors = 0
        #: 1 once :meth:`cleanup` has done its work.
        self.wasm_cleanups_performed = 0

    @property
    def current_pages(self) -> int | None:
        """Pages in use now."""
        return self._current if self.exact else None

    @property
    def peak_pages(self) -> int | None:
        """The most pages that were in use at once, since the instance was made."""
        return self._peak if self.exact else None

    @property
    def grow_failures(self) -> int | None:
        """Growths denied since the instance was made."""
        return self._denied if self.exact else None

    @property
    def use_grow_failures(self) -> int | None:
        """Growths denied since the last :meth:`reset_for_reuse`."""
        return self._use_denied if self.exact else None

    @property
    def refused_start_pages(self) -> int | None:
        """Pages that the guest wanted to start with, when that is over the limit."""
        return self._refused_start

    def memory_pressure(self) -> float | None:
        """Pages in use, in percent of the limit."""
        return 100.0 * self._current / self.max_pages if self.exact else None

    def is_high_memory_pressure(self) -> bool:
        """Whether the pressure is above the threshold (80 % unless configured). Unknown is not high."""
        pressure = self.memory_pressure()
        return pressure is not None and pressure > self._pressure_threshold

    def reset_for_reuse(self) -> None:
        """Starts the figures of one use anew; what counts the instance's life stays."""
        with self._lock:
            self._use_denied = 0

    def record_error(self) -> None:
        """Counts an extraction that failed."""
        with self._lock:
            self.wasm_errors += 1

    def cleanup(self) -> bool:
        """Marks the instance's memory as given up; whether this call was the one to do so.

        Every way out of an instance leads here, some at the same time: only the first counts.
        """
        with self._lock:
            if self._cleaned:
                return False
            self._cleaned = True
            self.wasm_cleanups_performed = 1
        self.log_growths()
        return True

    def log_growths(self) -> None:
        """Writes the growths since the last call, one DEBUG line each.

        They are kept until the guest is out: a log handler is no code to run inside its call.
        """
        if not self._events:
            return
        with self._lock:
            events, self._events = self._events, []
        for each in events:
            logger.debug(
                "linear memory growth %s: current %d pages, desired %d pages, limit %d pages",
                each.outcome,
                each.current_pages,
                each.desired_pages,
                each.limit_pages,
            )

    def start(self, pages: int) -> bool:
        """Counts a memory that begins with so many pages; False where that is over the limit."""
        with self._lock:
            if self._current + pages > self.max_pages:
                self._refused_start = self._current + pages
                return False
            self._current += pages
            self._peak = max(self._peak, self._current)
            return True

    def grow(self, pages: int, get: Callable[[], bool]) -> bool:
        """Counts a growth by so many pages, which ``get`` has the system give; False where it was denied."""
        # Only what the system has given was ever in use.
        with self._lock:
            desired = self._current + pages
            allowed = desired <= self.max_pages and get()
            if logger.isEnabledFor(logging.DEBUG):
                self._events.append(Growth(self._current, desired, self.max_pages, allowed))
            if not allowed:
                self._denied += 1
                self._use_denied += 1
                return False
            self._current = desired
            self._peak = max(self._peak, desired)
            return True

    def free(self, pages: int) -> None:
        """Counts a memory of so many pages as gone."""
        with self._lock:
            self._current -= pages
