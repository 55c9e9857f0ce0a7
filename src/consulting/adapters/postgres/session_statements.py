"""What is asked of the table of sessions."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import Final

from sqlalchemy import ColumnElement, Integer, Text, Uuid, and_, bindparam, delete, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from consulting.adapters.postgres.claims import BY_START, CLAIM, LIVE
from consulting.adapters.postgres.next_available import overlap
from consulting.adapters.postgres.prepared import Prepared, insert_into, prepare, update_of
from consulting.adapters.postgres.tables import fixed, period, session_notes, sessions
from consulting.adapters.postgres.tables.metadata import Instant
from consulting.adapters.postgres.values import ASKED_PERIOD, AT, END, LIMIT, START
from consulting.domain.session_states import PaymentStatus, Status

BOOKINGS_OF_A_CLIENT: Final = 1
"""The class of the advisory locks that this program takes; migrations lock in another number space."""

_ID, _AFTER = bindparam("id", type_=Uuid), bindparam("after", type_=Uuid)
_RESEARCHER, _CLIENT = bindparam("researcher_id", type_=Uuid), bindparam("user_id", type_=Text)

_CONFIRMED = and_(
    sessions.c.status == fixed(Status.SCHEDULED), sessions.c.payment_status == fixed(PaymentStatus.COMPLETED)
)
_ENDED = and_(_CONFIRMED, sessions.c.end_time <= AT)
_LAPSED = sessions.c.expires_at <= AT
_HELD = sessions.c.expires_at.is_not(None)

_ONE = select(sessions).where(sessions.c.id == _ID)
GET = prepare(_ONE)
LOCK = prepare(_ONE.with_for_update(key_share=True))

_NO_OVERLAP: Final = "sessions_no_overlap"
# ON CONFLICT looks before it inserts. A plain insert looks afterwards: then two that overlap wait for each other's end,
# until the server notices the deadlock a second later. What it found is refused as the constraint would have done it.
_ADDED = insert_into(sessions).on_conflict_do_nothing(constraint=_NO_OVERLAP).returning(sessions.c.id).cte("added")
ADD = prepare(select(func.refuse(fixed(_NO_OVERLAP))).where(~select(_ADDED).exists()))
SAVE = prepare(update_of(sessions).returning(sessions.c.id))

TURN_OF_A_CLIENT = func.pg_advisory_xact_lock(BOOKINGS_OF_A_CLIENT, bindparam("number", type_=Integer))
LOCK_BOOKINGS = prepare(select(TURN_OF_A_CLIENT))
_mine = sessions.alias("mine")
HELD_UNTIL = select(_mine.c.expires_at).where(_mine.c.user_id == _CLIENT, _mine.c.expires_at.is_not(None))
FREE_TO_COME = prepare(
    select(func.count())
    .select_from(sessions)
    .where(sessions.c.user_id == _CLIENT, _CONFIRMED, sessions.c.price_amount == 0, sessions.c.start_time > AT)
)

_OVERLAPPING = (sessions.c.researcher_id == _RESEARCHER, overlap(period(sessions.c), ASKED_PERIOD), LIVE)
OF_RESEARCHER = prepare(select(sessions).where(*_OVERLAPPING).order_by(*BY_START))
CLAIMS = prepare(select(*CLAIM).where(*_OVERLAPPING).order_by(*BY_START))

EXPIRED = prepare(
    select(sessions.c.id).where(_HELD, _LAPSED).order_by(sessions.c.expires_at, sessions.c.id).limit(LIMIT)
)
ENDED = prepare(select(sessions.c.id).where(_ENDED).order_by(sessions.c.end_time, sessions.c.id).limit(LIMIT))

_DURING = (sessions.c.start_time >= START, sessions.c.start_time < END)
_TAKES_PLACE = (
    sessions.c.status != fixed(Status.CANCELED),
    sessions.c.payment_status == fixed(PaymentStatus.COMPLETED),
)
# Found first and put in order afterwards: a planner in a hurry for a few would walk through all sessions by their ids.
_STARTING = select(sessions).where(*_TAKES_PLACE, *_DURING).cte("starting").prefix_with("MATERIALIZED")
_BY_ID = select(_STARTING).order_by(_STARTING.c.id).limit(LIMIT)
STARTING = prepare(_BY_ID)
STARTING_AFTER = prepare(_BY_ID.where(_STARTING.c.id > _AFTER))

_SINCE = (
    select(sessions)
    .where(sessions.c.start_time >= START, sessions.c.confirmed_at.is_not(None))
    .order_by(sessions.c.start_time.desc(), sessions.c.id.desc())
    .limit(LIMIT)
)
OF_CLIENT_SINCE = prepare(_SINCE.where(sessions.c.user_id == _CLIENT))
OF_RESEARCHER_SINCE = prepare(_SINCE.where(sessions.c.researcher_id == _RESEARCHER))

_EFFECTIVELY: dict[Status, ColumnElement[bool]] = {
    Status.SCHEDULED: and_(
        sessions.c.status == fixed(Status.SCHEDULED), or_(sessions.c.expires_at.is_(None), ~_LAPSED), ~_ENDED
    ),
    Status.COMPLETED: or_(sessions.c.status == fixed(Status.COMPLETED), _ENDED),
    Status.CANCELED: or_(sessions.c.status == fixed(Status.CANCELED), _LAPSED),
}
"""What `Session.effective` says, in SQL."""


@cache
def of_client(*, status: Status | None, starting: bool, after: bool) -> Prepared:
    """Give the statement for a client's sessions, with the conditions that are asked for."""
    wanted = select(sessions).where(sessions.c.user_id == _CLIENT).order_by(sessions.c.id.desc()).limit(LIMIT)
    if status is not None:
        wanted = wanted.where(_EFFECTIVELY[status])
    if starting:
        wanted = wanted.where(*_DURING)
    if after:
        wanted = wanted.where(sessions.c.id < _AFTER)
    return prepare(wanted)


@cache
def booked(*, ended: bool | None, status: Status | None, by_client: bool, starting: bool, after: bool) -> Prepared:
    """Give the statement for a researcher's sessions, with the conditions that are asked for."""
    place = (sessions.c.start_time, sessions.c.id)
    backwards = ended is not False
    in_order = [each.desc() for each in place] if backwards else place
    wanted = select(sessions).where(sessions.c.researcher_id == _RESEARCHER).order_by(*in_order).limit(LIMIT)
    if ended is not None:
        wanted = wanted.where(sessions.c.end_time <= AT if ended else sessions.c.end_time > AT)
    if status is not None:
        wanted = wanted.where(_EFFECTIVELY[status])
    if by_client:
        wanted = wanted.where(sessions.c.user_id == _CLIENT)
    if starting:
        wanted = wanted.where(*_DURING)
    if after:
        last = tuple_(bindparam("after_start", type_=Instant), _AFTER)
        wanted = wanted.where(tuple_(*place) < last if backwards else tuple_(*place) > last)
    return prepare(wanted)


NOTES = prepare(select(session_notes.c.notes).where(session_notes.c.session_id == _ID))
FORGET_NOTES = prepare(delete(session_notes).where(session_notes.c.session_id == _ID))
_NEW_NOTES = insert(session_notes).values(
    session_id=bindparam("session_id", type_=Uuid), notes=bindparam("notes", type_=Text)
)
KEEP_NOTES = prepare(
    _NEW_NOTES.on_conflict_do_update(index_elements=["session_id"], set_={"notes": _NEW_NOTES.excluded.notes})
)


def number_of(user_id: str) -> int:
    """Give the number by which a client's bookings take turns; two clients of one number take turns, too, no more."""
    return int.from_bytes(blake2b(user_id.encode(), digest_size=4).digest(), signed=True)
