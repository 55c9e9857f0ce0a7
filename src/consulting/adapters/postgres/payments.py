"""The attempts to pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, select

from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import Prepared, insert_into, prepare, update_of
from consulting.adapters.postgres.tables import fixed, payments
from consulting.adapters.postgres.values import LIMIT, read_money
from consulting.domain.money import Money
from consulting.domain.payments import ALIVE as ALIVE_STATES
from consulting.domain.payments import Dispute, Payment, PaymentState

_SESSION, _AFTER = bindparam("session_id", type_=Uuid), bindparam("after", type_=Uuid)

OF_SESSION = prepare(select(payments).where(payments.c.session_id == _SESSION).order_by(payments.c.attempt))
OF_INTENT = prepare(select(payments).where(payments.c.intent_id == bindparam("intent_id", type_=Text)))
ADD = prepare(insert_into(payments))
SAVE = prepare(update_of(payments).returning(payments.c.id))

_ALIVE = select(payments).where(payments.c.state.in_([fixed(state) for state in sorted(ALIVE_STATES)]))
ALIVE = prepare(_ALIVE.order_by(payments.c.id).limit(LIMIT))
ALIVE_AFTER = prepare(_ALIVE.where(payments.c.id > _AFTER).order_by(payments.c.id).limit(LIMIT))

_DISPUTED = select(payments).where(payments.c.dispute == fixed(Dispute.OPEN))
DISPUTED = prepare(_DISPUTED.order_by(payments.c.id).limit(LIMIT))
DISPUTED_AFTER = prepare(_DISPUTED.where(payments.c.id > _AFTER).order_by(payments.c.id).limit(LIMIT))


def _payment(row: Row) -> Payment:
    return Payment(
        id=row.id,
        session_id=row.session_id,
        attempt=row.attempt,
        intent_id=row.intent_id,
        price=Money(row.price_amount, row.price_currency),
        state=PaymentState(row.state),
        received=read_money(row.received_amount, row.received_currency),
        dispute=None if row.dispute is None else Dispute(row.dispute),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _columns(payment: Payment) -> Mapping[str, Any]:
    received = payment.received
    return {
        "id": payment.id,
        "session_id": payment.session_id,
        "attempt": payment.attempt,
        "intent_id": payment.intent_id,
        "price_amount": payment.price.amount,
        "price_currency": payment.price.currency,
        "state": payment.state.value,
        "received_amount": None if received is None else received.amount,
        "received_currency": None if received is None else received.currency,
        "dispute": payment.dispute and payment.dispute.value,
        "created_at": payment.created_at,
        "updated_at": payment.updated_at,
    }


class PostgresPayments:
    """The attempts to pay."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def of_session(self, session_id: UUID) -> Sequence[Payment]:
        """List a session's attempts, the first one first."""
        return [_payment(row) for row in self._link.rows(OF_SESSION, session_id=session_id)]

    def of_intent(self, intent_id: str) -> Payment | None:
        """Give the attempt that this intent of the provider belongs to."""
        row = self._link.one(OF_INTENT, intent_id=intent_id)
        return None if row is None else _payment(row)

    def add(self, payment: Payment) -> None:
        """Keep a new attempt. Raises TransactionConflict if the session has another one that is alive."""
        self._link.rows(ADD, **_columns(payment))

    def save(self, payment: Payment) -> None:
        """Keep an attempt's new values; LookupError if it isn't known."""
        self._link.change(SAVE, what=f"payment {payment.id}", **_columns(payment))

    def alive(self, *, after: UUID | None, limit: int) -> Sequence[Payment]:
        """List attempts that may still be charged, by id."""
        return self._page(ALIVE, ALIVE_AFTER, after=after, limit=limit)

    def disputed(self, *, after: UUID | None, limit: int) -> Sequence[Payment]:
        """List attempts whose charge is under dispute, by id."""
        return self._page(DISPUTED, DISPUTED_AFTER, after=after, limit=limit)

    def _page(self, first: Prepared, later: Prepared, *, after: UUID | None, limit: int) -> Sequence[Payment]:
        given = {"limit": limit} if after is None else {"limit": limit, "after": after}
        return [_payment(row) for row in self._link.rows(first if after is None else later, **given)]
