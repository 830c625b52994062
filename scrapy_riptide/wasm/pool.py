"""The instances of one runtime: who has which, how many there may be, and which are spent."""

from __future__ import annotations

import logging
import threading
import time
from bisect import insort
from itertools import count

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.errors import ExtractorClosed, PoolExhausted, RiptideError
from scrapy_riptide.wasm.contract import HEALTHY
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.leak import LeakWatch
from scrapy_riptide.wasm.pool_figures import PoolFigures, Tally
from scrapy_riptide.wasm.pressure import Pressure
from scrapy_riptide.wasm.runtime import Runtime

logger = logging.getLogger(__name__)

# An idle guest answers in microseconds.
_HEALTH_TIMEOUT_S = 1.0


def _last_use(instance: Instance) -> tuple[bool, float]:
    """The order of idle instances. One made ahead of need stays behind those that were used."""
    return instance.uses > 0, instance.last_used


class InstancePool:
    """At most ``size`` instances, made as they are needed and used again. Safe for any number of threads."""

    def __init__(self, runtime: Runtime, config: ExtractorConfig, size: int) -> None:
        self._runtime = runtime
        self._config = config
        self._size = size
        self._initial_size = min(config.initial_pool_size, size)
        # What the instances that there can be may hold: of a pool that can't fill up, no share says
        # anything.
        self._budget_pages = size * config.limit_pages
        self._changed = threading.Condition()
        #: Most recently used last: the first are the ones to let go.
        self._idle: list[Instance] = []
        self._active: dict[int, Instance] = {}
        self._watches: dict[int, LeakWatch] = {}
        self._making = 0
        self._numbers = count(1)
        self._closed = False
        self._tally = Tally()
        #: Retired, and closed by the next who comes by.
        self._spent: list[Instance] = []
        #: Retired, but not closed yet: these still have their memory.
        self._leaving = 0

    # Checkout and return

    def checkout(self, timeout_s: float) -> Instance:
        """An instance for the caller alone, within ``timeout_s`` seconds, or ``PoolExhausted``."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                if self._closed:
                    raise ExtractorClosed("the extractor is closed")
                instance = self._take()
                if instance is not None or self._may_add():
                    break
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise PoolExhausted(
                        f"no instance came free within {timeout_s:g} s: {len(self._active)} of "
                        f"{self._size} are at work",
                        active=len(self._active),
                        max=self._size,
                    )
                # What comes free as the time ends is looked at once more.
                self._changed.wait(left_s)
            self._tally.checkouts += 1
            if instance is not None:
                self._tally.reuses += instance.uses > 0
                self._active[instance.number] = instance
                return instance
            self._making += 1
        return self._make(active=True)

    def _take(self) -> Instance | None:
        if not self._idle or (self._pressure() is Pressure.CRITICAL and self._active):
            return None
        return self._idle.pop()

    def _there_are(self) -> int:
        """Instances that hold memory, or will in a moment or until they have given it back."""
        return len(self._active) + len(self._idle) + self._making + self._leaving

    def _may_add(self) -> bool:
        there_are = self._there_are()
        if not there_are:
            return True
        return there_are < self._size and self._pressure() not in (
            Pressure.HIGH,
            Pressure.CRITICAL,
        )

    def _make(self, *, active: bool) -> Instance:
        """Makes an instance, outside of the lock; ``_making`` has its place."""
        number = next(self._numbers)
        try:
            instance = Instance(self._runtime, self._config, number)
        except BaseException:
            with self._changed:
                self._making -= 1
                self._changed.notify()
            raise
        with self._changed:
            self._making -= 1
            self._tally.created += 1
            if self._config.enable_leak_detection:
                self._watches[number] = LeakWatch()
            if active:
                self._active[number] = instance
            elif self._closed:
                self._retire(instance, "closed")
            else:
                insort(self._idle, instance, key=_last_use)
                self._changed.notify()
        self._close_spent()
        return instance

    def give_back(self, instance: Instance, document_bytes: int = 0) -> None:
        """Takes an instance back after a use, or retires it."""
        with self._changed:
            self._active.pop(instance.number, None)
            reason = self._reason_to_retire(instance, document_bytes)
            if reason is None:
                self._idle.append(instance)
            else:
                self._retire(instance, reason)
            if self._pressure() in (Pressure.HIGH, Pressure.CRITICAL):
                # The one that came back is among them.
                self._reap(len(self._idle), "pressure")
            self._changed.notify_all()
        self._close_spent()

    def _reason_to_retire(self, instance: Instance, document_bytes: int) -> str | None:
        config, tracker = self._config, instance.tracker
        if self._closed:
            return "closed"
        if not instance.usable:
            return "failed"
        if not config.enable_reuse:
            return "reuse_off"
        if self._leaks(instance, document_bytes):
            return "leak"
        if instance.uses >= config.max_uses:
            return "uses"
        held = instance.memory_bytes
        if held is not None and held >= config.recycle_memory_bytes:
            return "memory"
        if config.aggressive_gc and tracker.is_high_memory_pressure():
            return "memory"
        return None

    def _leaks(self, instance: Instance, document_bytes: int) -> bool:
        watch, pages = self._watches.get(instance.number), instance.tracker.current_pages
        if watch is None or pages is None or not watch.record(document_bytes, pages):
            return False
        self._tally.leaks += 1
        logger.warning(
            "Instance %d leaks and is replaced: %d pages of growth within its last %d uses that no larger "
            "document explains, %d pages now, %d uses",
            instance.number,
            watch.unexplained_pages,
            watch.watched_uses,
            pages,
            instance.uses,
        )
        return True

    def _retire(self, instance: Instance, reason: str) -> None:
        self._tally.retired(instance, reason)
        self._watches.pop(instance.number, None)
        self._spent.append(instance)
        self._leaving += 1
        logger.debug("Instance %d retired (%s) after %d uses", instance.number, reason, instance.uses)

    def _close_spent(self) -> None:
        """Gives retired instances' memory back, outside of the lock: a large one takes milliseconds."""
        while self._spent:
            try:
                instance = self._spent.pop()
            except IndexError:  # another thread had the last one
                return
            instance.close()
            with self._changed:
                self._leaving -= 1
                self._tally.closed(instance)
                self._changed.notify()

    # Upkeep

    def warm(self) -> None:
        """Makes one instance ahead of need, as long as there are fewer than the initial ones."""
        with self._changed:
            there_are = self._there_are()
            if self._closed or there_are >= self._initial_size or self._pressure() is not Pressure.LOW:
                return
            self._making += 1
        self._make(active=False)

    def reap(self) -> None:
        """Lets go of idle instances beyond the initial ones whose time is over."""
        expiry_s = self._config.idle_expiry_secs
        if expiry_s is None:
            return
        now = time.monotonic()
        with self._changed:
            old = sum(now - each.last_used > expiry_s for each in self._idle)
            spare = len(self._idle) + len(self._active) - self._initial_size
            self._reap(min(old, max(spare, 0)), "idle")
        self._close_spent()

    def _reap(self, number: int, reason: str) -> None:
        gone, self._idle = self._idle[:number], self._idle[number:]
        for instance in gone:
            self._retire(instance, reason)

    def check_health(self) -> None:
        """Asks every idle instance for its health; one that doesn't say ok is replaced."""
        with self._changed:
            idle = list(self._idle)
        # One after another: the others are there for documents meanwhile.
        for instance in idle:
            with self._changed:
                if instance not in self._idle:
                    continue
                self._idle.remove(instance)
                self._active[instance.number] = instance
            healthy = self._is_healthy(instance)
            with self._changed:
                self._active.pop(instance.number, None)
                self._tally.health_checks += 1
                if self._closed:
                    self._retire(instance, "closed")
                elif healthy:
                    # Where it was: to be asked is no use, neither for its order nor for its expiry.
                    insort(self._idle, instance, key=_last_use)
                else:
                    self._retire(instance, "unhealthy")
                self._changed.notify()
        self._close_spent()
        with self._changed:
            self._tally.last_health_check_s = time.time()

    def _is_healthy(self, instance: Instance) -> bool:
        uses, last_used = instance.uses, instance.last_used
        try:
            status = getattr(instance.call("health-check", timeout_s=_HEALTH_TIMEOUT_S), "status", None)
        except RiptideError as error:
            logger.warning("Instance %d failed its health check and is replaced: %s", instance.number, error)
            return False
        instance.uses, instance.last_used = uses, last_used
        if status not in HEALTHY:
            logger.warning("Instance %d says it is %r and is replaced", instance.number, status)
            return False
        return True

    def _pressure(self) -> Pressure | None:
        if not self._runtime.settings.exact_memory:
            return None
        instances = (*self._active.values(), *self._idle)
        return Pressure.of(sum(each.tracker.current_pages or 0 for each in instances), self._budget_pages)

    # Figures and the end

    def figures(self) -> PoolFigures:
        """The figures now."""
        exact = self._runtime.settings.exact_memory
        with self._changed:
            active = list(self._active.values())
            return self._tally.figures(active, self._idle, self._budget_pages, exact=exact)

    def close(self) -> None:
        """Retires what is idle now, and what is at work when it comes back."""
        with self._changed:
            self._closed = True
            self._reap(len(self._idle), "closed")
            self._changed.notify_all()
        self._close_spent()

    @property
    def is_empty(self) -> bool:
        """Whether no instance is left."""
        with self._changed:
            return not (self._active or self._idle or self._making or self._leaving)
