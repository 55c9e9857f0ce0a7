"""How long a failed errand waits before it is tried again, and when it is given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Final

from consulting.application.ports.mailer import Kind
from consulting.application.ports.outbox import Errand, LeasedEntry, OutboxEntry
from consulting.domain.period import Period

LONGEST_WAIT: Final = timedelta(hours=1)

MOST_TRIES: Final = 44
"""With waits that double from a second up to an hour, shortened at random, this many tries last about a day."""

NEAR: Final = 6 * LONGEST_WAIT
"""From so long before the start on, what people need to know before it is tried more often than once an hour."""

LONGEST_AT_START: Final = timedelta(minutes=3)
"""The longest wait when the start is near, and as long as the session lasts."""

MOST_TRIES_WHEN_NEAR: Final = 3 * MOST_TRIES
"""So many that none runs out of tries within a day of trying because the start came near."""

_BEFORE_START: Final = frozenset({Errand.CREATE_MEETING, Errand.MOVE_MEETING})
_TOLD_BEFORE_START: Final = frozenset(
    {Kind.CONFIRMATION, Kind.BOOKING_NOTICE, Kind.LINK, Kind.RESCHEDULED, Kind.CANCELLATION}
)


def backoff(*, attempt: int, random: Random, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """Give the wait after the n-th try: 1, 2, 4 … seconds up to `longest`, each shortened by up to half at random."""
    full = min(timedelta(seconds=2 ** min(attempt - 1, 20)), longest)
    return full * (1 - random.random() / 2)


def next_wait(leased: LeasedEntry, *, session: Period | None, random: Random, at: datetime) -> timedelta | None:
    """Give the wait after this try failed; None if it was the last.

    What is worth little after the start of its session never waits longer than a sixth of the time that is left, or
    three minutes, and isn't given up while that time runs out.
    """
    near = session is not None and at < session.end and session.start - at < NEAR and _needed_before_start(leased.entry)
    if leased.attempt >= (MOST_TRIES_WHEN_NEAR if near else MOST_TRIES):
        return None
    longest = LONGEST_WAIT
    if near and session is not None:
        longest = max((session.start - at) / 6, LONGEST_AT_START)
    return backoff(attempt=leased.attempt, random=random, longest=longest)


def _needed_before_start(entry: OutboxEntry) -> bool:
    return entry.errand in _BEFORE_START or entry.data.get("kind") in _TOLD_BEFORE_START
