"""A stretch of real time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from consulting.domain.values import made_quickly


def require_utc(instant: datetime) -> datetime:
    """Give the instant in UTC; raise ValueError for one without an offset, which names no instant at all."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset from UTC")
    return instant.astimezone(UTC)


@made_quickly
@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The half-open interval [start, end) of UTC instants; never empty. Raises ValueError otherwise."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse what is no interval of UTC instants."""
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError("a period is given in UTC")
        if self.start >= self.end:
            raise ValueError("a period ends after its start")

    @property
    def duration(self) -> timedelta:
        """The real time that passes from start to end."""
        return self.end - self.start

    def overlaps(self, other: Period) -> bool:
        """Tell whether some instant lies in both; periods that only touch don't overlap."""
        return self.start < other.end and other.start < self.end

    def contains(self, instant: datetime) -> bool:
        """Tell whether the instant lies in [start, end)."""
        return self.start <= instant < self.end
