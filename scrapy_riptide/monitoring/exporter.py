"""The extension that shows a crawl to the outside while it runs."""

from __future__ import annotations

import asyncio
import errno
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured

from scrapy_riptide.crawl import RiptideCrawl
from scrapy_riptide.monitoring.discovery import TargetFile, with_port
from scrapy_riptide.monitoring.live import LiveFeed
from scrapy_riptide.monitoring.server import CrawlServer
from scrapy_riptide.whole_files import write_whole
from scrapy_riptide.wording import install

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from scrapy.crawler import Crawler
    from typing_extensions import Self

    from scrapy_riptide.settings import RiptideSettings

logger = logging.getLogger(__name__)

_TEXTFILE_INTERVAL_S = 30.0
# What another port may be free of. A host that isn't there is there on none of them.
_TAKEN = (errno.EADDRINUSE, errno.EACCES)


class RiptideExporter:
    """Serves metrics, health and a live page, and writes the files that lead Prometheus there.

    What can't be served or written is told once, and the crawl goes on.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawl = RiptideCrawl.of(crawler)
        self._settings = settings = self._crawl.settings
        if settings.metrics_port is None and settings.metrics_textfile is None:
            raise NotConfigured(
                "RIPTIDE_METRICS_PORT and RIPTIDE_METRICS_TEXTFILE are None. Set one of them to see metrics."
            )
        #: Everything about the crawl, for a server of one's own. None without prometheus-client.
        self.registry = _registry(crawler, self._crawl)
        #: What stays true of the crawl once it has ended, for a gateway that keeps it. None as well.
        self.final_registry = _registry(crawler, self._crawl, ended=True)
        if self.registry is None:
            for name in settings_of_prometheus(settings):
                self._complain("%s needs prometheus-client: %s.", name, install("metrics"))
        self._feed = LiveFeed(crawler, self._crawl)
        self._tasks: list[asyncio.Task[None]] = []
        self._server: CrawlServer | None = None
        self._target: TargetFile | None = None
        self._textfile_failed = False
        #: The port that is served, once it is.
        self.port: int | None = None
        crawler.signals.connect(self._start, signal=signals.spider_opened)
        self._crawl.before_close(self._stop)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    async def _start(self) -> None:
        self._tasks.append(asyncio.create_task(self._feed.run()))
        if self._settings.metrics_textfile is not None and self.registry is not None:
            self._tasks.append(asyncio.create_task(self._keep_textfile(self.registry)))
        if self._settings.metrics_port is not None:
            await self._listen(*self._settings.metrics_port)
        served = self.port is not None and self.registry is not None
        if served and self._settings.metrics_targets_dir is not None:
            await asyncio.to_thread(self._write_target, self._settings.metrics_targets_dir)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for ended in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                self._complain("The live page or the textfile stopped early", cause=ended)
        if self._target is not None:
            self._remove_target(self._target)
        if self._server is not None:
            await self._server.close()
        if self._settings.metrics_textfile is not None and self.final_registry is not None:
            await self._write_textfile(self.final_registry)

    async def _listen(self, first: int, last: int) -> None:
        host = self._settings.metrics_host
        server = CrawlServer(self._crawl, self.registry, self._feed)
        for port in range(first, last + 1):
            reason = await _try_to_listen(server, host, port)
            if reason is None:
                self._server, self.port = server, port
                logger.info(
                    "Metrics, health and a live page at http://%s/",
                    with_port(host, port),
                    extra={"spider": self._crawl.spider},
                )
                return
            if reason.errno not in _TAKEN:
                break
        await server.close()
        self._complain(
            "RIPTIDE_METRICS_PORT = %r: no port of %s can be used (%s). The crawl goes on without metrics.",
            [first, last],
            host,
            reason,
        )

    def _write_target(self, directory: str) -> None:
        assert self.port is not None
        try:
            self._target = TargetFile(directory, self._settings.metrics_host, self.port, self._crawl.labels())
        except OSError as error:
            self._complain("RIPTIDE_METRICS_TARGETS_DIR = %r can't be written: %s.", directory, error)

    def _remove_target(self, target: TargetFile) -> None:
        try:
            target.remove()
        except OSError as error:
            self._complain("The file in RIPTIDE_METRICS_TARGETS_DIR can't be removed: %s.", error)

    async def _keep_textfile(self, registry: CollectorRegistry) -> None:
        while True:
            await self._write_textfile(registry)
            await asyncio.sleep(_TEXTFILE_INTERVAL_S)

    async def _write_textfile(self, registry: CollectorRegistry) -> None:
        from prometheus_client import generate_latest

        assert self._settings.metrics_textfile is not None
        path = Path(self._settings.metrics_textfile % self._crawl.labels())
        try:
            # Rendered here, in two milliseconds: the figures change on this thread only.
            await asyncio.to_thread(write_whole, path, generate_latest(registry))
        except OSError as error:
            if not self._textfile_failed:
                self._complain("RIPTIDE_METRICS_TEXTFILE = %r can't be written: %s.", str(path), error)
            self._textfile_failed = True
        else:
            self._textfile_failed = False

    def _complain(self, message: str, *arguments: Any, cause: BaseException | None = None) -> None:
        logger.error(message, *arguments, exc_info=cause, extra={"spider": self._crawl.spider})


def settings_of_prometheus(settings: RiptideSettings) -> list[str]:
    """The settings that ask for what only prometheus-client writes, or leads Prometheus to."""
    wanted = {
        "RIPTIDE_METRICS_TEXTFILE": settings.metrics_textfile,
        "RIPTIDE_METRICS_TARGETS_DIR": settings.metrics_targets_dir,
    }
    return [name for name, value in wanted.items() if value is not None]


def _registry(crawler: Crawler, crawl: RiptideCrawl, *, ended: bool = False) -> CollectorRegistry | None:
    try:
        from scrapy_riptide.monitoring.metrics import make_registry
    except ImportError:
        return None
    return make_registry(crawler, crawl, ended=ended)


async def _try_to_listen(server: CrawlServer, host: str, port: int) -> OSError | None:
    try:
        await server.listen(host, port)
    except OSError as error:
        return error
    return None
