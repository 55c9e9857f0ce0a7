"""A session for one's own calendar."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from consulting.application.booking import visible_session
from consulting.application.callers import Caller
from consulting.application.ports.clock import Clock
from consulting.application.ports.mailer import Letters, Role
from consulting.application.ports.transactions import Transactions
from consulting.domain.errors import ResearcherNotFound, SessionNotConfirmed
from consulting.domain.session_states import Status


@dataclass(frozen=True, slots=True)
class GetCalendar:
    """Give a session as a calendar file, to its client, its researcher or an admin.

    - Each of the two gets their own version, and an admin the client's.
    - A canceled session gives a file that takes it out of the calendar again.
    - A hold that is not paid yet has none.
    """

    transactions: Transactions
    letters: Letters
    clock: Clock

    def __call__(self, id: UUID, *, caller: Caller) -> bytes:
        """Give the iCalendar object. Raises SessionNotFound and SessionNotConfirmed."""
        with self.transactions.begin() as tx:
            session = visible_session(tx, id, caller=caller)
            researcher = tx.researchers.get(session.researcher_id)
        shown = session.effective(at=self.clock.now())
        if researcher is None:
            raise ResearcherNotFound
        if shown.status is Status.SCHEDULED and shown.expires_at is not None:
            raise SessionNotConfirmed
        role = Role.RESEARCHER if caller.is_researcher(researcher) else Role.CLIENT
        return self.letters.calendar(session=shown, researcher=researcher, role=role)
