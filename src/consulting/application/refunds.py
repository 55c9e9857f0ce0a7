"""Sending money back, until the provider has said how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from consulting.application import follow_ups
from consulting.application.conflicts import retry_on_conflict
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.mailer import Kind, Role
from consulting.application.ports.payment_gateway import PaymentGateway, ProviderRefund
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.errors import ConsultingError
from consulting.domain.payments import Dispute, Payment
from consulting.domain.refunds import Refund, RefundState

SETTLED = frozenset({RefundState.SUCCEEDED, RefundState.FAILED})


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
    - A refund that failed is tried once more under a new key; after that it is an audit finding.
    """

    transactions: Transactions
    gateway: PaymentGateway
    clock: Clock
    ids: Identities

    def __call__(self, refund_id: UUID) -> Refund:
        """Give the refund afterwards. Raises the gateway's errors, RefundDisputed and RefundFailed."""
        refund, payment = self._look_up(refund_id)
        if refund.state in SETTLED:
            return refund
        if payment.dispute is Dispute.OPEN:
            raise RefundDisputed
        shown = self._ask(refund, payment)
        refund = self.take_in(refund_id, shown=shown)
        if refund.state is RefundState.FAILED:
            raise RefundFailed
        return refund

    def _look_up(self, refund_id: UUID) -> tuple[Refund, Payment]:
        with self.transactions.begin() as tx:
            refund = tx.refunds.lock(refund_id)
            if refund is None:
                raise LookupError(f"no refund {refund_id}")
            again = refund.again(at=self.clock.now())
            if again is not None:
                tx.refunds.save(again)
            payments = tx.payments.of_session(refund.session_id)
            return again or refund, next(each for each in payments if each.id == refund.payment_id)

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
            known = tx.refunds.lock(refund_id)
            if known is None:
                raise LookupError(f"no refund {refund_id}")
            now = self.clock.now()
            refund = known.became(shown.state, provider_id=shown.id or None, at=now)
            tx.refunds.save(refund)
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
