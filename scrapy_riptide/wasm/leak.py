"""Tells a guest that leaks from one that was given a larger document.

Linear memory never shrinks, so an instance's pages rise to what its most demanding document took
and stay there. The n-th of n documents in any order is the most demanding with a chance of 1/n:
however many there are, the second half of them is expected to raise the pages less than once. A
leak raises them at the same rate for ever, so the second half fills up, slowly for a slow leak.
Growth over a document larger than all before doesn't count: documents do come in order of size.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

#: Unexplained growths in the second half of an instance's uses that make a leak. With documents in
#: no order there are as many after a thousand uses with a chance of one in a million.
GROWTHS = 8


class _Growth(NamedTuple):
    use: int
    pages: int


class LeakWatch:
    """Watches one instance's pages from use to use."""

    def __init__(self) -> None:
        self._uses = 0
        self._largest_document = 0
        self._pages: int | None = None
        self._growths: deque[_Growth] = deque()
        self._reported = False

    @property
    def watched_uses(self) -> int:
        """Uses that are looked back over: the second half of them all."""
        return self._uses - self._uses // 2

    @property
    def unexplained_pages(self) -> int:
        """Pages of growth, within these, that no larger document explains."""
        return sum(each.pages for each in self._growths)

    def record(self, document_bytes: int, pages: int) -> bool:
        """Takes note of a use that ended at ``pages``; True once, when the instance leaks."""
        self._uses += 1
        grown = 0 if self._pages is None else pages - self._pages
        self._pages = pages
        if grown > 0 and document_bytes <= self._largest_document:
            self._growths.append(_Growth(self._uses, grown))
        self._largest_document = max(self._largest_document, document_bytes)
        while self._growths and self._growths[0].use <= self._uses // 2:
            self._growths.popleft()
        if self._reported or len(self._growths) < GROWTHS:
            return False
        self._reported = True
        return True
