"""Acme's own books. Acme knows no disputes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from acme_payments.calls import Acme
from acme_payments.orders import intent_of, refund_of
from consulting.ports import BookedCharge, BookedDispute, BookedRefund


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeBooks:
    """What was charged and given back at Acme, whoever did it."""

    acme: Acme

    def charges(self, *, since: datetime) -> Iterable[BookedCharge]:
        """List orders that were paid."""
        for order in self.acme.pages("/journal/orders", {"since": str(since.timestamp())}):
            paid = intent_of(order)
            yield BookedCharge(id=paid.id, intent_id=paid.id, received=paid.received, session_id=paid.session_id)

    def refunds(self, *, since: datetime) -> Iterable[BookedRefund]:
        """List reversals."""
        for reversal in self.acme.pages("/journal/reversals", {"since": str(since.timestamp())}):
            yield BookedRefund(intent_id=reversal["order"], refund=refund_of(reversal))

    def disputes(self, *, since: datetime) -> Iterable[BookedDispute]:  # noqa: ARG002 -- there are none
        """List nothing, after having asked whether Acme is there at all."""
        self.acme.ask()
        return ()
