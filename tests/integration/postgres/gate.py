"""A gate in the database: whoever asks to pass it waits, which a test can see, until the test opens it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta
from itertools import count

from sqlalchemy import Engine

from consulting.adapters.postgres.engine import Patience, connect
from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import Prepared
from tests.integration.instance import PATIENCE

PASS = Prepared(b"SELECT 1 AS passed FROM pg_advisory_xact_lock_shared(%(gate)s::int)", {}, reads=True)
BUSY = Patience(
    connect=timedelta(seconds=PATIENCE), statement=timedelta(seconds=PATIENCE), lock=timedelta(seconds=PATIENCE)
)
"""For a busy machine, where nobody is to be given up."""

_NUMBERS = count(1)


class Gate:
    """Keeps whoever asks the database to PASS waiting until it is opened."""

    def __init__(self, url: str) -> None:
        self.number = next(_NUMBERS)
        self._keeper = connect(url=url)
        self._keeper.execute("SELECT pg_advisory_lock(%s)", [self.number])

    async def holds_up(self, number: int) -> list[int]:
        """Wait until so many wait at it, and give their backends; only an event loop that goes on gets to know."""
        while len(found := await asyncio.to_thread(self._waiting)) < number:  # noqa: ASYNC110 -- nobody tells us
            await asyncio.sleep(0.01)
        return found

    def _waiting(self) -> list[int]:
        asked = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = 0 AND objid = %s"
        return [pid for (pid,) in self._keeper.execute(asked, [self.number])]

    def open(self) -> None:
        self._keeper.execute("SELECT pg_advisory_unlock(%s)", [self.number])

    def close(self) -> None:
        self._keeper.close()


def asked(engine: Engine, statement: Prepared, **values: object) -> object:
    """Ask over a connection of the pool, and give the answer's one value."""
    link = Link(engine, reading=True)
    try:
        (value,) = link.rows(statement, **values)[0]
    finally:
        link.close()
    return value


def waiting_for_locks(url: str) -> int:
    """Count who waits for a lock in this database."""
    with closing(connect(url=url)) as beside:
        found = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return int(beside.execute(found).fetchall()[0][0])


def end(url: str, pid: object) -> None:
    """End a connection as the server does, and wait until it has ended."""
    with closing(connect(url=url)) as beside:
        assert beside.execute("SELECT pg_terminate_backend(%s, 120000)", [pid]).fetchone() == (True,)
