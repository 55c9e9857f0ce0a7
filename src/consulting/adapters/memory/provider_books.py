"""What the payment provider in memory shows of its books."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consulting.adapters.memory.payment_books import PaymentBooks
from consulting.adapters.memory.provider_line import ProviderLine, Trouble
from consulting.application.ports.payment_gateway import PaymentGatewayMisconfigured, PaymentGatewayUnavailable
from consulting.application.ports.provider_books import BookedCharge, BookedDispute, BookedRefund


@dataclass(frozen=True, slots=True)
class MemoryProviderBooks:
    """The same books that the gateway writes; nothing in them is ever too old to be listed."""

    books: PaymentBooks
    line: ProviderLine

    def charges(self, *, since: datetime) -> Iterable[BookedCharge]:  # noqa: ARG002 -- these books have no dates
        """List charges that succeeded."""
        self._ask()
        return [
            BookedCharge(id=each.id, intent_id=each.id, received=each.received, session_id=each.session_id)
            for each in list(self.books.intents.values())
            if each.received
        ]

    def refunds(self, *, since: datetime) -> Iterable[BookedRefund]:  # noqa: ARG002 -- these books have no dates
        """List refunds, failed ones too."""
        self._ask()
        kept = list(self.books.refunds.values())
        return [BookedRefund(intent_id=each.intent_id, refund=each.shown()) for each in kept]

    def disputes(self, *, since: datetime) -> Iterable[BookedDispute]:  # noqa: ARG002 -- these books have no dates
        """List disputes."""
        self._ask()
        return [
            BookedDispute(intent_id=each.id, dispute=each.dispute)
            for each in list(self.books.intents.values())
            if each.dispute is not None
        ]

    def _ask(self) -> None:
        trouble = self.line.next()
        if trouble is Trouble.REFUSED:
            raise PaymentGatewayMisconfigured
        if trouble is not None:
            raise PaymentGatewayUnavailable
