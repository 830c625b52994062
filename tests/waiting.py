"""Waiting for what comes in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")

#: Seconds after which a test gives up: no machine is so busy, and no test that passes takes so long.
PATIENCE_S = 120.0


def wait_for(condition: Callable[[], _T], what: str, seconds: float = PATIENCE_S) -> _T:
    """What the condition returns, once it is true, which has to be within so many seconds.

    An ``OSError`` or a ``ValueError`` of the condition's is no answer yet: nobody listens, a file is half
    written.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except (OSError, ValueError):
            pass
        time.sleep(0.02)
    raise AssertionError(f"waited in vain: {what}")
