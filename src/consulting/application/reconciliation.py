"""Comparing with the payment provider what may have been missed, and settling it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from consulting.application.payments import CancelIntent, SettlePayment
from consulting.application.ports.clock import Clock
from consulting.application.ports.payment_gateway import PaymentGatewayUnavailable
from consulting.application.ports.provider_books import BookedCharge, BookedDispute, BookedRefund, ProviderBooks
from consulting.application.ports.transactions import Transactions
from consulting.application.refunds import CarryOutRefund, RefundDisputed
from consulting.domain.payments import Payment
from consulting.domain.refunds import Refund, RefundState
from consulting.domain.session_states import Status

_Record = TypeVar("_Record", Payment, Refund)
_Booked = TypeVar("_Booked", BookedCharge, BookedRefund, BookedDispute)
Deed = Callable[[], object]

log = logging.getLogger(__name__)

AT_ONCE = 200
TOO_LONG = timedelta(minutes=5)
"""How long a refund may be on its way before it is asked about: until then its errand and the webhook look after it."""

LOOK_BACK = timedelta(days=3)
"""How far back the provider's books are read; `consulting audit --provider` reads further."""

MOST_OUTAGES = 3
"""After so many calls without an answer the rest waits for the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """How many things were looked into, and at how many of them it failed."""

    asked: int
    failed: int


@dataclass(frozen=True, slots=True)
class ReconcilePayments:
    """Compare with the provider what isn't settled, and settle what was missed.

    - Payments that may still be charged: with the webhook switched off and the browser gone, a paid session is still
      confirmed; where the session is over, the intent is canceled, should that have been lost.
    - Refunds that have been on their way for long, and charges that are disputed.
    - Of the provider's last days what isn't in our books yet: charges, refunds made in its dashboard, disputes.
    """

    transactions: Transactions
    clock: Clock
    settle: SettlePayment
    cancel: CancelIntent
    carry_out: CarryOutRefund
    books: ProviderBooks

    def __call__(self) -> Reconciled:
        """Do it once, and say how much that was; what fails is logged and doesn't stop the others."""
        asked = failed = outages = 0
        for deed in self._deeds():
            asked += 1
            try:
                deed()
            except Exception as failure:
                failed += 1
                outages += isinstance(failure, PaymentGatewayUnavailable)
                log.warning(
                    "reconciliation failed: %r", failure, exc_info=not isinstance(failure, PaymentGatewayUnavailable)
                )
            if outages >= MOST_OUTAGES:
                break
        return Reconciled(asked=asked, failed=failed)

    def _deeds(self) -> Iterator[Deed]:
        for payment in _all(self._alive):
            yield partial(self._look_into, payment)
        for refund in _all(self._unsettled):
            yield partial(self._push, refund)
        for payment in _all(self._disputed):
            if payment.intent_id is not None:
                yield partial(self.settle, payment.intent_id)
        yield partial(self._compare, self.books.charges, self._charge_is_news)
        yield partial(self._compare, self.books.refunds, self._refund_is_news)
        yield partial(self._compare, self.books.disputes, self._dispute_is_news)

    def _alive(self, after: UUID | None) -> Sequence[Payment]:
        with self.transactions.begin() as tx:
            return tx.payments.alive(after=after, limit=AT_ONCE)

    def _disputed(self, after: UUID | None) -> Sequence[Payment]:
        with self.transactions.begin() as tx:
            return tx.payments.disputed(after=after, limit=AT_ONCE)

    def _unsettled(self, after: UUID | None) -> Sequence[Refund]:
        before = self.clock.now() - TOO_LONG
        with self.transactions.begin() as tx:
            return tx.refunds.unsettled(before=before, after=after, limit=AT_ONCE)

    def _look_into(self, payment: Payment) -> None:
        with self.transactions.begin() as tx:
            session = tx.sessions.get(payment.session_id)
        if session is not None and session.status is Status.CANCELED:
            self.cancel(session_id=payment.session_id, payment_id=payment.id)
        elif payment.intent_id is not None:
            self.settle(payment.intent_id)

    def _push(self, refund: Refund) -> None:
        with suppress(RefundDisputed):
            self.carry_out(refund.id)

    def _compare(self, books: Callable[..., Iterable[_Booked]], news: Callable[[_Booked], str | None]) -> None:
        for booked in books(since=self.clock.now() - LOOK_BACK):
            intent_id = news(booked)
            if intent_id is not None:
                self.settle(intent_id)

    def _charge_is_news(self, charge: BookedCharge) -> str | None:
        payment = self._payment(charge.intent_id)
        return charge.intent_id if payment is not None and payment.received is None else None

    def _dispute_is_news(self, booked: BookedDispute) -> str | None:
        payment = self._payment(booked.intent_id)
        return booked.intent_id if payment is not None and payment.dispute is not booked.dispute else None

    def _refund_is_news(self, booked: BookedRefund) -> str | None:
        """Settle what we don't know; follow a refund that we know and that has gone on."""
        shown = booked.refund
        with self.transactions.begin() as tx:
            known = tx.refunds.of_provider(shown.id)
        if known is None:
            return None if shown.state is RefundState.FAILED else booked.intent_id
        if known.state not in {shown.state, RefundState.FAILED}:
            self.carry_out.take_in(known.id, shown=shown)
        return None

    def _payment(self, intent_id: str | None) -> Payment | None:
        if intent_id is None:
            return None
        with self.transactions.begin() as tx:
            return tx.payments.of_intent(intent_id)


def _all(page: Callable[[UUID | None], Sequence[_Record]]) -> Iterator[_Record]:
    """Give everything, page after page."""
    after = None
    while records := page(after):
        yield from records
        after = records[-1].id
