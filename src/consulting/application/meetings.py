"""One meeting for every confirmed session."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from consulting.application import follow_ups
from consulting.application.callers import Caller
from consulting.application.locking import lock_session
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.mailer import Kind, Role
from consulting.application.ports.meeting_rooms import MeetingRequest, MeetingRooms, MeetingRoomsUnavailable
from consulting.application.ports.outbox import LeasedEntry
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.errors import ResearcherNotFound, SessionNotConfirmed, SessionNotFound
from consulting.domain.meetings import Meeting
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import SC, Status
from consulting.domain.sessions import Session


@dataclass(frozen=True, slots=True)
class MeetingErrands:
    """What the three meeting errands share."""

    transactions: Transactions
    rooms: MeetingRooms
    clock: Clock
    ids: Identities
    hosts: tuple[str, ...]

    def look_up(self, session_id: UUID) -> tuple[Session, Researcher]:
        """Give a session and its researcher as last saved."""
        with self.transactions.begin() as tx:
            session = tx.sessions.get(session_id)
            if session is None:
                raise SessionNotFound
            researcher = tx.researchers.get(session.researcher_id)
            if researcher is None:
                raise ResearcherNotFound
            return session, researcher

    def request(self, session: Session, researcher: Researcher) -> MeetingRequest:
        """Ask for a room: the researcher's own account hosts, if they have one that is free, else one of ours."""
        hosts = (researcher.zoom_user, *self.hosts) if researcher.zoom_user else self.hosts
        return MeetingRequest(
            session_id=session.id,
            topic=f"Consultation with {researcher.name}",
            period=session.period,
            timezone=researcher.timezone,
            hosts=tuple(dict.fromkeys(hosts)),
        )

    def keep(self, tx: Transaction, session_id: UUID, meeting: Meeting | None) -> Session:
        """Save the session's meeting, under the lock that the mails take too, so that no link is forgotten."""
        session = lock_session(tx, session_id).session
        linked = session.linked(meeting=meeting, at=self.clock.now())
        tx.sessions.save(linked)
        return linked

    def keep_first(self, tx: Transaction, session_id: UUID, meeting: Meeting) -> Session:
        """Save the session's meeting as `keep` does, unless it has got one meanwhile."""
        session = lock_session(tx, session_id).session
        return session if session.meeting is not None else self.keep(tx, session_id, meeting)


@dataclass(frozen=True, slots=True)
class CreateMeeting:
    """Create the meeting of a confirmed session.

    - A session canceled meanwhile, or over, gets none; what an earlier try may have made is deleted next.
    - If the confirmation went out without the link, a mail with the link follows.
    - Of two workers that made one each, since the first was thought dead, the later one takes its own back.
    """

    errands: MeetingErrands

    def __call__(self, leased: LeasedEntry) -> None:
        """Create it, or find it if it was created before. Raises the meeting provider's errors."""
        session, researcher = self.errands.look_up(leased.entry.session_id)
        if session.meeting is not None or session.effective(at=self.errands.clock.now()).state != SC:
            return
        meeting = self.errands.rooms.open(self.errands.request(session, researcher))
        with self.errands.transactions.begin() as tx:
            linked = self.errands.keep_first(tx, session.id, meeting)
            kept = linked.meeting == meeting
            if kept and linked.state == SC:
                self._send_link(tx, linked)
        if not kept:
            self.errands.rooms.close(meeting)

    def _send_link(self, tx: Transaction, session: Session) -> None:
        sent = {each.kind for each in tx.notifications.of_session(session.id)}
        tasks = link_mails(sent)
        follow_ups.add(tx, session_id=session.id, tasks=tasks, ids=self.errands.ids, at=self.errands.clock.now())


def link_mails(sent: set[str]) -> list[follow_ups.Task]:
    """Give the mails that bring the link to those whose first mail went out without it."""
    first = {Role.CLIENT: Kind.CONFIRMATION, Role.RESEARCHER: Kind.BOOKING_NOTICE}
    return [follow_ups.mail(Kind.LINK, role) for role, kind in first.items() if kind.value in sent]


@dataclass(frozen=True, slots=True)
class MoveMeeting:
    """Move the meeting of a rescheduled session.

    - Where it can't move along, since the provider has lost it or its host is busy then, another one takes its place,
      and both people get its link.
    - Where there is none yet, since making it was given up, it is made now.
    """

    errands: MeetingErrands

    def __call__(self, leased: LeasedEntry) -> None:
        """Move it to where the session is now. Raises the meeting provider's errors."""
        session, researcher = self.errands.look_up(leased.entry.session_id)
        if session.meeting is None:
            CreateMeeting(self.errands)(leased)
            return
        if session.effective(at=self.errands.clock.now()).state != SC:
            return
        moved = self.errands.rooms.move(session.meeting, self.errands.request(session, researcher))
        if moved != session.meeting:
            self._replace(session.id, moved)

    def _replace(self, session_id: UUID, meeting: Meeting) -> None:
        ids, now = self.errands.ids, self.errands.clock.now()
        with self.errands.transactions.begin() as tx:
            linked = self.errands.keep(tx, session_id, meeting)
            if linked.state == SC:
                tasks = [follow_ups.mail(Kind.LINK, role) for role in follow_ups.BOTH]
                follow_ups.add(tx, session_id=session_id, tasks=tasks, ids=ids, at=now)


@dataclass(frozen=True, slots=True)
class DeleteMeeting:
    """Delete the meeting of a canceled session, and any other that was made for it without our hearing of it."""

    errands: MeetingErrands

    def __call__(self, leased: LeasedEntry) -> None:
        """Delete it; none, or one that is gone already, is done. Raises the meeting provider's errors."""
        session, researcher = self.errands.look_up(leased.entry.session_id)
        if session.status is not Status.CANCELED:
            return
        self.errands.rooms.clear(self.errands.request(session, researcher), known=session.meeting)
        if session.meeting is not None:
            with self.errands.transactions.begin() as tx:
                self.errands.keep(tx, session.id, None)


@dataclass(frozen=True, slots=True)
class GetStartLink:
    """Give the researcher of a session the link by which they start its meeting as its host.

    - It is fetched anew each time: it is short-lived, is never kept and never mailed.
    - To anybody else, clients and admins included, the session doesn't exist here.
    """

    transactions: Transactions
    rooms: MeetingRooms
    clock: Clock

    def __call__(self, id: UUID, *, caller: Caller) -> str:
        """Fetch it. Raises SessionNotFound, SessionNotConfirmed, and MeetingRoomsUnavailable, also while it is made."""
        with self.transactions.begin() as tx:
            session = _session_of_researcher(tx, id, caller=caller)
        if session.effective(at=self.clock.now()).state != SC:
            raise SessionNotConfirmed
        if session.meeting is None:
            raise MeetingRoomsUnavailable
        return self.rooms.start_link(session.meeting)


def _session_of_researcher(tx: Transaction, id: UUID, *, caller: Caller) -> Session:
    session = tx.sessions.get(id)
    researcher = None if session is None else tx.researchers.get(session.researcher_id)
    if session is None or researcher is None or not caller.is_researcher(researcher):
        raise SessionNotFound
    return session
