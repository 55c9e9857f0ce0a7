from __future__ import annotations

from datetime import timedelta

import pytest

from consulting.adapters.memory import Trouble
from consulting.application.ports.payment_gateway import (
    WebhookSignatureInvalid,
)
from consulting.application.provider_events import ReceiveProviderEvent, SettleProviderEvents
from consulting.domain.session_states import SC, SP
from tests.unit.application.scene import ADA, BEA, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def receive(scene: Scene) -> ReceiveProviderEvent:
    market = scene.market
    return ReceiveProviderEvent(market.transactions, market.gateway, market.clock, market.ids)


def settle_events(scene: Scene) -> SettleProviderEvents:
    market = scene.market
    return SettleProviderEvents(
        market.transactions, market.gateway, market.settle, market.refund, market.clock, "worker", market.random
    )


def test_a_message_confirms_without_any_browser_and_is_kept_once(scene: Scene) -> None:
    session = scene.held()
    scene.market.gateway.client_pays(scene.intent_of(session))
    message = scene.market.gateway.messages[-1]

    kept = [receive(scene)(body=message.body, headers=message.headers) for _ in range(3)]
    settled = settle_events(scene)(limit=10)

    assert kept == [True, False, False]
    assert settled == 1
    assert scene.saved(session).state == SC


def test_a_message_with_a_bad_signature_is_not_kept(scene: Scene) -> None:
    session = scene.held()
    scene.market.gateway.client_pays(scene.intent_of(session))
    message = scene.market.gateway.messages[-1]

    with pytest.raises(WebhookSignatureInvalid):
        receive(scene)(body=message.body + b" ", headers=message.headers)

    assert settle_events(scene)(limit=10) == 0


def test_a_message_about_something_that_is_not_ours_is_done_with_at_once(scene: Scene) -> None:
    message = scene.market.gateway.message_about("pi_of_somebody_else")
    receive(scene)(body=message.body, headers=message.headers)

    assert settle_events(scene)(limit=10) == 1
    assert settle_events(scene)(limit=10) == 0


def test_a_message_that_cannot_be_settled_now_is_settled_later(scene: Scene) -> None:
    session = scene.held()
    scene.market.gateway.client_pays(scene.intent_of(session))
    message = scene.market.gateway.messages[-1]
    receive(scene)(body=message.body, headers=message.headers)

    with scene.market.gateway.line.suffering(Trouble.DOWN):
        settle_events(scene)(limit=10)
    assert scene.saved(session).state == SP
    scene.market.clock.advance(timedelta(seconds=2))
    settle_events(scene)(limit=10)

    assert scene.saved(session).state == SC


def test_reconciliation_confirms_what_nobody_told_us(scene: Scene) -> None:
    session = scene.held()
    scene.market.gateway.client_pays(scene.intent_of(session))

    scene.market.reconcile()

    assert scene.saved(session).state == SC


def test_one_payment_that_cannot_be_reconciled_does_not_stop_the_others_and_is_found_in_the_books(scene: Scene) -> None:
    sessions = [scene.held(), scene.held(by=BEA)]
    for session, by in zip(sessions, (ADA, BEA), strict=True):
        scene.market.gateway.client_pays(scene.intent_of(session, by=by))
    scene.market.gateway.line.order(Trouble.DOWN)

    reconciled = scene.market.reconcile()

    assert reconciled.failed == 1
    assert [scene.saved(session).state for session in sessions] == [SC, SC]
