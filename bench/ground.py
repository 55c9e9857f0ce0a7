"""What the figures are measured on: a marketplace in our tables, and the same slots in the limit's own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, LiteralString
from uuid import UUID

import psycopg

from bench import limit
from consulting.entrypoints.database import migrate
from tests.integration.postgres import many
from tests.integration.postgres.many import Many

BOOKED_AHEAD: Final = timedelta(days=4)
"""Where the calendars that are measured begin: the hours of everybody else are over before."""
DAYS: Final = 45
SLOTS_A_DAY: Final = 16
FIRST_PAGE: Final = 20
REGULARS: Final = 10
SESSIONS_OF_A_REGULAR: Final = 20

_SLOTS: LiteralString = """
    INSERT INTO time_slots (id, researcher_id, start_time, end_time)
    SELECT ('00000000-0000-7009-8000-' || lpad(to_hex((r * 1000 + d) * 100 + n), 12, '0'))::uuid,
           ('00000000-0000-7000-8000-' || lpad(to_hex(r), 12, '0'))::uuid,
           %(first)s::timestamptz + make_interval(days => d, mins => 30 * n),
           %(first)s::timestamptz + make_interval(days => d, mins => 30 * n + 30)
    FROM unnest(%(whose)s::bigint[]) r, generate_series(0, %(days)s - 1) d, generate_series(0, %(each)s - 1) n
"""
# The same people and as many sessions, however many others there are: what is measured shows as much in any size.
_FIRST: LiteralString = "UPDATE researchers SET name = '! ' || name WHERE id = ANY(%(ids)s)"
_REGULARS: LiteralString = """
    UPDATE sessions SET user_id = 'regular-' || place %% %(regulars)s
    FROM (
        SELECT id, row_number() OVER (ORDER BY md5(id::text)) AS place FROM sessions WHERE status = 'completed'
    ) AS chosen
    WHERE chosen.id = sessions.id AND place <= %(regulars)s * %(booked)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A filled pair of databases. `whose` are the numbers of the active researchers whose calendars are measured."""

    ours: str
    limits: str
    whose: tuple[int, ...]
    first_day: date

    def day(self, number: int) -> date:
        """Give the n-th day on which all of them have 16 half hours from 06:00 UTC."""
        return self.first_day + timedelta(days=number)

    def slots(self, day: int) -> list[UUID]:
        """List all slots of that day, neighbours far apart."""
        return [_slot(who, day, number) for number in range(SLOTS_A_DAY) for who in self.whose]


def prepare(*, ours: str, limits: str = "", researchers: int, slots: int, sessions: int, calendars: int) -> Ground:
    """Make and fill our database, and the limit's where one is named."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    migrate(database_url=ours)
    busy = slots // many.SLOTS_EACH
    many.fill(ours, Many(researchers=busy, sessions=sessions, idle=researchers - busy), now=now)
    idle = [number for number in range(busy, researchers) if number % 20]
    whose = tuple(idle[:calendars])
    first = datetime.combine(now.date() + BOOKED_AHEAD, time(6), UTC)
    values = {"first": first, "days": DAYS, "each": SLOTS_A_DAY, "whose": list(whose)}
    with psycopg.connect(ours, autocommit=True) as connection:
        connection.execute(_SLOTS, values)
        connection.execute(_FIRST, {"ids": [many.researcher(number) for number in idle[:FIRST_PAGE]]})
        connection.execute(_REGULARS, {"regulars": REGULARS, "booked": SESSIONS_OF_A_REGULAR})
        connection.execute("VACUUM ANALYZE")
        if limits:
            made = connection.execute("SELECT id, researcher_id, start_time, end_time FROM time_slots").fetchall()
            _fill_limit(limits, made)
    return Ground(ours=ours, limits=limits, whose=whose, first_day=first.date())


def _fill_limit(url: str, slots: list[tuple[object, ...]]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(limit.SCHEMA)
        with connection.cursor() as cursor, cursor.copy("COPY time_slots FROM STDIN") as copy:
            for slot in slots:
                copy.write_row((*slot, True, None))
        connection.execute("VACUUM ANALYZE")


def regular(number: int) -> str:
    """Name the n-th client who has booked often."""
    return f"regular-{number % REGULARS}"


def _slot(who: int, day: int, number: int) -> UUID:
    return UUID(f"00000000-0000-7009-8000-{(who * 1000 + day) * 100 + number:012x}")


@contextmanager
def home() -> Iterator[Path]:
    """Give a folder for a server's data, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder)
        path.chmod(0o755)  # the server's own account must reach its data
        yield path
