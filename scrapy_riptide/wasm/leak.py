"""Tells a guest that leaks from one that was given a larger document.

Linear memory never shrinks, so an instance's pages rise to what its largest document took and
stay there. Growth over documents no larger than one it has had before needs another reason; now
and then it is fragmentation, again and again it is a leak.
"""

from __future__ import annotations

from collections import deque

#: Uses that are looked back over.
WINDOW = 32
#: Unexplained growths within the window that make a leak.
GROWTHS = 8


class LeakWatch:
    """Watches one instance's pages from use to use."""

    def __init__(self) -> None:
        self._largest_document = 0
        self._pages: int | None = None
        self._unexplained: deque[int] = deque(maxlen=WINDOW)
        self._reported = False

    @property
    def unexplained_pages(self) -> int:
        """Pages of growth, within the window, that no larger document explains."""
        return sum(self._unexplained)

    def record(self, document_bytes: int, pages: int) -> bool:
        """Takes note of a use that ended at ``pages``; True once, when the instance leaks."""
        grown = 0 if self._pages is None else pages - self._pages
        self._pages = pages
        explained = document_bytes > self._largest_document
        self._largest_document = max(self._largest_document, document_bytes)
        self._unexplained.append(0 if explained else grown)
        if self._reported or sum(each > 0 for each in self._unexplained) < GROWTHS:
            return False
        self._reported = True
        return True
