"""Telling people: each mail is written from how the session stands when it is sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from consulting.application import follow_ups
from consulting.application.errands import Ending, NotYet
from consulting.application.locking import lock_session
from consulting.application.meetings import link_mails
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.mailer import (
    Kind,
    Letters,
    Mailer,
    MailRefused,
    MailUnavailable,
    Occasion,
    Role,
    message_id,
)
from consulting.application.ports.outbox import LeasedEntry
from consulting.application.ports.records import Notification
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.errors import ResearcherNotFound, SessionNotFound
from consulting.domain.period import Period
from consulting.domain.refunds import Refund
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import SC, Status
from consulting.domain.sessions import Session

log = logging.getLogger(__name__)

LINK_PATIENCE = timedelta(minutes=3)
"""How long a confirmation waits for the link before it says that the link follows."""

SOONEST_LOOK, LATEST_LOOK = timedelta(milliseconds=200), timedelta(seconds=5)
"""A waiting confirmation looks for the link often at first; what is behind it in its lane never waits long for it."""

VERSION = "told_meeting"
"""Where an errand keeps the id of the meeting, or nothing, that a mail server may have been told of under its name."""

BRINGS_LINK = frozenset({Kind.CONFIRMATION, Kind.BOOKING_NOTICE})
ONLY_WHILE_CONFIRMED = frozenset({*BRINGS_LINK, Kind.LINK, Kind.RESCHEDULED})


@dataclass(frozen=True, slots=True)
class Notify:
    """Write and send one mail of a session.

    - It tells how the session stands when it is sent; what is no longer true is not sent.
    - A confirmation waits a few minutes for the meeting's link, never longer; the link then follows by itself.
    - It is recorded after sending, as its errand ends: a crash in between may repeat it, under the same Message-ID.
    - Such a repeat says of the link what the first one said: a link that came meanwhile follows by itself.
    """

    transactions: Transactions
    letters: Letters
    mailer: Mailer
    clock: Clock
    ids: Identities
    mail_domain: str

    def __call__(self, leased: LeasedEntry) -> Ending | None:
        """Send it once, or again. Raises the mailer's errors, and NotYet while it waits for the link."""
        occasion = self._occasion(leased)
        if occasion is None:
            return None
        if occasion.kind in BRINGS_LINK and occasion.session.meeting is None and VERSION not in leased.entry.data:
            self._wait_for_link(leased)
        mail = self.letters.write(occasion)
        if occasion.kind in ONLY_WHILE_CONFIRMED and not self._note_version(leased, occasion):
            return None
        try:
            self.mailer.send(mail)
        except (MailUnavailable, MailRefused):
            self._note(leased, leased.entry.data)
            raise
        return partial(self._record, occasion, about=str(leased.entry.id))

    def _occasion(self, leased: LeasedEntry) -> Occasion | None:
        """Gather what the mail tells of; None if it was sent already or there is nothing left to tell."""
        entry = leased.entry
        kind, role, about = Kind(entry.data["kind"]), Role(entry.data["role"]), str(entry.id)
        with self.transactions.reading() as tx:
            session = tx.sessions.get(entry.session_id)
            if session is None:
                raise SessionNotFound
            if not session.client.email:
                return None  # its client was erased: there is nobody to write to
            if kind in ONLY_WHILE_CONFIRMED and session.status is Status.CANCELED:
                return None
            if tx.notifications.marked(session_id=session.id, kind=kind.value, recipient=role.value, about=about):
                return None
            return Occasion(
                kind=kind,
                role=role,
                session=_as_told(session, entry.data),
                researcher=_researcher(tx, session),
                refunds=_refunds(tx, session, entry.data),
                before=_before(entry.data),
                message_id=message_id(
                    session_id=session.id, kind=kind, role=role, about=about, domain=self.mail_domain
                ),
                written_at=self.clock.now(),
            )

    def _note_version(self, leased: LeasedEntry, occasion: Occasion) -> bool:
        """Note with which link it is about to be sent; False if the lease has passed to another worker."""
        meeting = occasion.session.meeting
        version = {VERSION: "" if meeting is None else meeting.id}
        return self._note(leased, version | dict(leased.entry.data))

    def _note(self, leased: LeasedEntry, data: Mapping[str, str]) -> bool:
        with self.transactions.begin() as tx:
            return tx.outbox.note(leased, data=data)

    def _wait_for_link(self, leased: LeasedEntry) -> None:
        now, since = self.clock.now(), leased.entry.recorded_at
        if now < since + LINK_PATIENCE:
            pause = min(max((now - since) / 2, SOONEST_LOOK), LATEST_LOOK)
            raise NotYet(until=min(now + pause, since + LINK_PATIENCE))

    def _record(self, occasion: Occasion, tx: Transaction, *, about: str) -> None:
        """Record what was sent; if the link came while a mail without it went out, send it after."""
        if occasion.kind in BRINGS_LINK and occasion.session.meeting is None:
            self._send_link_after(tx, occasion)
        tx.notifications.mark(_notification(occasion, about=about, at=self.clock.now()))

    def _send_link_after(self, tx: Transaction, occasion: Occasion) -> None:
        session = lock_session(tx, occasion.session.id).session
        if session.meeting is not None and session.state == SC:
            tasks = link_mails({occasion.kind.value})
            follow_ups.add(tx, session_id=session.id, tasks=tasks, ids=self.ids, at=self.clock.now())


def _as_told(session: Session, data: Mapping[str, str]) -> Session:
    """Give the session as an earlier try may have told of it: without a link that came only afterwards."""
    return replace(session, meeting=None) if data.get(VERSION) == "" else session


def _researcher(tx: Transaction, session: Session) -> Researcher:
    researcher = tx.researchers.get(session.researcher_id)
    if researcher is None:
        raise ResearcherNotFound
    return researcher


def _refunds(tx: Transaction, session: Session, data: Mapping[str, str]) -> tuple[Refund, ...]:
    """Give the one refund that the mail is about, or all of the session's."""
    wanted = data.get("refund_id")
    return tuple(each for each in tx.refunds.of_session(session.id) if wanted in {None, str(each.id)})


def _before(data: Mapping[str, str]) -> Period | None:
    if "before_start" not in data:
        return None
    start, end = (datetime.fromisoformat(data[key]).astimezone(UTC) for key in ("before_start", "before_end"))
    return Period(start, end)


def _notification(occasion: Occasion, *, about: str, at: datetime) -> Notification:
    return Notification(
        session_id=occasion.session.id,
        kind=occasion.kind.value,
        recipient=occasion.role.value,
        about=about,
        message_id=occasion.message_id,
        marked_at=at,
    )
