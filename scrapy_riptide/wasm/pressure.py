"""How much of its memory budget a pool's instances hold, and what that changes."""

from __future__ import annotations

from enum import Enum


class Pressure(str, Enum):
    """The states, by the share of the budget that is held."""

    #: Up to 60 %: nothing.
    LOW = "low"
    #: Above 60 %: no instance is made ahead of need.
    MEDIUM = "medium"
    #: Above 80 %: no instance is added to those there are, and idle ones are dropped.
    HIGH = "high"
    #: Above 90 %: each instance is dropped after its use, and new checkouts wait.
    CRITICAL = "critical"

    @classmethod
    def of(cls, pages: int, budget_pages: int) -> Pressure:
        """The state of a pool whose instances hold so many pages of linear memory."""
        percent = 100.0 * pages / budget_pages
        return next((state for above, state in _PRESSURES if percent > above), cls.LOW)


_PRESSURES = ((90.0, Pressure.CRITICAL), (80.0, Pressure.HIGH), (60.0, Pressure.MEDIUM))
