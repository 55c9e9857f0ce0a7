"""Reminding people of what is about to start."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from consulting.application.errands import LONGEST_TOLD, told
from consulting.application.locking import lock_session
from consulting.application.ports.clock import Clock
from consulting.application.ports.mailer import (
    Kind,
    Letters,
    Mailer,
    MailUnavailable,
    MailUncertain,
    Occasion,
    Role,
    SenderRefused,
    message_id,
)
from consulting.application.ports.records import Notification, Outcome
from consulting.application.ports.transactions import Transaction, TransactionConflict, Transactions
from consulting.domain.errors import ResearcherNotFound
from consulting.domain.period import Period
from consulting.domain.reminders import DEFAULT_LEADS, Verdict, judge
from consulting.domain.sessions import Session

log = logging.getLogger(__name__)

LOOK_BACK: Final = timedelta(days=3)
"""A worker that was down for a weekend still records whom nobody reminded."""

SOONEST_RETRY, LATEST_RETRY = timedelta(minutes=1), timedelta(minutes=5)
"""A reminder that the mail server didn't take is tried again after a quarter of the time since it was due, at least and
at most after these."""

ABANDONED_AFTER: Final = timedelta(minutes=10)
"""Sending takes seconds: what is being sent for longer was dropped by a worker that died."""

KINDS: Final = (Kind.REMINDER_24H, Kind.REMINDER_1H)
WHY_SKIPPED: Final = {
    Verdict.JUST_TOLD: "the session was confirmed, or moved to this start, after the time of this reminder",
    Verdict.TOO_LATE: "no worker was there while it was of use",
}
WHY_ABANDONED: Final = "the worker died while it was sending this"
WHY_GIVEN_UP: Final = "the mail server didn't take it while it was of use: "

Key = tuple[UUID, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """One reminder to one person, and what is to be done about it."""

    session: Session
    kind: Kind
    role: Role
    lead: timedelta
    verdict: Verdict
    known: Notification | None

    @property
    def waits(self) -> bool:
        """Tell whether it was tried before and is known not to have arrived."""
        return self.known is not None and self.known.outcome is Outcome.WAITING

    def ready(self, *, at: datetime) -> bool:
        """Tell whether it was never tried, or may be tried again."""
        if self.known is None or not self.waits:
            return self.known is None
        tried = self.known.marked_at
        since = tried - (self.session.period.start - self.lead)
        return at >= tried + min(max(since / 4, SOONEST_RETRY), LATEST_RETRY)


@dataclass(frozen=True, slots=True)
class SendReminders:
    """Remind client and researcher of sessions that are about to start.

    - Derived from the sessions as they stand, so a canceled one is never reminded of and a moved one anew.
    - At most once each per session, lead and start time: it is recorded before sending, so a crash drops one.
    - What the mail server is known not to have taken is tried again while it is of use; what it may have taken isn't.
    - What is of no use any more, and what could not be sent, is recorded with the reason.
    """

    transactions: Transactions
    letters: Letters
    mailer: Mailer
    clock: Clock
    mail_domain: str
    leads: tuple[timedelta, timedelta] = DEFAULT_LEADS

    def __call__(self, *, limit: int = 500) -> int:
        """Send the reminders that are due now, and say how many; those that can't be sent are recorded as such."""
        now = self.clock.now()
        # A start just as far ahead as the longest lead is due.
        during = Period(now - LOOK_BACK, now + max(self.leads) + timedelta.resolution)
        sent, after = 0, None
        while True:
            with self.transactions.begin() as tx:
                sessions = tx.sessions.starting(during=during, limit=limit, after=after)
                known = {_key(each): each for each in tx.notifications.of_sessions([each.id for each in sessions])}
            dues = [*self._judged(sessions, known, at=now)]
            self._note(dues, known, at=now)
            sent += sum(self._remind(due) for due in dues if due.verdict is Verdict.SEND and due.ready(at=now))
            if len(sessions) < limit:
                return sent
            after = sessions[-1].id

    def _judged(
        self, sessions: Sequence[Session], known: Mapping[Key, Notification], *, at: datetime
    ) -> Iterator[_Due]:
        """Give every reminder of these sessions, what is to be done about it, and what is recorded of it."""
        for session in sessions:
            about = session.period.start.isoformat()
            for kind, lead in zip(KINDS, self.leads, strict=True):
                verdict = judge(session, lead=lead, leads=self.leads, at=at)
                for role in Role:
                    recorded = known.get((session.id, kind.value, role.value, about))
                    yield _Due(session=session, kind=kind, role=role, lead=lead, verdict=verdict, known=recorded)

    def _note(self, dues: Sequence[_Due], known: Mapping[Key, Notification], *, at: datetime) -> None:
        """Record what will never be sent (any more), and what a worker that died was sending."""
        skipped = [due for due in dues if due.verdict in WHY_SKIPPED and due.known is None]
        given_up = (due.known for due in dues if due.verdict is Verdict.TOO_LATE and due.waits)
        ended = {each: WHY_GIVEN_UP + (each.reason or "") for each in given_up if each is not None}
        ended |= {each: WHY_ABANDONED for each in known.values() if _abandoned(each, at)}
        if not skipped and not ended:
            return
        with self.transactions.begin() as tx:
            for due in skipped:
                tx.notifications.mark(self._skipped(due, at=at))
            for each, why in ended.items():
                tx.notifications.conclude(replace(each, outcome=Outcome.FAILED, reason=why[:LONGEST_TOLD]))
        for due in skipped:
            log.info("%s of session %s is skipped: %s", due.kind, due.session.id, WHY_SKIPPED[due.verdict])
        for each, why in ended.items():
            log.warning("%s of session %s to the %s was dropped: %s", each.kind, each.session_id, each.recipient, why)

    def _skipped(self, due: _Due, *, at: datetime) -> Notification:
        notification = self._notification(due, session=due.session, at=at)
        return replace(notification, outcome=Outcome.SKIPPED, reason=WHY_SKIPPED[due.verdict])

    def _remind(self, due: _Due) -> bool:
        try:
            occasion = self._mark(due)
        except TransactionConflict:
            occasion = None  # the session is being moved: the next look sees where to
        if occasion is None:
            return False
        marked = self._notification(due, session=occasion.session, at=occasion.written_at)
        try:
            self.mailer.send(self.letters.write(occasion))
        except Exception as failure:  # noqa: BLE001 -- whatever one reminder raises, the others go out
            outcome = _outcome_of(failure)
            names = due.kind, due.session.id, due.role, outcome, failure
            log.log(_weight(due, failure), "%s of session %s to the %s is %s: %r", *names)
            self._conclude(replace(marked, outcome=outcome, reason=told(failure)))
            return False
        self._conclude(replace(marked, outcome=Outcome.SENT))
        return True

    def _conclude(self, notification: Notification) -> None:
        with self.transactions.begin() as tx:
            tx.notifications.conclude(notification)

    def _mark(self, due: _Due) -> Occasion | None:
        """Record that the reminder is being sent, if the session as locked still wants it and it isn't recorded yet."""
        with self.transactions.begin() as tx:
            session = lock_session(tx, due.session.id).session
            now = self.clock.now()
            wanted = judge(session, lead=due.lead, leads=self.leads, at=now) is Verdict.SEND
            if not wanted or not tx.notifications.mark(self._notification(due, session=session, at=now)):
                return None
            return self._occasion(tx, due, session=session, at=now)

    def _occasion(self, tx: Transaction, due: _Due, *, session: Session, at: datetime) -> Occasion:
        researcher = tx.researchers.get(session.researcher_id)
        if researcher is None:
            raise ResearcherNotFound
        return Occasion(
            kind=due.kind,
            role=due.role,
            session=session,
            researcher=researcher,
            message_id=self._message_id(due, session),
            written_at=at,
        )

    def _notification(self, due: _Due, *, session: Session, at: datetime) -> Notification:
        return Notification(
            session_id=session.id,
            kind=due.kind.value,
            recipient=due.role.value,
            about=session.period.start.isoformat(),
            message_id=self._message_id(due, session),
            marked_at=at,
            outcome=Outcome.SENDING,
        )

    def _message_id(self, due: _Due, session: Session) -> str:
        start = f"{session.period.start:%Y%m%dT%H%MZ}"
        return message_id(session_id=session.id, kind=due.kind, role=due.role, about=start, domain=self.mail_domain)


def _key(notification: Notification) -> Key:
    return notification.session_id, notification.kind, notification.recipient, notification.about


def _outcome_of(failure: Exception) -> Outcome:
    if isinstance(failure, MailUnavailable):
        return Outcome.WAITING
    return Outcome.UNCERTAIN if isinstance(failure, MailUncertain) else Outcome.FAILED


def _weight(due: _Due, failure: Exception) -> int:
    """Say how loud to be: once a reminder, and louder where it is for somebody to mend."""
    if due.waits and isinstance(failure, MailUnavailable):
        return logging.INFO
    return logging.ERROR if isinstance(failure, SenderRefused) else logging.WARNING


def _abandoned(notification: Notification, at: datetime) -> bool:
    return notification.outcome is Outcome.SENDING and at - notification.marked_at > ABANDONED_AFTER
