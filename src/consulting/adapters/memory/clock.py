"""A clock that stands still until it is moved."""

from __future__ import annotations

from datetime import datetime, timedelta

from consulting.domain.period import require_utc


class MovingClock:
    """The present as a test wants it: it moves only when told to, and only forward unless it is set."""

    def __init__(self, start: datetime) -> None:
        """Start at this instant; ValueError for one without an offset from UTC."""
        self._now = require_utc(start)

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Let this much time pass, and give the new present; ValueError for time that would run backward."""
        if by < timedelta(0):
            raise ValueError("time runs forward; use `set` to go back on purpose")
        self._now += by
        return self._now

    def set(self, to: datetime) -> None:
        """Make this instant the present, an earlier one too."""
        self._now = require_utc(to)
