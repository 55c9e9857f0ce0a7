from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from consulting.adapters.memory import Trouble
from consulting.adapters.memory.kept import Standing
from consulting.application.ports.outbox import Errand
from consulting.application.ports.payment_gateway import (
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
    PaymentOutcomeUnknown,
)
from consulting.domain.errors import (
    AlreadyPaid,
    HoldExpired,
    NothingToPay,
    PaymentIncomplete,
    PaymentIntentUnknown,
    PaymentMismatch,
    SessionCanceled,
    SessionNotFound,
)
from consulting.domain.money import Money
from consulting.domain.payments import IntentStatus, PaymentState
from consulting.domain.refunds import RefundReason, RefundState
from consulting.domain.session_states import SC, SF, SP, XP, XR
from tests.unit.application.scene import ADA, BEA, PRICE, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


# Opening a payment


def test_the_same_hold_gives_the_same_open_intent_for_its_frozen_price(scene: Scene) -> None:
    session = scene.held()

    first = scene.market.open_intent(session.id, caller=ADA)
    second = scene.market.open_intent(session.id, caller=ADA)

    assert first.intent.id == second.intent.id
    assert first.intent.amount == Money(PRICE, "usd")
    assert first.intent.session_id == session.id
    assert first.publishable_key == scene.market.gateway.publishable_key
    assert len(scene.payments(session)) == 1


def test_nobody_opens_the_payment_of_anothers_session(scene: Scene) -> None:
    session = scene.held()

    with pytest.raises(SessionNotFound):
        scene.intent_of(session, by=BEA)


def test_a_payment_is_opened_only_where_there_is_something_to_pay(scene: Scene) -> None:
    with pytest.raises(NothingToPay):
        scene.intent_of(scene.free())
    with pytest.raises(AlreadyPaid):
        scene.intent_of(scene.confirmed())
    canceled = scene.held()
    scene.market.cancel(canceled.id, caller=ADA)
    with pytest.raises(SessionCanceled):
        scene.intent_of(canceled)
    expired = scene.held()
    scene.expire(expired)
    with pytest.raises(HoldExpired):
        scene.intent_of(expired)


def test_an_intent_whose_creation_got_lost_is_found_by_asking_again(scene: Scene) -> None:
    session = scene.held()
    scene.market.gateway.line.order(Trouble.ANSWER_LOST)

    with pytest.raises(PaymentOutcomeUnknown):
        scene.intent_of(session)
    intent_id = scene.intent_of(session)

    assert scene.market.gateway.intents_of(session.id) == [intent_id]


def test_an_intent_opened_while_the_hold_ended_is_canceled(scene: Scene) -> None:
    session = scene.held()
    scene.market.gateway.line.order(Trouble.ANSWER_LOST)
    with pytest.raises(PaymentOutcomeUnknown):
        scene.intent_of(session)
    scene.expire(session)
    scene.market.sweep()

    scene.market.work()

    (intent_id,) = scene.market.gateway.intents_of(session.id)
    intent = scene.market.gateway.retrieve_intent(intent_id)
    assert intent is not None
    assert intent.status is IntentStatus.CANCELED


# Confirming


def test_a_paid_session_is_confirmed_and_meeting_and_mails_are_ordered(scene: Scene) -> None:
    session = scene.confirmed()

    assert scene.saved(session).state == SC
    assert session.expires_at is None
    assert [payment.state for payment in scene.payments(session)] == [PaymentState.SUCCEEDED]
    assert scene.waiting() == {Errand.CREATE_MEETING, Errand.NOTIFY}


def test_a_browsers_word_is_not_enough(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)

    with pytest.raises(PaymentIncomplete) as refused:
        scene.market.confirm(session.id, intent_id=intent_id, caller=ADA)

    assert refused.value.details == {"status": "awaiting_client"}
    assert scene.saved(session).state == SP


@pytest.mark.parametrize("outcome", ["needs_action", "starts_processing"])
def test_a_payment_under_way_changes_nothing_and_does_not_extend_the_hold(scene: Scene, outcome: str) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    getattr(scene.market.gateway, outcome)(intent_id)

    with pytest.raises(PaymentIncomplete):
        scene.market.confirm(session.id, intent_id=intent_id, caller=ADA)

    assert scene.saved(session) == session


def test_confirming_again_gives_the_same_answer_and_orders_nothing_more(scene: Scene) -> None:
    session = scene.confirmed()
    before = scene.market.transactions.snapshot()
    intent_id = scene.payments(session)[0].intent_id
    assert intent_id is not None

    again = scene.market.confirm(session.id, intent_id=intent_id, caller=ADA)

    assert again.session.state == SC
    assert scene.market.transactions.snapshot() == before


def test_anothers_intent_is_refused_without_a_call_or_a_write(scene: Scene) -> None:
    mine, other = scene.held(), scene.held(by=BEA)
    others_intent = scene.intent_of(other, by=BEA)
    scene.market.gateway.client_pays(others_intent)
    before = scene.market.transactions.snapshot()

    with scene.market.gateway.line.suffering(Trouble.DOWN):
        for intent_id in (others_intent, "pi_never_heard_of"):
            with pytest.raises(PaymentIntentUnknown):
                scene.market.confirm(mine.id, intent_id=intent_id, caller=ADA)

    assert scene.market.transactions.snapshot() == before


def test_confirming_while_the_provider_is_down_changes_nothing_and_can_be_repeated(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.market.gateway.client_pays(intent_id)

    with scene.market.gateway.line.suffering(Trouble.DOWN), pytest.raises(PaymentGatewayUnavailable):
        scene.market.confirm(session.id, intent_id=intent_id, caller=ADA)

    assert scene.saved(session).state == SP
    assert scene.market.confirm(session.id, intent_id=intent_id, caller=ADA).session.state == SC


# Declined cards


def test_a_declined_card_keeps_the_hold_and_the_next_attempt_is_another_intent(scene: Scene) -> None:
    session = scene.held()
    first = scene.intent_of(session)
    scene.market.gateway.client_fails(first)
    with pytest.raises(PaymentIncomplete):
        scene.market.confirm(session.id, intent_id=first, caller=ADA)
    assert scene.saved(session).state == SF

    second = scene.intent_of(session)

    assert second != first
    states = [payment.state for payment in scene.payments(session)]
    assert states == [PaymentState.CANCELED, PaymentState.OPEN]
    scene.market.gateway.client_pays(second)
    assert scene.market.confirm(session.id, intent_id=second, caller=ADA).session.state == SC


def test_an_attempt_that_may_still_be_charged_is_not_followed_by_another(scene: Scene) -> None:
    session = scene.held()
    first = scene.intent_of(session)
    scene.market.gateway.client_fails(first)
    scene.market.settle(first)
    scene.market.gateway.starts_processing(first)

    with pytest.raises(PaymentIncomplete):
        scene.intent_of(session)

    assert [payment.intent_id for payment in scene.payments(session)] == [first]


def test_a_declined_attempt_that_was_paid_after_all_confirms_the_session(scene: Scene) -> None:
    session = scene.held()
    first = scene.intent_of(session)
    scene.market.gateway.client_fails(first)
    scene.market.settle(first)
    scene.market.gateway.client_pays(first)

    with pytest.raises(AlreadyPaid):
        scene.intent_of(session)

    assert scene.saved(session).state == SC


def test_a_wrong_amount_never_confirms_and_goes_back(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.market.gateway.client_pays(intent_id, amount=Money(1, "usd"))

    with pytest.raises(PaymentMismatch):
        scene.market.confirm(session.id, intent_id=intent_id, caller=ADA)
    scene.market.work()

    assert scene.saved(session).state == SF
    refund = scene.refunds(session)[0]
    assert (refund.amount, refund.reason, refund.state) == (
        Money(1, "usd"),
        RefundReason.MISMATCH,
        RefundState.SUCCEEDED,
    )


def test_an_unpaid_intent_of_a_wrong_amount_is_canceled_once_and_not_looked_at_again(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.market.gateway.agree_otherwise(intent_id, amount=Money(1, "usd"))

    for _ in range(5):
        scene.market.settle(intent_id)
        scene.market.work()
        scene.market.clock.advance(timedelta(seconds=1))

    assert scene.saved(session).state == SF
    assert scene.payments(session)[0].state is PaymentState.MISMATCHED
    assert [each.entry.errand for each in scene.errands(Standing.DONE)] == [Errand.CANCEL_INTENT]
    assert scene.errands() == []


def test_settling_again_what_has_not_changed_writes_nothing(scene: Scene) -> None:
    session = scene.confirmed()
    before = scene.payments(session)

    scene.market.clock.advance(timedelta(seconds=1))
    scene.market.settle(scene.intent_id(session))

    assert scene.payments(session) == before


def test_an_intent_of_ours_that_the_provider_has_lost_is_not_followed_by_one_that_we_would_never_find(
    scene: Scene,
) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.market.gateway.forget(intent_id)

    with pytest.raises(PaymentGatewayMisconfigured):
        scene.intent_of(session)

    assert scene.market.gateway.intents_of(session.id) == []


# Late money


def late(scene: Scene) -> tuple[UUID, str]:
    """Pay after the hold has expired."""
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.expire(session)
    scene.market.gateway.client_pays(intent_id)
    return session.id, intent_id


def test_late_money_retakes_the_slot_if_it_is_free(scene: Scene) -> None:
    session_id, intent_id = late(scene)

    view = scene.market.confirm(session_id, intent_id=intent_id, caller=ADA)

    assert view.session.state == SC
    assert not scene.market.slot(view.session.time_slot_id, caller=None).available


def test_late_money_goes_back_in_full_if_the_slot_is_taken_and_the_client_is_told(scene: Scene) -> None:
    session_id, intent_id = late(scene)
    lost = scene.market.transactions.snapshot().sessions[session_id]
    taken = scene.market.book(caller=BEA, time_slot_id=lost.time_slot_id).session

    view = scene.market.confirm(session_id, intent_id=intent_id, caller=ADA)
    scene.market.work()

    assert view.session.state == XR
    (refund,) = scene.refunds(view.session)
    assert (refund.amount, refund.state) == (Money(PRICE, "usd"), RefundState.SUCCEEDED)
    assert scene.saved(taken).state == SP
    assert set(scene.mails()) == {"slot_lost.client", "refund_done.client"}


def test_money_for_a_canceled_hold_goes_back_in_full_once(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.market.gateway.client_pays(intent_id)
    scene.market.cancel(session.id, caller=ADA)

    for _ in range(3):
        scene.market.settle(intent_id)
        scene.market.work()

    assert scene.saved(session).state == XR
    assert [refund.amount for refund in scene.refunds(session)] == [Money(PRICE, "usd")]


def test_an_expired_hold_has_its_intent_canceled_so_that_it_cannot_be_paid(scene: Scene) -> None:
    session = scene.held()
    intent_id = scene.intent_of(session)
    scene.expire(session)

    scene.market.sweep()
    scene.market.work()

    intent = scene.market.gateway.retrieve_intent(intent_id)
    assert intent is not None
    assert intent.status is IntentStatus.CANCELED
    assert scene.saved(session).state == XP
