"""Reminders are derived from the sessions as they stand, never scheduled ahead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from consulting.domain.session_states import DC, SC
from consulting.domain.sessions import Session

DEFAULT_LEADS = (timedelta(hours=24), timedelta(hours=1))


class Verdict(StrEnum):
    """What is to be done about one reminder at one instant."""

    NOT_YET = "not_yet"
    SEND = "send"
    JUST_TOLD = "just_told"
    TOO_LATE = "too_late"
    NOT_DUE_ANY_MORE = "not_due_any_more"


def judge(session: Session, *, lead: timedelta, leads: Sequence[timedelta] = DEFAULT_LEADS, at: datetime) -> Verdict:
    """Say whether the reminder `lead` before the start is to be sent now.

    Only a session that stands is reminded of; for one that is over it is too late. A reminder is useful until the next
    shorter one takes over, and the shortest until the start: a worker that was down sends what still helps and skips
    the rest. Whoever booked after the reminder's time, or moved the session to this start after it, has just been told
    by that mail.
    """
    start, state = session.period.start, session.effective(at=at).state
    if state != SC and not (state == DC and at >= start):
        return Verdict.NOT_DUE_ANY_MORE
    if at < start - lead:
        return Verdict.NOT_YET
    if any(told is not None and told > start - lead for told in (session.confirmed_at, session.rescheduled_at)):
        return Verdict.JUST_TOLD
    useful_until = start - max((each for each in leads if each < lead), default=timedelta(0))
    return Verdict.SEND if at < useful_until else Verdict.TOO_LATE
