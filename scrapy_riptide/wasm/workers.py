"""The threads that guests run on.

Not ``ThreadPoolExecutor``: a guest that recurses to its limit on a thread with a small stack ends
the process, so these have an explicit stack; and they are daemons, so that a guest that spins
can't hold up the interpreter's exit (the extractor stops it in an ``atexit`` hook).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from scrapy_riptide.wasm.threads import RuntimeThread

_T = TypeVar("_T")

# Host frames on both sides of the guest's: wasmtime's, and Python's callbacks for a growing memory.
_HOST_STACK_BYTES = 2 * 1024 * 1024

_Job = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


class Workers:
    """At most ``count`` threads, started as they are needed, with stack for ``guest_stack_bytes``."""

    def __init__(self, count: int, guest_stack_bytes: int) -> None:
        self.count = count
        self._stack_bytes = guest_stack_bytes + _HOST_STACK_BYTES
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
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

    def submit(self, function: Callable[..., _T], *arguments: Any) -> Future[_T]:
        """Has a thread call ``function``. ``RuntimeError`` after :meth:`close`."""
        future: Future[_T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the worker threads are closed")
            if self._jobs.qsize() >= self._idle and len(self._threads) < self.count:
                self._add_thread()
            self._jobs.put((future, function, arguments))
        return future

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
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is None:
                self._jobs.put(None)
                return
            if job[0].set_running_or_notify_cancel():
                job[0].set_exception(reason)

    def join(self, timeout_s: float) -> bool:
        """Waits for the threads to end; whether all did. For after :meth:`close`."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)

    def _add_thread(self) -> None:
        name = f"riptide-worker-{len(self._threads)}"
        thread = RuntimeThread(self._work, name, stack_bytes=self._stack_bytes)
        try:
            thread.start()
        except RuntimeError:  # no more threads on this machine, or none any more as Python exits
            if not self._threads:
                raise
            return
        self._threads.append(thread)

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            job = self._jobs.get()
            if job is None:  # an ended thread is not at work: it goes on counting as idle
                return
            with self._lock:
                self._idle -= 1
            future, function, arguments = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = function(*arguments)
            except BaseException as error:  # noqa: BLE001 (it is the caller's, whatever it is)
                future.set_exception(error)
            else:
                future.set_result(result)
            # The last job's objects must not live until the next one comes.
            del job, future, function, arguments
