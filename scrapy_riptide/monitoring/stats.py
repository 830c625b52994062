"""The plugin's stats: what became of the pages, and what the pool of guests does.

Pages are counted here and nowhere else, each once, when its outcome is known. So at every moment

    riptide/pages/seen = riptide/pages/extracted + sum of riptide/errors/* + sum of riptide/skipped/*

The pool counts for itself; its figures are copied. A figure that can't be known is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from scrapy.statscollectors import DummyStatsCollector, StatsCollector

from scrapy_riptide.monitoring.figures import Extraction

SEEN = "riptide/pages/seen"
EXTRACTED = "riptide/pages/extracted"
ERRORS = "riptide/errors"
SKIPPED = "riptide/skipped"
FALLBACK = "riptide/fallback"
BYTES = "riptide/bytes/in"
TOTAL_MS = "riptide/duration_ms/total"
MAX_MS = "riptide/duration_ms/max"
LINK_ERRORS = "riptide/links/errors"
POOL_RETRIES = "riptide/retries/pool_exhausted"
DOCUMENTS_COLLECTED = "riptide/documents/collected"
DOCUMENTS_SKIPPED = "riptide/documents/skipped"
ITEMS_FILLED = "riptide/items/filled"
ITEMS_EXTRACTED = "riptide/items/extracted"
ITEM_ERRORS = "riptide/items/errors"
LEASES_RUN_OUT = "riptide/leases/run_out"
LEASES_LOST = "riptide/leases/lost"
LEASES_GIVEN_UP = "riptide/leases/given_up"
LEASES_UNREADABLE = "riptide/leases/unreadable"
LEASES_REDIS_ERRORS = "riptide/leases/redis_errors"

#: Why a page is passed through as it came.
SkippedKind = Literal["not_html", "empty", "too_large", "status", "robots_txt", "switched_off", "not_asked"]
#: Why a document becomes no item.
DocumentSkippedKind = Literal["near_duplicate", "language", "too_short", "off_site"]
#: Why an item was not filled or not written.
ItemErrorKind = Literal["refused", "fields", "no_markdown", "unwritable"]
#: Why the plugin ends a crawl, as its ``finish_reason``.
EndReason = Literal[
    "riptide_component",
    "riptide_mode",
    "riptide_item_fields",
    "riptide_markdown_dir",
    "riptide_parquet",
    "riptide_redis",
]

#: From the names of ``Extractor.metrics()`` to stats. A figure by reason gets one stat a reason.
POOL_FIGURES = {
    "riptide_wasm_memory_pages": "riptide/wasm/memory_pages",
    "riptide_wasm_peak_memory_pages": "riptide/wasm/peak_memory_pages",
    "riptide_wasm_grow_failed_total": "riptide/wasm/grow_failed",
    "riptide_wasm_cold_start_time_ms": "riptide/wasm/cold_start_ms",
    "riptide_wasm_aot_cache_hits": "riptide/wasm/aot_cache/hits",
    "riptide_wasm_aot_cache_misses": "riptide/wasm/aot_cache/misses",
    "riptide_wasm_errors_total": "riptide/wasm/errors",
    "riptide_wasm_leaks_total": "riptide/wasm/leaks",
    "riptide_pool_instances_active": "riptide/pool/instances/active",
    "riptide_pool_instances_idle": "riptide/pool/instances/idle",
    "riptide_pool_instances_created_total": "riptide/pool/instances/created",
    "riptide_pool_retired_total": "riptide/pool/retired",
    "riptide_pool_checkouts_total": "riptide/pool/checkouts",
    "riptide_pool_reuse_ratio": "riptide/pool/reuse_ratio",
    "riptide_pool_pressure": "riptide/pool/pressure",
    "riptide_queue_depth": "riptide/pool/queue_depth",
    "riptide_breaker_state": "riptide/breaker/state",
    "riptide_breaker_transitions_total": "riptide/breaker/transitions",
}


def own_stats(stats: Mapping[Any, Any]) -> dict[str, Any]:
    """The plugin's among a crawl's stats, which may be many, with keys of any type."""
    return {
        name: value
        for name, value in list(stats.items())
        if isinstance(name, str) and name.startswith("riptide/")
    }


def by_kind(stats: Mapping[str, Any], prefix: str) -> dict[str, int]:
    """The counts of all kinds below a prefix."""
    return {
        name.removeprefix(f"{prefix}/"): count
        for name, count in stats.items()
        if name.startswith(f"{prefix}/")
    }


class PageStats:
    """Counts pages and items into a crawl's stats. To be used on the event loop only."""

    def __init__(self, stats: StatsCollector) -> None:
        self._stats = stats
        #: Whether what is counted can be read again: Scrapy's dummy collector forgets it.
        self.are_kept = not isinstance(stats, DummyStatsCollector)

    def given(self, extraction: Extraction, total_ms: float) -> None:
        """A page was given to the extractor, and has its outcome.

        :param total_ms: milliseconds of all pages so far: most take so few that rounded ones would not add up
        """
        self._stats.inc_value(SEEN)
        if extraction.kind is None:
            self._stats.inc_value(EXTRACTED)
        else:
            self._stats.inc_value(f"{ERRORS}/{extraction.kind}")
            if extraction.engine is not None:
                self._stats.inc_value(f"{FALLBACK}/{extraction.kind}")
        self._stats.inc_value(BYTES, extraction.html_bytes)
        self._stats.set_value(TOTAL_MS, round(total_ms))
        self._stats.max_value(MAX_MS, round(extraction.duration_ms))

    def skipped(self, kind: SkippedKind) -> None:
        """A page was passed through as it came."""
        self._stats.inc_value(SEEN)
        self._stats.inc_value(f"{SKIPPED}/{kind}")

    def links_failed(self, kind: str) -> None:
        """A page's links could not be read; its content may be there all the same."""
        self._stats.inc_value(f"{LINK_ERRORS}/{kind}")

    def retried(self) -> None:
        """No instance came free for a page, and it will be tried again."""
        self._stats.inc_value(POOL_RETRIES)

    def item_filled(self) -> None:
        """An item got fields from a page's content."""
        self._stats.inc_value(ITEMS_FILLED)

    def item_extracted(self) -> None:
        """An item's own source was extracted."""
        self._stats.inc_value(ITEMS_EXTRACTED)

    def source_failed(self, kind: str) -> None:
        """An item's own source could not be extracted, for a kind of errors, or was none: ``source``."""
        self._stats.inc_value(f"{ITEM_ERRORS}/{kind}")

    def item_failed(self, kind: ItemErrorKind) -> None:
        """An item could not be filled, or not be written."""
        self._stats.inc_value(f"{ITEM_ERRORS}/{kind}")

    def pool_figures(self, metrics: Mapping[str, Any]) -> None:
        """Copies the figures of ``Extractor.metrics()``."""
        for metric, stat in POOL_FIGURES.items():
            value = metrics.get(metric)
            if isinstance(value, Mapping):
                for reason, count in value.items():
                    self._stats.set_value(f"{stat}/{reason}", count)
            elif value is not None:
                self._stats.set_value(stat, value)
