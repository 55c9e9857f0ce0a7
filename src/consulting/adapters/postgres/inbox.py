"""What providers told us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, Text, Uuid, and_, bindparam, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from consulting.adapters.postgres.backlog import depth, read_depth
from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables import fixed, inbox
from consulting.adapters.postgres.tables.metadata import Instant
from consulting.adapters.postgres.tables.work import Standing
from consulting.adapters.postgres.values import AT, LIMIT
from consulting.application.ports.backlog import Depth
from consulting.application.ports.inbox import DeadMessage, InboxEntry, ProviderEvent

CHANNEL: Final = "consulting_inbox"

_EVENT = ("source", "external_id", "kind", "intent_id", "refund_id")
_UNTIL, _WORKER, _ERROR = (
    bindparam("until", type_=Instant),
    bindparam("worker", type_=Text),
    bindparam("error", type_=Text),
)

RECEIVE = prepare(
    insert(inbox)
    .values({name: bindparam(name, type_=inbox.c[name].type) for name in ("id", *_EVENT, "received_at", "due_at")})
    .on_conflict_do_nothing(index_elements=["source", "external_id"])
    .returning(inbox.c.id)
)

_DUE = (
    select(inbox.c.id)
    .where(
        inbox.c.standing == fixed(Standing.WAITING),
        inbox.c.due_at <= AT,
        or_(inbox.c.leased_until.is_(None), inbox.c.leased_until <= AT),
    )
    .order_by(inbox.c.received_at, inbox.c.id)
    .limit(LIMIT)
    .with_for_update(skip_locked=True)
)
# As an array, what is due is looked up once, whatever the planner thinks of a limit that it doesn't know.
LEASE = prepare(
    update(inbox)
    .where(inbox.c.id == func.any(func.array(_DUE.scalar_subquery())))
    .values(attempts=inbox.c.attempts + 1, leased_by=_WORKER, leased_until=_UNTIL)
    .returning(*(inbox.c[name] for name in ("id", *_EVENT, "received_at", "attempts", "leased_by")))
)

_HELD = and_(
    inbox.c.id == bindparam("id", type_=Uuid),
    inbox.c.standing == fixed(Standing.WAITING),
    inbox.c.leased_by == _WORKER,
    inbox.c.attempts == bindparam("attempt", type_=Integer),
)
_GIVEN_BACK = update(inbox).where(_HELD).values(leased_by=null(), leased_until=null()).returning(inbox.c.id)
FINISH = prepare(_GIVEN_BACK.values(standing=fixed(Standing.DONE), ended_at=AT))
POSTPONE = prepare(_GIVEN_BACK.values(due_at=_UNTIL, error=_ERROR))
BURY = prepare(_GIVEN_BACK.values(standing=fixed(Standing.DEAD), ended_at=AT, error=_ERROR))

_IS_DEAD = and_(inbox.c.id == bindparam("id", type_=Uuid), inbox.c.standing == fixed(Standing.DEAD))
DEAD = prepare(
    select(*(inbox.c[name] for name in ("id", *_EVENT, "received_at", "attempts", "error")))
    .where(inbox.c.standing == fixed(Standing.DEAD))
    .order_by(inbox.c.received_at, inbox.c.id)
    .limit(LIMIT)
)
REVIVE = prepare(
    update(inbox)
    .where(_IS_DEAD)
    .values(standing=fixed(Standing.WAITING), due_at=AT, attempts=0, ended_at=null())
    .returning(inbox.c.id)
)
DROP = prepare(update(inbox).where(_IS_DEAD).values(standing=fixed(Standing.DONE)).returning(inbox.c.id))

DEPTH = prepare(depth(inbox, due_at=inbox.c.due_at, since=inbox.c.received_at))


class PostgresInbox:
    """The list of messages; each is kept once, however often it is delivered."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def receive(self, event: ProviderEvent, *, id: UUID, at: datetime) -> bool:
        """Keep the message and wake the workers at commit; False if (source, external_id) is known already."""
        values = {"id": id, "received_at": at, "due_at": at, **{name: getattr(event, name) for name in _EVENT}}
        received, *_ = self._link.together((RECEIVE, values), *self._link.notification(CHANNEL))
        return bool(received)

    def lease(self, *, worker: str, limit: int, lease: timedelta, at: datetime) -> Sequence[InboxEntry]:
        """Take up to `limit` waiting messages, the oldest first, passing over what another worker has."""
        rows = self._link.rows(LEASE, worker=worker, limit=limit, at=at, until=at + lease)
        return [_entry(row) for row in sorted(rows, key=lambda row: (row.received_at, row.id))]

    def finish(self, entry: InboxEntry, *, at: datetime) -> bool:
        """Mark it settled; False if the lease has passed to somebody else."""
        return bool(self._link.rows(FINISH, **_fence(entry), at=at))

    def postpone(self, entry: InboxEntry, *, until: datetime, error: str) -> bool:
        """Give it back until then; False as in finish."""
        return bool(self._link.rows(POSTPONE, **_fence(entry), until=until, error=error))

    def bury(self, entry: InboxEntry, *, error: str, at: datetime) -> bool:
        """Give it up; it stays listed as dead. False as in finish."""
        return bool(self._link.rows(BURY, **_fence(entry), error=error, at=at))

    def dead(self, *, limit: int) -> Sequence[DeadMessage]:
        """List messages that were given up, the oldest first."""
        return [
            DeadMessage(
                id=row.id, event=_event(row), received_at=row.received_at, attempts=row.attempts, error=row.error
            )
            for row in self._link.rows(DEAD, limit=limit)
        ]

    def revive(self, id: UUID, *, at: datetime) -> bool:
        """Make a dead message due now, its tries counted anew; False if there is no such dead message."""
        revived = self._link.rows(REVIVE, id=id, at=at)
        if revived:
            self._link.together(*self._link.notification(CHANNEL))
        return bool(revived)

    def drop(self, id: UUID) -> bool:
        """Be done with a dead message, unsettled; it stays known. False if there is no such dead message."""
        return bool(self._link.rows(DROP, id=id))

    def depth(self, *, at: datetime) -> Depth:
        """Count the open messages."""
        return read_depth(self._link.rows(DEPTH, at=at))


def _fence(entry: InboxEntry) -> Mapping[str, Any]:
    return {"id": entry.id, "worker": entry.leased_by, "attempt": entry.attempt}


def _entry(row: Row) -> InboxEntry:
    return InboxEntry(id=row.id, event=_event(row), attempt=row.attempts, leased_by=row.leased_by)


def _event(row: Row) -> ProviderEvent:
    return ProviderEvent(**{name: getattr(row, name) for name in _EVENT})
