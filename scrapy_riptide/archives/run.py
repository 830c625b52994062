"""How many WARC files are converted at once, by processes that end with the one that began them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from multiprocessing.context import SpawnContext
from typing import Any

from scrapy_riptide.archives.convert import Report, Task, convert
from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.extractor import Extractor

_LOOK_S = 0.2
# Documents after which a process tells how far it is.
_TELL_EVERY = 16


class Stopped(Exception):
    """The run is over; what was begun is dropped."""


@dataclass
class _Shared:
    """What the processes of a run have in common."""

    documents: Any
    source_bytes: Any
    stop: Any

    @classmethod
    def make(cls, context: SpawnContext) -> _Shared:
        return cls(context.Value("q", 0), context.Value("q", 0), context.Event())


@dataclass
class _Process:
    """A process's own."""

    config: ExtractorConfig
    shared: _Shared

    @cached_property
    def extractor(self) -> Extractor:
        """One for all its files, and not before the first: what it raises is that file's failure."""
        return Extractor(self.config)


_process: _Process | None = None


def run(
    tasks: Sequence[Task], config: ExtractorConfig, processes: int, look: Callable[[int, int], None]
) -> Iterator[Report]:
    """Reports, as files are done. A run that ends early leaves no half of an output.

    Processes rather than threads: reading a record and making a row hold the GIL.

    :param processes: at most so many at once; with fewer files, the cores are shared out as threads
    :param look: called several times a second with the documents and the bytes of all files so far
    :raises OSError: a file can't be read or written
    :raises BrokenProcessPool: a process was killed
    """
    # Not forked: a fork has the threads' locks and not the threads.
    context = multiprocessing.get_context("spawn")
    shared = _Shared.make(context)
    count = max(1, min(processes, len(tasks)))
    threads = max(1, processes // count)
    own = replace(config, max_workers=threads, max_pool_size=threads)
    with ProcessPoolExecutor(count, context, _begin, (own, shared)) as executor:
        with _ctrl_c_for_this_process_only():
            pending: set[Future[Report]] = {executor.submit(_convert, task) for task in tasks}
        try:
            while pending:
                done, pending = wait(pending, _LOOK_S, FIRST_COMPLETED)
                look(shared.documents.value, shared.source_bytes.value)
                yield from (each.result() for each in done)
        finally:
            shared.stop.set()
            # Waits: a process that is still starting needs what is shared.
            executor.shutdown(cancel_futures=True)


@contextmanager
def _ctrl_c_for_this_process_only() -> Iterator[None]:
    """Processes that begin meanwhile are deaf to it, from their first moment on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(config: ExtractorConfig, shared: _Shared) -> None:
    global _process  # noqa: PLW0603 (an initializer has no other way to leave something)
    # The parent's death must not leave writers behind.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _process = _Process(config, shared)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _convert(task: Task) -> Report:
    assert _process is not None
    shared = _process.shared
    told = untold = 0

    def progress(documents: int, offset: int) -> None:
        nonlocal told, untold
        untold += documents
        if documents and untold < _TELL_EVERY:
            return
        if shared.stop.is_set():
            raise Stopped
        with shared.documents.get_lock():
            shared.documents.value += untold
        with shared.source_bytes.get_lock():
            shared.source_bytes.value += offset - told
        told, untold = offset, 0

    return convert(task, _process.extractor, progress)
