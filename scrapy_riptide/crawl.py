"""What the plugin's components share within one crawl: settings, extractor, stats."""

from __future__ import annotations

import asyncio
import logging
import os
import weakref
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call, is_asyncio_available

from scrapy_riptide.errors import ConfigError, ParseError, RiptideError, UnsupportedModeError
from scrapy_riptide.monitoring.figures import CrawlFigures, Extraction
from scrapy_riptide.monitoring.stats import (
    ERRORS,
    EXTRACTED,
    FALLBACK,
    ITEMS_EXTRACTED,
    POOL_FIGURES,
    SEEN,
    SKIPPED,
    EndReason,
    PageStats,
    by_kind,
    own_stats,
)
from scrapy_riptide.settings import RiptideSettings
from scrapy_riptide.shared import ExtractorLease
from scrapy_riptide.wording import counted, in_short

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
        self._before_close: list[Callable[[], Awaitable[None]]] = []
        # The end of the crawl that stop() began. The loop itself keeps no reference to a task.
        self._stopping: asyncio.Future[None] | None = None
        self.stats = PageStats(crawler.stats)
        self.figures = CrawlFigures()
        self._lease = ExtractorLease(self.settings.extractor)
        self.extractor = self._lease.extractor
        # A compilation takes seconds, which must not pass on the event loop.
        self._checking: asyncio.Future[None] | None = None
        self._check_later = not self.extractor.ready
        if not self._check_later:
            try:
                self._check_selectors()
            except ConfigError:
                self._lease.release()
                raise
        # For a crawl that fails before its spider opens: spider_closed never comes.
        weakref.finalize(self, self._lease.release)
        self._timer = create_looping_call(self.copy_pool_figures)
        crawler.signals.connect(self._spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(self._spider_closed, signal=signals.spider_closed)

    def _check_selectors(self) -> None:
        """Raises what would fail page by page."""
        mode = self.settings.mode
        if isinstance(mode, str):
            return
        try:
            self.extractor.check_mode(mode)
        except (ParseError, UnsupportedModeError) as error:
            raise ConfigError(
                f"RIPTIDE_MODE = {in_short(repr(list(mode)))} is not allowed: {error}."
            ) from error
        except RiptideError:  # the machinery's trouble: each page tries again, and has its fallback
            logger.debug("The selectors of RIPTIDE_MODE could not be checked", exc_info=True)

    async def _check_selectors_once_compiled(self) -> None:
        try:
            await asyncio.to_thread(self._check_selectors)
        except ConfigError as error:
            self.stop("riptide_mode", f"The crawl ends: {error}")
        self._checking = None

    async def selectors_checked(self) -> None:
        """Waits until ``RIPTIDE_MODE`` is known to be one that the guest can follow, or the crawl ends.

        To be awaited before a page is extracted: else a short crawl would be over before the check.
        """
        if self._checking is not None:
            await asyncio.shield(self._checking)

    def before_close(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Has ``callback`` awaited after the last page and before the extractor is given back."""
        self._before_close.append(callback)

    @property
    def spider(self) -> Spider | None:
        """The crawl's spider, whose log lines are told from others' by it; None until it is made."""
        return self._crawler.spider

    def labels(self) -> dict[str, str]:
        """What tells this crawl from others: spider, project, and the job's id where Scrapyd gave one."""
        spider = self.spider
        return {
            "spider": self._crawler.spidercls.name if spider is None else spider.name,
            "project": str(self._crawler.settings["BOT_NAME"]),
            "job": str(getattr(spider, "_job", None) or os.environ.get("SCRAPY_JOB", "")),
        }

    def record(self, extraction: Extraction) -> None:
        """Counts a page that was given to the extractor; a failure is told, in one line."""
        self.figures.record(extraction)
        self.stats.given(extraction, self.figures.durations_s.sum * 1000)
        if extraction.kind is None:
            return
        fields = {
            "url": extraction.url,
            "kind": extraction.kind,
            "duration_ms": round(extraction.duration_ms, 1),
            "instance": extraction.instance,
            "memory_pages": extraction.memory_pages,
            "answered_by": extraction.engine or "nobody",
        }
        where = "" if extraction.instance is None else " in instance %(instance)s"
        where += "" if extraction.memory_pages is None else " with %(memory_pages)s pages"
        logger.warning(
            f"Extraction of %(url)s failed: %(kind)s{where},"
            # The fallback's time is in it; the guest's is in the message of what is about time.
            " answered by %(answered_by)s after %(duration_ms)s ms in all: %(message)s",
            {**fields, "message": extraction.message},
            # For formatters that write more than the message.
            extra={
                "spider": self.spider,
                **{f"riptide_{name}": each for name, each in fields.items()},
            },
        )

    def links_failed(self, url: str, error: RiptideError) -> None:
        """Counts a page whose links could not be read, and tells it in one line."""
        kind = getattr(error, "kind", "internal")
        self.stats.links_failed(kind)
        logger.warning(
            "The links of %s could not be read: %s: %s",
            url,
            kind,
            error,
            extra={"spider": self.spider},
        )

    def copy_pool_figures(self) -> None:
        """Writes the pool's present figures into the stats."""
        self.stats.pool_figures(self.extractor.metrics())

    def stop(self, reason: EndReason, message: str) -> None:
        """Ends the crawl, whose result would be wrong from here on. Says why, once."""
        if self._stopping is None:
            logger.error(message, extra={"spider": self.spider})
            self._stopping = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=reason))

    def _spider_opened(self, spider: Spider) -> None:
        self._timer.start(self.settings.stats_interval_secs, now=False)
        if self._check_later and not isinstance(self.settings.mode, str):
            self._checking = asyncio.ensure_future(self._check_selectors_once_compiled())

    async def _spider_closed(self, spider: Spider) -> None:
        if self._timer.running:
            self._timer.stop()
        if self._checking is not None:
            self._checking.cancel()
        try:
            self.copy_pool_figures()
            for callback in self._before_close:
                await callback()
            if self.stats.are_kept:
                logger.info(summary(self.figures, self._crawler.stats.get_stats()), extra={"spider": spider})
        finally:
            # Closing waits for threads that stop their guests.
            await asyncio.to_thread(self._lease.release)


def summary(figures: CrawlFigures, stats: Mapping[str, Any]) -> str:
    """What became of a crawl's pages, in one line for a person."""
    stats = own_stats(stats)
    errors, skipped, fallback = (by_kind(stats, each) for each in (ERRORS, SKIPPED, FALLBACK))
    parts = [f"{stats.get(EXTRACTED, 0)} extracted"]
    parts += [f"{count} failed ({kind})" for kind, count in errors.items()]
    parts += [f"{count} skipped ({kind})" for kind, count in skipped.items()]
    line = f"scrapy-riptide: {counted(stats.get(SEEN, 0), 'page')}: {', '.join(parts)}"
    if fallback:
        line += f"; the fallback answered {sum(fallback.values())} of those that failed"
    if items := stats.get(ITEMS_EXTRACTED):
        line += f"; {counted(items, 'item')} extracted from RIPTIDE_SOURCE_FIELD"
    if given := sum(figures.extractions.values()):
        line += f"; {figures.durations_s.sum / given * 1000:.1f} ms a page"
    if (denied := stats.get(POOL_FIGURES["riptide_wasm_grow_failed_total"])) is not None:
        peak = stats.get(POOL_FIGURES["riptide_wasm_peak_memory_pages"], 0)
        line += f"; at most {peak} memory pages in an instance, {counted(denied, 'growth')} denied"
    return line + "."


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
