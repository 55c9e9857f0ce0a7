"""The movements of money."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from consulting.adapters.memory.kept import Kept, put_new, require
from consulting.domain.earnings import Movement
from consulting.domain.ledger import Entry
from consulting.domain.period import Period


class MemoryLedger:
    """Every movement of money; nothing in it is ever changed or taken out."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def add(self, entries: Sequence[Entry]) -> None:
        """Write entries; ForbiddenRecord for one whose reference is in the ledger already."""
        for entry in entries:
            require(self._kept.payments, entry.payment_id)
            put_new(self._kept.entries, entry.reference, entry)

    def of_session(self, session_id: UUID) -> Sequence[Entry]:
        """List a session's entries in the order in which they were written."""
        return [each for each in self._kept.entries.values() if each.session_id == session_id]

    def of_researcher(self, researcher_id: UUID, *, during: Period) -> Sequence[Movement]:
        """List what was recorded of all of a researcher's sessions in the period, by when, then as written."""
        sessions = {each.id: each for each in self._kept.sessions.values() if each.researcher_id == researcher_id}
        found = [
            Movement(entry=entry, client_name=sessions[entry.session_id].client.name)
            for entry in self._kept.entries.values()
            if entry.session_id in sessions and during.contains(entry.at)
        ]
        return sorted(found, key=lambda each: each.entry.at)
