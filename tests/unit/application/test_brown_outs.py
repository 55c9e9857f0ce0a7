"""Ten minutes in which payments, meetings and mail fail most of the time, on a simulated clock."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest

from consulting.adapters.memory import Trouble
from consulting.application.ports.payment_gateway import PaymentGatewayUnavailable
from consulting.domain.errors import ConsultingError
from consulting.domain.payments import PaymentState
from consulting.domain.session_states import SC, XR
from consulting.domain.sessions import Session
from tests.unit.application.marketplace import client
from tests.unit.application.scene import PRICE, TICK, Scene, let_pass

BROWN_OUT = timedelta(minutes=10)
CLIENTS = [client(f"client-{number}") for number in range(6)]
WEATHER = (Trouble.DOWN, Trouble.DOWN, Trouble.ANSWER_LOST, None)


def suffer(scene: Scene, random: Random, *, trying: list[tuple[Session, str]]) -> None:
    """Let ten minutes pass in bad weather, while the worker works and clients try to confirm what they paid."""
    market = scene.market
    lines = (market.gateway.line, market.rooms.line, market.mailer.line)
    until = market.clock.now() + BROWN_OUT
    while market.clock.now() < until:
        for line in lines:
            line.standing = random.choice(WEATHER)
        number = random.randrange(len(trying))
        session, intent_id = trying[number]
        with suppress(ConsultingError, PaymentGatewayUnavailable):
            market.confirm(session.id, intent_id=intent_id, caller=CLIENTS[number])
        market.errands(limit=50)
        market.clock.advance(TICK)
    for line in lines:
        line.standing = None


@pytest.mark.parametrize("seed", range(6))
def test_a_brown_out_of_ten_minutes_delays_and_loses_nothing(seed: int) -> None:
    scene = Scene()
    market = scene.market
    canceled = scene.confirmed()
    market.cancel(canceled.id, caller=client("ada"))
    begun = []
    for each in CLIENTS:
        session = scene.held(by=each)
        intent_id = scene.intent_of(session, by=each)
        market.gateway.client_pays(intent_id)
        begun.append((session, intent_id))

    suffer(scene, Random(seed), trying=begun)
    market.reconcile()
    let_pass(scene, timedelta(minutes=40), every=timedelta(seconds=10))

    assert [scene.saved(session).state for session, _ in begun] == [SC] * len(begun)
    for session, _ in begun:
        assert [payment.state for payment in scene.payments(session)] == [PaymentState.SUCCEEDED]
    assert scene.saved(canceled).state == XR
    assert [refund.amount.amount for refund in scene.refunds(canceled)] == [PRICE]
    assert len(market.rooms.open_meetings) == len(begun)
    for each in CLIENTS:
        assert "confirmation.client" in set(scene.mails(to=each)), scene.mails(to=each)
    assert scene.waiting() == set()
