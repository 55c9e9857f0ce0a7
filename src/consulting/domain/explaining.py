"""Why a researcher's time is or isn't offered at one instant: everything that speaks for or against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from consulting.domain.availability import OneOffSlot, Override, Pattern, Rule, Rules
from consulting.domain.offering import Explanation, explain
from consulting.domain.time_slots import Claim, Terms, TimeSlot, obstacle


class Reason(StrEnum):
    """What speaks about an instant; all but `pattern`, `override` and `one_off` speak against offering it."""

    PATTERN = "pattern"
    OVERRIDE = "override"
    ONE_OFF = "one_off"
    REPLACED = "replaced"
    NO_HOURS = "no_hours"
    GAP = "gap"
    GAVE_WAY = "gave_way"
    BLOCK = "block"
    BOOKING = "booking"
    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    INACTIVE = "inactive"
    UNPUBLISHED = "unpublished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """One reason, with the id of the rule or session that it comes from, if any."""

    reason: Reason
    sentence: str
    rule_id: UUID | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeExplained:
    """Whether a slot that runs at the instant could be booked now, which slot, and why or why not."""

    at: datetime
    offered: bool
    slot: TimeSlot | None
    because: tuple[Because, ...]


def explain_time(
    *, rules: Rules, slots: Sequence[TimeSlot], claims: Sequence[Claim], terms: Terms, at: datetime, now: datetime
) -> TimeExplained:
    """Explain the instant `at` as things stand `now`.

    `slots` are the published ones that run at the instant, booked ones that were withdrawn too; `claims` those of the
    researcher's sessions that overlap it or these slots.
    """
    slot = min(slots, key=lambda each: (not each.given, each.period), default=None)
    said = explain(rules=rules, at=at)
    because = [
        *_of_rules(said, rules),
        *_of_claims(claims, slot, at=at, now=now),
        *_of_terms(terms, slot, at=at, now=now),
    ]
    offered = slot is not None and obstacle(slot=slot, terms=terms, claims=claims, at=now) is None
    if not offered and said.offered is not None and (slot is None or not slot.given):
        because.append(
            Because(reason=Reason.UNPUBLISHED, sentence="The hours give a slot here that is not published (yet).")
        )
    return TimeExplained(at=at, offered=offered, slot=slot, because=tuple(because))


_OPEN: Final[Mapping[type[Rule], tuple[Reason, str]]] = {
    Pattern: (Reason.PATTERN, "Weekly hours are open at this time."),
    Override: (Reason.OVERRIDE, "This date's own hours are open at this time."),
    OneOffSlot: (Reason.ONE_OFF, "A one-off slot runs at this time."),
}


def _of_rules(said: Explanation, rules: Rules) -> Iterator[Because]:
    kinds = {rule.id: _OPEN[type(rule)] for rule in rules.giving}
    for rule_id in said.hours:
        reason, sentence = kinds[rule_id]
        yield Because(reason=reason, sentence=sentence, rule_id=rule_id)
    for rule_id in said.replaced:
        sentence = "Weekly hours would be open, but an override replaces them on this date."
        yield Because(reason=Reason.REPLACED, sentence=sentence, rule_id=rule_id)
    for lost in said.gave_way:
        single = kinds[lost.by.source][0] is Reason.ONE_OFF
        winner = "a one-off slot" if single else "one of hours that start earlier"
        sentence = f"A slot of these hours gives way to {winner}."
        yield Because(reason=Reason.GAVE_WAY, sentence=sentence, rule_id=lost.slot.source)
    for rule_id in said.blocks:
        yield Because(reason=Reason.BLOCK, sentence="Time off covers this time.", rule_id=rule_id)
    if not said.hours:
        yield Because(reason=Reason.NO_HOURS, sentence="No hours are open at this time.")
    elif said.offered is None and not said.gave_way and not said.blocks:
        sentence = "The hours leave this time between or after their slots, or time off covers part of its slot."
        yield Because(reason=Reason.GAP, sentence=sentence)


def _of_claims(claims: Sequence[Claim], slot: TimeSlot | None, *, at: datetime, now: datetime) -> Iterator[Because]:
    for claim in claims:
        near = claim.period.contains(at) or (slot is not None and claim.period.overlaps(slot.period))
        if near and claim.stands(at=now):
            sentence = "A session is booked in this time." if claim.expires_at is None else "A client holds this time."
            yield Because(reason=Reason.BOOKING, sentence=sentence, session_id=claim.session_id)


def _of_terms(terms: Terms, slot: TimeSlot | None, *, at: datetime, now: datetime) -> Iterator[Because]:
    start = at if slot is None else slot.period.start
    if not terms.active:
        yield Because(reason=Reason.INACTIVE, sentence="Your profile is deactivated, nothing of it can be booked.")
    if start <= now:
        yield Because(reason=Reason.PAST, sentence="It has begun already.")
    elif start - now < terms.notice:
        yield Because(reason=Reason.NOTICE, sentence="It begins sooner than your notice allows.")
    elif start - now > terms.horizon:
        yield Because(reason=Reason.HORIZON, sentence="It lies further ahead than your horizon allows.")
