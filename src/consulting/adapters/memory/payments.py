"""The attempts to pay, and the money that goes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from consulting.adapters.memory.kept import ForbiddenRecord, Kept, put_again, put_new, require, require_unique
from consulting.application.ports.transactions import TransactionConflict
from consulting.domain.payments import Dispute, Payment
from consulting.domain.refunds import Refund

_Record = TypeVar("_Record", Payment, Refund)


class MemoryPayments:
    """The attempts to pay."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def of_session(self, session_id: UUID) -> Sequence[Payment]:
        """List a session's attempts, the first one first."""
        own = (each for each in self._kept.payments.values() if each.session_id == session_id)
        return sorted(own, key=lambda each: each.attempt)

    def of_intent(self, intent_id: str) -> Payment | None:
        """Give the attempt that this intent of the provider belongs to."""
        return next((each for each in self._kept.payments.values() if each.intent_id == intent_id), None)

    def add(self, payment: Payment) -> None:
        """Keep a new attempt. Raises TransactionConflict if the session has another one that is alive."""
        self._require_possible(payment)
        put_new(self._kept.payments, payment.id, payment)

    def save(self, payment: Payment) -> None:
        """Keep an attempt's new values."""
        require(self._kept.payments, payment.id)
        self._require_possible(payment)
        put_again(self._kept.payments, payment.id, payment)

    def alive(self, *, after: UUID | None, limit: int) -> Sequence[Payment]:
        """List attempts that may still be charged, by id."""
        return _page((each for each in self._kept.payments.values() if each.alive), after=after, limit=limit)

    def disputed(self, *, after: UUID | None, limit: int) -> Sequence[Payment]:
        """List attempts whose charge is under dispute, by id."""
        found = (each for each in self._kept.payments.values() if each.dispute is Dispute.OPEN)
        return _page(found, after=after, limit=limit)

    def _require_possible(self, payment: Payment) -> None:
        if not payment.price or payment.price != require(self._kept.sessions, payment.session_id).price:
            raise ForbiddenRecord(f"{payment.price} is not the price of session {payment.session_id}, or nothing")
        others = [each for each in self.of_session(payment.session_id) if each.id != payment.id]
        if payment.alive and any(each.alive for each in others):
            raise TransactionConflict
        same_attempt = any(each.attempt == payment.attempt for each in others)
        require_unique(taken=same_attempt, what=f"attempt {payment.attempt} of session {payment.session_id}")
        known = None if payment.intent_id is None else self.of_intent(payment.intent_id)
        require_unique(taken=known is not None and known.id != payment.id, what=f"a payment of {payment.intent_id}")


class MemoryRefunds:
    """The money that goes back."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def of_session(self, session_id: UUID) -> Sequence[Refund]:
        """List a session's refunds, the oldest first."""
        return self.of_sessions([session_id])

    def of_sessions(self, session_ids: Sequence[UUID]) -> Sequence[Refund]:
        """List the refunds of several sessions at once, the oldest first."""
        wanted = set(session_ids)
        found = (each for each in self._kept.refunds.values() if each.session_id in wanted)
        return sorted(found, key=lambda each: (each.created_at, each.id))

    def get(self, id: UUID) -> Refund | None:
        """Give the refund as it was last saved."""
        return self._kept.refunds.get(id)

    def of_provider(self, provider_id: str) -> Refund | None:
        """Give the refund by the provider's id."""
        return next((each for each in self._kept.refunds.values() if each.provider_id == provider_id), None)

    def lock(self, id: UUID) -> Refund | None:
        """Give the refund; as transactions take turns here, nobody else is at work anyway."""
        return self._kept.refunds.get(id)

    def add(self, refund: Refund) -> None:
        """Keep a new refund."""
        self._require_possible(refund)
        put_new(self._kept.refunds, refund.id, refund)

    def save(self, refund: Refund) -> None:
        """Keep a refund's new values."""
        require(self._kept.refunds, refund.id)
        self._require_possible(refund)
        put_again(self._kept.refunds, refund.id, refund)

    def unsettled(self, *, before: datetime, after: UUID | None, limit: int) -> Sequence[Refund]:
        """List refunds that are on their way and haven't changed since an instant, by id."""
        found = (each for each in self._kept.refunds.values() if each.on_its_way and each.updated_at < before)
        return _page(found, after=after, limit=limit)

    def _require_possible(self, refund: Refund) -> None:
        require(self._kept.sessions, refund.session_id)
        require(self._kept.payments, refund.payment_id)
        known = self.of_provider(refund.provider_id) if refund.provider_id else None
        require_unique(taken=known is not None and known.id != refund.id, what=f"a refund of {refund.provider_id}")


def _page(found: Iterable[_Record], *, after: UUID | None, limit: int) -> list[_Record]:
    return sorted((each for each in found if after is None or each.id > after), key=lambda each: each.id)[:limit]
