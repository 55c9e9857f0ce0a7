"""Strategies for slots, claims and sessions; a session has always come to where it stands by moves that exist."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.strategies.availability import RESEARCHER, ids, instants, periods
from consulting.adapters.contracts.strategies.money import policies, rates
from consulting.adapters.contracts.strategies.people import clients, texts
from consulting.domain.cancellation import CanceledBy
from consulting.domain.errors import ConsultingError
from consulting.domain.meetings import Meeting
from consulting.domain.period import Period
from consulting.domain.sessions import Session, hold
from consulting.domain.time_slots import Claim, Terms, TimeSlot

_Step = Callable[[Session, datetime], Session]
_MEETING = Meeting(id="81234567890", join_link="https://meet.example.org/j/81234567890", host="host@example.org")

_STEPS: dict[str, _Step] = {
    "sweep": lambda session, at: session.effective(at=at),
    "client cancels": lambda session, at: session.cancel(by=CanceledBy.CLIENT, note=None, at=at)[0],
    "researcher cancels": lambda session, at: session.cancel(by=CanceledBy.RESEARCHER, note="Ill.", at=at)[0],
    "no-show": lambda session, at: session.note_no_show(at=at)[0],
    "link": lambda session, at: session.linked(meeting=_MEETING, at=at),
}
_STEPS_OF_MONEY: dict[str, _Step] = {
    "pay": lambda session, at: session.pay(at=at, slot_free=True)[0],
    "pay in vain": lambda session, at: session.pay(at=at, slot_free=False)[0],
    "fail": lambda session, at: session.fail_payment(at=at)[0],
    "refund": lambda session, at: session.refund_further(at=at)[0],
    "refund outside": lambda session, at: session.refunded_outside(at=at)[0],
}
"""A session without a price never sees these."""

_BEGINNINGS = ((), ("pay",), ("fail",), ("pay", "client cancels"))


@cache
def slot_periods() -> SearchStrategy[Period]:
    """Give periods as slots have them: whole minutes, from five minutes to eight hours."""
    lengths = st.one_of(st.sampled_from((30, 60)), st.integers(5, 480))
    return st.builds(lambda start, minutes: Period(start, start + timedelta(minutes=minutes)), instants(), lengths)


def time_slots(*, period: SearchStrategy[Period] | None = None) -> SearchStrategy[TimeSlot]:
    """Give slots of one researcher, one in four withdrawn."""
    return st.builds(
        TimeSlot,
        id=ids(),
        researcher_id=st.just(RESEARCHER),
        period=slot_periods() if period is None else period,
        withdrawn=st.sampled_from((False, False, False, True)),
    )


@cache
def terms() -> SearchStrategy[Terms]:
    """Give what of a researcher decides on a slot; most are active."""
    return st.builds(
        Terms,
        active=st.sampled_from((True, True, True, False)),
        notice=st.integers(0, 72).map(lambda hours: timedelta(hours=hours)),
        horizon=st.integers(1, 120).map(lambda days: timedelta(days=days)),
    )


def claims(*, around: datetime | None = None) -> SearchStrategy[Claim]:
    """Give claims on a researcher's time, around the instant if there is one; half of them holds."""
    return st.builds(
        Claim,
        session_id=ids(),
        user_id=st.integers(1, 50).map(lambda number: f"client-{number}"),
        time_slot_id=ids(),
        period=periods(around=around),
        expires_at=st.one_of(st.none(), instants() if around is None else _near(around)),
    )


@st.composite
def held_sessions(draw: st.DrawFn) -> Session:
    """Give sessions as they begin: holds, and free ones that stand at once."""
    slot = replace(draw(time_slots()), withdrawn=False)
    ahead = timedelta(minutes=draw(st.integers(1, 60 * 24 * 30)))
    session, _ = hold(
        id=draw(ids()),
        client=draw(clients()),
        researcher=sample.researcher(id=slot.researcher_id, rate=draw(rates()), policy=draw(policies())),
        slot=slot,
        hold_for=timedelta(minutes=draw(st.sampled_from((15, 1, 60)))),
        paper_id=draw(st.one_of(st.none(), texts(least=1))),
        questions=draw(st.one_of(st.none(), texts(most=300))),
        at=slot.period.start - ahead,
    )
    return session


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Give sessions in any state that they can come to, by a few moves at rising instants."""
    session = draw(held_sessions())
    at = session.created_at
    steps = _STEPS if session.free else {**_STEPS_OF_MONEY, **_STEPS}
    begun = draw(st.sampled_from(_BEGINNINGS))
    further = draw(st.lists(st.sampled_from(tuple(steps)), max_size=4))
    for name in (*(each for each in begun if each in steps), *further):
        at = max(at, draw(_moments(session)))
        with suppress(ConsultingError):
            session = steps[name](session, at)
    return session


def _moments(session: Session) -> SearchStrategy[datetime]:
    """Give the instants at which something turns in a session's life, and the moments around them."""
    begun = session.created_at
    turns = (begun, begun, begun, begun + timedelta(minutes=15), session.period.start, session.period.end)
    shifts = st.sampled_from((-1, 0, 1)).map(lambda second: timedelta(seconds=second))
    return st.builds(lambda turn, shift: turn + shift, st.sampled_from(turns), shifts)


def _near(instant: datetime) -> SearchStrategy[datetime]:
    return st.integers(-60, 60).map(lambda minutes: instant + timedelta(minutes=minutes))
