"""Every stat of a crawl, whoever counts it, as a metric for Prometheus.

One rule makes the names. ``a/b/c`` becomes ``scrapy_a_b_c``, unless ``c`` is one of many kinds of
the same thing: then it becomes the label ``kind`` of ``scrapy_a_b``. Scrapy says so by ``_count``
at the end of ``b`` (``downloader/response_status_count/200``), and in one other place.

Stats that are no numbers are left out, and so are the plugin's own, which have metrics of their own.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

from prometheus_client.core import Metric, UntypedMetricFamily
from scrapy.statscollectors import StatsCollector

from scrapy_riptide.settings import RiptideSettings

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

# Who counts by host or by address has a stat for each of them: Prometheus keeps every series for
# weeks, and the event loop stands still while they are written, 16 to 30 µs each.
_MAX_SERIES = 1000

_OF_A_KIND = re.compile(r"(.*?_counts?|spider_exceptions)/(?!count$)(.+)", re.DOTALL)
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


class StatsFamilies:
    """Makes the metric families of a crawl's stats: of the first thousand, where there are more."""

    def __init__(self) -> None:
        self._told = False

    def of(self, stats: Mapping[Any, Any], labels: Mapping[str, str]) -> Iterator[Metric]:
        """The families, with the crawl's labels. Of two stats whose metric would be the same, the first.

        Scrapy doesn't say which stats only rise, so their type is ``unknown``.
        """
        families: dict[str, tuple[str, dict[str | None, float]]] = {}
        for count, (stat, value) in enumerate(_numbers(stats)):
            if count == _MAX_SERIES:
                self._tell()
                break
            path, kind = _split(stat)
            name = "scrapy_" + _NOT_IN_NAMES.sub("_", path).strip("_")
            families.setdefault(name, (path, {}))[1].setdefault(kind, value)
        for name, (path, values) in families.items():
            yield _family(name, path, values, labels)

    def _tell(self) -> None:
        if not self._told:
            logger.warning(
                "The crawl has more stats than Prometheus is shown, which are the first %d: each would be a"
                " series there. Count by something that has fewer values than hosts or addresses.",
                _MAX_SERIES,
            )
        self._told = True


def _numbers(stats: Mapping[Any, Any]) -> Iterator[tuple[str, float]]:
    """Stats that Prometheus can keep. Whoever counts may use any key and any value."""
    # At once: an extension may count on a thread of its own.
    for stat, value in list(stats.items()):
        if isinstance(stat, str) and not stat.startswith("riptide/"):
            number = _number(value)
            if number is not None:
                yield stat.encode(errors="replace").decode(), number


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isnan(number) else number


def _split(stat: str) -> tuple[str, str | None]:
    of_a_kind = _OF_A_KIND.fullmatch(stat)
    return (of_a_kind[1], of_a_kind[2]) if of_a_kind else (stat, None)


def _family(name: str, path: str, values: Mapping[str | None, float], labels: Mapping[str, str]) -> Metric:
    if values.keys() == {None}:
        family = UntypedMetricFamily(name, f"The stat {path}", labels=list(labels))
        family.add_metric(list(labels.values()), values[None])
        return family
    family = UntypedMetricFamily(name, f"The stat {path}/<kind>", labels=[*labels, "kind"])
    for kind, value in values.items():
        family.add_metric([*labels.values(), kind or ""], value)
    return family
