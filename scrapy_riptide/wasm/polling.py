"""Deadlines by polling pages: a thread sleeps until the next one, and protects the page of who met it.

The guest traps at its next look at the page, within a microsecond or so. That takes wasmtime's signal
handlers, as every access out of bounds does, so they are put back first, should somebody have
replaced them since the guest was started.
"""

from __future__ import annotations

import math
from types import TracebackType

from wasmtime import Store

from scrapy_riptide.errors import InternalError
from scrapy_riptide.wasm import deadline
from scrapy_riptide.wasm.deadline import Deadline, DeadlineKeeper
from scrapy_riptide.wasm.engine import keep_trap_handlers
from scrapy_riptide.wasm.polling_page import PollingPage

# When to try again where the system refuses to protect a page, or has no memory.
_RETRY_S = 0.01


class PolledDeadline(Deadline):
    """A moment of the clock, and the page that is protected then."""

    def __init__(self, keeper: PollingKeeper) -> None:
        super().__init__(keeper)
        self.polling_page: PollingPage = PollingPage()
        #: By the clock.
        self.at = math.inf

    def set(self, seconds: float) -> None:
        """As the base class says."""
        self.at = deadline.clock.monotonic() + seconds

    def has_stopped(self, trap: str) -> bool:
        """As the base class says."""
        return self.polling_page.is_protected

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        # A guest that ended just in time is not to be stopped in its next call. Any other is thrown away.
        if kind is None and not self.polling_page.release():
            raise InternalError("the page by which a guest is stopped can't be made readable again")


class PollingKeeper(DeadlineKeeper[PolledDeadline]):
    """Protects the polling pages of guests that run too long."""

    def __init__(self) -> None:
        super().__init__("riptide-deadlines")
        #: When the thread wakes by itself.
        self._wakes_at = math.inf
        self._thread.start()

    def deadline(self, store: Store) -> PolledDeadline:
        """As the base class says."""
        return PolledDeadline(self)

    def _sleeps_through(self, deadline_: PolledDeadline) -> bool:
        return deadline_.at < self._wakes_at

    def _expire(self) -> None:
        with self._lock:
            self._protect(self._running)

    def _keep(self) -> None:
        while not self._stopped:
            try:
                sleep_s = self._stop_the_late()
                deadline.clock.wait(self._wake, sleep_s)
            except (MemoryError, RuntimeError):
                # The process has no memory left: to wait takes a lock, which Python says by a RuntimeError
                # can't be had. It may have some again in a moment, and who runs now is to be stopped then.
                deadline.clock.sleep(_RETRY_S)
            self._wake.clear()

    def _stop_the_late(self) -> float | None:
        """Seconds until the next deadline; None where no guest runs."""
        # With the lock: whoever is not among the running any more is not stopped.
        with self._lock:
            now = deadline.clock.monotonic()
            late = {each for each in self._running if each.at <= now}
            missed = not self._protect(late)
            self._wakes_at = min((each.at for each in self._running - late), default=math.inf)
            if missed:
                self._wakes_at = min(self._wakes_at, now + _RETRY_S)
            return None if self._wakes_at == math.inf else self._wakes_at - now

    @staticmethod
    def _protect(guests: set[PolledDeadline]) -> bool:
        """Whether all of them will be stopped."""
        if not guests:
            return True
        keep_trap_handlers()
        return sum(each.polling_page.protect() for each in guests) == len(guests)
