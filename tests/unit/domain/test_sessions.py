"""The life of a session, row by row as the table of states has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.domain import events
from consulting.domain.cancellation import DEFAULT_POLICY, CanceledBy, Cancellation, CancellationReason
from consulting.domain.errors import (
    ConsultingError,
    NotStartedYet,
    PriceDiffers,
    RescheduleTooLate,
    SessionCompleted,
    SessionNotConfirmed,
    SessionStarted,
)
from consulting.domain.meetings import Meeting
from consulting.domain.money import Money
from consulting.domain.period import Period
from consulting.domain.session_states import (
    BEGINNINGS,
    DC,
    DR,
    SC,
    SF,
    SP,
    STATES,
    TRANSITIONS,
    XC,
    XF,
    XP,
    XR,
    PaymentStatus,
    State,
    Status,
)
from consulting.domain.sessions import Client, Moved, Session

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
START = NOW + timedelta(days=3)
END = START + timedelta(hours=1)
PRICE = Money(12_000, "usd")
LATER_SLOT = Period(START + timedelta(days=1), END + timedelta(days=1))
RESEARCHER = UUID(int=2)


def session_in(
    state: State, *, reason: CancellationReason = CancellationReason.HOLD_EXPIRED, price: Money = PRICE
) -> Session:
    canceled = Cancellation(by=CanceledBy.SYSTEM, reason=reason, note=None, at=NOW - timedelta(minutes=1))
    return Session(
        id=UUID(int=1),
        client=Client(user_id="ada", email="ada@example.org", name="Ada", timezone="Europe/London"),
        researcher_id=RESEARCHER,
        time_slot_id=UUID(int=3),
        period=Period(START, END) if state.status is not Status.COMPLETED else Period(NOW - (END - START), NOW),
        paper_id=None,
        questions=None,
        price=price,
        policy=DEFAULT_POLICY,
        status=state.status,
        payment_status=state.payment,
        expires_at=NOW + timedelta(minutes=15) if state in {SP, SF} else None,
        cancellation=canceled if state.status is Status.CANCELED else None,
        created_at=NOW - timedelta(minutes=5),
        updated_at=NOW - timedelta(minutes=5),
    )


VERBS: dict[str, Callable[[Session, datetime], Moved]] = {
    "payment fails": lambda each, at: each.fail_payment(at=at),
    "payment succeeds, slot free": lambda each, at: each.pay(at=at, slot_free=True),
    "payment succeeds, slot taken": lambda each, at: each.pay(at=at, slot_free=False),
    "client cancels": lambda each, at: each.cancel(by=CanceledBy.CLIENT, note=None, at=at),
    "researcher cancels": lambda each, at: each.cancel(by=CanceledBy.RESEARCHER, note=None, at=at),
    "time passes": lambda each, at: each.swept(at=at),
    "no-show": lambda each, at: each.note_no_show(at=at),
    "rescheduled": lambda each, at: each.reschedule(
        time_slot_id=UUID(int=9), researcher_id=RESEARCHER, period=LATER_SLOT, at=at
    ),
    "goodwill": lambda each, at: each.refund_further(at=at),
    "refunded outside": lambda each, at: each.refunded_outside(at=at),
}

TABLE: list[tuple[str, State, State | type[ConsultingError], type[object] | None]] = [
    ("payment fails", SP, SF, events.PaymentFailed),
    ("payment fails", SF, SF, events.PaymentFailed),
    ("payment fails", SC, SC, None),
    ("payment fails", XP, XP, None),
    ("payment fails", XR, XR, None),
    ("payment fails", DC, DC, None),
    ("payment succeeds, slot free", SP, SC, events.Confirmed),
    ("payment succeeds, slot taken", SP, SC, events.Confirmed),
    ("payment succeeds, slot free", SF, SC, events.Confirmed),
    ("payment succeeds, slot free", XP, SC, events.Confirmed),
    ("payment succeeds, slot free", XF, SC, events.Confirmed),
    ("payment succeeds, slot taken", XP, XR, events.PaymentReturned),
    ("payment succeeds, slot taken", XF, XR, events.PaymentReturned),
    ("payment succeeds, slot free", SC, SC, events.ChargedTwice),
    ("payment succeeds, slot free", XC, XC, events.ChargedTwice),
    ("payment succeeds, slot free", XR, XR, events.ChargedTwice),
    ("payment succeeds, slot free", DC, DC, events.ChargedTwice),
    ("client cancels", SP, XP, events.Canceled),
    ("client cancels", SF, XF, events.Canceled),
    ("client cancels", SC, XR, events.Canceled),
    ("client cancels", XP, XP, None),
    ("client cancels", XR, XR, None),
    ("client cancels", DC, SessionCompleted, None),
    ("client cancels", DR, SessionCompleted, None),
    ("researcher cancels", SP, XP, events.Canceled),
    ("researcher cancels", SF, XF, events.Canceled),
    ("researcher cancels", SC, XR, events.Canceled),
    ("researcher cancels", XC, XC, None),
    ("researcher cancels", DC, SessionCompleted, None),
    ("time passes", SP, SP, None),
    ("time passes", SC, SC, None),
    ("time passes", XR, XR, None),
    ("no-show", SC, NotStartedYet, None),
    ("no-show", SP, SessionNotConfirmed, None),
    ("no-show", XR, SessionNotConfirmed, None),
    ("no-show", DC, DC, events.NoShowNoted),
    ("rescheduled", SC, SC, events.Rescheduled),
    ("rescheduled", SP, SessionNotConfirmed, None),
    ("rescheduled", XP, SessionNotConfirmed, None),
    ("rescheduled", DC, SessionNotConfirmed, None),
    ("goodwill", DC, DR, None),
    ("goodwill", DR, DR, None),
    ("goodwill", XC, XR, None),
    ("goodwill", XR, XR, None),
    ("goodwill", SC, SessionNotConfirmed, None),
    ("goodwill", SP, SessionNotConfirmed, None),
    ("goodwill", XP, SessionNotConfirmed, None),
    ("refunded outside", SC, XR, events.Canceled),
    ("refunded outside", XC, XR, None),
    ("refunded outside", DC, DR, None),
]


@pytest.mark.parametrize("state", [SC, DC, XC])
def test_a_free_session_has_no_price_that_could_go_back(state: State) -> None:
    session = session_in(state, price=Money(0, "usd"))

    assert session.refunded_outside(at=NOW) == (session, ())
    with pytest.raises(SessionNotConfirmed):
        session.refund_further(at=NOW)


@pytest.mark.parametrize(("verb", "before", "after", "event"), TABLE)
def test_each_event_leads_where_the_table_says(
    verb: str, before: State, after: State | type[ConsultingError], event: type[object] | None
) -> None:
    session = session_in(before)
    if isinstance(after, type):
        with pytest.raises(after):
            VERBS[verb](session, NOW)
        return

    moved, happened = VERBS[verb](session, NOW)

    assert after == moved.state
    assert ([event] if event else []) == [type(each) for each in happened]


def test_a_payment_after_the_clients_own_cancellation_goes_back_even_if_the_slot_is_free() -> None:
    canceled = session_in(XP, reason=CancellationReason.BY_CLIENT)

    moved, happened = canceled.pay(at=NOW, slot_free=True)

    assert moved.state == XR
    assert (events.PaymentReturned(late=False),) == happened


def test_an_expired_hold_reads_canceled_before_anybody_swept_it() -> None:
    hold = session_in(SP)
    deadline = NOW + timedelta(minutes=15)

    assert hold.effective(at=deadline - timedelta(microseconds=1)).state == SP
    expired = hold.effective(at=deadline + timedelta(days=1))
    assert expired.state == XP
    assert expired.cancellation == Cancellation(
        by=CanceledBy.SYSTEM, reason=CancellationReason.HOLD_EXPIRED, note=None, at=deadline
    )


def test_a_payment_in_the_instant_of_the_deadline_is_late() -> None:
    moved, happened = session_in(SP).pay(at=NOW + timedelta(minutes=15), slot_free=False)

    assert moved.state == XR
    assert (events.HoldExpired(), events.PaymentReturned(late=True)) == happened


def test_a_retaken_session_stands_like_any_other() -> None:
    moved, happened = session_in(XP).pay(at=NOW, slot_free=True)

    assert (moved.cancellation, moved.expires_at, moved.confirmed_at) == (None, None, NOW)
    assert (events.Confirmed(late=True),) == happened


def test_a_confirmed_session_completes_at_its_end_and_not_before() -> None:
    session = session_in(SC)

    assert session.effective(at=END - timedelta(microseconds=1)).state == SC
    assert session.effective(at=END).state == DC


@pytest.mark.parametrize(
    ("notice", "state", "refund"),
    [
        (timedelta(hours=24), XR, 12_000),
        (timedelta(hours=23), XR, 6_000),
        (timedelta(hours=1), XC, 0),
    ],
)
def test_a_client_gets_back_what_the_frozen_policy_gives(notice: timedelta, state: State, refund: int) -> None:
    session = session_in(SC)
    quote = session.refund_if_canceled(by=CanceledBy.CLIENT, at=START - notice)

    moved, happened = session.cancel(by=CanceledBy.CLIENT, note="ill", at=START - notice)

    assert state == moved.state
    assert (events.Canceled(by=CanceledBy.CLIENT, refund=Money(refund, "usd"), was_confirmed=True),) == happened
    assert Money(refund, "usd") == quote


def test_a_client_cannot_cancel_once_it_has_begun_the_researcher_can_until_the_end() -> None:
    session = session_in(SC)

    with pytest.raises(SessionStarted):
        session.cancel(by=CanceledBy.CLIENT, note=None, at=START)
    moved, happened = session.cancel(by=CanceledBy.RESEARCHER, note=None, at=END - timedelta(seconds=1))
    assert moved.state == XR
    assert [event.refund for event in happened if isinstance(event, events.Canceled)] == [PRICE]
    with pytest.raises(SessionCompleted):
        session.cancel(by=CanceledBy.ADMIN, note=None, at=END)


def test_canceling_a_free_session_moves_no_money() -> None:
    free = session_in(SC, price=Money(0, "usd"))

    moved, _ = free.cancel(by=CanceledBy.RESEARCHER, note=None, at=NOW)

    assert moved.state == XC


def test_a_session_can_be_moved_only_while_all_would_be_given_back() -> None:
    session = session_in(SC)
    move = VERBS["rescheduled"]

    moved, happened = move(session, START - timedelta(hours=24))

    assert (moved.period, moved.sequence) == (LATER_SLOT, 1)
    assert (events.Rescheduled(before=session.period),) == happened
    with pytest.raises(RescheduleTooLate):
        move(session, START - timedelta(hours=24) + timedelta(seconds=1))


def test_a_move_can_be_asked_for_again_even_when_it_is_too_late_for_another() -> None:
    session = session_in(SC)

    again = session.reschedule(
        time_slot_id=session.time_slot_id,
        researcher_id=RESEARCHER,
        period=session.period,
        at=START - timedelta(minutes=5),
    )

    assert again == (session, ())


@pytest.mark.parametrize(
    ("researcher_id", "period"),
    [(UUID(int=7), LATER_SLOT), (RESEARCHER, replace(LATER_SLOT, end=LATER_SLOT.end + timedelta(minutes=30)))],
)
def test_another_researcher_or_length_has_another_price(researcher_id: UUID, period: Period) -> None:
    with pytest.raises(PriceDiffers):
        session_in(SC).reschedule(time_slot_id=UUID(int=9), researcher_id=researcher_id, period=period, at=NOW)


def test_a_no_show_is_noted_once_from_the_start_on_and_the_money_stays() -> None:
    moved, _ = session_in(SC).note_no_show(at=START)
    again, happened = moved.note_no_show(at=END)

    assert (moved.state, moved.no_show) == (DC, True)
    assert (again, happened) == (moved, ())


def test_every_change_that_calendars_must_follow_raises_the_sequence() -> None:
    moved, _ = session_in(SC).reschedule(time_slot_id=UUID(int=9), researcher_id=RESEARCHER, period=LATER_SLOT, at=NOW)
    canceled, _ = moved.cancel(by=CanceledBy.CLIENT, note=None, at=NOW)

    assert [session_in(SC).sequence, moved.sequence, canceled.sequence] == [0, 1, 2]


def test_a_link_that_comes_or_changes_raises_the_sequence_and_nothing_else_about_it_does() -> None:
    first, other = (Meeting(id=name, join_link=f"https://meet.example/{name}", host="host") for name in "12")
    linked = session_in(SC).linked(meeting=first, at=NOW)
    changed = linked.linked(meeting=other, at=NOW)
    canceled, _ = changed.cancel(by=CanceledBy.CLIENT, note=None, at=NOW)

    assert [linked.sequence, linked.linked(meeting=first, at=END).sequence, changed.sequence] == [1, 1, 2]
    assert linked.linked(meeting=first, at=END) == linked
    assert (canceled.sequence, canceled.linked(meeting=None, at=NOW).sequence) == (3, 3)


def test_the_states_that_must_not_exist_are_in_no_move() -> None:
    forbidden = {
        State(Status.SCHEDULED, PaymentStatus.REFUNDED),
        State(Status.COMPLETED, PaymentStatus.PENDING),
        State(Status.COMPLETED, PaymentStatus.FAILED),
    }
    mentioned = {before for _, before in TRANSITIONS} | {after for ends in TRANSITIONS.values() for after in ends}

    assert not forbidden & mentioned
    assert set(STATES) == mentioned


def test_every_state_can_be_reached_from_a_beginning() -> None:
    reached = set(BEGINNINGS)
    while more := {end for (_, start), ends in TRANSITIONS.items() if start in reached for end in ends} - reached:
        reached |= more

    assert set(STATES) == reached


moments = st.timedeltas(timedelta(0), timedelta(hours=30))
chains = st.lists(st.tuples(st.sampled_from(sorted(VERBS)), moments), max_size=12)


@given(state=st.sampled_from(BEGINNINGS), chain=chains)
def test_no_chain_of_events_leaves_the_states_or_pays_twice(state: State, chain: list[tuple[str, timedelta]]) -> None:
    session, at, paid = session_in(state), NOW, 0
    for verb, wait in chain:
        at += wait
        try:
            moved, happened = VERBS[verb](session, at)
        except ConsultingError:
            continue
        assert moved.state in STATES
        assert moved.state == session.state or happened or verb in {"goodwill", "refunded outside"}
        assert (moved.expires_at is not None) == (moved.state in {SP, SF})
        assert (moved.cancellation is not None) == (moved.status is Status.CANCELED)
        paid += sum(isinstance(each, events.Confirmed | events.PaymentReturned) for each in happened)
        session = moved
    assert paid <= 1
