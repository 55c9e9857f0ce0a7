"""Sending money back, until the provider has said how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from consulting.application import follow_ups
from consulting.application.bookkeeping import keep_refund
from consulting.application.conflicts import retry_on_conflict
from consulting.application.locking import lock_session
from consulting.application.payments import SettlePayment
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.mailer import Kind, Role
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.errors import ConsultingError
from consulting.domain.payments import Dispute, Payment
from consulting.domain.refunds import ProviderRefund, Refund, RefundState
from consulting.domain.returns import replacement

SETTLED = frozenset({RefundState.SUCCEEDED, RefundState.FAILED, RefundState.CLOSED})


class RefundDisputed(ConsultingError):
    """The charge is disputed: no refund is sent before the dispute has ended."""

    code = "REFUND_DISPUTED"


class RefundFailed(ConsultingError):
    """The provider refuses the refund for good."""

    code = "REFUND_FAILED"


@dataclass(frozen=True, slots=True)
class CarryOutRefund:
    """Send a refund that was decided on.

    - The same refund is sent under the same key, so repeating it gives the money back once.
    - While the charge is disputed nothing is sent; a lost dispute counts as money returned.
    - Where less is left of the charge, because money went back in another way, no more than that is sent.
    - A refund that failed is tried once more under a new key; after that it is an audit finding.
    """

    transactions: Transactions
    gateway: PaymentGateway
    clock: Clock
    ids: Identities
    settle: SettlePayment

    def __call__(self, refund_id: UUID) -> Refund:
        """Give the refund afterwards. Raises the gateway's errors, RefundDisputed and RefundFailed."""
        refund, payment = self._prepare(refund_id)
        if refund.state in SETTLED:
            return refund
        shown = self._ask(refund, payment)
        if not shown.id:
            refund = self._explain(refund, payment)
            if refund.state in SETTLED:
                return refund
            shown = self._ask(refund, payment) if refund.provider_id else shown
        refund = self.take_in(refund_id, shown=shown)
        if refund.state is RefundState.FAILED and refund.again(at=self.clock.now()) is None:
            raise RefundFailed
        return refund

    @retry_on_conflict
    def _prepare(self, refund_id: UUID) -> tuple[Refund, Payment]:
        """Give the refund as it is to be sent now. Raises RefundDisputed."""
        with self.transactions.begin() as tx:
            refund, payment = _look_up(tx, refund_id)
            now = self.clock.now()
            refund = refund.again(at=now) or refund
            refunds = tx.refunds.of_session(refund.session_id)
            known = {each.id: each for each in refunds}
            instead = replacement(refund, payment=payment, refunds=refunds, new_id=self.ids.new, at=now)
            for each in instead or (refund,):
                keep_refund(tx, each, before=known.get(each.id), at=now)
            tasks = [follow_ups.refunding(each) for each in instead if each.unsent]
            follow_ups.add(tx, session_id=refund.session_id, tasks=tasks, ids=self.ids, at=now)
        if refund.unsent and not instead and payment.dispute is Dispute.OPEN:
            raise RefundDisputed
        return (instead or (refund,))[0], payment

    def _explain(self, refund: Refund, payment: Payment) -> Refund:
        """Look for what made the provider refuse: a dispute, or money that went back in another way."""
        if payment.intent_id is not None:
            self.settle(payment.intent_id)
        return self._prepare(refund.id)[0]

    def _ask(self, refund: Refund, payment: Payment) -> ProviderRefund:
        if refund.provider_id is not None:
            shown = self.gateway.retrieve_refund(refund.provider_id)
            if shown is not None:
                return shown
        if payment.intent_id is None:
            raise LookupError(f"payment {payment.id} has money but no intent")
        return self.gateway.refund(key=refund.key, intent_id=payment.intent_id, amount=refund.amount)

    @retry_on_conflict
    def take_in(self, refund_id: UUID, *, shown: ProviderRefund) -> Refund:
        """Make true of the refund what the provider has just shown, and tell the client how it ended."""
        with self.transactions.begin() as tx:
            known, _ = _look_up(tx, refund_id)
            now = self.clock.now()
            refund = known.became(shown.state, provider_id=shown.id or None, at=now)
            keep_refund(tx, refund, before=known, at=now)
            if refund.state is not known.state and refund.state in SETTLED:
                self._tell(tx, refund)
            return refund

    def _tell(self, tx: Transaction, refund: Refund) -> None:
        now = self.clock.now()
        if refund.state is RefundState.SUCCEEDED:
            task = follow_ups.mail(Kind.REFUND_DONE, Role.CLIENT, refund=refund)
        elif refund.again(at=now) is None:
            task = follow_ups.mail(Kind.REFUND_FAILED, Role.CLIENT, refund=refund)
        else:
            task = follow_ups.refunding(refund)
        follow_ups.add(tx, session_id=refund.session_id, tasks=[task], ids=self.ids, at=now)


def _look_up(tx: Transaction, refund_id: UUID) -> tuple[Refund, Payment]:
    """Lock the refund, its session before it: who settles its payment decides on it too."""
    found = tx.refunds.get(refund_id)
    if found is None:
        raise LookupError(f"no refund {refund_id}")
    lock_session(tx, found.session_id)
    refund = tx.refunds.lock(refund_id)
    assert refund is not None, "refunds are never forgotten"
    payments = tx.payments.of_session(refund.session_id)
    return refund, next(each for each in payments if each.id == refund.payment_id)
