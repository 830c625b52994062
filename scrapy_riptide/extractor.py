"""The front door: HTML in, :class:`~scrapy_riptide.content.ExtractedContent` out, whatever the HTML does.

An :class:`Extractor` puts a circuit breaker and a fallback in front of a pool of guests.
"""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, Union

from scrapy_riptide import errors
from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.content import (
    ComponentInfo,
    ExtractedContent,
    ExtractionStats,
    Favor,
    HealthStatus,
    Link,
    Mode,
)
from scrapy_riptide.errors import ExtractionError, RiptideError
from scrapy_riptide.fallback import LazyFallback, load_fallback
from scrapy_riptide.vitals import Vitals
from scrapy_riptide.wasm.breaker import BreakerState, CircuitBreaker
from scrapy_riptide.wasm.contract import extraction
from scrapy_riptide.wasm.host import Answer, GuestHost
from scrapy_riptide.wasm.lifting import Argument, lower_string
from scrapy_riptide.wasm.workers import LoopJob

if TYPE_CHECKING:
    from typing_extensions import Self

    from scrapy_riptide.fallback import FallbackExtractor

logger = logging.getLogger(__name__)

Html = Union[str, bytes]
_T = TypeVar("_T")

# Documents that a batch has under way for each worker thread: one at work, one to go on with.
_AHEAD = 2
# A batch's own documents are what its documents wait for.
_PATIENCE_S = 86400.0
# Compiling the largest guest took 3 s on two cores; a busy machine may need many times that.
_COMPILE_ALLOWANCE_S = 120.0
# How long a question after the health waits for a guest that is at work.
_HEALTH_WAIT_S = 1.0


@dataclass(slots=True)
class Outcome:
    """One document's whole story. At least one of ``content`` and ``error`` is set.

    Both are, where wasm failed and the fallback answered.
    """

    content: ExtractedContent | None = None
    error: ExtractionError | None = None
    stats: ExtractionStats | None = None
    #: Milliseconds on the worker thread, the fallback's included.
    duration_ms: float = 0.0


class Extractor:
    """Extracts content from HTML inside sandboxed guests. Safe for any number of threads.

    Guests run on the extractor's own worker threads, without the GIL. HTML is ``str``, or bytes
    of UTF-8 (what is not valid becomes U+FFFD). A document that fails raises an
    :class:`~scrapy_riptide.errors.ExtractionError`, unless the fallback answers for it.

    Close it, or use it as a context manager: running guests are stopped, memory is given back.

    :param config: ``None`` reads the environment, see :meth:`ExtractorConfig.from_env`
    :raises ComponentError: the component can't be used
    :raises ConfigError: a value is not allowed
    """

    def __init__(self, config: ExtractorConfig | None = None) -> None:
        self.config = ExtractorConfig.from_env() if config is None else config
        self._fallback = _load_fallback(self.config.fallback)
        self._breaker = CircuitBreaker(
            self.config.failure_threshold,
            self.config.recovery_timeout_secs,
            self.config.half_open_max_requests,
        )
        self._host = GuestHost(self.config)
        fallback = self._fallback.name if self._fallback else None
        self._vitals = Vitals(self.config, self._host, self._breaker, fallback)
        # Runs at exit as well, and when nobody refers to the extractor any more.
        self._finalizer = weakref.finalize(self, self._host.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError("an Extractor can't be pickled: pass its config, and make one in each process")

    @property
    def ready(self) -> bool:
        """Whether the component is loaded: nothing waits for a compilation."""
        return self._host.ready

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._host.closed

    def close(self) -> None:
        """Stops running extractions, cancels waiting ones, gives everything back. Idempotent."""
        self._finalizer()

    def wait_until_ready(self, timeout_s: float | None = None) -> None:
        """Waits until the component is loaded, which takes seconds where it has to be compiled first.

        Nobody has to: extractions wait by themselves.

        :raises ComponentError: the component can't be used
        :raises TimeoutError: it takes longer than ``timeout_s`` seconds
        """
        self._host.wait_until_ready(timeout_s)

    # One document

    def extract(
        self, html: Html, url: str, mode: Mode = "article", *, favor: Favor | None = None
    ) -> ExtractedContent:
        """The content of one document.

        :param url: the document's absolute address; relative ones in it are resolved against it
        :param mode: ``"article"`` (the body a reader came for), ``"full"`` (everything but the
            site's chrome), ``"metadata"`` (no text, several times faster), or a list of CSS selectors
        :param favor: ``"precision"`` keeps less, ``"recall"`` more of what is in doubt; ``None``: as
            the configuration says
        """
        return _content(self.run(html, url, mode, favor=favor))

    def extract_with_stats(
        self, html: Html, url: str, mode: Mode = "article", *, favor: Favor | None = None
    ) -> tuple[ExtractedContent, ExtractionStats]:
        """The content of one document, and what it cost."""
        return _content_and_stats(self.run(html, url, mode, favor=favor))

    async def extract_async(
        self, html: Html, url: str, mode: Mode = "article", *, favor: Favor | None = None
    ) -> ExtractedContent:
        """:meth:`extract`, without blocking the event loop. Cancelling is safe at any moment."""
        return _content(await self.run_async(html, url, mode, favor=favor))

    async def extract_with_stats_async(
        self, html: Html, url: str, mode: Mode = "article", *, favor: Favor | None = None
    ) -> tuple[ExtractedContent, ExtractionStats]:
        """:meth:`extract_with_stats`, without blocking the event loop."""
        return _content_and_stats(await self.run_async(html, url, mode, favor=favor))

    def extract_many(
        self, pairs: Iterable[tuple[Html, str]], mode: Mode = "article", *, favor: Favor | None = None
    ) -> Iterator[ExtractedContent | ExtractionError]:
        """The contents of many documents ``(html, url)``, in order, on all worker threads.

        ``pairs`` is read only as far ahead as keeps the threads busy. A document that fails yields
        its error in its place, and the batch goes on.
        """
        yield from map(_either, self.run_many(pairs, mode, favor=favor))

    def run_many(
        self, pairs: Iterable[tuple[Html, str]], mode: Mode = "article", *, favor: Favor | None = None
    ) -> Iterator[Outcome]:
        """:meth:`extract_many`, with each document's whole story."""
        under_way: deque[Future[Outcome]] = deque()
        ahead = self._host.workers.count * _AHEAD
        try:
            for html, url in pairs:
                refused = self._refused(html, url)
                under_way.append(refused or self._submit(html, url, mode, favor, wait_s=_PATIENCE_S))
                if len(under_way) > ahead:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()

    def _refused(self, *texts: object) -> Future[Outcome] | None:
        """The outcome of a document in a batch that is none: elsewhere that is a ``TypeError``."""
        wrong = [type(each).__name__ for each in texts if not isinstance(each, (str, bytes))]
        if not wrong:
            return None
        error = errors.InvalidHtmlError(f"a document or an address is str or bytes, not {wrong[0]}")
        self._vitals.counts.failed(error)
        refused: Future[Outcome] = Future()
        refused.set_result(Outcome(error=error))
        return refused

    def run(self, html: Html, url: str, mode: Mode = "article", *, favor: Favor | None = None) -> Outcome:
        """Extracts one document and returns, rather than raises, what went wrong."""
        wait_s = self._max_wait_s()
        try:
            return self._wait(self._submit(html, url, mode, favor, wait_s), wait_s)
        except errors.PoolExhausted as error:
            return self._not_taken(error)

    async def run_async(
        self, html: Html, url: str, mode: Mode = "article", *, favor: Favor | None = None
    ) -> Outcome:
        """:meth:`run`, without blocking the event loop."""
        wait_s = self._max_wait_s()
        try:
            job = self._host.submit_async(self._extraction(html, url, mode, favor, wait_s))
            return await self._wait_async(job, wait_s)
        except errors.PoolExhausted as error:
            return self._not_taken(error)

    async def fall_back_async(
        self, html: Html, url: str, error: ExtractionError, mode: Mode = "article"
    ) -> Outcome:
        """The fallback's answer, where there is a fallback, for a document that no guest came free for.

        Waits for a worker thread as long as that takes: each is free again after ``timeout_secs``.
        """
        outcome = Outcome(error=error)
        if self._fallback is not None:
            started = time.perf_counter()
            await self._host.submit_async(lambda: self._fall_back(outcome, error, html, url, mode)).future
            outcome.duration_ms = (time.perf_counter() - started) * 1000
        return outcome

    def _max_wait_s(self) -> float:
        # A start that compiles is no sign of too much work.
        return self.config.checkout_timeout_secs + (0.0 if self._host.ready else _COMPILE_ALLOWANCE_S)

    def _submit(
        self, html: Html, url: str, mode: Mode, favor: Favor | None, wait_s: float
    ) -> Future[Outcome]:
        return self._host.submit(self._extraction(html, url, mode, favor, wait_s))

    def _extraction(
        self, html: Html, url: str, mode: Mode, favor: Favor | None, wait_s: float
    ) -> Callable[[], Outcome]:
        """One document's job, which has to be begun within ``wait_s`` seconds from now."""
        wanted = self.config.favor if favor is None else favor
        deadline = time.monotonic() + wait_s
        return lambda: self._run(html, url, mode, wanted, deadline)

    def _wait(self, future: Future[_T], wait_s: float) -> _T:
        """The result of a job that has to be begun within ``wait_s`` seconds, or ``PoolExhausted``."""
        try:
            return future.result(wait_s)
        except FutureTimeout:
            if future.cancel():
                raise self._host.exhausted(wait_s) from None
            return future.result()
        except BaseException:  # Ctrl-C: nobody will ask for this result any more
            future.cancel()
            raise

    async def _wait_async(self, job: LoopJob[_T], wait_s: float) -> _T:
        """:meth:`_wait`, without blocking the event loop."""

        def give_up() -> None:
            if job.cancel():
                job.set_exception(self._host.exhausted(wait_s))

        timer = asyncio.get_running_loop().call_later(wait_s, give_up)
        try:
            return await job.future
        except asyncio.CancelledError:
            job.cancel()
            raise
        finally:
            timer.cancel()

    def _not_taken(self, error: errors.PoolExhausted) -> Outcome:
        self._vitals.counts.failed(error)
        return Outcome(error=error)

    # On a worker thread

    def _run(self, html: Html, url: str, mode: Mode, favor: Favor, deadline: float) -> Outcome:
        # The first documents of a machine's first crawl wait here: a compilation is no page's time.
        self._host.wait_until_ready()
        started = time.perf_counter()
        outcome = Outcome()
        try:
            name, arguments = extraction(html, url, mode, favor)
            size = arguments[0].words[0]
            # To encode 50 MB takes the host a while: the deadline is for both together.
            spent_s = time.perf_counter() - started
            answer = self._guarded(name, arguments, size, deadline - time.monotonic(), spent_s)
            outcome.content, outcome.stats = answer.value
            self._complete(outcome, answer)
        except ExtractionError as error:
            outcome.error = error
            self._vitals.counts.failed(error)
            self._answer_by_fallback(outcome, html, url, mode)
        outcome.duration_ms = (time.perf_counter() - started) * 1000
        self._vitals.counts.took(outcome.duration_ms)
        return outcome

    def _guarded(
        self,
        name: str,
        arguments: tuple[Argument, ...],
        document_bytes: int = 0,
        wait_s: float | None = None,
        spent_s: float = 0.0,
    ) -> Answer:
        """A call of the guest that the breaker lets through and hears the outcome of."""
        permit = self._breaker.acquire()
        try:
            answer = self._host.call(
                name, *arguments, document_bytes=document_bytes, wait_s=wait_s, spent_s=spent_s
            )
        except ExtractionError as error:
            if error.is_machinery:
                self._breaker.failure(permit)
            elif isinstance(error, errors.PoolExhausted):
                self._breaker.abandon(permit)
            else:
                self._breaker.success(permit)
            raise
        except BaseException:
            self._breaker.abandon(permit)
            raise
        self._breaker.success(permit)
        return answer

    def _complete(self, outcome: Outcome, answer: Answer) -> None:
        stats = outcome.stats
        assert stats is not None
        stats.processing_time_ms = round(answer.duration_ms)
        if answer.memory_bytes is not None:
            stats.memory_used = answer.memory_bytes
        self._vitals.counts.extracted()

    def _answer_by_fallback(self, outcome: Outcome, html: Html, url: str, mode: Mode) -> None:
        error = outcome.error
        assert error is not None
        if error.is_machinery or isinstance(error, errors.CircuitOpen):
            self._fall_back(outcome, error, html, url, mode)

    def _fall_back(self, outcome: Outcome, error: ExtractionError, html: Html, url: str, mode: Mode) -> None:
        if self._fallback is None:
            return
        started = time.perf_counter()
        text = html if isinstance(html, str) else html.decode("utf-8", "replace")
        try:
            content = self._fallback.extract(text, url, mode)
        except Exception as second:
            if not isinstance(second, ExtractionError):
                logger.exception("The fallback %s failed on %s", self._fallback.name, url)
            if hasattr(error, "add_note"):  # Python 3.11's
                error.add_note(f"The fallback failed as well: {second}")
            self._vitals.counts.fell_back(error, succeeded=False)
            return
        content.engine = self._fallback.name
        outcome.content = content
        outcome.stats = ExtractionStats(
            processing_time_ms=round((time.perf_counter() - started) * 1000),
            memory_used=0,
            nodes_processed=None,
            links_found=len(content.links),
            images_found=len(content.media),
        )
        self._vitals.counts.fell_back(error, succeeded=True)

    # The rest of the contract

    def extract_links(self, html: Html, url: str) -> list[Link]:
        """Every link of a document with its text, its rel words and its language."""
        links: list[Link] = self._wait(self._host.submit(self._links(html, url)), self._max_wait_s())
        return links

    async def extract_links_async(self, html: Html, url: str) -> list[Link]:
        """:meth:`extract_links`, without blocking the event loop."""
        job = self._host.submit_async(self._links(html, url))
        links: list[Link] = await self._wait_async(job, self._max_wait_s())
        return links

    def validate(self, html: Html) -> bool:
        """Whether the guest can read this as a web document."""
        future = self._host.submit(self._of_document("validate-html", html))
        return bool(self._wait(future, self._max_wait_s()))

    def check_mode(self, mode: Mode) -> None:
        """Raises what every document would end with in this mode: a selector that can't be parsed.

        Waits for the component where it has to be compiled first.

        :raises ParseError: a CSS selector is broken; the message names it and the place in it
        :raises UnsupportedModeError: there is no such mode
        """
        name, arguments = extraction("<p>", "https://example.com/", mode, "balanced")
        self._ask(name, *arguments)

    def info(self) -> ComponentInfo:
        """What the component says it is."""
        info: ComponentInfo = self._ask("get-info")
        return info

    def modes(self) -> list[str]:
        """The modes the component has."""
        modes: list[str] = self._ask("get-modes")
        return modes

    def reset(self) -> str:
        """Closes the breaker, has a guest drop what it keeps between calls; says what was dropped."""
        self._host.check_process()
        self._breaker.reset()
        return str(self._ask("reset-state"))

    def guest_health(self) -> HealthStatus:
        """A guest's own word on its health."""
        status: HealthStatus = self._ask("health-check")
        return status

    def _links(self, html: Html, url: str) -> Callable[[], Any]:
        return self._of_document("extract-links", html, url)

    def _of_document(self, name: str, *texts: Html) -> Callable[[], Any]:
        """A call that works on a document, the first of ``texts``; the breaker hears of a failure."""

        def work() -> Any:
            # Here, not on the caller's thread: to encode a large document takes milliseconds.
            arguments = tuple(map(lower_string, texts))
            return self._guarded(name, arguments, arguments[0].words[0]).value

        return work

    def _ask(self, name: str, *arguments: Argument, wait_s: float | None = None) -> Any:
        """A function that works on no document, or on one that says nothing of documents' fortunes."""
        future = self._host.submit(lambda: self._host.call(name, *arguments, wait_s=wait_s).value)
        return self._wait(future, self._max_wait_s() if wait_s is None else wait_s)

    def health(self, *, ask: bool = True) -> dict[str, Any]:
        """The extractor's state for a health page: ``status`` is ``ok``, ``degraded`` or ``unhealthy``.

        ``reason`` says why it is not ``ok``. Asks a guest, but never waits for a compilation.

        :param ask: False: no guest is asked, what one last said holds, and nothing is waited for
        """
        self._host.check_process()
        vitals = self._vitals
        if self._host.loading:
            return vitals.health(None)
        if self._breaker.state is BreakerState.OPEN:
            # Its guests are left alone.
            return vitals.health(vitals.guest_seen, self._breaker.refusal())
        try:
            if not ask:
                self._host.wait_until_ready(0.0)
                return vitals.health(vitals.guest_seen, busy=True)
            vitals.guest_answered(self._ask("health-check", wait_s=_HEALTH_WAIT_S))
        except errors.PoolExhausted:
            # Every guest is at work: that is no illness, and what one last said still holds.
            return vitals.health(vitals.guest_seen, busy=True)
        except RiptideError as error:
            if ask:
                vitals.guest_answered(None)
            return vitals.health(None, error)
        return vitals.health(vitals.guest_seen)

    async def health_async(self) -> dict[str, Any]:
        """:meth:`health`, without blocking the event loop."""
        return await asyncio.get_running_loop().run_in_executor(None, self.health)

    def metrics(self) -> dict[str, Any]:
        """Every figure of the extractor. A figure that can't be known is None, never zero.

        ``riptide_errors_total`` counts documents; a try that no instance came free for is counted in
        ``riptide_pool_exhausted_total``, once for each try.
        """
        self._host.check_process()
        return self._vitals.metrics()


def _load_fallback(name: str | None) -> FallbackExtractor | None:
    if name is None:
        return None
    # What may be missing or no fallback at all is found out at the start.
    return LazyFallback() if name == LazyFallback.name else load_fallback(name)


def _either(outcome: Outcome) -> ExtractedContent | ExtractionError:
    result = outcome.content if outcome.content is not None else outcome.error
    assert result is not None
    return result


def _content(outcome: Outcome) -> ExtractedContent:
    if outcome.content is None:
        assert outcome.error is not None
        raise outcome.error
    return outcome.content


def _content_and_stats(outcome: Outcome) -> tuple[ExtractedContent, ExtractionStats]:
    content = _content(outcome)
    assert outcome.stats is not None
    return content, outcome.stats
