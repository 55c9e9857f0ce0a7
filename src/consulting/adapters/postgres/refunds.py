"""The money that goes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, select

from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import insert_into, prepare, update_of
from consulting.adapters.postgres.tables import fixed, refunds
from consulting.adapters.postgres.tables.metadata import Instant
from consulting.adapters.postgres.values import LIMIT
from consulting.domain.money import Money
from consulting.domain.refunds import ON_ITS_WAY, Refund, RefundReason, RefundState

OF_SESSIONS = prepare(
    select(refunds)
    .where(refunds.c.session_id == func.any(bindparam("session_ids", type_=ARRAY(Uuid))))
    .order_by(refunds.c.created_at, refunds.c.id)
)
OF_PROVIDER = prepare(select(refunds).where(refunds.c.provider_id == bindparam("provider_id", type_=Text)))
_ONE = select(refunds).where(refunds.c.id == bindparam("id", type_=Uuid))
GET = prepare(_ONE)
LOCK = prepare(_ONE.with_for_update(key_share=True))
_UNSETTLED = (
    select(refunds)
    .where(
        refunds.c.state.in_([fixed(state) for state in sorted(ON_ITS_WAY)]),
        refunds.c.updated_at < bindparam("before", type_=Instant),
    )
    .order_by(refunds.c.id)
    .limit(LIMIT)
)
UNSETTLED = prepare(_UNSETTLED)
UNSETTLED_AFTER = prepare(_UNSETTLED.where(refunds.c.id > bindparam("after", type_=Uuid)))
ADD = prepare(insert_into(refunds))
SAVE = prepare(update_of(refunds).returning(refunds.c.id))


def _refund(row: Row) -> Refund:
    return Refund(
        id=row.id,
        payment_id=row.payment_id,
        session_id=row.session_id,
        amount=Money(row.amount, row.currency),
        reason=RefundReason(row.reason),
        state=RefundState(row.state),
        tries=row.tries,
        provider_id=row.provider_id,
        note=row.note,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _columns(refund: Refund) -> Mapping[str, Any]:
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "session_id": refund.session_id,
        "amount": refund.amount.amount,
        "currency": refund.amount.currency,
        "reason": refund.reason.value,
        "state": refund.state.value,
        "tries": refund.tries,
        "provider_id": refund.provider_id,
        "note": refund.note,
        "created_at": refund.created_at,
        "updated_at": refund.updated_at,
    }


class PostgresRefunds:
    """The money that goes back."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def of_session(self, session_id: UUID) -> Sequence[Refund]:
        """List a session's refunds, the oldest first."""
        return self.of_sessions([session_id])

    def of_sessions(self, session_ids: Sequence[UUID]) -> Sequence[Refund]:
        """List the refunds of several sessions at once, the oldest first."""
        return [_refund(row) for row in self._link.rows(OF_SESSIONS, session_ids=list(session_ids))]

    def get(self, id: UUID) -> Refund | None:
        """Give the refund as it was last saved."""
        row = self._link.one(GET, id=id)
        return None if row is None else _refund(row)

    def of_provider(self, provider_id: str) -> Refund | None:
        """Give the refund by the provider's id."""
        row = self._link.one(OF_PROVIDER, provider_id=provider_id)
        return None if row is None else _refund(row)

    def lock(self, id: UUID) -> Refund | None:
        """Give the refund and keep its lock until the transaction ends."""
        row = self._link.one(LOCK, id=id)
        return None if row is None else _refund(row)

    def add(self, refund: Refund) -> None:
        """Keep a new refund."""
        self._link.rows(ADD, **_columns(refund))

    def save(self, refund: Refund) -> None:
        """Keep a refund's new values; LookupError if it isn't known."""
        self._link.change(SAVE, what=f"refund {refund.id}", **_columns(refund))

    def unsettled(self, *, before: datetime, after: UUID | None, limit: int) -> Sequence[Refund]:
        """List refunds that are on their way and haven't changed since an instant, by id."""
        if after is None:
            rows = self._link.rows(UNSETTLED, before=before, limit=limit)
        else:
            rows = self._link.rows(UNSETTLED_AFTER, before=before, limit=limit, after=after)
        return [_refund(row) for row in rows]
