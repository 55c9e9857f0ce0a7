"""Giving money back that nobody could claim: an admin's goodwill."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from consulting.application import follow_ups
from consulting.application.booking import SessionView, view
from consulting.application.bookkeeping import keep_refund, standing
from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.locking import lock_session
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.application.trail import Deed, write_down
from consulting.domain.admin_acts import Act
from consulting.domain.errors import RefundExceedsPayment, ValidationFailed
from consulting.domain.money import Money
from consulting.domain.refunds import Refund, RefundReason, left_of, request
from consulting.domain.sessions import Session


@dataclass(frozen=True, slots=True)
class GiveGoodwillRefund:
    """Give back money of a session that is over: more than the policy gave, or where it gave nothing.

    - It is open to admins alone, and says why in their own words.
    - It gives what is asked for, or all that is left; together with every other refund never more than was paid.
    - A session that is still to come is canceled instead.
    - While the charge is disputed it waits; the client reads of it when it has been sent.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, id: UUID, *, note: str, caller: Caller, amount: int | None = None) -> SessionView:
        """Give the session afterwards; `amount` is in minor units of its currency, None for all that is left.

        Raises SessionNotFound, SessionNotConfirmed, RefundExceedsPayment and ValidationFailed (field `amount`).
        """
        if amount is not None and amount <= 0:
            raise ValidationFailed.of("amount", "give an amount above zero, in minor units")
        with self.transactions.begin() as tx:
            before = lock_session(tx, id).session
            now = self.clock.now()
            session, happened = before.refund_further(at=now)
            refund = self._decide(tx, session, note=note, amount=amount)
            keep_refund(tx, refund, before=None, at=now)
            tx.sessions.save(session)
            follow_ups.record(tx, session=session, happened=happened, refund=refund, ids=self.ids, at=now)
            write_down(tx, _deed(before.effective(at=now), session, refund), by=caller, ids=self.ids, at=now)
            return view(tx, session, at=now)

    def _decide(self, tx: Transaction, session: Session, *, note: str, amount: int | None) -> Refund:
        paid, refunds = standing(tx, tx.payments.of_session(session.id))
        if paid is None:
            raise RefundExceedsPayment(left={"amount": 0, "currency": session.price.currency})
        left = left_of(paid, refunds)
        return request(
            id=self.ids.new(),
            payment=paid,
            refunds=refunds,
            amount=left if amount is None else Money(amount, left.currency),
            reason=RefundReason.GOODWILL,
            note=note,
            at=self.clock.now(),
        )


def _deed(before: Session, after: Session, refund: Refund) -> Deed:
    """Say what was given; why is kept with the refund, so that it can be forgotten with its client."""
    return Deed(
        act=Act.REFUND_SESSION,
        subject=str(after.id),
        before={"payment_status": before.payment_status.value},
        after={
            "payment_status": after.payment_status.value,
            "refund": {"id": str(refund.id), "amount": refund.amount.amount, "currency": refund.amount.currency},
        },
    )
