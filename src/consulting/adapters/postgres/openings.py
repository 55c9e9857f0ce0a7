"""Settling doubts about when researchers could next be booked; `tables.openings` says what is kept, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, Uuid, bindparam, func, literal_column, or_, select, text, true, update

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.next_available import next_available
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables import fixed, openings, researchers, sessions, time_slots
from consulting.adapters.postgres.values import AT, LIMIT
from consulting.domain.session_states import Status

NEVER = text("'9999-12-31 23:59:59.999999+00'::timestamptz")
_IDS, _SLOTS = bindparam("ids", type_=ARRAY(Uuid)), bindparam("slots", type_=ARRAY(Uuid))
_NEXT = next_available(researchers)

IN_DOUBT = prepare(
    select(openings.c.researcher_id)
    .where(openings.c.certain_until <= AT)
    .order_by(openings.c.certain_until)
    .limit(LIMIT)
    .with_for_update(key_share=True, skip_locked=True)
)
# Whoever is booking such a slot has its lock: what they do can't be seen yet, so theirs stay in doubt.
LOCK_NEXT = prepare(
    select(time_slots.c.id)
    .where(
        time_slots.c.id.in_(
            select(_NEXT.c.slot_id)
            .select_from(researchers)
            .join(_NEXT, true())
            .where(researchers.c.id == func.any(_IDS))
            .offset(0)
        )
    )
    .with_for_update(read=True, skip_locked=True)
)

_HOLD = sessions.c
_FREED_AT = (
    select(func.min(_HOLD.expires_at))
    .where(
        _HOLD.researcher_id == researchers.c.id,
        _HOLD.status != fixed(Status.CANCELED),
        _HOLD.expires_at > AT,
        _HOLD.start_time > AT,
        or_(_NEXT.c.slot_start.is_(None), _HOLD.start_time < _NEXT.c.slot_start),
    )
    .correlate(researchers, _NEXT)
    .scalar_subquery()
)
_WITHIN_HORIZON_AT = (
    select(func.min(time_slots.c.start_time) - researchers.c.horizon)
    .where(
        _NEXT.c.slot_id.is_(None),
        time_slots.c.researcher_id == researchers.c.id,
        ~time_slots.c.withdrawn,
        ~time_slots.c.retired,
        time_slots.c.start_time > AT + researchers.c.horizon,
    )
    .correlate(researchers, _NEXT)
    .scalar_subquery()
)
_TOO_LATE = _NEXT.c.slot_start - researchers.c.notice + text("interval '1 microsecond'")
"""At the last instant that keeps the notice the slot can still be booked; when it starts it can't."""

_LOOKED = (
    select(
        researchers.c.id,
        func.coalesce(_NEXT.c.slot_start, NEVER).label("soonest"),
        func.coalesce(
            func.least(_TOO_LATE, _NEXT.c.slot_start, _FREED_AT, _WITHIN_HORIZON_AT),
            literal_column("'infinity'::timestamptz"),
        ).label("certain_until"),
    )
    .select_from(researchers)
    .outerjoin(_NEXT, true())
    .where(
        researchers.c.id == func.any(_IDS),
        or_(_NEXT.c.slot_id.is_(None), _NEXT.c.slot_id == func.any(_SLOTS)),
    )
    .cte("looked")
)
SETTLE = prepare(
    update(openings)
    .values(soonest=_LOOKED.c.soonest, certain_until=_LOOKED.c.certain_until)
    .where(openings.c.researcher_id == _LOOKED.c.id)
    .returning(openings.c.researcher_id)
)


def settle_openings(link: Link, *, at: datetime, limit: int) -> int:
    """Look at the slots of some whose opening is in doubt at this instant, and keep what was found; give their number.

    Nobody waits here, so no ring of waiting can close: who is locked is passed over. Each statement sees what was
    committed before it began, hence the locks come first and the look comes after.
    """
    ids = [row.researcher_id for row in link.rows(IN_DOUBT, at=at, limit=limit)]
    if not ids:
        return 0
    slots = [row.id for row in link.rows(LOCK_NEXT, ids=ids, at=at)]
    return len(link.rows(SETTLE, ids=ids, slots=slots, at=at))
