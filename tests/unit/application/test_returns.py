from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from consulting.adapters.memory import Trouble
from consulting.adapters.memory.kept import Standing
from consulting.application.refunds import RefundFailed
from consulting.domain import ledger
from consulting.domain.cancellation import CancellationReason
from consulting.domain.ledger import EntryKind
from consulting.domain.money import Money
from consulting.domain.payments import Dispute, PaymentState, next_attempt
from consulting.domain.refunds import RefundReason, RefundState, summary
from consulting.domain.session_states import DC, DR, SC, XC, XR
from consulting.domain.sessions import Session
from tests.unit.application.scene import ADA, BEA, PRICE, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def given_back_elsewhere(scene: Scene, session: Session, amount: int = PRICE) -> str:
    """Refund in the provider's dashboard, and let its message be settled."""
    intent_id = scene.intent_id(session)
    refund_id = scene.market.gateway.refund_made_outside(intent_id, amount=Money(amount, "usd"))
    scene.market.settle(intent_id)
    return refund_id


def told(scene: Scene, session: Session) -> list[tuple[RefundReason, RefundState, int]]:
    return [(each.reason, each.state, each.amount.amount) for each in scene.refunds(session)]


def moved(scene: Scene, session: Session) -> list[tuple[EntryKind, int]]:
    with scene.market.transactions.begin() as tx:
        return [(each.kind, each.signed) for each in tx.ledger.of_session(session.id)]


# Refunds made in the provider's dashboard


def test_the_whole_price_given_back_elsewhere_cancels_the_session_and_frees_its_slot(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.work()

    given_back_elsewhere(scene, session)
    scene.market.work()

    after = scene.saved(session)
    assert after.state == XR
    assert after.cancellation is not None
    assert after.cancellation.reason is CancellationReason.REFUNDED_OUTSIDE
    assert told(scene, session) == [(RefundReason.OUTSIDE, RefundState.SUCCEEDED, PRICE)]
    assert {"cancellation.client", "cancellation.researcher"} <= set(scene.mails())
    assert scene.market.rooms.open_meetings == ()
    slot = next(each for each in scene.market.offered(scene.lise) if each.slot.id == session.time_slot_id)
    assert slot.available


def test_a_part_given_back_elsewhere_is_recorded_once_and_the_client_is_told(scene: Scene) -> None:
    session = scene.confirmed()

    given_back_elsewhere(scene, session, 2_000)
    scene.market.settle(scene.intent_id(session))
    scene.market.work()

    assert scene.saved(session).state == SC
    assert told(scene, session) == [(RefundReason.OUTSIDE, RefundState.SUCCEEDED, 2_000)]
    assert scene.mails(to=ADA).count("refund_done.client") == 1


def test_parts_given_back_elsewhere_that_add_up_to_the_price_cancel_the_session(scene: Scene) -> None:
    session = scene.confirmed()

    given_back_elsewhere(scene, session, 2_000)
    given_back_elsewhere(scene, session, PRICE - 2_000)

    assert scene.saved(session).state == XR


def test_money_of_an_ended_session_given_back_elsewhere_marks_it_refunded(scene: Scene) -> None:
    attended, canceled = scene.confirmed(), scene.confirmed(slot=scene.slot(ahead=timedelta(hours=30)), by=BEA)
    scene.market.clock.set(canceled.period.start - timedelta(minutes=30))
    scene.market.cancel(canceled.id, caller=BEA)
    scene.market.sweep()
    assert (scene.saved(attended).state, scene.saved(canceled).state) == (DC, XC)

    given_back_elsewhere(scene, attended)
    given_back_elsewhere(scene, canceled)

    assert (scene.saved(attended).state, scene.saved(canceled).state) == (DR, XR)


def test_a_refund_of_ours_is_never_taken_for_somebody_elses(scene: Scene) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    scene.market.cancel(session.id, caller=ADA)
    scene.market.gateway.line.order(Trouble.ANSWER_LOST)
    scene.market.errands(limit=50)
    scene.market.settle(intent_id)

    assert told(scene, session) == [(RefundReason.CANCELED, RefundState.PENDING, PRICE)]
    scene.market.clock.advance(timedelta(minutes=5))
    scene.market.work()
    scene.market.settle(intent_id)

    assert told(scene, session) == [(RefundReason.CANCELED, RefundState.SUCCEEDED, PRICE)]


def test_what_was_given_back_elsewhere_is_not_sent_again(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.cancel(session.id, caller=ADA)

    given_back_elsewhere(scene, session)
    scene.market.work()

    assert told(scene, session) == [
        (RefundReason.CANCELED, RefundState.CLOSED, PRICE),
        (RefundReason.OUTSIDE, RefundState.SUCCEEDED, PRICE),
    ]
    assert scene.errands(Standing.DEAD) == []


def test_a_refund_refused_because_of_money_that_went_back_unseen_gives_back_what_is_left(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.cancel(session.id, caller=ADA)
    scene.market.gateway.refund_made_outside(scene.intent_id(session), amount=Money(2_000, "usd"))

    scene.market.work()

    assert sorted(told(scene, session)) == [
        (RefundReason.CANCELED, RefundState.CLOSED, PRICE),
        (RefundReason.CANCELED, RefundState.SUCCEEDED, PRICE - 2_000),
        (RefundReason.OUTSIDE, RefundState.SUCCEEDED, 2_000),
    ]
    shown = summary(scene.refunds(session))
    assert shown is not None
    assert (shown.amount.amount, shown.state) == (PRICE, RefundState.SUCCEEDED)
    assert scene.errands(Standing.DEAD) == []


def test_a_second_charge_given_back_elsewhere_leaves_the_session_alone(scene: Scene) -> None:
    session = scene.confirmed()
    second = scene.market.gateway.create_intent(key="second", amount=session.price, session_id=session.id)
    (first,) = scene.payments(session)
    attempt = next_attempt(first, id=UUID(int=1), at=scene.market.clock.now())
    with scene.market.transactions.begin() as tx:
        tx.payments.add(replace(attempt, intent_id=second.id, state=PaymentState.CANCELED))
    scene.market.gateway.client_pays(second.id)
    scene.market.settle(second.id)

    scene.market.gateway.refund_made_outside(second.id, amount=session.price)
    scene.market.settle(second.id)
    scene.market.work()

    assert scene.saved(session).state == SC
    assert sorted(told(scene, session)) == [
        (RefundReason.CHARGED_TWICE, RefundState.CLOSED, PRICE),
        (RefundReason.OUTSIDE, RefundState.SUCCEEDED, PRICE),
    ]


def test_a_refund_made_elsewhere_that_fails_is_not_tried_by_us(scene: Scene) -> None:
    session = scene.confirmed()
    refund_id = given_back_elsewhere(scene, session, 2_000)
    scene.market.gateway.refund_fails(refund_id)
    (refund,) = scene.refunds(session)
    shown = scene.market.gateway.retrieve_refund(refund_id)
    assert shown is not None

    scene.market.refund.take_in(refund.id, shown=shown)
    scene.market.work()

    assert told(scene, session) == [(RefundReason.OUTSIDE, RefundState.FAILED, 2_000)]
    assert scene.market.gateway.refunds_of_intent(scene.intent_id(session)) == [shown]


# Disputes


def disputed(scene: Scene, *, known: bool) -> tuple[Session, str]:
    """Cancel a session whose charge is disputed; `known` says whether we have heard of it."""
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    scene.market.gateway.client_disputes(intent_id)
    if known:
        scene.market.settle(intent_id)
    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()
    return session, intent_id


@pytest.mark.parametrize("known", [True, False])
def test_a_refund_waits_for_the_end_of_a_dispute_and_is_then_sent(scene: Scene, known: bool) -> None:
    session, intent_id = disputed(scene, known=known)
    assert scene.payments(session)[0].dispute is Dispute.OPEN
    assert told(scene, session) == [(RefundReason.CANCELED, RefundState.REQUESTED, PRICE)]
    assert scene.errands() == []

    scene.market.gateway.dispute_ends(intent_id, won=True)
    scene.market.settle(intent_id)
    scene.market.work()

    assert told(scene, session) == [
        (RefundReason.CANCELED, RefundState.CLOSED, PRICE),
        (RefundReason.CANCELED, RefundState.SUCCEEDED, PRICE),
    ]
    assert scene.errands(Standing.DEAD) == []


@pytest.mark.parametrize("known", [True, False])
def test_a_lost_dispute_counts_as_money_returned_and_nothing_is_sent(scene: Scene, known: bool) -> None:
    session, intent_id = disputed(scene, known=known)

    scene.market.gateway.dispute_ends(intent_id, won=False)
    for _ in range(2):
        scene.market.settle(intent_id)
        scene.market.work()

    assert told(scene, session) == [
        (RefundReason.CANCELED, RefundState.CLOSED, PRICE),
        (RefundReason.DISPUTED, RefundState.SUCCEEDED, PRICE),
    ]
    assert scene.market.gateway.refunds_of_intent(intent_id) == []
    assert moved(scene, session) == [(EntryKind.CHARGE, PRICE), (EntryKind.DISPUTE_LOST, -PRICE)]


def test_of_a_part_that_was_lost_the_rest_of_what_is_due_is_sent(scene: Scene) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    scene.market.gateway.client_disputes(intent_id, amount=Money(3_000, "usd"))
    scene.market.settle(intent_id)
    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()

    scene.market.gateway.dispute_ends(intent_id, won=False)
    for _ in range(2):
        scene.market.settle(intent_id)
        scene.market.work()

    assert sorted(told(scene, session)) == [
        (RefundReason.CANCELED, RefundState.CLOSED, PRICE),
        (RefundReason.CANCELED, RefundState.SUCCEEDED, PRICE - 3_000),
        (RefundReason.DISPUTED, RefundState.SUCCEEDED, 3_000),
    ]
    assert sorted(moved(scene, session)) == [
        (EntryKind.CHARGE, PRICE),
        (EntryKind.DISPUTE_LOST, -3_000),
        (EntryKind.REFUND, 3_000 - PRICE),
    ]


def test_after_a_part_was_lost_canceling_gives_back_no_more_than_is_left(scene: Scene) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    scene.market.gateway.client_disputes(intent_id, amount=Money(3_000, "usd"))
    scene.market.gateway.dispute_ends(intent_id, won=False)
    scene.market.settle(intent_id)

    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()

    assert told(scene, session) == [
        (RefundReason.DISPUTED, RefundState.SUCCEEDED, 3_000),
        (RefundReason.CANCELED, RefundState.SUCCEEDED, PRICE - 3_000),
    ]


@pytest.mark.parametrize(("lost", "sent"), [(3_000, PRICE // 2 - 3_000), (PRICE // 2, 0), (8_000, 0)])
def test_what_was_lost_counts_as_returned_when_the_policy_gives_the_half(scene: Scene, lost: int, sent: int) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    scene.market.gateway.client_disputes(intent_id, amount=Money(lost, "usd"))
    scene.market.gateway.dispute_ends(intent_id, won=False)
    scene.market.settle(intent_id)
    scene.market.clock.set(session.period.start - timedelta(hours=3))

    quoted = scene.market.quote(session.id, caller=ADA).refund.amount
    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()

    given = [each.amount.amount for each in scene.refunds(session) if each.reason is RefundReason.CANCELED]
    assert (quoted, given) == (sent, [sent] if sent else [])
    assert scene.saved(session).state == XR


@pytest.mark.parametrize(("won", "said"), [(True, ["open"]), (False, ["open", "lost"])])
def test_whoever_looks_after_the_instance_is_told_loudly_of_a_dispute_and_of_one_that_was_lost(
    scene: Scene, caplog: pytest.LogCaptureFixture, won: bool, said: list[str]
) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    for step in (scene.market.gateway.client_disputes, partial(scene.market.gateway.dispute_ends, won=won)):
        step(intent_id)
        scene.market.settle(intent_id)
        scene.market.settle(intent_id)

    alerts = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [record.message.rpartition(" ")[2] for record in alerts] == said
    assert all(str(session.id) in record.message and intent_id in record.message for record in alerts)


def test_a_dispute_leaves_a_standing_session_as_it_is(scene: Scene) -> None:
    session = scene.confirmed()
    intent_id = scene.intent_id(session)
    scene.market.gateway.client_disputes(intent_id)
    scene.market.settle(intent_id)
    scene.market.gateway.dispute_ends(intent_id, won=False)
    scene.market.settle(intent_id)
    assert scene.saved(session).state == SC

    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()

    assert told(scene, session) == [(RefundReason.DISPUTED, RefundState.SUCCEEDED, PRICE)]


# The ledger


def test_every_movement_of_money_is_in_the_ledger_once(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.settle(scene.intent_id(session))
    assert moved(scene, session) == [(EntryKind.CHARGE, PRICE)]

    given_back_elsewhere(scene, session, 2_000)
    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()

    assert moved(scene, session) == [
        (EntryKind.CHARGE, PRICE),
        (EntryKind.REFUND, -2_000),
        (EntryKind.REFUND, 2_000 - PRICE),
    ]


def test_a_refund_that_fails_after_it_succeeded_comes_in_again_and_goes_out_once_more(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()
    (refund,) = scene.refunds(session)
    assert refund.provider_id is not None
    scene.market.gateway.refund_fails(refund.provider_id)
    shown = scene.market.gateway.retrieve_refund(refund.provider_id)
    assert shown is not None

    scene.market.refund.take_in(refund.id, shown=shown)
    scene.market.work()

    assert moved(scene, session) == [
        (EntryKind.CHARGE, PRICE),
        (EntryKind.REFUND, -PRICE),
        (EntryKind.REFUND_FAILED, PRICE),
        (EntryKind.REFUND, -PRICE),
    ]


def test_a_refund_that_fails_for_good_moves_nothing(scene: Scene) -> None:
    session = scene.confirmed()
    scene.market.cancel(session.id, caller=ADA)
    scene.market.gateway.refunds_become = RefundState.FAILED
    (refund,) = scene.refunds(session)

    scene.market.refund(refund.id)
    with pytest.raises(RefundFailed):
        scene.market.refund(refund.id)

    with scene.market.transactions.begin() as tx:
        assert ledger.balance(tx.ledger.of_session(session.id)) == PRICE
