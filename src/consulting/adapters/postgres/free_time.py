"""Who has a free slot before an instant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, Integer, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from consulting.adapters.postgres.crowds import EVERYBODY, Crowd, crowd_of, numbers_in
from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.next_available import has_slot_before, next_available
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables import openings, researchers
from consulting.adapters.postgres.tables.metadata import Instant
from consulting.adapters.postgres.values import AT

_BEFORE = bindparam("available_before", type_=Instant)
_CERTAIN = openings.c.certain_until > AT
_SOONER = openings.c.soonest < _BEFORE
_PEOPLE = openings.join(researchers, researchers.c.id == openings.c.researcher_id)

_NEXT = next_available(researchers)

# Planned anew: of instants that it doesn't know the planner thinks that they take in a third of everybody.
CERTAINLY = prepare(
    # In the order of the index, so that it alone is read.
    select(
        func.array_agg(aggregate_order_by(openings.c.number, openings.c.soonest, openings.c.researcher_id)).label("all")
    ).where(_SOONER, _CERTAIN)
).planned_anew()
LOOKED_AT = prepare(
    select(openings.c.number).select_from(_PEOPLE.join(_NEXT, _NEXT.c.slot_start < _BEFORE)).where(~_CERTAIN)
).planned_anew()
# Whoever is certain has time by the first condition; the second one looks at the slots of the others.
OF_FEW = prepare(
    select(openings.c.number)
    .select_from(_PEOPLE)
    .where(
        researchers.c.number == func.any(bindparam("numbers", type_=ARRAY(Integer))),
        or_(_SOONER, ~_CERTAIN),
        or_(_CERTAIN, has_slot_before(researchers, _BEFORE)),
    )
).planned_anew()


def with_time(link: Link, crowd: Crowd, *, before: datetime, at: datetime, few: int) -> Crowd:
    """Give those of a crowd who have a slot that can be booked at this instant and starts before another one.

    Those of a crowd up to `few` are looked up one by one; else all who have time are read off their index.
    """
    asked = {"available_before": before, "at": at}
    if crowd != EVERYBODY and crowd.bit_count() <= few:
        return crowd_of([row.number for row in link.rows(OF_FEW, numbers=list(numbers_in(crowd)), **asked)])
    (certain,) = link.rows(CERTAINLY, **asked)
    doubtful = [row.number for row in link.rows(LOOKED_AT, **asked)]
    return crowd & crowd_of([*(certain.all or ()), *doubtful])
