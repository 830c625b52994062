"""The way of a page: extraction on its way to the spider, and its content into the spider's items."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from itemadapter import ItemAdapter
from scrapy import Request, Spider, signals
from scrapy.http import HtmlResponse, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware
from scrapy.spidermiddlewares.httperror import HttpError, HttpErrorMiddleware
from scrapy.utils.httpobj import urlparse_cached

from scrapy_riptide.content import ExtractedContent, Link, Mode
from scrapy_riptide.crawl import RiptideCrawl
from scrapy_riptide.errors import (
    ComponentError,
    ConfigError,
    ExtractionError,
    ExtractorClosed,
    InternalError,
    PoolExhausted,
    RiptideError,
)
from scrapy_riptide.extractor import Outcome
from scrapy_riptide.items import ItemFiller
from scrapy_riptide.keys import CONTENT_KEY, DURATION_KEY, ERROR_KEY, LINKS_KEY, OPTIONS_KEY, RESULT_KEYS
from scrapy_riptide.linkextractors import RiptideLinkExtractor
from scrapy_riptide.monitoring.figures import Extraction
from scrapy_riptide.monitoring.stats import SkippedKind
from scrapy_riptide.page_options import OptionsError, PageOptions, page_options

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from typing_extensions import Self

logger = logging.getLogger(__name__)

# A page that waits longer than this waits beside a pool that has long had a place for it.
_MAX_RETRY_DELAY_S = 5.0


class RiptideMiddleware:
    """Extracts the content of HTML responses into ``response.meta``.

    A downloader middleware for the engine's end of the chain, so that it sees what the spider will
    see: retried, redirected and decompressed, from the cache or from the net. While a page waits
    for its extraction, its request counts as being downloaded, and Scrapy's own limit of those
    (``CONCURRENT_REQUESTS``) holds the crawl back to what the pool can take.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._crawl = RiptideCrawl.of(crawler)
        # Responses that a page object asked for ahead of their turn. Another middleware may make a
        # new response of one, which is another document then.
        self._done: WeakSet[Response] = WeakSet()
        # Whatever its way to the scheduler (a callback, an errback, start(), an extension), a
        # request comes by here, and before it is pickled for a queue on disk or in Redis.
        crawler.signals.connect(self._request_scheduled, signal=signals.request_scheduled)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Clears results of another page out of a request that never was scheduled."""
        _forget_results(request)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Extracts the response, if it is to be, and passes it on whatever happens."""
        if response not in self._done:
            await self.extract(request, response)
        return response

    async def extract(self, request: Request, response: Response, *, asked: bool = False) -> str | None:
        """Extracts the response into its meta, if it is to be.

        :param asked: whether the request stands for ``meta["riptide"] = True`` where it says nothing
        :return: the kind of reason why the response was skipped, if it was
        """
        self._done.add(response)
        if response.request is None:
            response.request = request
        _forget_results(response.request)
        try:
            options = self._options(response, asked=asked)
        except OptionsError as error:
            self._record(response, "none", Outcome(error=error), 0.0)
            return None
        if isinstance(options, str):
            self._crawl.stats.skipped(options)
            return options
        await self._crawl.selectors_checked()
        started = time.perf_counter()
        outcome = await self._outcome(response, options)
        self._record(response, options.mode, outcome, (time.perf_counter() - started) * 1000)
        if outcome.content is not None and self._are_links_wanted(options):
            response.meta[LINKS_KEY] = await self._links(response, outcome.content)
        return None

    def _are_links_wanted(self, options: PageOptions) -> bool:
        if options.links is not None:
            return options.links
        rules = getattr(self._crawler.spider, "rules", ())
        return any(isinstance(rule.link_extractor, RiptideLinkExtractor) for rule in rules)

    async def _links(self, response: Response, content: ExtractedContent) -> list[Link]:
        """The links with what their markup says; where that fails, the addresses that the content has."""
        try:
            return await self._crawl.extractor.extract_links_async(_document(response), response.url)
        except RiptideError as error:
            self._crawl.links_failed(response.url, error)
            return [Link(url, "", nofollow=False, ugc=False, sponsored=False) for url in content.links]

    def _request_scheduled(self, request: Request, spider: Spider) -> None:
        _forget_results(request)

    def _options(self, response: Response, *, asked: bool) -> PageOptions | SkippedKind:
        """How to extract a response, or the kind of reason to pass it through."""
        wish = response.meta.get(OPTIONS_KEY)
        if wish is False:
            return "switched_off"
        if wish is None and (reason := self._reason_not_to_try(response, asked=asked)):
            return reason
        options = page_options(True if wish is None else wish, self._crawl.settings)
        if not isinstance(response, HtmlResponse):
            return "not_html"
        if not response.body or response.body.isspace():
            return "empty"
        if len(response.body) > options.max_body_bytes:
            return "too_large"
        return options

    def _reason_not_to_try(self, response: Response, *, asked: bool) -> SkippedKind | None:
        """Why a response is left alone for which nobody asked, if it is."""
        request = response.request
        assert request is not None
        if request.callback is NO_CALLBACK and urlparse_cached(request).path == "/robots.txt":
            return "robots_txt"
        if self._crawl.settings.extract == "opt-in" and not asked:
            return "not_asked"
        if not 200 <= response.status < 300 and self._is_filtered(response):
            return "status"
        return None

    def _is_filtered(self, response: Response) -> bool:
        """Whether Scrapy will keep a response of this status from the spider."""
        http_errors = self._crawler.get_spider_middleware(HttpErrorMiddleware)
        try:
            if http_errors is not None:
                http_errors.process_spider_input(response)
        except HttpError:
            return True
        return False

    async def _outcome(self, response: Response, options: PageOptions) -> Outcome:
        """The extraction's outcome, tried again while the pool is exhausted."""
        delay = self._crawl.settings.pool_retry_delay_secs
        tries_left = self._crawl.settings.pool_retry_times
        while True:
            outcome = await self._run(response, options)
            if not isinstance(outcome.error, PoolExhausted):
                return outcome
            # A crawl that was told to end has no time to wait, but a fallback all the same.
            if not tries_left or not self._crawler.engine.running:
                return await self._run(response, options, given_up=outcome.error)
            tries_left -= 1
            self._crawl.stats.retried()
            await asyncio.sleep(_spread(min(delay, _MAX_RETRY_DELAY_S)))
            delay *= 2

    async def _run(
        self, response: Response, options: PageOptions, given_up: PoolExhausted | None = None
    ) -> Outcome:
        extractor = self._crawl.extractor
        try:
            html = _document(response)
            if given_up is not None:
                return await extractor.fall_back_async(html, response.url, given_up, options.mode)
            return await extractor.run_async(html, response.url, options.mode, favor=options.favor)
        except (ComponentError, ConfigError) as error:
            # No page will fare better.
            self._crawl.stop("riptide_component", f"The crawl ends: {error}.")
            return Outcome(error=InternalError(str(error)))
        except ExtractorClosed as error:
            return Outcome(error=InternalError(str(error)))
        except Exception as error:
            # The last line of defence: a mistake of ours must not cost anybody a response.
            logger.exception(
                "Extracting %s failed unexpectedly", response.url, extra={"spider": self._crawl.spider}
            )
            return Outcome(error=InternalError(repr(error)))

    def _record(self, response: Response, mode: Mode, outcome: Outcome, elapsed_ms: float) -> None:
        content, error = outcome.content, outcome.error
        extraction = Extraction(
            url=response.url,
            mode=mode if isinstance(mode, str) else "custom",
            engine=content.engine if content else None,
            kind=error.kind if error else None,
            message=_message(error) if error else "",
            html_bytes=len(response.body),
            markdown_bytes=_utf8_length(content.markdown) if content else 0,
            duration_ms=outcome.duration_ms,
            wait_ms=max(0.0, elapsed_ms - outcome.duration_ms),
            instance=error.instance if error else None,
            memory_pages=error.memory_pages if error else None,
            title=content.title if content else None,
            quality_score=content.quality_score if content else None,
            word_count=content.word_count if content else None,
        )
        self._crawl.record(extraction)
        response.meta[DURATION_KEY] = outcome.duration_ms
        if content is not None:
            response.meta[CONTENT_KEY] = content
        elif error is not None:
            response.meta[ERROR_KEY] = {
                "kind": error.kind,
                "message": str(error),
                "url": response.url,
                "duration_ms": outcome.duration_ms,
            }


class RiptideSpiderMiddleware(BaseSpiderMiddleware):
    """Fills the items that a callback yields with the content of its response."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._crawl = RiptideCrawl.of(crawler)
        self._filler = ItemFiller(self._crawl.settings)
        self._filler.check_known_classes(crawler)

    def get_processed_item(self, item: Any, response: Response | None) -> Any:
        """Fills an item, and passes it on whatever happens.

        An item that carries a document of its own is the pipeline's: that document is what it is about.
        """
        content = None if response is None else response.meta.get(CONTENT_KEY)
        if content is not None and not self._has_source(item):
            self._filler.fill(item, content, self._crawl)
        return item

    def _has_source(self, item: Any) -> bool:
        name = self._crawl.settings.source_field
        # A lookup, no truth: a list of selectors or a response has its own idea of that.
        return name is not None and ItemAdapter.is_item(item) and ItemAdapter(item).get(name) is not None


def _spread(delay_s: float) -> float:
    """A delay as Scrapy spreads its own, by up to the half.

    Pages that were turned away together would come again together, and all but one for each thread be
    turned away once more: of 64 beside one thread, the last waited for more than a minute.
    """
    return delay_s * random.uniform(0.5, 1.5)  # noqa: S311


def _document(response: Response) -> str | bytes:
    """What a response's ``text`` is: the body itself where that is its UTF-8.

    Decoding on the event loop what a worker thread would encode again costs a page of 250 KB 0.4 ms.
    """
    assert isinstance(response, HtmlResponse)
    if response.encoding == "utf-8" and not response.body.startswith(BOM_UTF8):
        return response.body
    return response.text


def _message(error: ExtractionError) -> str:
    """What went wrong, and what the fallback had to say to it."""
    return "; ".join([str(error), *getattr(error, "__notes__", ())])


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def _forget_results(request: Request) -> None:
    for key in RESULT_KEYS:
        request.meta.pop(key, None)
