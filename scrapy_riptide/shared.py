"""One extractor for each configuration in a process, however many crawls run in it.

Guests are memory and threads; two crawls of one process with a pool each would have twice of both
and be no faster.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.extractor import Extractor

# A forked child has its parent's registry, but none of its threads: the process is part of the key.
_Key = tuple[int, ExtractorConfig]


@dataclass(slots=True)
class _Entry:
    extractor: Extractor
    leases: int = 0


# Re-entrant: garbage collected while an extractor is made may be an earlier crawl, with a lease to give back.
_lock = RLock()
_entries: dict[_Key, _Entry] = {}


class ExtractorLease:
    """A share of the process's extractor for a configuration; the last to be released closes it.

    :raises ComponentError: the component can't be used
    """

    def __init__(self, config: ExtractorConfig) -> None:
        self._key: _Key = (os.getpid(), config)
        with _lock:
            while True:
                entry = _entries.get(self._key)
                if entry is None:
                    entry = _entries[self._key] = _Entry(Extractor(config))
                entry.leases += 1
                # Else its last lease was given back, by garbage, just before this one was counted.
                if _entries.get(self._key) is entry:
                    break
        self.extractor: Extractor = entry.extractor
        self._released = False

    def release(self) -> None:
        """Gives the share back. Idempotent. Blocks while the extractor closes, if this was the last."""
        with _lock:
            if self._released:
                return
            self._released = True
            entry = _entries[self._key]
            entry.leases -= 1
            if entry.leases:
                return
            del _entries[self._key]
        self.extractor.close()


def _after_fork() -> None:
    # Another thread of the parent may have held it.
    global _lock  # noqa: PLW0603
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

_own: dict[int, ExtractorLease] = {}


@contextmanager
def any_extractor() -> Iterator[Extractor]:
    """An extractor for a document that belongs to no crawl, or to one that nobody can name.

    That of a crawl that runs in this process; or else one with the environment's configuration,
    which is kept for the next time.

    :raises ComponentError: the component can't be used
    """
    process = os.getpid()
    with _lock:
        running = next((config for owner, config in list(_entries) if owner == process), None)
    if running is None:
        _own[process] = ExtractorLease(ExtractorConfig.from_env())
        yield _own[process].extractor
        return
    lease = ExtractorLease(running)
    try:
        yield lease.extractor
    finally:
        lease.release()
