"""What an extractor says of itself: what became of its documents, its health, its metrics."""

from __future__ import annotations

import time
from collections import Counter
from threading import Lock
from typing import Any

from scrapy_riptide import errors
from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.content import HealthStatus
from scrapy_riptide.errors import ExtractionError, RiptideError
from scrapy_riptide.wasm.breaker import BreakerState, CircuitBreaker
from scrapy_riptide.wasm.contract import HEALTHY
from scrapy_riptide.wasm.host import GuestHost
from scrapy_riptide.wasm.pool_figures import PoolFigures
from scrapy_riptide.wasm.pressure import Pressure

#: The figures of :meth:`Extractor.metrics` that are one of a few words, and these words.
STATES = {
    "riptide_breaker_state": tuple(each.value for each in BreakerState),
    "riptide_pool_pressure": tuple(each.value for each in Pressure),
}


class Counts:
    """What became of the documents. The only owner of these figures."""

    def __init__(self, *, timed: bool) -> None:
        self._lock = Lock()
        self._extracted = 0
        self._failed: Counter[str] = Counter()
        self._fell_back: Counter[str] = Counter()
        self._fallback_failed: Counter[str] = Counter()
        # Tries, not documents: most of these are tried again.
        self._exhausted = 0
        # None without timings.
        self._durations: int | None = 0 if timed else None
        self._total_ms: float | None = 0.0 if timed else None

    @property
    def extractions(self) -> int:
        """Documents that a guest extracted."""
        return self._extracted

    def extracted(self) -> None:
        with self._lock:
            self._extracted += 1

    def failed(self, error: ExtractionError) -> None:
        with self._lock:
            if isinstance(error, errors.PoolExhausted):
                self._exhausted += 1
            else:
                self._failed[error.kind] += 1

    def fell_back(self, error: ExtractionError, *, succeeded: bool) -> None:
        with self._lock:
            (self._fell_back if succeeded else self._fallback_failed)[error.kind] += 1

    def took(self, duration_ms: float) -> None:
        if self._durations is None or self._total_ms is None:
            return
        with self._lock:
            self._durations += 1
            self._total_ms += duration_ms

    def as_metrics(self) -> dict[str, Any]:
        with self._lock:
            return {
                "riptide_pages_extracted_total": self._extracted,
                "riptide_errors_total": dict(self._failed),
                "riptide_pool_exhausted_total": self._exhausted,
                "riptide_fallback_total": dict(self._fell_back),
                "riptide_fallback_failed_total": dict(self._fallback_failed),
                "riptide_duration_ms_sum": self._total_ms,
                "riptide_duration_ms_count": self._durations,
            }


class Vitals:
    """The figures of one extractor, put together from where each of them is kept."""

    def __init__(
        self, config: ExtractorConfig, host: GuestHost, breaker: CircuitBreaker, fallback: str | None
    ) -> None:
        self._config = config
        self._host = host
        self._breaker = breaker
        self._fallback = fallback
        self.counts = Counts(timed=config.enable_metrics)
        #: What a guest last said of its health.
        self.guest_seen: HealthStatus | None = None
        self._guest_asked_at: float | None = None

    def guest_answered(self, health: HealthStatus | None) -> None:
        """Takes note that a guest was asked for its health just now, and of what it said, if anything."""
        self._guest_asked_at = time.time()
        self.guest_seen = health or self.guest_seen

    def health(
        self, guest: HealthStatus | None, error: RiptideError | None = None, *, busy: bool = False
    ) -> dict[str, Any]:
        """What :meth:`Extractor.health` returns.

        :param guest: what a guest says of its health
        :param error: what kept one from saying anything
        :param busy: that none was free to be asked, or none was to be
        """
        figures = self._host.figures()
        status, reason = "ok", None
        if self._host.closed:
            status, reason = "unhealthy", "the extractor is closed"
        elif error is not None:
            # The fallback answers for a document that failed, not for a component that can't be used.
            covered = self._fallback is not None and isinstance(error, ExtractionError)
            status, reason = ("degraded" if covered else "unhealthy"), str(error)
        elif guest is None and not busy:
            status, reason = "degraded", "the component is being compiled"
        elif guest is not None and guest.status not in HEALTHY:
            status, reason = "unhealthy", f"the guest says it is {guest.status!r}"
        elif self._breaker.state is BreakerState.HALF_OPEN:
            status = "degraded"
            reason = "the circuit breaker is half-open after repeated failures: the next documents are trials"
        pages = None if figures is None else figures.memory_pages
        return {
            "status": status,
            "reason": reason,
            "version": guest.version if guest else None,
            "trek_version": guest.trek_version if guest else None,
            "capabilities": guest.capabilities if guest else None,
            "memory_usage_mb": None if pages is None else pages / 16,
            "memory_counters": "exact" if pages is not None else "unavailable",
            "extraction_count": self.counts.extractions,
            "pool_size": figures.active + figures.idle if figures else 0,
            "active_instances": figures.active if figures else 0,
            "circuit_breaker_state": self._breaker.state.value,
            "memory_pressure": figures.pressure.value if figures and figures.pressure else None,
            "last_health_check": self._last_health_check(figures),
            "fallback": self._fallback,
        }

    def _last_health_check(self, figures: PoolFigures | None) -> float | None:
        """When a guest was last asked for its health: by the pool, or for a health page."""
        asked = (figures.last_health_check_s if figures else None, self._guest_asked_at)
        return max((each for each in asked if each is not None), default=None)

    def metrics(self) -> dict[str, Any]:
        """What :meth:`Extractor.metrics` returns."""
        figures = self._host.figures()
        runtime = self._host.runtime
        hit = runtime.cache_hit if runtime else None
        has_cache = hit is not None
        return {
            "riptide_wasm_memory_pages": figures and figures.memory_pages,
            "riptide_wasm_peak_memory_pages": figures and figures.peak_memory_pages,
            "riptide_wasm_grow_failed_total": figures and figures.grow_failures,
            "riptide_wasm_memory_limit_pages": self._config.limit_pages,
            "riptide_wasm_memory_budget_pages": figures and figures.budget_pages,
            "riptide_wasm_cold_start_time_ms": self._host.cold_start_ms,
            "riptide_wasm_aot_cache_hits": int(bool(hit)) if has_cache else None,
            "riptide_wasm_aot_cache_misses": int(not hit) if has_cache else None,
            "riptide_wasm_errors_total": figures.wasm_errors if figures else 0,
            "riptide_wasm_cleanups_performed_total": figures.wasm_cleanups_performed if figures else 0,
            "riptide_wasm_leaks_total": figures.leaks if figures else 0,
            "riptide_pool_instances_active": figures.active if figures else 0,
            "riptide_pool_instances_idle": figures.idle if figures else 0,
            "riptide_pool_instances_created_total": figures.created if figures else 0,
            "riptide_pool_retired_total": dict(figures.retired) if figures else {},
            "riptide_pool_checkouts_total": figures.checkouts if figures else 0,
            "riptide_pool_reuse_ratio": figures.reuse_rate if figures else None,
            "riptide_pool_health_checks_total": figures.health_checks if figures else 0,
            "riptide_pool_pressure": figures.pressure.value if figures and figures.pressure else None,
            "riptide_workers": self._host.workers.count,
            "riptide_workers_busy": self._host.workers.busy,
            "riptide_queue_depth": self._host.workers.waiting,
            "riptide_breaker_state": self._breaker.state.value,
            "riptide_breaker_transitions_total": self._breaker.transitions(),
            **self.counts.as_metrics(),
        }
