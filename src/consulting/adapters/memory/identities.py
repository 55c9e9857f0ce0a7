"""Ids that are the same in every run."""

from __future__ import annotations

from itertools import count
from threading import Lock
from uuid import UUID

_VERSION, _VARIANT = 0x7 << 76, 0b10 << 62


class SequentialIdentities:
    """Well-formed ids of UUID version 7 that only count up; safe to share between threads.

    `stream`, from 0 to 4095, tells several sources of one test apart: theirs never meet.
    """

    def __init__(self, *, stream: int = 0) -> None:
        """Start counting at one."""
        if not 0 <= stream < 1 << 12:
            raise ValueError("a stream is a number from 0 to 4095")
        self._stream = stream
        self._numbers = count(1)
        self._lock = Lock()

    def new(self) -> UUID:
        """Give the next id: greater than all before."""
        with self._lock:
            number = next(self._numbers)
        # The count takes the place of the milliseconds, so that ids of one stream rise as those made by a clock do.
        return UUID(int=(number << 80) | _VERSION | (self._stream << 64) | _VARIANT)
