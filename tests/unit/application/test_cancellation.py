from __future__ import annotations

from datetime import timedelta

import pytest

from consulting.adapters.memory import Trouble
from consulting.application.callers import Caller
from consulting.application.cancellation import cancel
from consulting.application.ports.outbox import Errand
from consulting.domain.cancellation import CanceledBy
from consulting.domain.errors import NotYourSession, SessionCompleted, SessionNotFound, SessionStarted
from consulting.domain.money import Money, nothing
from consulting.domain.refunds import RefundState
from consulting.domain.session_states import XC, XP, XR
from consulting.domain.sessions import Session
from tests.unit.application.scene import ADA, BEA, PRICE, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def before_start(scene: Scene, session: Session, lead: timedelta) -> None:
    scene.market.clock.set(session.period.start - lead)


@pytest.mark.parametrize(
    ("lead", "percent"),
    [
        (timedelta(hours=24), 100),
        (timedelta(hours=24) - timedelta(microseconds=1), 50),
        (timedelta(hours=2), 50),
        (timedelta(hours=2) - timedelta(microseconds=1), 0),
        (timedelta(microseconds=1), 0),
    ],
)
def test_what_was_quoted_is_what_is_given_back_by_the_frozen_policy(
    scene: Scene, lead: timedelta, percent: int
) -> None:
    session = scene.confirmed(slot=scene.slot(ahead=timedelta(hours=30)))
    before_start(scene, session, lead)
    quote = scene.market.quote(session.id, caller=ADA)

    view = scene.market.cancel(session.id, caller=ADA)
    scene.market.work()

    assert quote.percent == percent
    assert quote.refund == Money(PRICE * percent // 100, "usd")
    assert [refund.amount for refund in scene.refunds(session)] == ([quote.refund] if percent else [])
    assert view.session.state == (XR if percent else XC)
    assert all(refund.state is RefundState.SUCCEEDED for refund in scene.refunds(session))


def test_canceling_again_gives_the_same_answer_and_the_money_back_once(scene: Scene) -> None:
    session = scene.confirmed()

    first = scene.market.cancel(session.id, caller=ADA, note="ill")
    second = scene.market.cancel(session.id, caller=ADA, note="still ill")

    assert first == second
    assert len(scene.refunds(session)) == 1


def test_a_canceled_session_gives_its_slot_back(scene: Scene) -> None:
    slot = scene.slot()
    session = scene.confirmed(slot=slot)

    scene.market.cancel(session.id, caller=ADA)

    assert scene.market.slot(slot.id, caller=None).available
    assert scene.held(slot=slot, by=BEA).time_slot_id == slot.id


def test_a_canceled_hold_costs_nothing_and_its_intent_is_canceled(scene: Scene) -> None:
    session = scene.held()
    scene.intent_of(session)

    view = scene.market.cancel(session.id, caller=ADA)

    assert view.session.state == XP
    assert scene.refunds(session) == []
    assert scene.waiting() == {Errand.CANCEL_INTENT}


def test_a_free_session_gives_back_nothing(scene: Scene) -> None:
    session = scene.free()

    quote = scene.market.quote(session.id, caller=ADA)
    view = scene.market.cancel(session.id, caller=ADA)

    assert (quote.refund, quote.percent) == (nothing(currency="usd"), 0)
    assert (view.session.state, view.refunds) == (XC, ())


def test_a_client_cannot_cancel_from_the_start_on(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.clock.set(session.period.start)

    with pytest.raises(SessionStarted):
        scene.market.cancel(session.id, caller=ADA)
    scene.market.clock.set(session.period.end)
    with pytest.raises(SessionCompleted):
        scene.market.cancel(session.id, caller=ADA)


def test_nobody_cancels_or_quotes_anothers_session(scene: Scene) -> None:
    session = scene.confirmed()

    with pytest.raises(SessionNotFound):
        scene.market.cancel(session.id, caller=BEA)
    with pytest.raises(SessionNotFound):
        scene.market.quote(session.id, caller=BEA)


@pytest.mark.parametrize("name", ["researcher-lise", "root"])
def test_who_may_see_a_session_without_being_its_client_is_told_that_it_is_the_clients(scene: Scene, name: str) -> None:
    session = scene.confirmed()
    other = scene.slot()
    before = scene.market.transactions.snapshot()
    caller = Caller(user_id=name, roles=frozenset({"admin"} if name == "root" else ()))

    with pytest.raises(NotYourSession):
        scene.market.cancel(session.id, caller=caller)
    with pytest.raises(NotYourSession):
        scene.market.quote(session.id, caller=caller)
    with pytest.raises(NotYourSession):
        scene.market.reschedule(session.id, time_slot_id=other.id, caller=caller)
    with pytest.raises(SessionNotFound):
        scene.market.reschedule(session.id, time_slot_id=other.id, caller=BEA)

    assert scene.market.transactions.snapshot() == before


def test_the_researchers_side_gives_back_everything_even_while_it_runs(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.clock.set(session.period.start + timedelta(minutes=5))

    with scene.market.transactions.begin() as tx:
        cancel(
            tx,
            session.id,
            by=CanceledBy.RESEARCHER,
            note=None,
            clock=scene.market.clock,
            ids=scene.market.ids,
        )
    scene.market.work()

    assert scene.saved(session).state == XR
    assert [refund.amount for refund in scene.refunds(session)] == [Money(PRICE, "usd")]


def test_a_canceled_session_loses_its_meeting_and_both_are_told(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.work()
    scene.market.clock.advance(timedelta(seconds=1))
    scene.market.work()
    meetings = [len(scene.market.rooms.open_meetings)]

    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()
    meetings.append(len(scene.market.rooms.open_meetings))

    assert meetings == [1, 0]
    assert scene.saved(session).meeting is None
    assert scene.mails().count("cancellation.client") == 1
    assert scene.mails().count("cancellation.researcher") == 1


def test_a_refund_whose_answer_got_lost_is_given_once(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.cancel(session.id, caller=ADA)
    scene.market.gateway.line.order(Trouble.ANSWER_LOST)

    scene.market.work()
    scene.market.clock.advance(timedelta(seconds=2))
    scene.market.work()

    intent = scene.market.gateway.retrieve_intent(scene.market.gateway.intents_of(session.id)[0])
    assert intent is not None
    assert intent.returned == Money(PRICE, "usd")
    assert [refund.state for refund in scene.refunds(session)] == [RefundState.SUCCEEDED]
