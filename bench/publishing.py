"""Publishing slots: a year of one calendar, and a day more of ten thousand; the limit is one statement for the rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, LiteralString
from uuid import UUID

import psycopg

from bench.figures import Work
from bench.load import Timings
from consulting.adapters.memory.clock import MovingClock
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.identifiers import TimeOrderedIdentities
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.publishing import PublishSlots
from consulting.application.sweeping import TopUpSlots
from consulting.domain.publishing import Publication
from consulting.entrypoints.database import migrate
from tests.integration.postgres import many

CALENDARS: Final = 10_000
BUSY: Final = many.researcher(0)
"""Who works around the clock; all others have one morning a week."""
A_YEAR, AHEAD, A_WEEK = timedelta(days=365), timedelta(days=60), timedelta(days=7)
NOW: Final = datetime(2026, 9, 7, tzinfo=UTC)
COMING: Final = NOW + AHEAD - timedelta(days=1)
"""The day that has just come into reach. It is everybody's weekday, so each has nine mornings ahead, this one the last.
"""
SLOTS_OF_A_YEAR, SLOTS_OF_A_DAY = 365 * 48, CALENDARS * 4
LIMIT: Final = "one INSERT…SELECT"

_CALENDARS: tuple[LiteralString, ...] = (
    "UPDATE researchers SET active = id <> %(busy)s",
    """
    INSERT INTO availability_patterns (id, researcher_id, weekday, start_minute, end_minute, timezone, slot_minutes,
        gap_minutes, valid_from, every_weeks)
    SELECT gen_random_uuid(), id, day, CASE WHEN active THEN 540 ELSE 0 END, CASE WHEN active THEN 660 ELSE 1440 END,
           'UTC', 30, 0, '2026-01-01', 1
    FROM researchers, generate_series(0, 6) day WHERE day = %(weekday)s OR NOT active
    """,
)
_YEAR: LiteralString = """
    INSERT INTO time_slots (id, researcher_id, start_time, end_time)
    SELECT gen_random_uuid(), %(busy)s, start, start + interval '30 minutes'
    FROM generate_series(%(now)s::timestamptz, %(now)s::timestamptz + interval '364 days 23 hours 30 minutes',
                         interval '30 minutes') start
"""
_MORNINGS: LiteralString = """
    INSERT INTO time_slots (id, researcher_id, start_time, end_time)
    SELECT gen_random_uuid(), researchers.id, start, start + interval '30 minutes'
    FROM researchers, generate_series(%(first)s::timestamptz, %(last)s::timestamptz, interval '7 days') day,
         generate_series(day + interval '9 hours', day + interval '10 hours 30 minutes', interval '30 minutes') start
    WHERE active
"""
_UNDO_YEAR: LiteralString = "DELETE FROM time_slots WHERE researcher_id = %(busy)s"
_UNDO_DAY: LiteralString = "DELETE FROM time_slots WHERE start_time >= %(last)s"
_VALUES: Final = {"busy": BUSY, "now": NOW, "first": COMING, "last": COMING, "weekday": COMING.weekday()}


class OtherRowsError(Exception):
    """Ours or the limit's are not the rows that were to be published, so that their ratio says nothing."""


class Publishing:
    """A database with one researcher who works around the clock, and ten thousand with a morning a week."""

    def __init__(self, url: str) -> None:
        """Make and fill the database at this URL, and publish all mornings but the last."""
        self._url = url
        migrate(database_url=url)
        with self._connected() as connection:
            connection.execute(many.DIRECTORY[0].encode(), {"researchers": CALENDARS + 1, "now": NOW})
            for step in _CALENDARS:
                connection.execute(step, _VALUES)
            connection.execute(_MORNINGS, _VALUES | {"first": COMING - 8 * A_WEEK, "last": COMING - A_WEEK})
            connection.execute("VACUUM ANALYZE")

    def works(self) -> list[Work]:
        """List what is measured here: slots a second, and calendars a second."""
        return [
            Work(
                name="a year of half hours, by the slot",
                limit=LIMIT,
                ours=lambda _: self._taken(_publish_a_year, _UNDO_YEAR, rows=SLOTS_OF_A_YEAR),
                limits=lambda _: self._at_once(_YEAR, _UNDO_YEAR, rows=SLOTS_OF_A_YEAR, shares=SLOTS_OF_A_YEAR),
            ),
            Work(
                name="a day more, by the calendar of 10,000",
                limit=LIMIT,
                ours=lambda _: self._taken(_top_up, _UNDO_DAY, rows=SLOTS_OF_A_DAY),
                limits=lambda _: self._at_once(_MORNINGS, _UNDO_DAY, rows=SLOTS_OF_A_DAY, shares=CALENDARS),
            ),
        ]

    def _taken(self, publish: Callable[[PostgresTransactions], Timings], undo: LiteralString, *, rows: int) -> Timings:
        engine = open_engine(url=self._url, pool_size=1)
        try:
            timings = publish(PostgresTransactions(engine))
        finally:
            engine.dispose()
        self._undo(undo, rows=rows)
        return timings

    def _at_once(self, statement: LiteralString, undo: LiteralString, *, rows: int, shares: int) -> Timings:
        with self._connected() as connection:
            began = time.perf_counter()
            connection.execute(statement, _VALUES)
            seconds = time.perf_counter() - began
        self._undo(undo, rows=rows)
        return _shared(seconds, shares)

    def _undo(self, statement: LiteralString, *, rows: int) -> None:
        with self._connected() as connection:
            undone = connection.execute(statement, _VALUES).rowcount
            connection.execute("VACUUM time_slots")
        if undone != rows:
            raise OtherRowsError(f"{undone} rows instead of {rows}")

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(self._url, autocommit=True)


@dataclass(frozen=True, slots=True)
class _Timed(PublishSlots):
    """Publishing that notes how long each calendar took."""

    each: list[float] = field(default_factory=list)

    def __call__(self, researcher_id: UUID) -> Publication:
        began = time.perf_counter()
        publication = PublishSlots.__call__(self, researcher_id)
        self.each.append(time.perf_counter() - began)
        return publication


def _publish_a_year(transactions: PostgresTransactions) -> Timings:
    publish = _publish(transactions, ahead=A_YEAR)
    publish(BUSY)
    return _shared(publish.each[0], SLOTS_OF_A_YEAR)


def _top_up(transactions: PostgresTransactions) -> Timings:
    publish = _publish(transactions, ahead=AHEAD)
    began = time.perf_counter()
    TopUpSlots(transactions, publish)()
    return Timings(seconds=time.perf_counter() - began, each=publish.each)


def _publish(transactions: PostgresTransactions, *, ahead: timedelta) -> _Timed:
    return _Timed(transactions, MovingClock(NOW), TimeOrderedIdentities(), ahead)


def _shared(seconds: float, count: int) -> Timings:
    """Give each its share of what was done at once."""
    return Timings(seconds=seconds, each=[seconds / count] * count)
