"""Stripe's own books: charges, refunds and disputes, whoever made them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import stripe

from consulting.adapters.stripe.currencies import money_of
from consulting.adapters.stripe.intents import read_dispute, read_refund, read_session_id
from consulting.application.ports.provider_books import BookedCharge, BookedDispute, BookedRefund

_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class StripeBooks:
    """Lists, newest first, in pages; what is booked while one is read may be missing from it."""

    _client: stripe.StripeClient = field(repr=False)
    _asking: Callable[[], AbstractContextManager[None]] = field(repr=False)

    def charges(self, *, since: datetime) -> Iterable[BookedCharge]:
        """List charges that succeeded."""
        with self._asking():
            for charge in self._client.v1.charges.list(_from(since)).auto_paging_iter():
                if charge.status == "succeeded" and charge.amount_captured:
                    yield BookedCharge(
                        id=charge.id,
                        intent_id=_id(charge.payment_intent),
                        received=money_of(charge.amount_captured, charge.currency),
                        session_id=_session(charge),
                    )

    def refunds(self, *, since: datetime) -> Iterable[BookedRefund]:
        """List refunds, failed ones too."""
        with self._asking():
            for refund in self._client.v1.refunds.list(_from(since)).auto_paging_iter():
                yield BookedRefund(intent_id=_id(refund.payment_intent), refund=read_refund(refund))

    def disputes(self, *, since: datetime) -> Iterable[BookedDispute]:
        """List disputes by when they were opened."""
        with self._asking():
            for each in self._client.v1.disputes.list(_from(since)).auto_paging_iter():
                standing = read_dispute([each])
                assert standing is not None, "one dispute stands somehow"
                yield BookedDispute(intent_id=_id(each.payment_intent), dispute=standing)


def _from(since: datetime) -> Any:
    return {"created": {"gte": int(since.timestamp())}, "limit": _PAGE}


def _id(thing: Any) -> str | None:
    """Give the id of something that Stripe names, or shows in full."""
    return thing if thing is None or isinstance(thing, str) else str(thing.id)


def _session(charge: stripe.Charge) -> UUID | None:
    return read_session_id(charge.metadata.to_dict())
