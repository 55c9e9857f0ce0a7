"""Acme as a payment gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from acme_payments import messages
from acme_payments.calls import Acme, Refused
from acme_payments.orders import DECIMALS, ORDER, REVERSAL, intent_of, refund_of, written
from consulting.domain import Intent, Money, ProviderRefund, RefundState, ValidationFailed
from consulting.ports import Clock, PaymentGatewayMisconfigured, ProviderEvent

_REFUSED_FOR_GOOD = frozenset({"no_such_order", "not_paid", "too_little_left"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeGateway:
    """Charges and refunds at Acme; it remembers nothing. Safe to share between threads."""

    acme: Acme
    publishable_key: str
    signing_secret: str = field(repr=False)
    clock: Clock

    def smallest_charge(self, *, currency: str) -> Money:
        """Give one unit of the currency, or a hundred of those that have no smaller ones."""
        if currency not in DECIMALS:
            raise ValidationFailed.of("currency", f"Acme takes {', '.join(DECIMALS)}")
        return Money(100, currency)

    def create_intent(self, *, key: str, amount: Money, session_id: UUID) -> Intent:
        """Open an order, marked with the session in its memo."""
        body = {"amount": written(amount), "currency": amount.currency.upper(), "memo": str(session_id)}
        try:
            return intent_of(self.acme.write("/orders", body, request_id=key))
        except Refused as refusal:
            raise PaymentGatewayMisconfigured from refusal

    def retrieve_intent(self, intent_id: str) -> Intent | None:
        """Show the order; what can't be an order's id isn't asked for."""
        if not ORDER.fullmatch(intent_id):
            return None
        try:
            return intent_of(self.acme.read(f"/orders/{intent_id}"))
        except Refused:
            return None

    def cancel_intent(self, intent_id: str) -> Intent:
        """Void the order; Acme leaves a paid one as it is."""
        if not ORDER.fullmatch(intent_id):
            raise PaymentGatewayMisconfigured
        try:
            return intent_of(self.acme.write(f"/orders/{intent_id}/void", {}))
        except Refused as refusal:
            raise PaymentGatewayMisconfigured from refusal

    def refund(self, *, key: str, intent_id: str, amount: Money) -> ProviderRefund:
        """Reverse a part of the order."""
        refusal = ProviderRefund(id="", state=RefundState.FAILED, amount=amount, key=key)
        if not ORDER.fullmatch(intent_id):
            return refusal
        try:
            body = {"amount": written(amount), "currency": amount.currency.upper()}
            return refund_of(self.acme.write(f"/orders/{intent_id}/reversals", body, request_id=key))
        except Refused as refused:
            if refused.code in _REFUSED_FOR_GOOD:
                return refusal
            raise PaymentGatewayMisconfigured from refused

    def retrieve_refund(self, provider_id: str) -> ProviderRefund | None:
        """Show the reversal."""
        if not REVERSAL.fullmatch(provider_id):
            return None
        try:
            return refund_of(self.acme.read(f"/reversals/{provider_id}"))
        except Refused:
            return None

    def refunds_of_intent(self, intent_id: str) -> Sequence[ProviderRefund]:
        """List the order's reversals."""
        if not ORDER.fullmatch(intent_id):
            return []
        try:
            return [refund_of(each) for each in self.acme.pages(f"/orders/{intent_id}/reversals")]
        except Refused:
            return []

    def read_event(self, *, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Read a message that Acme signed within the last minutes."""
        return messages.read(body=body, headers=headers, secret=self.signing_secret, at=self.clock.now())
