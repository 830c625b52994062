"""What a crawl looks like from second to second: samples for the live page."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from scrapy_riptide.monitoring import stats as names
from scrapy_riptide.monitoring.stats import by_kind, own_stats

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from scrapy_riptide.crawl import RiptideCrawl

_SECONDS_KEPT = 300
_TICK_S = 0.25
_TICKS_PER_SAMPLE = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """One second of a crawl."""

    #: Pages a second: a loop that was blocked makes a second longer than it is.
    pages: float
    median_ms: float | None
    p95_ms: float | None
    memory_pages: int | None
    active: int
    idle: int
    queue: int


class LiveFeed:
    """Samples a crawl every second, and measures on the way how late the event loop's timers are."""

    def __init__(self, crawler: Crawler, crawl: RiptideCrawl) -> None:
        self._crawler = crawler
        self._crawl = crawl
        #: As JSON wants them: each is shown for five minutes, every second.
        self._samples: deque[dict[str, Any]] = deque(maxlen=_SECONDS_KEPT)
        self._started = self._sampled = time.monotonic()
        self._pages = 0

    async def run(self) -> None:
        """Samples until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            for _ in range(_TICKS_PER_SAMPLE):
                due = loop.time() + _TICK_S
                await asyncio.sleep(_TICK_S)
                self._crawl.figures.loop_lags_s.observe(max(0.0, loop.time() - due))
            self._samples.append(asdict(self._sample()))

    def _sample(self) -> Sample:
        now, pages = time.monotonic(), sum(self._crawl.figures.extractions.values())
        window = list(self._crawl.figures.window_ms)
        self._crawl.figures.window_ms.clear()
        cuts = quantiles(window, n=20, method="inclusive") if len(window) > 1 else window * 19
        metrics = self._crawl.extractor.metrics()
        sample = Sample(
            pages=round((pages - self._pages) / (now - self._sampled), 1),
            median_ms=round(cuts[9], 1) if cuts else None,
            p95_ms=round(cuts[18], 1) if cuts else None,
            memory_pages=metrics["riptide_wasm_memory_pages"],
            active=metrics["riptide_pool_instances_active"],
            idle=metrics["riptide_pool_instances_idle"],
            queue=metrics["riptide_queue_depth"],
        )
        self._pages, self._sampled = pages, now
        return sample

    def as_json(self) -> dict[str, Any]:
        """Everything that the live page shows."""
        stats = own_stats(self._crawler.stats.get_stats())
        metrics = self._crawl.extractor.metrics()
        return {
            "labels": self._crawl.labels(),
            "uptime_s": round(time.monotonic() - self._started),
            "samples": list(self._samples),
            "seen": stats.get(names.SEEN, 0),
            "extracted": stats.get(names.EXTRACTED, 0),
            "errors": by_kind(stats, names.ERRORS),
            "skipped": by_kind(stats, names.SKIPPED),
            "fallback": by_kind(stats, names.FALLBACK),
            "memory_pages": metrics["riptide_wasm_memory_pages"],
            "peak_memory_pages": metrics["riptide_wasm_peak_memory_pages"],
            "limit_pages": metrics["riptide_wasm_memory_limit_pages"],
            "budget_pages": metrics["riptide_wasm_memory_budget_pages"],
            "grow_failed": metrics["riptide_wasm_grow_failed_total"],
            "active": metrics["riptide_pool_instances_active"],
            "idle": metrics["riptide_pool_instances_idle"],
            "retired": metrics["riptide_pool_retired_total"],
            "queue": metrics["riptide_queue_depth"],
            "breaker": metrics["riptide_breaker_state"],
            "pressure": metrics["riptide_pool_pressure"],
            "recent": [asdict(each) for each in reversed(self._crawl.figures.recent)],
        }
