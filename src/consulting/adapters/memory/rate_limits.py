"""Buckets of tokens in memory."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from consulting.application.ports.rate_limits import Rate, shortage


class MemoryRateLimits:
    """A bucket of tokens for everybody; safe to share between threads."""

    def __init__(self) -> None:
        """Begin with full buckets."""
        self._full_at: dict[str, datetime] = {}
        self._lock = Lock()

    def take(self, *, who: str, tokens: int, rate: Rate, at: datetime) -> timedelta | None:
        """Take tokens out of somebody's bucket; if there are too few, take none and say how long to wait for them."""
        with self._lock:
            missing = shortage(self._full_at.get(who), tokens=tokens, rate=rate, at=at)
            if missing is None:
                self._full_at[who] = max(self._full_at.get(who, at), at) + rate.cost(tokens)
            return missing
