"""The threads that guests run on.

Not ``ThreadPoolExecutor``: a guest that recurses to its limit on a thread with a small stack ends
the process, so these have an explicit stack; and they are daemons, so that a guest that spins
can't hold up the interpreter's exit (the extractor stops it in an ``atexit`` hook).
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeVar, Union

from scrapy_riptide.wasm.threads import RuntimeThread

_T = TypeVar("_T")

_End = Callable[[Any], None]

# Host frames on both sides of the guest's: wasmtime's, and Python's callbacks for a growing memory.
_HOST_STACK_BYTES = 2 * 1024 * 1024


# The loop itself keeps it: a table of loops would keep those for ever whose last jobs were never told of.
_ATTRIBUTE = "_riptide_ended"


class _Ended:
    """The jobs that ended since their event loop last looked: it is woken by the first of them, once."""

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> _Ended:
        """The loop's, made on the first call, on its thread."""
        ended: _Ended | None = getattr(loop, _ATTRIBUTE, None)
        if ended is None:
            ended = cls(loop)
            setattr(loop, _ATTRIBUTE, ended)
        return ended

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._lock = threading.Lock()
        self._jobs: list[tuple[asyncio.Future[Any], _End, Any]] = []

    def add(self, future: asyncio.Future[Any], end: _End, value: Any) -> None:
        """Has the loop call ``end(value)``, unless the future was cancelled by then. From any thread."""
        with self._lock:
            self._jobs.append((future, end, value))
            if len(self._jobs) > 1:
                return
        with suppress(RuntimeError):  # a closed loop: nobody awaits anything there
            self.loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        with self._lock:
            jobs, self._jobs = self._jobs, []
        for future, end, value in jobs:
            if not future.done():
                end(value)


class LoopJob(Generic[_T]):
    """A job that the running event loop awaits: ``asyncio.wrap_future(Future())`` at half its cost.

    What a worker thread asks of it is what it asks of a ``Future``.
    """

    def __init__(self) -> None:
        self._ended = _Ended.of(asyncio.get_running_loop())
        #: To be awaited. The job goes on, if it has begun, when the awaiting is cancelled.
        self.future: asyncio.Future[_T] = self._ended.loop.create_future()
        # Acquired once: by the thread that begins the job, or by whoever cancels it before.
        self._begun = threading.Lock()

    def cancel(self) -> bool:
        """Gives the job up; whether no thread had begun it."""
        return self._begun.acquire(blocking=False)

    def set_running_or_notify_cancel(self) -> bool:
        """Begins the job; whether nobody had given it up."""
        return self._begun.acquire(blocking=False)

    def set_result(self, result: _T) -> None:
        """Ends the job. From any thread, as :meth:`set_exception`."""
        self._ended.add(self.future, self.future.set_result, result)

    def set_exception(self, error: BaseException) -> None:
        """Ends the job with an error."""
        self._ended.add(self.future, self.future.set_exception, error)


Job = Union["Future[_T]", LoopJob[_T]]
_Entry = tuple[Job[Any], Callable[[], Any]]


class Workers:
    """At most ``count`` threads, started as they are needed, with stack for ``guest_stack_bytes``."""

    def __init__(self, count: int, guest_stack_bytes: int) -> None:
        self.count = count
        self._stack_bytes = guest_stack_bytes + _HOST_STACK_BYTES
        self._jobs: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False

    @property
    def waiting(self) -> int:
        """Jobs that no thread has taken yet."""
        return self._jobs.qsize()

    @property
    def busy(self) -> int:
        """Threads at work."""
        return len(self._threads) - self._idle

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    def submit(self, job: Job[_T], function: Callable[[], _T]) -> None:
        """Has a thread call ``function`` and tell ``job``. ``RuntimeError`` after :meth:`close`."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the worker threads are closed")
            all_taken = self._jobs.qsize() >= self._idle
            if all_taken and len(self._threads) < self.count and self._add_thread((job, function)):
                return
            self._jobs.put((job, function))

    def close(self) -> None:
        """Takes no more jobs; the threads end after what they are at. Does not wait for them."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for _ in self._threads:
                self._jobs.put(None)

    def drop_waiting(self, reason: Exception) -> None:
        """Ends every job that no thread has taken yet with ``reason``."""
        while True:
            try:
                entry = self._jobs.get_nowait()
            except queue.Empty:
                return
            if entry is None:
                self._jobs.put(None)
                return
            if entry[0].set_running_or_notify_cancel():
                entry[0].set_exception(reason)

    def join(self, timeout_s: float) -> bool:
        """Waits for the threads to end; whether all did. For after :meth:`close`."""
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(deadline - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self._threads)

    def _add_thread(self, entry: _Entry) -> bool:
        """Starts a thread that begins with ``entry``; whether there was one to be had."""
        # Not by way of the queue: it is at work while its starter still waits for a sign of life.
        name = f"riptide-worker-{len(self._threads)}"
        thread = RuntimeThread(self._work, name, [entry], stack_bytes=self._stack_bytes)
        try:
            thread.start()
        except RuntimeError:  # no more threads on this machine, or none any more as Python exits
            if not self._threads:
                raise
            return False
        self._threads.append(thread)
        return True

    def _work(self, first: list[_Entry]) -> None:
        # Taken out: a thread keeps its arguments for as long as it lives.
        entry: _Entry | None = first.pop()
        while entry is not None:
            job, function = entry
            if job.set_running_or_notify_cancel():
                try:
                    job.set_result(function())
                except BaseException as error:  # noqa: BLE001 (it is the caller's, whatever it is)
                    job.set_exception(error)
            # The last job's objects must not live until the next one comes.
            del entry, job, function
            with self._lock:
                self._idle += 1
            entry = self._jobs.get()
            if entry is not None:  # an ended thread is not at work: it goes on counting as idle
                with self._lock:
                    self._idle -= 1
