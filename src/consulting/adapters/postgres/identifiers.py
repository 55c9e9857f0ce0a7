"""New ids: UUIDs of version 7, which rise with time and so lie next to each other in an index."""

from __future__ import annotations

import os
import time
from threading import Lock
from uuid import UUID

_VERSION, _VARIANT = 0x7 << 76, 0b10 << 62
_COUNTER_BITS, _RANDOM_BITS = 12, 62


class TimeOrderedIdentities:
    """Ids that rise with time, strictly within this process; safe to share between threads.

    48 bits of milliseconds and 12 bits that count within one (RFC 9562, section 6.2), then 62 random bits.
    """

    def __init__(self) -> None:
        """Begin with the present."""
        self._lock = Lock()
        self._last = 0

    def new(self) -> UUID:
        """Give an id greater than all that this process gave before."""
        random = int.from_bytes(os.urandom(8)) >> (64 - _RANDOM_BITS)
        with self._lock:
            # A clock that stands still or goes back is counted on from; it is caught up with within milliseconds.
            self._last = ticks = max(self._last + 1, (time.time_ns() // 1_000_000) << _COUNTER_BITS)
        milliseconds, count = ticks >> _COUNTER_BITS, ticks & ((1 << _COUNTER_BITS) - 1)
        return UUID(int=(milliseconds << 80) | _VERSION | (count << 64) | _VARIANT | random)
