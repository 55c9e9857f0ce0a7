"""The present, as the database's clock has it, so that all machines agree on it."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPICursor

from consulting.adapters.postgres.fibers import aside
from consulting.adapters.postgres.refusals import refusals_named
from consulting.application.ports.transactions import StorageUnavailable

log = logging.getLogger(__name__)

# The one statement that reads the database's clock: nowhere else does SQL know what time it is.
PRESENT: Final = "SELECT clock_timestamp()"

SAMPLES: Final = 3
GOOD_FOR: Final = timedelta(minutes=1)
STEP: Final = timedelta(milliseconds=500)
"""A machine's clock that moved this much against its stopwatch was set, or the machine slept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measurement:
    """How far the database's clock is ahead of this machine's, and when that was found out.

    `zero` is what this machine's clock showed when its stopwatch began, which stays so until it is set.
    """

    ahead: timedelta
    zero: datetime
    stopwatch: timedelta

    def stale(self, *, stopwatch: timedelta) -> bool:
        return stopwatch - self.stopwatch > GOOD_FOR

    def void(self, *, wall: datetime, stopwatch: timedelta) -> bool:
        return abs(wall - stopwatch - self.zero) > STEP


class DatabaseClock:
    """This machine's clock, corrected by the difference to the database's; safe to share between threads.

    The difference is measured at first, then about once a minute by a thread of its own, so that nobody waits for it;
    and at once when this machine's clock was set. While the database is away the last difference holds.
    """

    def __init__(self, engine: Engine) -> None:
        """Follow this engine's database; nothing is asked yet."""
        self._engine = engine
        self._measuring = Lock()
        self._measured: _Measurement | None = None

    def now(self) -> datetime:
        """Give the present instant, in UTC. Raises StorageUnavailable if it was never learnt."""
        measured, wall, stopwatch = self._measured, _wall(), _stopwatch()
        if measured is None or measured.void(wall=wall, stopwatch=stopwatch):
            ahead = aside(self._measure_now).ahead
            return _wall() + ahead
        if measured.stale(stopwatch=stopwatch) and self._measuring.acquire(blocking=False):
            Thread(target=self._measure_and_release, name="clock", daemon=True).start()
        return wall + measured.ahead

    def ahead(self) -> timedelta:
        """Measure how far the database's clock is ahead of this machine's. Raises StorageUnavailable."""
        return self._measure().ahead

    def _measure_now(self) -> _Measurement:
        with self._measuring:
            known = self._measured
            if known is not None and not known.void(wall=_wall(), stopwatch=_stopwatch()):
                return known
            try:
                return self._measure()
            except StorageUnavailable:
                if known is None:
                    raise
                return known

    def _measure_and_release(self) -> None:
        try:
            self._measure()
        except StorageUnavailable:
            log.warning("the database's clock can't be read; this machine's is trusted meanwhile")
        finally:
            self._measuring.release()

    def _measure(self) -> _Measurement:
        """Ask a few times, and trust the quickest answer: it is the least uncertain one.

        Over a connection beside the pool: whoever asks for the time may hold the pool's last one.
        """
        beside = self._engine.pool.recreate()
        try:
            with refusals_named(), closing(beside.connect()) as pooled:
                cursor = pooled.cursor()
                _, ahead = min(_ask(cursor) for _ in range(SAMPLES))
        finally:
            beside.dispose()
        stopwatch = _stopwatch()
        self._measured = _Measurement(ahead=ahead, zero=_wall() - stopwatch, stopwatch=stopwatch)
        return self._measured


def _ask(cursor: DBAPICursor) -> tuple[timedelta, timedelta]:
    """Give how long the answer took, and how far ahead of this machine's clock it was in the middle of that time."""
    started, asked = _stopwatch(), _wall()
    cursor.execute(PRESENT)
    ((present,),) = cursor.fetchall()
    took = _stopwatch() - started
    return took, present - (asked + took / 2)


def _wall() -> datetime:
    return datetime.now(UTC)


def _stopwatch() -> timedelta:
    return timedelta(seconds=time.monotonic())
