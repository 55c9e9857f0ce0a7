from __future__ import annotations

from datetime import timedelta

import pytest

from consulting.adapters.memory import Trouble
from consulting.adapters.memory.kept import Standing
from consulting.application.patience import MOST_TRIES
from consulting.application.reconciliation import MOST_OUTAGES, TOO_LONG
from consulting.domain.money import Money
from consulting.domain.payments import Dispute, IntentStatus, PaymentState
from consulting.domain.refunds import RefundReason, RefundState
from consulting.domain.session_states import SC, XP, XR
from tests.unit.application.scene import ADA, BEA, PRICE, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_an_intent_whose_cancel_was_lost_is_canceled(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.expire(session)
    scene.market.sweep()
    scene.market.gateway.line.order(*[Trouble.DOWN] * MOST_TRIES)
    for _ in range(MOST_TRIES):
        scene.market.errands(limit=50)
        scene.market.clock.advance(timedelta(hours=2))
    assert len(scene.errands(Standing.DEAD)) == 1

    scene.market.reconcile()

    intent = scene.market.gateway.retrieve_intent(intent_id)
    assert intent is not None
    assert intent.status is IntentStatus.CANCELED
    assert [payment.state for payment in scene.payments(session)] == [PaymentState.CANCELED]
    assert scene.saved(session).state == XP


def test_a_refund_whose_end_nobody_told_is_asked_about_once_it_takes_long(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.cancel(session.id, caller=ADA)
    scene.market.gateway.refunds_become = RefundState.PENDING
    scene.market.work()
    (refund,) = scene.refunds(session)
    assert (refund.state, refund.provider_id is None) == (RefundState.PENDING, False)
    scene.market.gateway.refund_succeeds(refund.provider_id or "")

    scene.market.clock.advance(TOO_LONG + timedelta(seconds=1))
    scene.market.reconcile()
    scene.market.work()

    assert [each.state for each in scene.refunds(session)] == [RefundState.SUCCEEDED]
    assert scene.mails().count("refund_done.client") == 1


def test_a_refund_that_failed_after_it_succeeded_is_found_in_the_books(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()
    (refund,) = scene.refunds(session)
    scene.market.gateway.refund_fails(refund.provider_id or "")

    scene.market.reconcile()
    scene.market.work()

    assert [(each.state, each.tries) for each in scene.refunds(session)] == [(RefundState.SUCCEEDED, 2)]


def test_a_refund_made_in_the_dashboard_is_found_without_a_message(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.gateway.refund_made_outside(scene.intent_id(session), amount=Money(PRICE, "usd"))

    for _ in range(2):
        scene.market.reconcile()

    assert scene.saved(session).state == XR
    assert [each.reason for each in scene.refunds(session)] == [RefundReason.OUTSIDE]


def test_a_dispute_is_found_and_followed_without_a_message(scene: Scene) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    for happens, seen in (
        (lambda: scene.market.gateway.client_disputes(intent_id), Dispute.OPEN),
        (lambda: scene.market.gateway.dispute_ends(intent_id, won=True), Dispute.WON),
    ):
        happens()  # type: ignore[no-untyped-call] # a lambda has no types
        scene.market.reconcile()
        assert [payment.dispute for payment in scene.payments(session)] == [seen]


def test_reconciling_again_asks_and_changes_nothing(scene: Scene) -> None:
    scene.confirmed()
    scene.held(slot=scene.slot(ahead=timedelta(hours=30)), by=BEA)
    before = scene.market.transactions.snapshot()

    reconciled = scene.market.reconcile()

    assert reconciled.failed == 0
    assert scene.market.transactions.snapshot() == before


def test_a_provider_that_is_away_is_not_asked_about_everything(scene: Scene) -> None:
    for hours in range(MOST_OUTAGES + 2):
        by = (ADA, BEA)[hours % 2]
        session = scene.held(slot=scene.slot(ahead=timedelta(hours=24 + hours)), by=by)
        scene.intent_of(session, by=by)
        scene.market.clock.advance(timedelta(minutes=20))
    scene.market.gateway.line.order(*[Trouble.DOWN] * 20)

    reconciled = scene.market.reconcile()

    assert (reconciled.asked, reconciled.failed) == (MOST_OUTAGES, MOST_OUTAGES)


def test_a_charge_that_stands_is_left_alone(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.reconcile()
    assert scene.saved(session).state == SC
