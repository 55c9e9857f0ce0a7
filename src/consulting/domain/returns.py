"""Money that went back without our doing: refunds made in the provider's dashboard, and disputes.

What the provider shows is compared with our own refunds. One is ours if we know its id, or if it carries a key of ours:
so a request whose answer was lost is recognised, and never counted as somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from consulting.domain.money import Money, nothing
from consulting.domain.payments import Dispute, Payment, PaymentState
from consulting.domain.refunds import ProviderRefund, Refund, RefundReason, RefundState, left_of, total
from consulting.domain.session_states import DC, SC, XC
from consulting.domain.settlement import Settlement

_PAYMENT_WENT_BACK = frozenset({RefundReason.LATE_PAYMENT, RefundReason.CHARGED_TWICE, RefundReason.MISMATCH})


def take_in_returns(
    settled: Settlement,
    *,
    before: Payment,
    refunds: Sequence[Refund],
    shown: Sequence[ProviderRefund],
    taken: Money | None,
    new_id: Callable[[], UUID],
    at: datetime,
) -> Settlement:
    """Go on from a settlement with what the provider did by itself; `before` is the payment as it was kept.

    Refunds made elsewhere are recorded. The whole price given back there ends the session. What the bank has `taken` by
    lost disputes, all that is left where it doesn't say how much, counts as money returned. Due refunds that waited for
    the end of a dispute are sent if it was won; if it was lost, what it didn't give back already.
    """
    payment = settled.payment
    if payment.received is None:
        return settled
    known = [*refunds, *([settled.refund] if settled.refund else [])]
    changed = [*_found(known, shown, at=at), *_made_elsewhere(payment, known, shown, new_id=new_id, at=at)]
    known = _with(known, changed)
    if before.dispute is not payment.dispute:
        changed = _with(changed, _after_dispute(payment, known, taken=taken, new_id=new_id, at=at))
    return _ended(replace(settled, returns=tuple(changed)), _with(known, changed), at=at)


def replacement(
    refund: Refund, *, payment: Payment, refunds: Sequence[Refund], new_id: Callable[[], UUID], at: datetime
) -> tuple[Refund, ...]:
    """Close an unsent refund where less than that is left, and ask for what is left, if anything; () if it fits."""
    left = left_of(payment, [each for each in refunds if each.id != refund.id])
    if not refund.unsent or refund.amount <= left:
        return ()
    closed = refund.closed(at=at)
    return (closed, refund.anew(id=new_id(), amount=left, at=at)) if left else (closed,)


def _found(known: Sequence[Refund], shown: Sequence[ProviderRefund], *, at: datetime) -> Iterator[Refund]:
    """Recognise requests of ours whose answer was lost; how far they are is asked of each by itself."""
    for refund in known:
        same = next((each for each in shown if each.key == refund.key and each.state is not RefundState.FAILED), None)
        if same is not None and refund.provider_id is None:
            yield replace(refund, state=RefundState.PENDING, provider_id=same.id, updated_at=at)


def _made_elsewhere(
    payment: Payment,
    known: Sequence[Refund],
    shown: Sequence[ProviderRefund],
    *,
    new_id: Callable[[], UUID],
    at: datetime,
) -> Iterator[Refund]:
    for each in shown:
        if each.state is not RefundState.FAILED and not any(refund.asked_for(each) for refund in known):
            yield Refund(
                id=new_id(),
                payment_id=payment.id,
                session_id=payment.session_id,
                amount=each.amount,
                reason=RefundReason.OUTSIDE,
                state=each.state,
                provider_id=each.id,
                created_at=at,
                updated_at=at,
            )


def _after_dispute(
    payment: Payment, known: Sequence[Refund], *, taken: Money | None, new_id: Callable[[], UUID], at: datetime
) -> list[Refund]:
    """Decide on the refunds that waited: a refused one would be refused again under its old key."""
    waiting = [each for each in known if each.payment_id == payment.id and each.unsent]
    if payment.dispute is Dispute.WON:
        return [*_closed(waiting, at=at), *(each.anew(id=new_id(), amount=each.amount, at=at) for each in waiting)]
    if payment.dispute is Dispute.LOST:
        sent = [each for each in known if each not in waiting]
        lost = _lost(payment, sent, taken=taken)
        still_due = _beyond(waiting, lost, left=left_of(payment, sent) - lost, new_id=new_id, at=at)
        return [*_closed(waiting, at=at), *_taken_back(payment, lost, id=new_id(), at=at), *still_due]
    return []


def _lost(payment: Payment, sent: Sequence[Refund], *, taken: Money | None) -> Money:
    """Give what the bank took that isn't recorded yet: at most what wasn't refunded."""
    left = left_of(payment, sent)
    if taken is None:
        return left
    ours = [each for each in sent if each.payment_id == payment.id and each.reason is RefundReason.DISPUTED]
    recorded = total(ours, currency=taken.currency)
    return min(taken - recorded, left) if taken > recorded else nothing(currency=left.currency)


def _beyond(
    waiting: Iterable[Refund], lost: Money, *, left: Money, new_id: Callable[[], UUID], at: datetime
) -> Iterator[Refund]:
    """Ask anew for what was due beyond that which the bank gave back."""
    for refund in waiting:
        covered = min(lost, refund.amount)
        amount = min(refund.amount - covered, left)
        lost, left = lost - covered, left - amount
        if amount:
            yield refund.anew(id=new_id(), amount=amount, at=at)


def _closed(refunds: Iterable[Refund], *, at: datetime) -> Iterator[Refund]:
    return (each.closed(at=at) for each in refunds)


def _taken_back(payment: Payment, lost: Money, *, id: UUID, at: datetime) -> Iterator[Refund]:
    """Record what the bank took."""
    if lost:
        yield Refund(
            id=id,
            payment_id=payment.id,
            session_id=payment.session_id,
            amount=lost,
            reason=RefundReason.DISPUTED,
            state=RefundState.SUCCEEDED,
            created_at=at,
            updated_at=at,
        )


def _ended(settled: Settlement, known: Sequence[Refund], *, at: datetime) -> Settlement:
    """End the session if the whole payment that it stands by was given back at the provider."""
    payment = settled.payment
    own = [each for each in known if each.payment_id == payment.id]
    if payment.state is not PaymentState.SUCCEEDED or any(each.reason in _PAYMENT_WENT_BACK for each in own):
        return settled
    elsewhere = [each for each in own if each.reason is RefundReason.OUTSIDE]
    whole = total(elsewhere, currency=payment.price.currency) >= payment.price
    if not whole or settled.session.effective(at=at).state not in {SC, DC, XC}:
        return settled
    session, happened = settled.session.refunded_outside(at=at)
    return replace(settled, session=session, happened=(*settled.happened, *happened))


def _with(refunds: Iterable[Refund], changed: Iterable[Refund]) -> list[Refund]:
    """Give all refunds, the changed ones in place of what they were."""
    return list({each.id: each for each in (*refunds, *changed)}.values())
