"""How much each caller may do in a while, across all processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many things a minute, and up to `burst` of them at once."""

    per_minute: int
    burst: int

    def cost(self, tokens: int) -> timedelta:
        """Give the time in which so many tokens come back."""
        return tokens * timedelta(minutes=1) / self.per_minute

    @property
    def room(self) -> timedelta:
        """The time in which an empty bucket is full again."""
        return self.cost(self.burst)


class RateLimits(Protocol):
    """A bucket of tokens for everybody, full at first."""

    def take(self, *, who: str, tokens: int, rate: Rate, at: datetime) -> timedelta | None:
        """Take tokens out of somebody's bucket; if there are too few, take none and say how long to wait for them.

        Raises StorageUnavailable.
        """


def shortage(full_at: datetime | None, *, tokens: int, rate: Rate, at: datetime) -> timedelta | None:
    """Say how long to wait until these tokens are in a bucket that will be full at this instant; None if they are."""
    standing = max(full_at or at, at)
    missing = standing + rate.cost(tokens) - rate.room - at
    return missing if missing > timedelta(0) else None
