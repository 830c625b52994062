"""The page of a guest's memory by which it is stopped.

Virtual machines call it a polling page: code looks at it in every loop, at the price of one load,
and traps there once it is protected. In a guest it is the last page that its memory begins with
(``guest/polls`` puts it there, and the looks into the code). Nothing else is in it and it can only
be read, so wasmtime, which copies into a guest and out of it, never comes to a page that was taken
away: other than a guest's, such an access would end the process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class PollingPage:
    """The page of one guest. It has no place before the guest has its memory, nor after it gave that back.

    One thread protects it while another may be giving the memory back: never after that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set_readable: Callable[[bool], bool] | None = None
        self._wants_readable = True
        self._is_readable = True

    @property
    def is_protected(self) -> bool:
        """Whether the guest traps when it next looks at the page."""
        return not self._is_readable

    def place(self, set_readable: Callable[[bool], bool]) -> None:
        """Says how the page becomes readable and unreadable: a function that returns whether it did."""
        with self._lock:
            self._set_readable = set_readable
            self._follow()

    def remove(self) -> None:
        """The memory is given back: from now on the page is nobody's to change."""
        with self._lock:
            self._set_readable = None

    def protect(self) -> bool:
        """Makes the guest trap when it next looks at the page; whether it will.

        Without a place the page is protected as soon as it has one.
        """
        with self._lock:
            self._wants_readable = False
            self._follow()
            return not self._is_readable or self._set_readable is None

    def release(self) -> bool:
        """Lets the guest pass again; whether it may."""
        with self._lock:
            self._wants_readable = True
            self._follow()
            return self._is_readable

    def _follow(self) -> None:
        wanted = self._wants_readable
        if self._is_readable != wanted and self._set_readable is not None and self._set_readable(wanted):
            self._is_readable = wanted
