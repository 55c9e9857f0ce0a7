"""Reminders: useful, true, and never for what doesn't stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.domain.reminders import DEFAULT_LEADS, Verdict, judge
from consulting.domain.session_states import DC, SC, STATES, State
from tests.unit.domain.test_sessions import START, session_in

DAY, HOUR = DEFAULT_LEADS


@pytest.mark.parametrize(
    ("lead", "before_start", "verdict"),
    [
        (DAY, timedelta(hours=24, seconds=1), Verdict.NOT_YET),
        (DAY, timedelta(hours=24), Verdict.SEND),
        (DAY, timedelta(hours=1, seconds=1), Verdict.SEND),
        (DAY, timedelta(hours=1), Verdict.TOO_LATE),
        (DAY, timedelta(minutes=30), Verdict.TOO_LATE),
        (HOUR, timedelta(hours=1, seconds=1), Verdict.NOT_YET),
        (HOUR, timedelta(hours=1), Verdict.SEND),
        (HOUR, timedelta(seconds=1), Verdict.SEND),
        (HOUR, timedelta(0), Verdict.TOO_LATE),
        (HOUR, -timedelta(minutes=10), Verdict.TOO_LATE),
    ],
)
def test_a_reminder_is_sent_while_it_is_useful(lead: timedelta, before_start: timedelta, verdict: Verdict) -> None:
    assert verdict == judge(session_in(SC), lead=lead, at=START - before_start)


@pytest.mark.parametrize(
    ("booked_before_start", "verdicts"),
    [
        (timedelta(hours=24), [Verdict.SEND, Verdict.SEND]),
        (timedelta(hours=23, minutes=59), [Verdict.JUST_TOLD, Verdict.SEND]),
        (timedelta(hours=1), [Verdict.JUST_TOLD, Verdict.SEND]),
        (timedelta(minutes=30), [Verdict.JUST_TOLD, Verdict.JUST_TOLD]),
    ],
)
def test_whoever_booked_or_moved_after_a_reminders_time_gets_none(
    booked_before_start: timedelta, verdicts: list[Verdict]
) -> None:
    booked = replace(session_in(SC), confirmed_at=START - booked_before_start)
    moved = replace(session_in(SC), rescheduled_at=START - booked_before_start)

    due = [min(lead, booked_before_start) for lead in DEFAULT_LEADS]
    for session in (booked, moved):
        judged = [judge(session, lead=lead, at=START - at) for lead, at in zip(DEFAULT_LEADS, due, strict=True)]
        assert judged == verdicts


@pytest.mark.parametrize("state", sorted(set(STATES) - {SC}))
def test_nobody_is_reminded_of_what_does_not_stand(state: State) -> None:
    session = session_in(state)

    for lead in DEFAULT_LEADS:
        assert judge(session, lead=lead, at=session.period.start - lead) is Verdict.NOT_DUE_ANY_MORE


@pytest.mark.parametrize("saved", [SC, DC])
def test_of_a_session_that_is_over_it_is_said_that_it_is_too_late(saved: State) -> None:
    session = session_in(saved)

    assert [judge(session, lead=lead, at=session.period.end) for lead in DEFAULT_LEADS] == [Verdict.TOO_LATE] * 2


@given(minutes=st.integers(-120, 3000))
def test_at_no_instant_are_two_reminders_due(minutes: int) -> None:
    at: datetime = START - timedelta(minutes=minutes)

    assert [judge(session_in(SC), lead=lead, at=at) for lead in DEFAULT_LEADS].count(Verdict.SEND) <= 1
