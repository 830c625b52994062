"""Every stat of a crawl, whoever counts it, as a metric for Prometheus.

One rule makes the names. ``a/b/c`` becomes ``scrapy_a_b_c``, unless ``c`` is one of many kinds of
the same thing: then it becomes the label ``kind`` of ``scrapy_a_b``. Scrapy says so by ``_count``
at the end of ``b`` (``downloader/response_status_count/200``), and in a few other places.

Stats that are no numbers are left out, and so are the plugin's own, which have metrics of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from prometheus_client.core import Metric, UntypedMetricFamily
from scrapy.statscollectors import StatsCollector

from scrapy_riptide.settings import RiptideSettings

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

_BY_KIND = re.compile(r"_counts?$|^(?:spider_exceptions|log_count)$")
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]+")


class ExportedStats:
    """Marks stats that the metrics endpoint shows as well."""


class RiptideStatsCollector:
    """The ``STATS_CLASS`` that shows all stats to Prometheus.

    It is a subclass, made on the spot, of the class in ``RIPTIDE_STATS_CLASS``, which counts and
    keeps the stats as it always did.
    """

    def __new__(cls, crawler: Crawler) -> Any:
        """The stats of one crawl."""
        return _exported(RiptideSettings.from_settings(crawler.settings).stats_class)(crawler)


def _exported(base: type[StatsCollector]) -> type[StatsCollector]:
    return type(
        RiptideStatsCollector.__name__, (ExportedStats, base), {"__doc__": RiptideStatsCollector.__doc__}
    )


def stats_families(stats: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[Metric]:
    """The metric families of a crawl's stats.

    Scrapy doesn't say which of them only rise, so their type is ``unknown``.
    """
    families: dict[str, tuple[str, dict[str | None, float]]] = {}
    for stat, value in stats.items():
        if (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and not stat.startswith("riptide/")
        ):
            name, kind = _split(stat)
            example, values = families.setdefault(name, (stat, {}))
            values.setdefault(kind, value)
    for name, (example, values) in families.items():
        by_kind = any(kind is not None for kind in values)
        family = UntypedMetricFamily(
            name,
            f"The stat {example.rpartition('/')[0]}/<kind>" if by_kind else f"The stat {example}",
            labels=[*labels, *(["kind"] if by_kind else [])],
        )
        for kind, value in values.items():
            family.add_metric([*labels.values(), *([kind or ""] if by_kind else [])], value)
        yield family


def _split(stat: str) -> tuple[str, str | None]:
    path, _, last = stat.rpartition("/")
    if path and last != "count" and _BY_KIND.search(path):
        return _metric_name(path), last
    return _metric_name(stat), None


def _metric_name(path: str) -> str:
    return f"scrapy_{_NOT_IN_NAMES.sub('_', path).strip('_')}"
