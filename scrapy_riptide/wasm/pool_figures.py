"""A pool in figures: the instances that there are, and those that are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapy_riptide.wasm.pressure import Pressure

if TYPE_CHECKING:
    from scrapy_riptide.wasm.instance import Instance


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


class Tally:
    """What was counted of a pool since it was made. The pool's lock guards it."""

    def __init__(self) -> None:
        self.created = 0
        self.checkouts = 0
        self.reuses = 0
        self.leaks = 0
        self.health_checks = 0
        self.last_health_check_s: float | None = None
        self._cleanups = 0
        self._retired: Counter[str] = Counter()
        self._past_grow_failures = 0
        self._past_peak_pages = 0
        self._past_errors = 0

    def retired(self, instance: Instance, reason: str) -> None:
        """Counts an instance that will not be used again, and keeps what it has counted itself."""
        tracker = instance.tracker
        self._past_grow_failures += tracker.grow_failures or 0
        self._past_peak_pages = max(self._past_peak_pages, tracker.peak_pages or 0)
        self._past_errors += tracker.wasm_errors
        self._retired[reason] += 1

    def closed(self, instance: Instance) -> None:
        """Counts a retired instance that has given its memory back."""
        self._cleanups += instance.tracker.wasm_cleanups_performed

    def figures(
        self,
        active: Sequence[Instance],
        idle: Sequence[Instance],
        budget_pages: int,
        *,
        exact: bool,
    ) -> PoolFigures:
        """The figures of a pool with these instances; ``exact`` where their pages are counted."""
        trackers = [each.tracker for each in (*active, *idle)]
        pages = sum(each.current_pages or 0 for each in trackers)
        peaks = [self._past_peak_pages, *(each.peak_pages or 0 for each in trackers)]
        denied = self._past_grow_failures + sum(each.grow_failures or 0 for each in trackers)
        return PoolFigures(
            active=len(active),
            idle=len(idle),
            memory_pages=pages if exact else None,
            peak_memory_pages=max(peaks) if exact else None,
            grow_failures=denied if exact else None,
            budget_pages=budget_pages,
            pressure=Pressure.of(pages, budget_pages) if exact else None,
            created=self.created,
            checkouts=self.checkouts,
            reuses=self.reuses,
            leaks=self.leaks,
            wasm_errors=self._past_errors + sum(each.wasm_errors for each in trackers),
            wasm_cleanups_performed=self._cleanups,
            health_checks=self.health_checks,
            last_health_check_s=self.last_health_check_s,
            retired=dict(self._retired),
        )
