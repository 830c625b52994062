"""What a start cost, and whether that was its own work: a busy machine is no fault of a cache's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

try:
    from resource import RUSAGE_THREAD, getrusage
except ImportError:  # Linux's alone
    getrusage = None  # type: ignore[assignment]


class StartCost:
    """Adds up the parts of one start, which may be on several threads, one after the other."""

    def __init__(self) -> None:
        #: Milliseconds that went by.
        self.ms = 0.0
        #: Milliseconds of CPU time.
        self.worked_ms = 0.0
        #: Pages and blocks that had to come from a disk first; none where that isn't known.
        self.disk_reads = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Adds what the block costs, unless it fails."""
        started, worked, reads = time.perf_counter(), time.thread_time(), _disk_reads()
        yield
        self.ms += (time.perf_counter() - started) * 1000
        self.worked_ms += (time.thread_time() - worked) * 1000
        self.disk_reads += _disk_reads() - reads

    def add(self, part: StartCost) -> None:
        """Adds a part that was counted by itself."""
        self.ms += part.ms
        self.worked_ms += part.worked_ms
        self.disk_reads += part.disk_reads

    def is_own(self, target_ms: float) -> bool:
        """Whether the start missed its target by what it did, rather than by waiting for a processor."""
        return self.ms > target_ms and (self.worked_ms > target_ms or self.disk_reads > 0)


def _disk_reads() -> int:
    if getrusage is None:
        return 0
    usage = getrusage(RUSAGE_THREAD)
    return usage.ru_majflt + usage.ru_inblock
