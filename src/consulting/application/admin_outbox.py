"""Admins look after what must still be done outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.ports.backlog import WorkState
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.outbox import ListedEntry
from consulting.application.ports.transactions import Transactions
from consulting.application.trail import Deed, write_down
from consulting.domain.admin_acts import Act
from consulting.domain.errors import ErrandNotDead, ErrandNotFound


@dataclass(frozen=True, slots=True)
class ListErrands:
    """List what must still be done outside: mails, meetings, refunds; the oldest first.

    - Without a state all open errands are listed; `dead` ones were given up and wait for somebody to act.
    """

    transactions: Transactions
    clock: Clock

    def __call__(
        self, *, state: WorkState | None, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[ListedEntry]:
        """Give one page, those after this `recorded_at` and id."""
        with self.transactions.begin() as tx:
            return tx.outbox.listed(state=state, after=after, limit=limit, at=self.clock.now())


@dataclass(frozen=True, slots=True)
class RetryErrand:
    """Have an errand that was given up carried out again, its tries counted anew."""

    transactions: Transactions
    clock: Clock
    ids: Identities

    def __call__(self, id: UUID, *, caller: Caller) -> ListedEntry:
        """Give the errand afterwards. Raises ErrandNotFound and ErrandNotDead."""
        with self.transactions.begin() as tx:
            now = self.clock.now()
            found = tx.outbox.show(id, at=now)
            if found is None:
                raise ErrandNotFound
            if not tx.outbox.revive(id, at=now):
                raise ErrandNotDead
            deed = Deed(
                act=Act.RETRY_ERRAND,
                subject=str(id),
                before={"state": found.state.value, "tries": found.attempts},
                after={"state": WorkState.DUE.value, "tries": 0, "errand": found.entry.errand.value},
            )
            write_down(tx, deed, by=caller, ids=self.ids, at=now)
            revived = tx.outbox.show(id, at=now)
        return revived or found
