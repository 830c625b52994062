"""The whole of one extractor's wasm side: component, pool and threads, brought up and taken down."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, NamedTuple, TypeVar

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.errors import ConfigError, ExtractionError, ExtractorClosed, InternalError, PoolExhausted
from scrapy_riptide.wasm.capacity import worker_count
from scrapy_riptide.wasm.lifting import Argument
from scrapy_riptide.wasm.pool import InstancePool
from scrapy_riptide.wasm.pool_figures import PoolFigures
from scrapy_riptide.wasm.runtime import Runtime
from scrapy_riptide.wasm.threads import RuntimeThread, is_runtime_thread
from scrapy_riptide.wasm.workers import Job, LoopJob, Workers

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

# How long closing waits for stopped guests: two ticks of the clock would do.
_CLOSE_TIMEOUT_S = 5.0
_HOUSEKEEPING_S = 5.0
_HEAD_START_S = 0.05

# A slow start says something of the machine: once a process is enough.
_told_of_cold_start = threading.Event()


class Answer(NamedTuple):
    """What a guest returned, and what it cost."""

    value: Any
    #: Milliseconds inside the guest and its boundary.
    duration_ms: float
    #: Bytes of linear memory after the call, where they can be known.
    memory_bytes: int | None


class GuestHost:
    """Runs calls of the contract on worker threads.

    A component that is compiled already is loaded by the constructor, in a few milliseconds. One
    that has to be compiled first is compiled on a thread of its own: calls wait for it, nothing
    else does.
    """

    def __init__(self, config: ExtractorConfig) -> None:
        self._config = config
        self._pid = os.getpid()
        self._closing = threading.Event()
        self._close_lock = threading.Lock()
        self.workers = Workers(worker_count(config), config.max_stack_bytes)
        self._pool: Future[InstancePool] = Future()
        self._runtime: Runtime | None = None
        #: Milliseconds that the component and the first instance took; None until then.
        self.cold_start_ms: float | None = None
        runtime = Runtime.load_compiled(config)
        if runtime is not None:
            self._open(runtime)
        else:
            RuntimeThread(self._compile, "riptide-compile").start()

    def _compile(self) -> None:
        try:
            self._open(Runtime.load(self._config))
        except BaseException as error:  # noqa: BLE001 (every call's caller gets it)
            self._pool.set_exception(error)

    def _open(self, runtime: Runtime) -> None:
        with self._close_lock:
            if self._closing.is_set():
                runtime.close()
                self._pool.set_exception(
                    ExtractorClosed("the extractor was closed while the component was compiled")
                )
                return
            self._runtime = runtime
            pool = InstancePool(runtime, self._config, self.workers.count)
            self._pool.set_result(pool)
        RuntimeThread(self._keep_house, "riptide-housekeeper", pool).start()

    @property
    def runtime(self) -> Runtime | None:
        """The component, once it is loaded."""
        return self._runtime

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closing.is_set()

    def wait_until_ready(self, timeout_s: float | None = None) -> None:
        """Waits for the component; raises what kept it from being loaded, or ``TimeoutError``."""
        self.check_process()
        try:
            self._pool.result(timeout_s)
        except FutureTimeout:  # a type of its own before Python 3.11
            raise TimeoutError(f"the component is not loaded after {timeout_s:g} s") from None

    @property
    def ready(self) -> bool:
        """Whether the component is loaded, in this process."""
        return os.getpid() == self._pid and self._pool.done() and self._pool.exception() is None

    @property
    def loading(self) -> bool:
        """Whether the component is still being compiled."""
        return not self._pool.done()

    def submit(self, function: Callable[[], _T]) -> Future[_T]:
        """Has a worker thread call ``function``, which may use :meth:`call`."""
        future: Future[_T] = Future()
        self._submit(future, function)
        return future

    def submit_async(self, function: Callable[[], _T]) -> LoopJob[_T]:
        """:meth:`submit`, for the running event loop to await."""
        job: LoopJob[_T] = LoopJob()
        self._submit(job, function)
        return job

    def check_process(self) -> None:
        """Refuses to work in a forked child: nothing ends there that a thread of the parent's began.

        To be asked before any lock is taken: one that another thread held at the fork is held for ever.

        :raises ExtractorClosed: the process is not the one that made this
        """
        if os.getpid() != self._pid:
            raise ExtractorClosed(
                "this extractor belongs to the parent process: its threads did not come along. "
                "Make the Extractor after the fork, one in each process"
            )

    def _submit(self, job: Job[_T], function: Callable[[], _T]) -> None:
        self.check_process()
        if self._closing.is_set():
            raise ExtractorClosed("the extractor is closed")
        try:
            self.workers.submit(job, function)
        except RuntimeError as error:
            if self.workers.closed:
                raise ExtractorClosed("the extractor is closed") from error
            raise InternalError(f"no thread can be started for a guest: {error}") from error

    def call(
        self,
        name: str,
        *arguments: Argument,
        document_bytes: int = 0,
        wait_s: float | None = None,
        spent_s: float = 0.0,
    ) -> Answer:
        """Calls a function of the contract on an instance of the pool. For worker threads only.

        :param document_bytes: the size of what is worked on, by which leaks are told from large documents
        :param wait_s: seconds to wait for an instance at most
        :param spent_s: seconds of the guest's time that went into its arguments already
        """
        pool = self._pool.result()
        instance = pool.checkout(self._config.checkout_timeout_secs if wait_s is None else max(wait_s, 0.0))
        if self.cold_start_ms is None:
            self._note_cold_start()
        started = time.perf_counter()
        try:
            value = instance.call(name, *arguments, spent_s=spent_s)
            return Answer(value, (time.perf_counter() - started) * 1000, instance.memory_bytes)
        except ExtractionError as error:
            error.instance, error.memory_pages = instance.number, instance.tracker.current_pages
            raise
        finally:
            pool.give_back(instance, document_bytes)

    def _note_cold_start(self) -> None:
        assert self._runtime is not None
        # What a start costs is the loading and one instance; how long the process then waited for
        # its first document is its own affair.
        cost, target_ms = self._runtime.start_cost, self._config.cold_start_target_ms
        self.cold_start_ms = cost.ms
        cache_was_filled = self._runtime.cache_hit and not self._runtime.waited_ms
        if target_ms is None or not cache_was_filled or cost.ms <= target_ms:
            return
        if not _told_of_cold_start.is_set():
            _told_of_cold_start.set()
            logger.log(
                logging.WARNING if cost.is_own(target_ms) else logging.INFO,
                "A cold start took %.1f ms with a filled cache, the target is %g ms (%s). It worked for "
                "%.1f ms, %d pages and blocks had to come from a disk, and for the rest it waited for a busy "
                "machine.",
                cost.ms,
                target_ms,
                self._config.name_of("cold_start_target_ms"),
                cost.worked_ms,
                cost.disk_reads,
            )

    def exhausted(self, waited_s: float) -> PoolExhausted:
        """The error for a call that no worker thread took in time."""
        busy = self.workers.busy
        return PoolExhausted(
            f"no worker thread came free within {waited_s:g} s: {busy} of {self.workers.count} are at work",
            active=busy,
            max=self.workers.count,
        )

    def figures(self) -> PoolFigures | None:
        """The pool's figures; None until the component is loaded."""
        return self._pool.result().figures() if self.ready else None

    def _keep_house(self, pool: InstancePool) -> None:
        """Warms, expires and checks instances, on worker threads that have nothing else to do."""
        check_s = self._config.health_check_interval_secs
        next_check = time.monotonic() + check_s
        # Whoever made the extractor mostly has a document at hand: it goes first.
        self._closing.wait(_HEAD_START_S)
        for _ in range(self._config.initial_pool_size):
            self._in_spare_time(pool.warm)
        while not self._closing.wait(min(_HOUSEKEEPING_S, check_s or _HOUSEKEEPING_S)):
            self._in_spare_time(pool.reap)
            if check_s and time.monotonic() >= next_check:
                self._in_spare_time(pool.check_health)
                next_check = time.monotonic() + check_s

    def _in_spare_time(self, task: Callable[[], None]) -> None:
        if self.workers.waiting or self._closing.is_set():
            return
        try:
            done: Future[None] = Future()
            self.workers.submit(done, task)
            done.result()
        except ConfigError:  # every document's caller gets it
            pass
        except Exception:
            # A guest stopped by the closing is no failure, nor are threads that take no more tasks.
            if not self._closing.is_set():
                logger.exception("Upkeep of the instances failed; extractions go on")

    def close(self) -> None:
        """Stops running guests, cancels what waits, and gives everything back. Any number of times."""
        if os.getpid() != self._pid:
            return
        self._closing.set()
        # On a thread of its own: a Ctrl-C, which only the main thread gets, within the freeing of
        # wasmtime's objects ends the process.
        closer = RuntimeThread(self._shut_down, "riptide-close")
        try:
            closer.start()
        except RuntimeError:  # Python starts no thread any more once it exits
            self._shut_down()
            return
        # A guest's own thread, or one that collects garbage, would wait for itself.
        if not is_runtime_thread():
            closer.join()

    def _shut_down(self) -> None:
        with self._close_lock:
            self.workers.drop_waiting(ExtractorClosed("the extractor was closed while the document waited"))
            # What still compiles ends in its own time: it is a daemon's work.
            if self.ready and self._runtime is not None:
                self._close_pool(self._pool.result(), self._runtime)
            self.workers.close()

    def _close_pool(self, pool: InstancePool, runtime: Runtime) -> None:
        pool.close()
        runtime.deadlines.expire_all(_CLOSE_TIMEOUT_S)
        self.workers.close()
        if self.workers.join(_CLOSE_TIMEOUT_S) and pool.is_empty:
            runtime.close()
            self._runtime = None
