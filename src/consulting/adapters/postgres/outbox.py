"""What must be done outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    null,
    or_,
    select,
    tuple_,
    update,
)

from consulting.adapters.postgres.backlog import depth, is_open, read_depth, state_of
from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import Prepared, insert_into, prepare
from consulting.adapters.postgres.tables import fixed, outbox
from consulting.adapters.postgres.tables.metadata import Instant
from consulting.adapters.postgres.tables.work import Standing
from consulting.adapters.postgres.values import AT, LIMIT
from consulting.application.ports.backlog import Depth, WorkState
from consulting.application.ports.outbox import Errand, Lane, LeasedEntry, ListedEntry, OutboxEntry

CHANNEL: Final = "consulting_outbox"

_ENTRY = ("id", "session_id", "lane", "errand", "data", "version", "recorded_at", "due_at")
_UNTIL = bindparam("until", type_=Instant)
_WORKER = bindparam("worker", type_=Text)
_ERROR = bindparam("error", type_=Text)

ADD = prepare(insert_into(outbox, *_ENTRY))


def _role(table: FromClause) -> ColumnElement[str]:
    return func.jsonb_extract_path_text(table.c.data, fixed("role"))


_other = outbox.alias("other")
_BEFORE = tuple_(_other.c.recorded_at, _other.c.id) < tuple_(outbox.c.recorded_at, outbox.c.id)
_IN_HAND = _other.c.leased_until > AT
# The second half of the condition matters after `revive`: an older errand is back while a younger one is in hand.
_BEHIND = exists().where(
    _other.c.session_id == outbox.c.session_id,
    _other.c.lane == outbox.c.lane,
    _role(_other).is_not_distinct_from(_role(outbox)),
    _other.c.standing == fixed(Standing.WAITING),
    _other.c.id != outbox.c.id,
    or_(_BEFORE, _IN_HAND),
)


_KNOWN = [fixed(each) for each in Errand]
"""What a newer version has recorded, while it replaces this one or before it was taken back, waits for that version."""


def _lease(*wanted: ColumnElement[bool]) -> Prepared:
    due = (
        select(outbox.c.id)
        .where(
            outbox.c.standing == fixed(Standing.WAITING),
            func.coalesce(outbox.c.postponed_until, outbox.c.due_at) <= AT,
            or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= AT),
            outbox.c.errand.in_(_KNOWN),
            ~_BEHIND,
            *wanted,
        )
        .order_by(outbox.c.recorded_at, outbox.c.id)
        .limit(LIMIT)
        .with_for_update(skip_locked=True)
    )
    # As an array, what is due is looked up once, whatever the planner thinks of a limit that it doesn't know.
    return prepare(
        update(outbox)
        .where(outbox.c.id == func.any(func.array(due.scalar_subquery())))
        .values(attempts=outbox.c.attempts + 1, leased_by=_WORKER, leased_until=_UNTIL)
        .returning(*(outbox.c[name] for name in (*_ENTRY, "attempts", "leased_by", "leased_until")))
    )


LEASE = _lease()
LEASE_IN_LANE = _lease(outbox.c.lane == bindparam("lane", type_=Text))

# The lease's end belongs to the fence: an attempt that doesn't count is followed by one of the same number.
_HELD: ColumnElement[bool] = and_(
    outbox.c.id == bindparam("id", type_=Uuid),
    outbox.c.standing == fixed(Standing.WAITING),
    outbox.c.leased_by == _WORKER,
    outbox.c.attempts == bindparam("attempt", type_=Integer),
    outbox.c.leased_until == bindparam("leased_until", type_=Instant),
)
_GIVEN_BACK = update(outbox).where(_HELD).values(leased_by=null(), leased_until=null()).returning(outbox.c.id)
FINISH = prepare(_GIVEN_BACK.values(standing=fixed(Standing.DONE), ended_at=AT, error=null()))
NOTE = prepare(
    update(outbox).where(_HELD).values(data=bindparam("data", type_=outbox.c.data.type)).returning(outbox.c.id)
)
POSTPONE = prepare(
    _GIVEN_BACK.values(postponed_until=_UNTIL, error=_ERROR, attempts=bindparam("attempts", type_=Integer))
)
BURY = prepare(_GIVEN_BACK.values(standing=fixed(Standing.DEAD), ended_at=AT, error=_ERROR))
REVIVE = prepare(
    update(outbox)
    .where(outbox.c.id == bindparam("id", type_=Uuid), outbox.c.standing == fixed(Standing.DEAD))
    .values(standing=fixed(Standing.WAITING), postponed_until=AT, attempts=0, ended_at=null())
    .returning(outbox.c.id)
)


_NEXT_TRY = func.coalesce(outbox.c.postponed_until, outbox.c.due_at)
_STATE = state_of(outbox, due_at=_NEXT_TRY, behind=_BEHIND)
_LISTED = select(
    *(outbox.c[name] for name in (*_ENTRY, "attempts", "error")),
    _STATE.label("state"),
    _NEXT_TRY.label("next_try"),
    case((outbox.c.leased_until > AT, outbox.c.leased_by)).label("taken_by"),
)
_IN_ORDER = (outbox.c.recorded_at, outbox.c.id)
_AFTER = tuple_(*_IN_ORDER) > tuple_(bindparam("after_recorded_at", type_=Instant), bindparam("after_id", type_=Uuid))
_ALL_OPEN = _LISTED.where(is_open(outbox)).order_by(*_IN_ORDER).limit(LIMIT)
_IN_STATE = _LISTED.where(bindparam("state", type_=Text) == _STATE).order_by(*_IN_ORDER).limit(LIMIT)
LIST_OPEN, LIST_OPEN_AFTER = prepare(_ALL_OPEN), prepare(_ALL_OPEN.where(_AFTER))
LIST, LIST_AFTER = prepare(_IN_STATE), prepare(_IN_STATE.where(_AFTER))
SHOW = prepare(_LISTED.where(outbox.c.id == bindparam("id", type_=Uuid)))
DROP = prepare(
    delete(outbox)
    .where(
        outbox.c.id == bindparam("id", type_=Uuid),
        is_open(outbox),
        or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= AT),
    )
    .returning(outbox.c.id)
)
DEPTH = prepare(depth(outbox, due_at=_NEXT_TRY, since=outbox.c.recorded_at, behind=_BEHIND))


class PostgresOutbox:
    """The list of errands."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def add(self, entries: Sequence[OutboxEntry]) -> None:
        """Record errands; workers are woken when the transaction commits."""
        if entries:
            self._link.later(*((ADD, _columns(entry)) for entry in entries), *self._link.notification(CHANNEL))

    def lease(
        self, *, worker: str, limit: int, lease: timedelta, at: datetime, lane: Lane | None = None
    ) -> Sequence[LeasedEntry]:
        """Take up to `limit` due errands of this lane, or of all, the oldest first, one per session, lane and role.

        Whoever looks at the same moment passes over what is being taken here, and finds it taken afterwards.
        """
        asked = {"worker": worker, "limit": limit, "at": at, "until": at + lease}
        if lane is None:
            rows = self._link.rows(LEASE, **asked)
        else:
            rows = self._link.rows(LEASE_IN_LANE, **asked, lane=lane.value)
        return sorted((_leased(row) for row in rows), key=lambda each: (each.entry.recorded_at, each.entry.id))

    def finish(self, leased: LeasedEntry, *, at: datetime) -> bool:
        """Mark it done, whatever went wrong before; False, and nothing changed, if its lease has passed to another."""
        return bool(self._link.rows(FINISH, **_fence(leased), at=at))

    def note(self, leased: LeasedEntry, *, data: Mapping[str, str]) -> bool:
        """Keep other data for the tries to come; False, and nothing changed, as in finish."""
        return bool(self._link.rows(NOTE, **_fence(leased), data=Jsonb(dict(data))))

    def postpone(self, leased: LeasedEntry, *, until: datetime, error: str | None, counts: bool = True) -> bool:
        """Give it back until then, with what went wrong; `counts=False` takes the attempt back."""
        attempts = leased.attempt if counts else leased.attempt - 1
        return bool(self._link.rows(POSTPONE, **_fence(leased), until=until, error=error, attempts=attempts))

    def bury(self, leased: LeasedEntry, *, error: str, at: datetime) -> bool:
        """Give it up: it stays listed as dead, and its lane goes on without it."""
        return bool(self._link.rows(BURY, **_fence(leased), error=error, at=at))

    def revive(self, id: UUID, *, at: datetime) -> bool:
        """Make a dead errand due now, its attempts counted anew; False if there is no such dead errand."""
        revived = self._link.rows(REVIVE, id=id, at=at)
        if revived:
            self._link.together(*self._link.notification(CHANNEL))
        return bool(revived)

    def listed(
        self, *, state: WorkState | None, limit: int, at: datetime, after: tuple[datetime, UUID] | None = None
    ) -> Sequence[ListedEntry]:
        """List errands in this state, or all open ones, the oldest first; those after this `recorded_at` and id."""
        asked: dict[str, Any] = {"limit": limit, "at": at}
        if state is not None:
            asked["state"] = state.value
        if after is not None:
            asked |= {"after_recorded_at": after[0], "after_id": after[1]}
        open_ones, in_state = (LIST_OPEN, LIST) if after is None else (LIST_OPEN_AFTER, LIST_AFTER)
        return [_listed(row) for row in self._link.rows(open_ones if state is None else in_state, **asked)]

    def show(self, id: UUID, *, at: datetime) -> ListedEntry | None:
        """Give the errand as it stands, done ones too as long as they are kept."""
        row = self._link.one(SHOW, id=id, at=at)
        return None if row is None else _listed(row)

    def drop(self, id: UUID, *, at: datetime) -> bool:
        """Forget an errand that waits or is dead; False if there is none or it is leased."""
        dropped = self._link.rows(DROP, id=id, at=at)
        if dropped:
            self._link.together(*self._link.notification(CHANNEL))
        return bool(dropped)

    def depth(self, *, at: datetime) -> Depth:
        """Count the open errands."""
        return read_depth(self._link.rows(DEPTH, at=at))


def _columns(entry: OutboxEntry) -> Mapping[str, Any]:
    return {
        "id": entry.id,
        "session_id": entry.session_id,
        "lane": entry.lane.value,
        "errand": entry.errand.value,
        "data": Jsonb(dict(entry.data)),
        "version": entry.version,
        "recorded_at": entry.recorded_at,
        "due_at": entry.due_at,
    }


def _fence(leased: LeasedEntry) -> Mapping[str, Any]:
    return {
        "id": leased.entry.id,
        "worker": leased.leased_by,
        "attempt": leased.attempt,
        "leased_until": leased.leased_until,
    }


def _leased(row: Row) -> LeasedEntry:
    return LeasedEntry(entry=_entry(row), attempt=row.attempts, leased_by=row.leased_by, leased_until=row.leased_until)


def _listed(row: Row) -> ListedEntry:
    return ListedEntry(
        entry=_entry(row),
        state=WorkState(row.state),
        attempts=row.attempts,
        next_try=row.next_try,
        leased_by=row.taken_by,
        error=row.error,
    )


def _entry(row: Row) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        errand=Errand(row.errand),
        lane=Lane(row.lane),
        session_id=row.session_id,
        data=row.data,
        version=row.version,
        due_at=row.due_at,
        recorded_at=row.recorded_at,
    )
