"""Prometheus metrics of one crawl, on a registry of its own.

Nothing is counted here. At each scrape the collector reads the owners of the figures: the
extractor, the crawl's stats, and :class:`~scrapy_riptide.monitoring.figures.CrawlFigures`. A figure that
can't be known is left out.

``riptide_wasm_aot_cache_hits`` and ``_misses`` are gauges: they say how the present extractor came
by its component, once, and a counter would have to be called ``..._total``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.registry import Collector

from scrapy_riptide.monitoring import stats as names
from scrapy_riptide.monitoring.figures import CrawlFigures, Histogram
from scrapy_riptide.monitoring.stats import by_kind, own_stats
from scrapy_riptide.monitoring.statscollector import ExportedStats, StatsFamilies
from scrapy_riptide.vitals import STATES

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from scrapy_riptide.crawl import RiptideCrawl

# 15 is the target (RIPTIDE_COLD_START_TARGET_MS); what takes seconds is a start that compiles.
_COLD_START_BOUNDS_MS = (1.0, 2.5, 5.0, 10.0, 15.0, 25.0, 50.0, 100.0, 1000.0, 10000.0)

# Last words of names that say what is counted, for OpenMetrics.
_UNITS = frozenset({"bytes", "ms", "pages", "ratio", "seconds"})

#: Gauges of ``Extractor.metrics()``, under the same name.
GAUGES = {
    "riptide_wasm_memory_pages": "Pages (64 KiB) of linear memory that the instances have",
    "riptide_wasm_peak_memory_pages": "The most pages that one instance had",
    "riptide_wasm_memory_limit_pages": "Pages that one instance may have",
    "riptide_wasm_memory_budget_pages": "Pages that all instances together may have",
    "riptide_wasm_aot_cache_hits": "1 if the extractor found its component compiled in the cache",
    "riptide_wasm_aot_cache_misses": "1 if the extractor had to compile its component",
    "riptide_pool_reuse_ratio": "Share of checkouts that got an instance used before",
    "riptide_workers": "Worker threads, and instances at most",
    "riptide_workers_busy": "Worker threads at work",
    "riptide_queue_depth": "Documents waiting for a worker thread",
}
#: Counters of ``Extractor.metrics()``, under the same name.
COUNTERS = {
    "riptide_wasm_grow_failed_total": "Growths of linear memory that the limit or the system denied",
    "riptide_wasm_errors_total": "Calls of a guest that ended with an error, of whatever kind",
    "riptide_wasm_cleanups_performed_total": "Instances whose memory was given back",
    "riptide_wasm_leaks_total": "Instances replaced because their memory kept growing",
    "riptide_pool_instances_created_total": "Instances made",
    "riptide_pool_checkouts_total": "Times that an instance was taken from the pool",
    "riptide_pool_health_checks_total": "Health checks of idle instances",
}
#: Counters of ``Extractor.metrics()`` that are dicts: their label and meaning.
COUNTERS_BY = {
    "riptide_pool_retired_total": ("reason", "Instances given up"),
    "riptide_breaker_transitions_total": ("state", "Changes of the circuit breaker into a state"),
}
#: Figures of ``Extractor.metrics()`` that are one of a few words.
STATE_SETS = {
    "riptide_breaker_state": "State of the circuit breaker",
    "riptide_pool_pressure": "Use of the pool's memory budget",
}
#: Counters that the crawl's stats hold by kind: their stats' prefix, their label and meaning.
FROM_STATS = {
    "riptide_errors_total": (names.ERRORS, "kind", "Pages that a guest could not extract"),
    "riptide_skipped_total": (names.SKIPPED, "kind", "Pages passed through as they came"),
    "riptide_fallback_total": (names.FALLBACK, "reason", "Pages for which the fallback answered"),
    "riptide_link_errors_total": (names.LINK_ERRORS, "kind", "Pages whose links could not be read"),
    "riptide_documents_skipped_total": (names.DOCUMENTS_SKIPPED, "kind", "Documents that became no items"),
    "riptide_item_errors_total": (names.ITEM_ERRORS, "kind", "Items that could not be filled"),
}
#: Counters that the crawl's stats hold as one number.
FROM_STAT = {
    "riptide_pages_seen_total": (names.SEEN, "Pages that came by"),
    "riptide_pages_extracted_total": (names.EXTRACTED, "Pages that a guest extracted"),
    "riptide_html_bytes_total": (names.BYTES, "Bytes of the bodies given to an extractor"),
    "riptide_pool_exhausted_retries_total": (names.POOL_RETRIES, "Tries that found no free instance"),
    "riptide_documents_collected_total": (names.DOCUMENTS_COLLECTED, "Documents that became items"),
    "riptide_items_filled_total": (names.ITEMS_FILLED, "Items filled with content"),
    "riptide_items_extracted_total": (names.ITEMS_EXTRACTED, "Items whose own source was extracted"),
    "riptide_leases_run_out_total": (names.LEASES_RUN_OUT, "Leases found to have run out"),
    "riptide_leases_lost_total": (names.LEASES_LOST, "Leases that this crawl lost while at work"),
    "riptide_leases_given_up_total": (names.LEASES_GIVEN_UP, "Requests lost with too many workers"),
    "riptide_leases_unreadable_total": (names.LEASES_UNREADABLE, "Requests in the queue that can't be read"),
    "riptide_leases_redis_errors_total": (names.LEASES_REDIS_ERRORS, "Times that Redis did not answer"),
}
#: What is so at the moment. Where a crawl that has ended is kept, it would be taken for the present:
#: an alert of its memory would go on until somebody removes the file.
OF_THE_MOMENT = frozenset(
    {
        "riptide_wasm_memory_pages",
        "riptide_pool_instances",
        "riptide_pool_pressure",
        "riptide_workers_busy",
        "riptide_queue_depth",
        "riptide_breaker_state",
    }
)


def make_registry(crawler: Crawler, crawl: RiptideCrawl, *, ended: bool = False) -> CollectorRegistry:
    """A registry with everything about one crawl, or with what stays true once it has ended."""
    registry = CollectorRegistry(auto_describe=False)
    collector = CrawlCollector(crawler, crawl)
    registry.register(EndedCrawlCollector(collector) if ended else collector)
    return registry


class EndedCrawlCollector(Collector):
    """A crawl's figures without those of the moment."""

    def __init__(self, crawl: CrawlCollector) -> None:
        self._crawl = crawl

    def collect(self) -> Iterator[Metric]:
        """Every metric family that stays true."""
        return (family for family in self._crawl.collect() if family.name not in OF_THE_MOMENT)


class CrawlCollector(Collector):
    """Reads a crawl's figures where they are kept."""

    def __init__(self, crawler: Crawler, crawl: RiptideCrawl) -> None:
        self._crawler = crawler
        self._crawl = crawl
        self._stats_families = StatsFamilies()

    def collect(self) -> Iterator[Metric]:
        """Every metric family of the crawl."""
        family = _Families(self._crawl.labels())
        yield from _extractor_families(family, self._crawl.extractor.metrics())
        yield from _crawl_families(family, self._crawl.figures)
        if self._crawl.settings.extractor.enable_metrics:
            yield from _histograms(family, self._crawl.figures)
        if not self._crawl.stats.are_kept:
            return
        stats = own_stats(self._crawler.stats.get_stats())
        if names.MAX_MS in stats:
            name, meaning = "riptide_extraction_duration_max_seconds", "Time of the slowest page"
            yield family.gauge(name, meaning, stats[names.MAX_MS] / 1000)
        for name, (prefix, label, meaning) in FROM_STATS.items():
            yield family.counters(name, meaning, (label,), _keyed(by_kind(stats, prefix)))
        for name, (stat, meaning) in FROM_STAT.items():
            yield family.counter(name, meaning, stats.get(stat, 0))
        if isinstance(self._crawler.stats, ExportedStats):
            yield from self._stats_families.of(self._crawler.stats.get_stats(), self._crawl.labels())


def _extractor_families(family: _Families, metrics: Mapping[str, Any]) -> Iterator[Metric]:
    for name, meaning in GAUGES.items():
        if metrics.get(name) is not None:
            yield family.gauge(name, meaning, metrics[name])
    for name, meaning in COUNTERS.items():
        if metrics.get(name) is not None:
            yield family.counter(name, meaning, metrics[name])
    for name, (label, meaning) in COUNTERS_BY.items():
        yield family.counters(name, meaning, (label,), _keyed(metrics[name]))
    instances = {(state,): metrics[f"riptide_pool_instances_{state}"] for state in ("active", "idle")}
    yield family.gauges("riptide_pool_instances", "Instances by state", ("state",), instances)
    cold_start_ms = metrics["riptide_wasm_cold_start_time_ms"]
    if cold_start_ms is not None:
        histogram = Histogram(_COLD_START_BOUNDS_MS)
        histogram.observe(cold_start_ms)
        meaning = "Milliseconds that loading or compiling the component and the first instance took"
        yield family.histogram("riptide_wasm_cold_start_time_ms", meaning, histogram)
    for name, meaning in STATE_SETS.items():
        if metrics[name] is not None:
            yield family.state(name, meaning, STATES[name], metrics[name])


def _crawl_families(family: _Families, figures: CrawlFigures) -> Iterator[Metric]:
    yield family.counters(
        "riptide_extractions_total",
        "Pages given to the extractor",
        ("engine", "mode", "outcome"),
        figures.extractions,
    )
    yield family.counter(
        "riptide_markdown_bytes_total", "Bytes of Markdown that came back", figures.markdown_bytes
    )


def _histograms(family: _Families, figures: CrawlFigures) -> Iterator[Metric]:
    yield family.histogram(
        "riptide_extraction_duration_seconds", "Time of a page on a worker thread", figures.durations_s
    )
    yield family.histogram("riptide_extraction_wait_seconds", "Time of a page before that", figures.waits_s)
    yield family.histogram(
        "riptide_event_loop_lag_seconds", "Lateness of a timer on the loop", figures.loop_lags_s
    )


def _keyed(counts: Mapping[str, int]) -> dict[tuple[str], int]:
    return {(kind,): count for kind, count in counts.items()}


def _unit(name: str) -> str:
    """What OpenMetrics is told as the unit: the name's last word, where it is one."""
    last = name.removesuffix("_total").rpartition("_")[2]
    return last if last in _UNITS else ""


class _Families:
    """Makes metric families with the crawl's labels before their own."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._names = list(labels)
        self._values = list(labels.values())

    def gauge(self, name: str, meaning: str, value: float) -> Metric:
        return self.gauges(name, meaning, (), {(): value})

    def counter(self, name: str, meaning: str, value: float) -> Metric:
        return self.counters(name, meaning, (), {(): value})

    def gauges(self, name: str, meaning: str, own: Iterable[str], values: Mapping[Any, float]) -> Metric:
        family = GaugeMetricFamily(name, meaning, labels=[*self._names, *own], unit=_unit(name))
        for key, value in values.items():
            family.add_metric([*self._values, *key], value)
        return family

    def counters(self, name: str, meaning: str, own: Iterable[str], values: Mapping[Any, float]) -> Metric:
        family = CounterMetricFamily(name, meaning, labels=[*self._names, *own], unit=_unit(name))
        for key, value in values.items():
            family.add_metric([*self._values, *key], value)
        return family

    def histogram(self, name: str, meaning: str, histogram: Histogram) -> Metric:
        family = HistogramMetricFamily(name, meaning, labels=self._names, unit=_unit(name))
        family.add_metric(self._values, list(histogram.cumulative()), histogram.sum)
        return family

    def state(self, name: str, meaning: str, states: Iterable[str], value: str) -> Metric:
        family = StateSetMetricFamily(name, meaning, labels=self._names)
        family.add_metric(self._values, {each: each == value for each in states})
        return family
