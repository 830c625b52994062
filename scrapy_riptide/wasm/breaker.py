"""The circuit breaker: after repeated failures of the machinery, leave it alone for a while.

Closed, every extraction goes through. After ``failure_threshold`` failures in a row it opens and
refuses, for ``recovery_timeout_s``. Then it is half-open: a few trial extractions go through, and
when all of them succeed it closes; the first that fails opens it again.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from scrapy_riptide.errors import CircuitOpen


class BreakerState(str, Enum):
    """The three states, under their usual names."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Permit(NamedTuple):
    """Leave for one extraction. Has to be handed back with its outcome."""

    #: Which period between two transitions it was given in: what began before counts no more.
    period: int


class CircuitBreaker:
    """Safe for any number of threads. ``clock`` gives seconds and is there for tests."""

    def __init__(
        self,
        failure_threshold: int = 5,
        recovery_timeout_s: float = 60.0,
        half_open_max_requests: int = 3,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failure_threshold = failure_threshold
        self._recovery_timeout_s = recovery_timeout_s
        self._half_open_max_requests = half_open_max_requests
        self._clock = clock
        self._lock = threading.Lock()
        self._state = BreakerState.CLOSED
        self._period = 0
        self._failures = 0
        self._opened_at = 0.0
        self._trials_given = 0
        self._trials_succeeded = 0
        self._transitions: Counter[BreakerState] = Counter()

    @property
    def state(self) -> BreakerState:
        """The state now. An open breaker whose time is over is half-open, though no document came yet.

        Its transition is counted with the first document.
        """
        with self._lock:
            if self._state is BreakerState.OPEN and self._left_s() <= 0:
                return BreakerState.HALF_OPEN
            return self._state

    def transitions(self) -> dict[str, int]:
        """How often each state was entered."""
        with self._lock:
            return {state.value: self._transitions[state] for state in BreakerState}

    def acquire(self) -> Permit:
        """Leave for one extraction, or :class:`~scrapy_riptide.errors.CircuitOpen`."""
        with self._lock:
            if self._state is BreakerState.OPEN:
                left_s = self._left_s()
                if left_s > 0:
                    raise _refusal(left_s)
                self._enter(BreakerState.HALF_OPEN)
            if self._state is BreakerState.HALF_OPEN:
                if self._trials_given >= self._half_open_max_requests:
                    raise _refusal(0.0, "when the trial extractions under way have succeeded")
                self._trials_given += 1
            return Permit(self._period)

    def refusal(self) -> CircuitOpen:
        """What :meth:`acquire` raises while the breaker is open."""
        return _refusal(max(self._left_s(), 0.0), "with the next document")

    def _left_s(self) -> float:
        return self._opened_at + self._recovery_timeout_s - self._clock()

    def success(self, permit: Permit) -> None:
        """The machinery did its work, whatever it found the document to be."""
        with self._lock:
            if permit.period != self._period:
                return
            if self._state is BreakerState.HALF_OPEN:
                self._trials_succeeded += 1
                if self._trials_succeeded >= self._half_open_max_requests:
                    self._enter(BreakerState.CLOSED)
            else:
                self._failures = 0

    def failure(self, permit: Permit) -> None:
        """The machinery failed."""
        with self._lock:
            if permit.period != self._period:
                return
            self._failures += 1
            if self._state is BreakerState.HALF_OPEN or self._failures >= self._failure_threshold:
                self._opened_at = self._clock()
                self._enter(BreakerState.OPEN)

    def abandon(self, permit: Permit) -> None:
        """The extraction did not take place; a trial may be given again."""
        with self._lock:
            if permit.period == self._period and self._state is BreakerState.HALF_OPEN:
                self._trials_given -= 1

    def reset(self) -> None:
        """Closes the breaker, as if nothing had failed."""
        with self._lock:
            if self._state is not BreakerState.CLOSED:
                self._enter(BreakerState.CLOSED)
            self._failures = 0

    def _enter(self, state: BreakerState) -> None:
        self._state = state
        self._period += 1
        self._failures = self._trials_given = self._trials_succeeded = 0
        self._transitions[state] += 1


def _refusal(left_s: float, at_once: str = "") -> CircuitOpen:
    when = f"in {math.ceil(left_s)} s" if left_s else at_once
    return CircuitOpen(
        f"the circuit breaker is open after repeated failures; it tries again {when}", retry_in_s=left_s
    )
