"""The movements of money."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.prepared import insert_into, prepare
from consulting.adapters.postgres.tables import ledger_entries, sessions
from consulting.adapters.postgres.values import END, START
from consulting.domain.earnings import Movement
from consulting.domain.ledger import Entry, EntryKind
from consulting.domain.money import Money
from consulting.domain.period import Period

OF_SESSION = prepare(
    select(ledger_entries)
    .where(ledger_entries.c.session_id == bindparam("session_id", type_=Uuid))
    .order_by(ledger_entries.c.number)
)
OF_RESEARCHER = prepare(
    select(ledger_entries, sessions.c.client_name)
    .join(sessions, sessions.c.id == ledger_entries.c.session_id)
    .where(
        sessions.c.researcher_id == bindparam("researcher_id", type_=Uuid),
        ledger_entries.c.recorded_at >= START,
        ledger_entries.c.recorded_at < END,
    )
    .order_by(ledger_entries.c.recorded_at, ledger_entries.c.number)
)
ADD = prepare(
    insert_into(ledger_entries, "reference", "kind", "session_id", "payment_id", "amount", "currency", "recorded_at")
)


class PostgresLedger:
    """Every movement of money; nothing in it is ever changed or taken out, the database refuses it."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def add(self, entries: Sequence[Entry]) -> None:
        """Write entries; one whose reference is in the ledger already is refused."""
        for entry in entries:
            self._link.rows(
                ADD,
                reference=entry.reference,
                kind=entry.kind.value,
                session_id=entry.session_id,
                payment_id=entry.payment_id,
                amount=entry.signed,
                currency=entry.amount.currency,
                recorded_at=entry.at,
            )

    def of_session(self, session_id: UUID) -> Sequence[Entry]:
        """List a session's entries in the order in which they were written."""
        return [_entry(row) for row in self._link.rows(OF_SESSION, session_id=session_id)]

    def of_researcher(self, researcher_id: UUID, *, during: Period) -> Sequence[Movement]:
        """List what was recorded of all of a researcher's sessions in the period, by when, then as written."""
        rows = self._link.rows(OF_RESEARCHER, researcher_id=researcher_id, start=during.start, end=during.end)
        return [Movement(entry=_entry(row), client_name=row.client_name) for row in rows]


def _entry(row: Row) -> Entry:
    return Entry(
        reference=row.reference,
        kind=EntryKind(row.kind),
        session_id=row.session_id,
        payment_id=row.payment_id,
        amount=Money(abs(row.amount), row.currency),
        at=row.recorded_at,
    )
