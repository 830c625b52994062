"""The instances of one runtime: who has which, which are spent, how much memory they hold."""

from __future__ import annotations

import logging
import threading
import time
from bisect import insort
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from itertools import count

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.errors import ExtractorClosed, PoolExhausted, RiptideError
from scrapy_riptide.wasm.contract import HEALTHY
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.leak import LeakWatch
from scrapy_riptide.wasm.runtime import Runtime

logger = logging.getLogger(__name__)

# An idle guest answers in microseconds.
_HEALTH_TIMEOUT_S = 1.0


class Pressure(str, Enum):
    """How much of the pool's memory budget its instances hold, and what that changes."""

    #: Up to 60 %: nothing.
    LOW = "low"
    #: Above 60 %: no instance is made ahead of need.
    MEDIUM = "medium"
    #: Above 80 %: no instance is added to those there are, and idle ones are dropped.
    HIGH = "high"
    #: Above 90 %: each instance is dropped after its use, and new checkouts wait.
    CRITICAL = "critical"


# Above which percentage of the budget each begins.
_PRESSURES = ((90.0, Pressure.CRITICAL), (80.0, Pressure.HIGH), (60.0, Pressure.MEDIUM))


def _last_use(instance: Instance) -> tuple[bool, float]:
    """The order of idle instances. One made ahead of need stays behind those that were used."""
    return instance.uses > 0, instance.last_used


@dataclass
class PoolFigures:
    """A pool's figures at one moment. What can't be known is None."""

    active: int
    idle: int
    memory_pages: int | None
    peak_memory_pages: int | None
    grow_failures: int | None
    budget_pages: int
    pressure: Pressure | None
    created: int
    checkouts: int
    reuses: int
    leaks: int
    wasm_errors: int
    wasm_cleanups_performed: int
    health_checks: int
    last_health_check_s: float | None
    retired: dict[str, int] = field(default_factory=dict)

    @property
    def reuse_rate(self) -> float | None:
        """The share of checkouts that were given an instance used before."""
        return self.reuses / self.checkouts if self.checkouts else None


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
        self._counts: Counter[str] = Counter()
        self._retired: Counter[str] = Counter()
        self._past_grow_failures = 0
        self._past_peak_pages = 0
        self._past_errors = 0
        self._cleanups = 0
        #: Retired, and closed by the next who comes by.
        self._spent: list[Instance] = []
        #: Retired, but not closed yet: these still have their memory.
        self._leaving = 0
        self._last_health_check: float | None = None

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
            self._counts["checkouts"] += 1
            if instance is not None:
                self._counts["reuses"] += instance.uses > 0
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
            self._counts["created"] += 1
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
        self._counts["leaks"] += 1
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
        tracker = instance.tracker
        self._past_grow_failures += tracker.grow_failures or 0
        self._past_peak_pages = max(self._past_peak_pages, tracker.peak_pages or 0)
        self._past_errors += tracker.wasm_errors
        self._watches.pop(instance.number, None)
        self._retired[reason] += 1
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
                self._cleanups += instance.tracker.wasm_cleanups_performed
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
                self._counts["health_checks"] += 1
                if self._closed:
                    self._retire(instance, "closed")
                elif healthy:
                    # Where it was: to be asked is no use, neither for its order nor for its expiry.
                    insort(self._idle, instance, key=_last_use)
                else:
                    self._retire(instance, "unhealthy")
                self._changed.notify()
        self._close_spent()
        self._last_health_check = time.time()

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
        percent = 100.0 * self._pages() / self._budget_pages
        return next((state for above, state in _PRESSURES if percent > above), Pressure.LOW)

    def _pages(self) -> int:
        return sum(each.tracker.current_pages or 0 for each in (*self._active.values(), *self._idle))

    # Figures and the end

    def figures(self) -> PoolFigures:
        """The figures now."""
        exact = self._runtime.settings.exact_memory
        with self._changed:
            live = [*self._active.values(), *self._idle]
            counts = self._counts
            return PoolFigures(
                active=len(self._active),
                idle=len(self._idle),
                memory_pages=self._pages() if exact else None,
                peak_memory_pages=(
                    max([self._past_peak_pages, *(each.tracker.peak_pages or 0 for each in live)])
                    if exact
                    else None
                ),
                grow_failures=(
                    self._past_grow_failures + sum(each.tracker.grow_failures or 0 for each in live)
                    if exact
                    else None
                ),
                budget_pages=self._budget_pages,
                pressure=self._pressure(),
                created=counts["created"],
                checkouts=counts["checkouts"],
                reuses=counts["reuses"],
                leaks=counts["leaks"],
                wasm_errors=self._past_errors + sum(each.tracker.wasm_errors for each in live),
                wasm_cleanups_performed=self._cleanups,
                health_checks=counts["health_checks"],
                last_health_check_s=self._last_health_check,
                retired=dict(self._retired),
            )

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
