"""When a request leaves the shared queue: once everything that came of it is safe."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError
from scrapy import __version__ as scrapy_version
from scrapy.exceptions import NotSupported
from scrapy.utils.asyncio import call_later, create_looping_call
from scrapy.utils.misc import load_object
from scrapy_redis.dupefilter import RFPDupeFilter
from scrapy_redis.scheduler import Scheduler

from scrapy_riptide.errors import ConfigError
from scrapy_riptide.monitoring import stats as names
from scrapy_riptide.redis.queue import LeaseQueue, Taken

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from typing_extensions import Self

logger = logging.getLogger(__name__)

# A lease outlives two renewals that fail.
_RENEWALS_PER_LEASE = 3
# The engine by itself would ask every 5 seconds whether the other workers have left something.
_ASK_AGAIN_S = 0.5


class LeaseScheduler(Scheduler):  # type: ignore[misc]
    """scrapy-redis's scheduler, with leases: a request whose worker dies is another worker's.

    Takes the settings of scrapy-redis (``REDIS_URL``, ``SCHEDULER_PERSIST``,
    ``SCHEDULER_QUEUE_KEY``, ...) and ``RIPTIDE_LEASE_SECS`` and ``RIPTIDE_LEASE_ATTEMPTS``.

    A request is done when the engine is: its callback or errback has ended, the requests that came
    of it are in the queue, and its items have left the last pipeline. Until then it is renewed by
    the event loop's own hand, so that a worker that hangs loses it as one that was killed does.

    :raises ConfigError: the queue or the duplicates filter are others than this one can work with
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        queue_class = crawler.settings.get("SCHEDULER_QUEUE_CLASS")
        if queue_class is not None and not issubclass(load_object(queue_class), LeaseQueue):
            raise ConfigError(
                f"SCHEDULER_QUEUE_CLASS = {queue_class!r} hands requests out for good: remove the setting, or"
                " take scrapy-redis's own SCHEDULER."
            )
        filter_class = crawler.settings["DUPEFILTER_CLASS"]
        if not issubclass(load_object(filter_class), RFPDupeFilter):
            raise ConfigError(
                f"DUPEFILTER_CLASS = {filter_class!r} is not shared with the other workers: set it to"
                " 'scrapy_redis.dupefilter.RFPDupeFilter'."
            )
        scheduler: Self = super().from_crawler(crawler)
        scheduler.queue_cls = LeaseQueue if queue_class is None else queue_class
        scheduler._crawler = crawler
        return scheduler

    def open(self, spider: Spider) -> None:
        """Begins to take part.

        :raises NotSupported: this Scrapy doesn't tell when a request is done
        """
        if not hasattr(self._slot, "inprogress"):
            raise NotSupported(
                f"Scrapy {scrapy_version} keeps its requests in progress elsewhere than 2.19: take that"
                " one, or scrapy-redis's own scheduler."
            )
        # Not scrapy-redis's own: Scrapy deprecates the log method that it calls.
        self.spider = spider
        self.queue = self.queue_cls(
            server=self.server, spider=spider, key=self.queue_key, serializer=self.serializer
        )
        self.df = load_object(self.dupefilter_cls).from_spider(spider)
        if self.flush_on_start:
            self.flush()
        if waiting := len(self.queue):
            logger.info("%s requests of a crawl under way are in Redis", waiting, extra=self._log_extra())
        # Requests that were taken and are not known to be done, and their leases.
        self._in_hand: dict[Request, Any] = {}
        # After a request that came of another could not be kept, nothing here counts as done.
        self._broken = False
        self._stopping: asyncio.Future[None] | None = None
        self._asking_again: Any = None
        self._timer = create_looping_call(self._renew)
        self._timer.start(self.queue.lease_ms / 1000 / _RENEWALS_PER_LEASE, now=False)

    def close(self, reason: str) -> None:
        """Ends to take part. The queue is cleared by who finished it, not by who leaves early."""
        self._timer.stop()
        if self._asking_again is not None:
            self._asking_again.cancel()
        self._renew()
        if reason == "finished":
            super().close(reason)

    def enqueue_request(self, request: Request) -> bool:
        """Keeps a request, unless it was seen.

        :raises RedisError: it could not be kept. The crawl ends, and what this worker has in hand is left
            to the others.
        """
        try:
            encoded = self.queue.encode(request)
        except Exception:
            # A callback that is no method of the spider, a meta value that doesn't pickle.
            logger.exception("%s can't be kept in Redis, and is dropped", request, extra=self._log_extra())
            self.stats.inc_value("scheduler/unserializable")
            return False
        fingerprint = None if request.dont_filter else self.df.request_fingerprint(request)
        try:
            new = self.queue.push(encoded, -request.priority, self.df.key, fingerprint)
        except RedisError as error:
            self._give_up(error)
            raise
        if new:
            self.stats.inc_value("scheduler/enqueued/redis")
        else:
            self.df.log(request, self.spider)
        return bool(new)

    def next_request(self) -> Request | None:
        """The first of the waiting requests, of which this worker gets a lease."""
        done = self._done()
        try:
            taken = self.queue.take([self._in_hand[each] for each in done])
        except RedisError as error:
            # The engine asks again in some seconds. Should Redis have lent a request out, its lease runs out.
            self._complain(error)
            return None
        self._forget(done)
        self._count(taken)
        if taken.lease is None:
            self._ask_again()
            return None
        lease, encoded = taken.lease
        try:
            request: Request = self.queue.decode(encoded)
        except Exception:
            # Perhaps a worker with other code can.
            logger.exception("A request from Redis can't be read", extra=self._log_extra())
            self.stats.inc_value(names.LEASES_UNREADABLE)
            return None
        self._in_hand[request] = lease
        self.stats.inc_value("scheduler/dequeued/redis")
        return request

    def has_pending_requests(self) -> bool:
        """Whether anything waits or is in anybody's hands: who has a request may lose it."""
        try:
            return len(self.queue) > 0
        except RedisError as error:
            self._complain(error)
            return True

    @property
    def _slot(self) -> Any:
        """What the engine keeps of the crawl, for itself; None before the crawl and after it.

        There is no public way. No signal says that a request is done: request_left_downloader comes
        before the callback, and errbacks, redirects and dropped requests have no other. The slot has
        each of them ``inprogress`` until its items have left the pipelines. Nor can anybody else than
        its ``nextcall`` wake the engine.
        """
        return getattr(self._crawler.engine, "_slot", None)

    def _done(self) -> list[Request]:
        """Requests in hand that the engine has done with."""
        if self._broken:
            return []
        in_progress = () if self._slot is None else self._slot.inprogress
        return [request for request in self._in_hand if request not in in_progress]

    def _renew(self) -> None:
        done = self._done()
        if self._broken or not self._in_hand:
            return
        at_work = {lease: request for request, lease in self._in_hand.items() if request not in done}
        try:
            lost_done, lost = self.queue.renew([self._in_hand[each] for each in done], list(at_work))
        except RedisError as error:
            self._complain(error)
            return
        self._forget(done)
        self._forget([at_work[lease] for lease in lost])
        self._count_lost(lost_done + len(lost))

    def _ask_again(self) -> None:
        if self._asking_again is None:
            self._asking_again = call_later(_ASK_AGAIN_S, self._wake_engine)

    def _wake_engine(self) -> None:
        self._asking_again = None
        if self._slot is not None:
            self._slot.nextcall.schedule()

    def _forget(self, requests: list[Request]) -> None:
        for request in requests:
            del self._in_hand[request]

    def _count(self, taken: Taken) -> None:
        self._count_lost(taken.lost)
        if taken.run_out:
            self.stats.inc_value(names.LEASES_RUN_OUT, taken.run_out)
        for encoded in taken.given_up:
            self.stats.inc_value(names.LEASES_GIVEN_UP)
            logger.error(
                "%s is given up: every worker that took it was lost with it. It is kept in %s:given_up.",
                self._described(encoded),
                self.queue.key,
                extra=self._log_extra(),
            )

    def _described(self, encoded: bytes) -> str:
        try:
            return str(self.queue.decode(encoded))
        except Exception as error:  # noqa: BLE001 (a serializer's and a project's own, named in the log)
            return f"A request that can't be read ({error!r})"

    def _count_lost(self, count: int) -> None:
        if count:
            self.stats.inc_value(names.LEASES_LOST, count)

    def _complain(self, error: RedisError) -> None:
        self.stats.inc_value(names.LEASES_REDIS_ERRORS)
        logger.warning("Redis does not answer, and is asked again: %s", error, extra=self._log_extra())

    def _give_up(self, error: RedisError) -> None:
        """Ends the crawl as if it were killed: its leases run out, and others begin those requests again."""
        self._broken = True
        if self._stopping is None:
            logger.error(
                "A request could not be kept in Redis: %s. The crawl ends, and other workers take over what"
                " it had in hand. Start it again when Redis is back.",
                error,
                extra=self._log_extra(),
            )
            reason: names.EndReason = "riptide_redis"
            closing = self._crawler.engine.close_spider_async(reason=reason)
            self._stopping = asyncio.ensure_future(closing)

    def _log_extra(self) -> dict[str, Any]:
        return {"spider": self.spider}
