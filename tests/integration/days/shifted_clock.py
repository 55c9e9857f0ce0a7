"""A clock that the test moves for all processes at once: the database's time, and what a small file adds to it."""

from __future__ import annotations

import mmap
import struct
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from consulting.application.ports.clock import Clock

_SECONDS = struct.Struct("d")


class ShiftedClock:
    """The present, so many seconds ahead as the file says; whoever opened the same file sees each move at once."""

    def __init__(self, inner: Clock, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_SECONDS.pack(0.0))
        self._inner = inner
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), _SECONDS.size)
        self._lock = Lock()

    def now(self) -> datetime:
        return self._inner.now() + timedelta(seconds=self._ahead())

    def advance(self, by: timedelta) -> None:
        """Move everybody's clock; only one process may."""
        with self._lock:
            self._shared[:] = _SECONDS.pack(self._ahead() + by.total_seconds())

    def _ahead(self) -> float:
        (seconds,) = _SECONDS.unpack(self._shared[:])
        return float(seconds)
