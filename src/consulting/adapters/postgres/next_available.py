"""The next slot of a researcher that could be booked: the same judgement as `time_slots.obstacle`, in SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, FromClause, Select, Uuid, bindparam, case, exists, select, true
from sqlalchemy.sql.selectable import LateralFromClause

from consulting.adapters.postgres.link import Row
from consulting.adapters.postgres.prepared import Prepared, prepare
from consulting.adapters.postgres.tables import fixed, period, researchers, sessions, time_slots
from consulting.adapters.postgres.values import AT, LIMIT
from consulting.domain.period import Period
from consulting.domain.session_states import Status
from consulting.domain.time_slots import TimeSlot


def next_available(who: FromClause, *, most: int | BindParameter[int] = 1) -> LateralFromClause:
    """Give the earliest bookable slots, `most` at most, of each row of `who`, which has the columns of a researcher.

    A test holds this against the domain's function; what changes there has to change here.
    """
    return _bookable(who).order_by(time_slots.c.start_time).limit(most).lateral("next_slot")


def has_slot_before(who: FromClause, instant: ColumnElement[Any]) -> ColumnElement[bool]:
    """Tell whether a bookable slot of each row of `who` starts before the instant."""
    return _bookable(who).where(time_slots.c.start_time < instant).correlate(who).exists()


def _bookable(who: FromClause) -> Select[UUID, UUID, datetime, datetime]:
    slot = time_slots.c
    return select(
        slot.id.label("slot_id"),
        slot.researcher_id.label("slot_researcher_id"),
        slot.start_time.label("slot_start"),
        slot.end_time.label("slot_end"),
    ).where(
        who.c.active,
        slot.researcher_id == who.c.id,
        ~slot.withdrawn,
        ~slot.retired,
        slot.start_time > AT,
        slot.start_time >= AT + who.c.notice,
        slot.start_time <= AT + who.c.horizon,
        ~_taken(),
    )


def _taken() -> ColumnElement[bool]:
    """Tell whether a claim stands on the slot.

    Almost always that is the claim of the slot's own session, which is found much faster than a range; so the CASE has
    it looked for first. Both halves ask for an overlap, so the first one decides nothing that the second wouldn't.
    """
    session = sessions.c
    stands = (session.status != fixed(Status.CANCELED), session.expires_at.is_(None) | (session.expires_at > AT))
    own = (
        session.time_slot_id == time_slots.c.id,
        session.start_time < time_slots.c.end_time,
        session.end_time > time_slots.c.start_time,
    )
    any_at_all = (session.researcher_id == time_slots.c.researcher_id, overlap(period(session), period(time_slots.c)))
    return case((exists().where(*own, *stands), true()), else_=exists().where(*any_at_all, *stands))


def overlap(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
    """Tell whether two ranges have an instant in common."""
    return one.op("&&", is_comparison=True)(other)


def next_slot_of(row: Row) -> TimeSlot | None:
    """Read the next slot from a row with the columns of `next_available`; None where there is none."""
    if row.slot_id is None:
        return None
    return TimeSlot(id=row.slot_id, researcher_id=row.slot_researcher_id, period=Period(row.slot_start, row.slot_end))


def _of_one(slots: LateralFromClause) -> Prepared:
    one = researchers.c.id == bindparam("id", type_=Uuid)
    found = select(*slots.c).select_from(researchers).join(slots, slots.c.slot_id.is_not(None)).where(one)
    return prepare(found.order_by(slots.c.slot_start))


NEXT_AVAILABLE = _of_one(next_available(researchers))
NEXT_SLOTS = _of_one(next_available(researchers, most=LIMIT))
