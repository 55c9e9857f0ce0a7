"""Where a one-off slot may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from consulting.domain.availability import LONGEST_SLOT, OneOffSlot, Rules
from consulting.domain.errors import TimeIsTaken, ValidationFailed
from consulting.domain.offering import slots
from consulting.domain.period import Period
from consulting.domain.time_slots import Claim

_REACH = timedelta(minutes=LONGEST_SLOT)


def require_place(slot: OneOffSlot, *, rules: Rules, claims: Iterable[Claim], at: datetime) -> None:
    """Refuse a one-off slot that has begun, or whose time is on offer, another one-off slot's, or booked.

    - Hours that are blocked are no obstacle, since nothing is on offer there; the block then counts for the slot too.
    - One that is kept already and stays where it is isn't judged again: its own session may be booked in it.
    - One that was moved while it was booked may come back to exactly its session's time.

    `claims` are those of the researcher's sessions that may overlap it. Raises ValidationFailed (field `start_time`)
    and TimeIsTaken.
    """
    before = next((each.period for each in rules.one_offs if each.id == slot.id), None)
    if slot.period == before:
        return
    if slot.period.start <= at:
        raise ValidationFailed.of("start_time", "give an instant that is still to come")
    others = replace(rules, one_offs=tuple(each for each in rules.one_offs if each.id != slot.id))
    offered = slots(rules=others, during=Period(slot.period.start - _REACH, slot.period.end))
    givers = {each.source for each in offered if each.period.overlaps(slot.period)}
    givers |= {each.id for each in others.one_offs if each.period.overlaps(slot.period)}
    standing = [each for each in claims if each.stands(at=at) and each.period.overlaps(slot.period)]
    booked = {each.session_id for each in standing if before is None or each.period != slot.period}
    if givers or booked:
        raise TimeIsTaken(rules=sorted(map(str, givers)), sessions=sorted(map(str, booked)))
