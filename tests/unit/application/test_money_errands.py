from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from consulting.adapters.memory import Trouble
from consulting.adapters.memory.kept import Standing
from consulting.application.money_errands import CancelIntentErrand
from consulting.application.payments import CancelIntent
from consulting.application.ports.outbox import Errand
from consulting.domain.payments import IntentStatus
from consulting.domain.refunds import RefundState
from tests.unit.application.scene import ADA, Scene

SECOND = timedelta(seconds=1)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_refund_waits_for_the_end_of_a_dispute_without_being_given_up(scene: Scene) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    scene.market.gateway.client_disputes(intent_id)
    scene.market.settle(intent_id)
    scene.market.cancel(session.id, caller=ADA)

    scene.market.work()
    assert [refund.state for refund in scene.refunds(session)] == [RefundState.REQUESTED]
    assert scene.errands(Standing.DEAD) == []

    scene.market.gateway.dispute_ends(intent_id, won=True)
    scene.market.settle(intent_id)
    scene.market.work()

    assert [refund.state for refund in scene.refunds(session)] == [RefundState.CLOSED, RefundState.SUCCEEDED]


def test_a_refund_that_is_refused_is_tried_once_more_under_a_new_key_then_given_up(scene: Scene) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    scene.market.cancel(session.id, caller=ADA)
    scene.market.gateway.refunds_become = RefundState.FAILED

    for _ in range(5):
        scene.market.work()
        scene.market.clock.advance(timedelta(minutes=1))

    (refund,) = scene.refunds(session)
    assert (refund.state, refund.tries) == (RefundState.FAILED, 2)
    assert [each.entry.errand for each in scene.errands(Standing.DEAD)] == [Errand.REFUND]
    assert scene.mails().count("refund_failed.client") == 1
    intent = scene.market.gateway.retrieve_intent(intent_id)
    assert intent is not None
    assert not intent.returned


def test_an_intent_that_the_provider_would_not_cancel_is_settled_for_what_it_is(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.expire(session)
    scene.market.sweep()
    scene.market.gateway.client_pays(intent_id)
    market = scene.market
    errand = CancelIntentErrand(CancelIntent(market.transactions, market.gateway, market.settle, market.open_intent))
    runners = {**market.errands.runners, Errand.CANCEL_INTENT: errand}

    replace(market.errands, runners=runners)(limit=50)

    intent = market.gateway.retrieve_intent(intent_id)
    assert intent is not None
    assert intent.status is IntentStatus.SUCCEEDED
    assert scene.now(session).payment_status == "completed"


def test_an_intent_that_cannot_be_canceled_now_is_canceled_later(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.expire(session)
    scene.market.sweep()

    with scene.market.gateway.line.suffering(Trouble.DOWN):
        scene.market.work()
    scene.market.clock.advance(timedelta(seconds=2))
    scene.market.work()

    intent = scene.market.gateway.retrieve_intent(intent_id)
    assert intent is not None
    assert intent.status is IntentStatus.CANCELED
