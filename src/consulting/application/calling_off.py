"""Admins cancel sessions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from consulting.application.booking import SessionView, view
from consulting.application.callers import Caller
from consulting.application.cancellation import cancel_on_the_researchers_side
from consulting.application.conflicts import retry_on_conflict
from consulting.application.locking import lock_session
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.application.trail import Deed, write_down
from consulting.domain.admin_acts import Act
from consulting.domain.cancellation import CanceledBy
from consulting.domain.sessions import Session


@dataclass(frozen=True, slots=True)
class CancelAnySession:
    """Cancel a session as an admin.

    - Whatever was paid goes back in full, until the session's end; client and researcher are told.
    - Its time is blocked from then on, unless `reopen_slot`: then the slot is offered again if the hours still give it.
    - Canceling again gives the same answer.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, id: UUID, *, note: str, reopen_slot: bool, caller: Caller) -> SessionView:
        """Give the session afterwards. Raises SessionNotFound and SessionCompleted."""
        with self.transactions.begin() as tx:
            before = lock_session(tx, id, releasing=True).session
            session = cancel_on_the_researchers_side(
                tx, id, by=CanceledBy.ADMIN, note=note, reopen_slot=reopen_slot, clock=self.clock, ids=self.ids
            )
            done = session.cancellation
            if done is not None and done.by is CanceledBy.ADMIN and before.cancellation is None:
                self._note(tx, before, session, reopen_slot=reopen_slot, caller=caller)
            return view(tx, session, at=self.clock.now())

    def _note(self, tx: Transaction, before: Session, after: Session, *, reopen_slot: bool, caller: Caller) -> None:
        deed = Deed(
            act=Act.CANCEL_SESSION,
            subject=str(after.id),
            before={"status": before.status.value, "payment_status": before.payment_status.value},
            after={
                "status": after.status.value,
                "payment_status": after.payment_status.value,
                "reopen_slot": reopen_slot,
            },
        )
        write_down(tx, deed, by=caller, ids=self.ids, at=after.updated_at)
