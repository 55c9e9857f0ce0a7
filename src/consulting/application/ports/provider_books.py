"""The payment provider's own books: what was charged, given back and disputed there, whoever did it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from consulting.domain.money import Money
from consulting.domain.payments import Dispute
from consulting.domain.refunds import ProviderRefund


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedCharge:
    """Money that was received; `intent_id` is None for a charge that no intent led to, `session_id` its mark."""

    id: str
    intent_id: str | None
    received: Money
    session_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedRefund:
    """A refund, of which intent."""

    intent_id: str | None
    refund: ProviderRefund


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedDispute:
    """A dispute, about which intent."""

    intent_id: str | None
    dispute: Dispute


class ProviderBooks(Protocol):
    """Lists of what the provider booked at or after an instant, whoever did it.

    - Nothing that was booked since then is left out; earlier things may be listed too.
    - A list is read page by page while it is gone through, however long it is.
    - Each raises the errors of the payment gateway, also while it is gone through: an outage is never an empty list.
    - Reading changes nothing.
    """

    def charges(self, *, since: datetime) -> Iterable[BookedCharge]:
        """List charges that succeeded, each with its intent and the session that this is marked with."""

    def refunds(self, *, since: datetime) -> Iterable[BookedRefund]:
        """List refunds, failed ones too, each as `retrieve_refund` of the gateway shows it."""

    def disputes(self, *, since: datetime) -> Iterable[BookedDispute]:
        """List disputes by when they were opened; none where the provider knows no disputes."""
