"""The attempts to pay, the money that goes back, and the ledger of all that moved."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Named,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    text,
)
from sqlalchemy.event import listen

from consulting.adapters.postgres.tables.metadata import (
    LONGEST_ID,
    Amount,
    Instant,
    all_or_none,
    at_most,
    currency,
    instants,
    metadata,
    one_of,
)
from consulting.domain.ledger import COMING_IN, EntryKind
from consulting.domain.payments import ALIVE, Dispute, PaymentState
from consulting.domain.refunds import LONGEST_NOTE, ON_ITS_WAY, TRIES, RefundReason, RefundState


class _Payments(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    session_id: Named[UUID]
    attempt: Named[int]
    intent_id: Named[str | None] = Column(Text)
    price_amount: Named[int] = Column(Amount)
    price_currency: Named[str] = Column(Text)
    state: Named[str] = Column(Text)
    received_amount: Named[int | None] = Column(Amount)
    received_currency: Named[str | None] = Column(Text)
    dispute: Named[str | None] = Column(Text)
    created_at: Named[datetime] = Column(Instant)
    updated_at: Named[datetime] = Column(Instant)


_ALIVE = text("state IN ({})".format(", ".join(f"'{state}'" for state in sorted(ALIVE))))

payments = Table(
    "payments",
    metadata,
    _Payments,
    # The price is the session's: so nothing is ever charged for a free one.
    ForeignKeyConstraint(
        ["session_id", "price_amount", "price_currency"],
        ["sessions.id", "sessions.price_amount", "sessions.price_currency"],
        name="payments_of_the_price",
    ),
    UniqueConstraint("session_id", "attempt"),
    UniqueConstraint("intent_id"),
    UniqueConstraint("id", "session_id"),
    CheckConstraint("attempt > 0", name="attempt"),
    CheckConstraint("price_amount > 0", name="price"),
    currency("price_currency"),
    one_of("state", PaymentState),
    all_or_none("received", "received_amount", "received_currency"),
    CheckConstraint("received_amount > 0", name="received_amount"),
    currency("received_currency"),
    CheckConstraint("state <> 'succeeded' OR received_amount IS NOT NULL", name="succeeded"),
    one_of("dispute", Dispute),
    instants("created_at", "updated_at"),
    at_most(intent_id=LONGEST_ID),
)
Index("payments_one_alive", payments.c.session_id, unique=True, postgresql_where=_ALIVE)
Index("payments_alive", payments.c.id, postgresql_where=_ALIVE)
Index("payments_disputed", payments.c.id, postgresql_where=text("dispute = 'open'"))


class _Refunds(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    payment_id: Named[UUID]
    session_id: Named[UUID]
    amount: Named[int] = Column(Amount)
    currency: Named[str] = Column(Text)
    reason: Named[str] = Column(Text)
    state: Named[str] = Column(Text)
    tries: Named[int] = Column(SmallInteger)
    provider_id: Named[str | None] = Column(Text)
    created_at: Named[datetime] = Column(Instant)
    updated_at: Named[datetime] = Column(Instant)
    note: Named[str | None] = Column(Text)


refunds = Table(
    "refunds",
    metadata,
    _Refunds,
    ForeignKeyConstraint(["payment_id", "session_id"], ["payments.id", "payments.session_id"]),
    UniqueConstraint("provider_id"),
    CheckConstraint("amount > 0", name="amount"),
    currency("currency"),
    one_of("reason", RefundReason),
    one_of("state", RefundState),
    CheckConstraint(f"tries BETWEEN 1 AND {TRIES}", name="tries"),
    instants("created_at", "updated_at"),
    at_most(provider_id=LONGEST_ID, note=LONGEST_NOTE),
)
Index("refunds_of_session", refunds.c.session_id)
Index("refunds_of_payment", refunds.c.payment_id)
Index(
    "refunds_unsettled",
    refunds.c.id,
    postgresql_where=text("state IN ({})".format(", ".join(f"'{state}'" for state in sorted(ON_ITS_WAY)))),
)


class _LedgerEntries(TypedColumns):
    number: Named[int] = Column(BigInteger, Identity(always=True), primary_key=True)
    reference: Named[str] = Column(Text)
    kind: Named[str] = Column(Text)
    session_id: Named[UUID]
    payment_id: Named[UUID]
    amount: Named[int] = Column(Amount)
    currency: Named[str] = Column(Text)
    recorded_at: Named[datetime] = Column(Instant)


_IN = ", ".join(f"'{kind}'" for kind in sorted(COMING_IN))

ledger_entries = Table(
    "ledger_entries",
    metadata,
    _LedgerEntries,
    UniqueConstraint("reference"),
    ForeignKeyConstraint(["payment_id", "session_id"], ["payments.id", "payments.session_id"]),
    one_of("kind", EntryKind),
    CheckConstraint("amount <> 0", name="amount"),
    CheckConstraint(f"(amount > 0) = (kind IN ({_IN}))", name="direction"),
    currency("currency"),
    instants("recorded_at"),
    at_most(reference=LONGEST_ID),
)
Index("ledger_entries_of_session", ledger_entries.c.session_id, ledger_entries.c.number)

APPEND_ONLY = (
    """
    CREATE FUNCTION ledger_entries_are_for_ever() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''what was written to the ledger stays as it is''; END'
    """,
    """
    CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_are_for_ever()
    """,
)
for statement in APPEND_ONLY:
    listen(ledger_entries, "after_create", DDL(statement))  # type: ignore[no-untyped-call] # SQLAlchemy's DDL has no types
