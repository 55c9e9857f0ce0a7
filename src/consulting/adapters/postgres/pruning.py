"""Forgetting what has been done with for long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Engine, Table, and_, bindparam, delete, select, tuple_

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.tables.metadata import Instant, fixed
from consulting.adapters.postgres.tables.rate_limits import rate_limits
from consulting.adapters.postgres.tables.work import Standing, idempotency_keys, inbox, outbox
from consulting.adapters.postgres.tables.worker import worker_heartbeats

AT_ONCE = 1000
MOST_ROUNDS = 1000
"""A table that was never pruned is emptied over several runs, not in one that lasts for hours."""

_BEFORE = bindparam("before", type_=Instant)


def _forget(table: Table, *key: Column[Any], old: ColumnElement[bool]) -> Prepared:
    """Write the deletion of some old rows, passing over those that somebody is busy with."""
    some = select(*key).where(old).limit(AT_ONCE).with_for_update(skip_locked=True)
    return prepare(delete(table).where(tuple_(*key).in_(some)).returning(*key))


_DONE = fixed(Standing.DONE)
_ERRANDS = _forget(outbox, outbox.c.id, old=and_(outbox.c.ended_at < _BEFORE, outbox.c.standing == _DONE))
_MESSAGES = _forget(inbox, inbox.c.id, old=and_(inbox.c.ended_at < _BEFORE, inbox.c.standing == _DONE))
_REQUESTS = _forget(
    idempotency_keys, idempotency_keys.c.caller, idempotency_keys.c.key, old=idempotency_keys.c.created_at < _BEFORE
)
_BUCKETS = _forget(rate_limits, rate_limits.c.who, old=rate_limits.c.full_at < _BEFORE)
_HEARTBEATS = _forget(worker_heartbeats, worker_heartbeats.c.worker, old=worker_heartbeats.c.beaten_at < _BEFORE)
FORGOTTEN_AFTER = (
    (_ERRANDS, timedelta(days=30)),
    (_MESSAGES, timedelta(days=30)),
    (_REQUESTS, timedelta(hours=24)),
    (_HEARTBEATS, timedelta(hours=1)),
    (_BUCKETS, timedelta(hours=1)),
)
"""What is done with is kept for a while to look at; errands and messages that were given up stay until somebody acts.

Messages stay for longer than any provider repeats them, so that a repeated one is known.
"""


class Pruning:
    """Deletes what has been done with for long, a little at a time, so that nobody waits for it."""

    def __init__(self, engine: Engine) -> None:
        """Take connections from this engine's pool."""
        self._engine = engine

    def __call__(self, *, at: datetime) -> int:
        """Delete what is old at this instant, and say how many rows that were. Raises StorageUnavailable."""
        return sum(self._forget(statement, before=at - age) for statement, age in FORGOTTEN_AFTER)

    def _forget(self, statement: Prepared, *, before: datetime) -> int:
        forgotten = 0
        for _ in range(MOST_ROUNDS):
            link = Link(self._engine)
            try:
                rows = len(link.rows(statement, before=before))
                link.commit()
            finally:
                link.close()
            forgotten += rows
            if rows < AT_ONCE:
                break
        return forgotten
