"""What the plugin's components share within one crawl: settings, extractor, stats."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call, is_asyncio_available

from scrapy_riptide.settings import RiptideSettings
from scrapy_riptide.shared import ExtractorLease
from scrapy_riptide.stats import PageStats

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

# The crawler itself keeps it. A registry by weak key would keep every crawler for ever, because
# stats refer to their crawler.
_ATTRIBUTE = "_riptide_crawl"


class RiptideCrawl:
    """One crawl's settings, its lease of the process's extractor, and its stats.

    Made by the first component that asks, at the crawl's start; the lease ends when the spider has
    closed.

    :raises NotConfigured: the plugin is switched off, or the crawl has no asyncio
    :raises ConfigError: a setting is not allowed
    :raises ComponentError: the component can't be used
    """

    @classmethod
    def of(cls, crawler: Crawler) -> RiptideCrawl:
        """The crawler's, made on the first call."""
        crawl: RiptideCrawl | None = getattr(crawler, _ATTRIBUTE, None)
        if crawl is None:
            crawl = cls(crawler)
            setattr(crawler, _ATTRIBUTE, crawl)
        return crawl

    def __init__(self, crawler: Crawler) -> None:
        self.settings = RiptideSettings.from_settings(crawler.settings)
        if not self.settings.enabled:
            raise NotConfigured("RIPTIDE_ENABLED is False. Set it to True to extract content from pages.")
        _want_asyncio()
        self._crawler = crawler
        self._before_close: list[Callable[[], None]] = []
        self._failure: str | None = None
        self.stats = PageStats(crawler.stats)
        self._lease = ExtractorLease(self.settings.extractor)
        self.extractor = self._lease.extractor
        # For a crawl that fails before its spider opens: spider_closed never comes.
        weakref.finalize(self, self._lease.release)
        self._timer = create_looping_call(self.copy_pool_figures)
        crawler.signals.connect(self._spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(self._spider_closed, signal=signals.spider_closed)

    def before_close(self, callback: Callable[[], None]) -> None:
        """Has ``callback`` called after the last page and before the extractor is given back."""
        self._before_close.append(callback)

    def copy_pool_figures(self) -> None:
        """Writes the pool's present figures into the stats."""
        self.stats.pool_figures(self.extractor.metrics())

    def stop(self, reason: str, message: str) -> None:
        """Ends the crawl, whose result would be wrong from here on. Says why, once."""
        if self._failure is None:
            self._failure = reason
            logger.error(message, extra={"spider": self._crawler.spider})
            task = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=reason))
            # The loop keeps no reference to a task.
            self._stopping = task

    def _spider_opened(self, spider: Spider) -> None:
        self._timer.start(self.settings.stats_interval_secs, now=False)

    async def _spider_closed(self, spider: Spider) -> None:
        if self._timer.running:
            self._timer.stop()
        self.copy_pool_figures()
        for callback in self._before_close:
            callback()
        await asyncio.to_thread(self._lease.release)


def _want_asyncio() -> None:
    try:
        available = is_asyncio_available()
    except RuntimeError:  # neither a reactor nor a running loop
        available = False
    if not available:
        raise NotConfigured(
            "scrapy-riptide awaits its extractions with asyncio, which this crawl doesn't have. Remove"
            " TWISTED_REACTOR from the settings, or set it to"
            " 'twisted.internet.asyncioreactor.AsyncioSelectorReactor'."
        )
