"""What is kept of a user, shown and forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consulting.application.booking import SessionView, view
from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.records import Notification
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.application.trail import Deed, write_down
from consulting.domain.admin_acts import Act, trace_of
from consulting.domain.errors import LiveSessions, UserIsResearcher, UserNotFound
from consulting.domain.payments import Payment
from consulting.domain.refunds import ON_ITS_WAY
from consulting.domain.reviews import Review
from consulting.domain.session_states import Status
from consulting.domain.sessions import Session

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """All that is kept of a session as it concerns its client."""

    view: SessionView
    payments: tuple[Payment, ...]
    review: Review | None
    notifications: tuple[Notification, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """All that is kept of a user."""

    user_id: str
    sessions: tuple[SessionRecord, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What became of a user: the pseudonym that their sessions have now, and how many these are."""

    pseudonym: str
    sessions: int


@dataclass(frozen=True, slots=True)
class ExportUser:
    """Give all that is kept of a user: their sessions with payments, refunds, reviews, and what they were told."""

    transactions: Transactions
    clock: Clock
    ids: Identities

    def __call__(self, user_id: str, *, caller: Caller) -> UserRecord:
        """Give the record, and write down that it was given. Raises UserNotFound."""
        with self.transactions.begin() as tx:
            now = self.clock.now()
            records = tuple(_record(tx, session, at=now) for session in _sessions(tx, user_id, at=now))
            if not records:
                raise UserNotFound
            deed = Deed(act=Act.EXPORT_USER, subject=trace_of(user_id), after={"sessions": len(records)})
            write_down(tx, deed, by=caller, ids=self.ids, at=now)
        return UserRecord(user_id=user_id, sessions=records, at=now)


@dataclass(frozen=True, slots=True)
class EraseUser:
    """Forget a user.

    - Names, addresses, questions, notes and comments are gone for good; letters that wait to be sent are dropped.
    - What is about money stays, without the person: a fresh pseudonym stands in place of the user's id.
    - It is refused while a session is still to come, or money is still on its way; and for a researcher's account.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, user_id: str, *, caller: Caller) -> Erasure:
        """Say what became of them. Raises UserNotFound, LiveSessions and UserIsResearcher."""
        with self.transactions.begin() as tx:
            now = self.clock.now()
            researcher = tx.researchers.of_user(user_id)
            if researcher is not None:
                raise UserIsResearcher(researcher_id=str(researcher.id))
            sessions = _locked(tx, user_id, at=now)
            if not sessions:
                raise UserNotFound
            live = [str(session.id) for session in sessions if _is_live(tx, session, at=now)]
            if live:
                raise LiveSessions(sessions=live)
            tx.calendar_tokens.remove(user_id)
            pseudonym = f"erased:{self.ids.new()}"
            for each in sessions:
                tx.sessions.keep_notes(each.id, None)
            tx.personal_data.forget(user_id, session_ids=[each.id for each in sessions], pseudonym=pseudonym)
            deed = Deed(act=Act.ERASE_USER, subject=pseudonym, after={"sessions": len(sessions)})
            write_down(tx, deed, by=caller, ids=self.ids, at=now)
        return Erasure(pseudonym=pseudonym, sessions=len(sessions))


def _sessions(tx: Transaction, user_id: str, *, at: datetime) -> Iterator[Session]:
    """Go through all of the client's sessions, the newest first."""
    after: UUID | None = None
    while page := tx.sessions.of_client(user_id, status=None, starting=None, after=after, limit=AT_ONCE, at=at):
        yield from page
        after = page[-1].id


def _locked(tx: Transaction, user_id: str, *, at: datetime) -> Sequence[Session]:
    """Lock the sessions in the order of their ids, and give them as they stand then."""
    in_order = sorted(session.id for session in _sessions(tx, user_id, at=at))
    return [session for each in in_order if (session := tx.sessions.lock(each)) is not None]


def _is_live(tx: Transaction, session: Session, *, at: datetime) -> bool:
    """Tell whether something may still come of it: it is to take place, or money may yet come in or go back."""
    return (
        session.effective(at=at).status is Status.SCHEDULED
        or any(payment.alive for payment in tx.payments.of_session(session.id))
        or any(refund.state in ON_ITS_WAY for refund in tx.refunds.of_session(session.id))
    )


def _record(tx: Transaction, session: Session, *, at: datetime) -> SessionRecord:
    return SessionRecord(
        view=view(tx, session, at=at),
        payments=tuple(tx.payments.of_session(session.id)),
        review=tx.reviews.of_session(session.id),
        notifications=tuple(tx.notifications.of_session(session.id)),
    )
