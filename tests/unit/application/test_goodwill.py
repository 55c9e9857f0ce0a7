from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from consulting.adapters.memory import Trouble
from consulting.adapters.memory.kept import Standing
from consulting.domain.errors import (
    ConsultingError,
    RefundExceedsPayment,
    SessionNotConfirmed,
    SessionNotFound,
    ValidationFailed,
)
from consulting.domain.ledger import EntryKind
from consulting.domain.money import Money
from consulting.domain.refunds import RefundReason, RefundState
from consulting.domain.session_states import DC, DR, SC, XC, XR
from consulting.domain.sessions import Session
from tests.unit.application.marketplace import ADMIN
from tests.unit.application.scene import ADA, PRICE, Scene

SORRY = "The line was bad."


@pytest.fixture
def scene() -> Scene:
    return Scene()


def attended(scene: Scene) -> Session:
    """Give a session that took place; nobody has swept it yet."""
    session = scene.confirmed()
    scene.market.work()
    scene.market.clock.set(session.period.end)
    return session


def canceled_late(scene: Scene) -> Session:
    """Give a session that the client canceled so late that nothing came back."""
    session = scene.confirmed()
    scene.market.clock.set(session.period.start - timedelta(minutes=30))
    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()
    return session


def canceled_at_half(scene: Scene) -> Session:
    """Give a session of which the policy gave back the half."""
    session = scene.confirmed()
    scene.market.clock.set(session.period.start - timedelta(hours=3))
    scene.market.cancel(session.id, caller=ADA)
    scene.market.work()
    return session


def went_back(scene: Scene, session: Session) -> int:
    intent = scene.market.gateway.retrieve_intent(scene.intent_id(session))
    assert intent is not None
    return intent.returned.amount


def test_all_of_an_attended_session_goes_back_and_the_client_reads_of_it(scene: Scene) -> None:
    session = attended(scene)

    given = scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN)
    scene.market.work()

    assert given.session.state == DR
    assert scene.saved(session).state == DR
    (refund,) = scene.refunds(session)
    assert (refund.reason, refund.state, refund.note) == (RefundReason.GOODWILL, RefundState.SUCCEEDED, SORRY)
    assert went_back(scene, session) == PRICE
    assert scene.mails(to=ADA).count("refund_done.client") == 1
    with scene.market.transactions.begin() as tx:
        entries = [(each.kind, each.signed) for each in tx.ledger.of_session(session.id)]
    assert entries == [(EntryKind.CHARGE, PRICE), (EntryKind.REFUND, -PRICE)]


def test_parts_are_given_until_nothing_is_left(scene: Scene) -> None:
    session = attended(scene)

    scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN, amount=5_000)
    with pytest.raises(RefundExceedsPayment) as refused:
        scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN, amount=PRICE - 4_999)
    scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN)
    with pytest.raises(RefundExceedsPayment):
        scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN)
    scene.market.work()

    assert refused.value.details == {"left": {"amount": PRICE - 5_000, "currency": "usd"}}
    assert [each.amount.amount for each in scene.refunds(session)] == [5_000, PRICE - 5_000]
    assert went_back(scene, session) == PRICE


def test_what_the_policy_kept_can_be_given_back(scene: Scene) -> None:
    session = canceled_late(scene)
    assert scene.saved(session).state == XC

    scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN, amount=1)
    scene.market.work()

    assert scene.saved(session).state == XR
    assert went_back(scene, session) == 1


def test_on_top_of_the_policys_share_no_more_than_the_rest_goes_back(scene: Scene) -> None:
    session = canceled_at_half(scene)
    assert (scene.saved(session).state, went_back(scene, session)) == (XR, PRICE // 2)

    with pytest.raises(RefundExceedsPayment):
        scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN, amount=PRICE)
    scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN)
    scene.market.work()

    assert went_back(scene, session) == PRICE
    assert scene.saved(session).state == XR


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_than_nothing_is_no_goodwill(scene: Scene, amount: int) -> None:
    session = attended(scene)

    with pytest.raises(ValidationFailed):
        scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN, amount=amount)

    assert scene.refunds(session) == []


def test_a_session_still_to_come_is_canceled_instead(scene: Scene) -> None:
    session = scene.confirmed()

    with pytest.raises(SessionNotConfirmed, match="cancel it instead"):
        scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN)

    assert (scene.saved(session).state, scene.refunds(session)) == (SC, [])


def refusal_of(scene: Scene, id: UUID) -> type[ConsultingError]:
    with pytest.raises(ConsultingError) as refused:
        scene.market.give_goodwill(id, note=SORRY, caller=ADMIN)
    return type(refused.value)


def test_where_no_money_was_kept_none_is_given_back(scene: Scene) -> None:
    unpaid, free = scene.held(), scene.free()
    scene.expire(unpaid)
    assert refusal_of(scene, unpaid.id) is SessionNotConfirmed
    scene.market.clock.set(free.period.end)

    assert refusal_of(scene, free.id) is SessionNotConfirmed
    assert refusal_of(scene, UUID(int=9)) is SessionNotFound
    assert scene.now(free).state == DC
    assert scene.refunds(free) == scene.refunds(unpaid) == []


def test_what_went_back_elsewhere_unseen_is_not_given_twice(scene: Scene) -> None:
    session = attended(scene)
    scene.market.gateway.refund_made_outside(scene.intent_id(session), amount=Money(2_000, "usd"))

    scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN)
    scene.market.work()

    assert went_back(scene, session) == PRICE
    assert sorted((each.reason, each.state, each.amount.amount, each.note) for each in scene.refunds(session)) == [
        (RefundReason.GOODWILL, RefundState.CLOSED, PRICE, SORRY),
        (RefundReason.GOODWILL, RefundState.SUCCEEDED, PRICE - 2_000, SORRY),
        (RefundReason.OUTSIDE, RefundState.SUCCEEDED, 2_000, None),
    ]
    assert scene.errands(Standing.DEAD) == []


@pytest.mark.parametrize("won", [True, False])
def test_a_goodwill_waits_for_the_end_of_a_dispute(scene: Scene, won: bool) -> None:
    session = attended(scene)
    intent_id = scene.intent_id(session)
    scene.market.gateway.client_disputes(intent_id)

    scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN, amount=5_000)
    scene.market.work()
    assert went_back(scene, session) == 0
    scene.market.gateway.dispute_ends(intent_id, won=won)
    scene.market.reconcile()
    scene.market.work()

    assert sum(each.amount.amount for each in scene.market.gateway.refunds_of_intent(intent_id)) == (5_000 * won)
    with scene.market.transactions.begin() as tx:
        moved = [(each.kind, each.signed) for each in tx.ledger.of_session(session.id)]
    assert moved[1:] == [(EntryKind.REFUND, -5_000) if won else (EntryKind.DISPUTE_LOST, -PRICE)]


def test_a_lost_answer_gives_back_once(scene: Scene) -> None:
    session = attended(scene)
    scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN, amount=5_000)

    scene.market.gateway.line.order(Trouble.ANSWER_LOST)
    scene.market.work()
    scene.market.clock.advance(timedelta(minutes=5))
    scene.market.work()

    assert went_back(scene, session) == 5_000


def test_money_whose_refund_failed_for_good_can_be_given_back(scene: Scene) -> None:
    session = canceled_at_half(scene)
    (refund,) = scene.refunds(session)
    with scene.market.transactions.begin() as tx:
        tx.refunds.save(replace(refund, state=RefundState.FAILED, tries=2))

    given = scene.market.give_goodwill(session.id, note=SORRY, caller=ADMIN)

    assert given.refunds[-1].amount.amount == PRICE
