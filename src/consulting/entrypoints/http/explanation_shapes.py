"""The shape of why a time is or isn't offered."""

from __future__ import annotations

from datetime import datetime

from consulting.domain import explaining
from consulting.domain.explaining import Reason
from consulting.domain.time_slots import TimeSlot
from consulting.entrypoints.http.wire import Answer, Id


class Because(Answer, kw_only=True):
    """One reason, with the rule or the session that it comes from."""

    reason: Reason
    message: str
    rule_id: Id | None
    session_id: Id | None


class ExplainedSlot(Answer):
    """The slot that runs at the instant."""

    id: Id
    start_time: datetime
    end_time: datetime


class TimeExplained(Answer, kw_only=True):
    """Whether a slot that runs at the instant can be booked now, and everything that speaks for or against it."""

    at: datetime
    offered: bool
    slot: ExplainedSlot | None
    reasons: list[Because]


def explanation_body(said: explaining.TimeExplained) -> TimeExplained:
    """Show an explanation."""
    return TimeExplained(
        at=said.at,
        offered=said.offered,
        slot=None if said.slot is None else _slot(said.slot),
        reasons=[_because(each) for each in said.because],
    )


def _slot(slot: TimeSlot) -> ExplainedSlot:
    return ExplainedSlot(id=slot.id, start_time=slot.period.start, end_time=slot.period.end)


def _because(because: explaining.Because) -> Because:
    return Because(
        reason=because.reason,
        message=because.sentence,
        rule_id=because.rule_id,
        session_id=because.session_id,
    )
