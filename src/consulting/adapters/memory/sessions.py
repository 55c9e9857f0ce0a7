"""The booked consultations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from consulting.adapters.memory.kept import ForbiddenRecord, Kept, put_again, put_new, require
from consulting.application.ports.records import BookingFilter, Place
from consulting.domain.errors import SlotUnavailable
from consulting.domain.period import Period
from consulting.domain.session_states import DC, SC, SF, SP, STATES, Status
from consulting.domain.sessions import Session
from consulting.domain.time_slots import Claim


def claims_of(kept: Kept, researcher_id: UUID) -> tuple[Claim, ...]:
    """Give the claims of a researcher's sessions, expired holds too, by start."""
    own = (session for session in kept.sessions.values() if session.researcher_id == researcher_id)
    claims = (claim for session in own if (claim := session.claim()) is not None)
    return tuple(sorted(claims, key=lambda claim: (claim.period, claim.session_id)))


def _place(session: Session) -> Place:
    return Place(session.period.start, session.id)


def _is_wanted(session: Session, wanted: BookingFilter, *, at: datetime) -> bool:
    return (
        (wanted.ended is None or wanted.ended is (session.period.end <= at))
        and (wanted.status is None or session.effective(at=at).status is wanted.status)
        and (wanted.user_id is None or session.client.user_id == wanted.user_id)
        and (wanted.starting is None or wanted.starting.contains(session.period.start))
    )


class MemorySessions:
    """The booked consultations."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def get(self, id: UUID) -> Session | None:
        """Give the session as it was last saved."""
        return self._kept.sessions.get(id)

    def lock(self, id: UUID) -> Session | None:
        """Give the session; as transactions take turns here, nobody else is at work anyway."""
        return self.get(id)

    def add(self, session: Session) -> None:
        """Keep a new session. Raises SlotUnavailable if it overlaps another of its researcher's."""
        self._require_possible(session)
        put_new(self._kept.sessions, session.id, session)

    def add_free(self, session: Session, *, at: datetime) -> int:
        """Keep a new free session as `add` does, and count its client's other free ones still to come."""
        own = [each for each in self._all() if each.client.user_id == session.client.user_id]
        self.add(session)
        return sum(each.free and each.status is Status.SCHEDULED and at < each.period.start for each in own)

    def save(self, session: Session) -> None:
        """Keep a known session's new values. Raises as `add`."""
        require(self._kept.sessions, session.id)
        self._require_possible(session)
        put_again(self._kept.sessions, session.id, session)

    def of_researcher(self, researcher_id: UUID, *, overlapping: Period) -> Sequence[Session]:
        """List the researcher's sessions that aren't canceled and overlap the period, by start; expired holds too."""
        return [self._kept.sessions[each.session_id] for each in self._claims(researcher_id, overlapping)]

    def of_client(
        self,
        user_id: str,
        *,
        status: Status | None,
        starting: Period | None,
        after: UUID | None,
        limit: int,
        at: datetime,
    ) -> Sequence[Session]:
        """List the client's sessions, the newest first (by id); `status` is the effective one at this instant."""
        found = (
            each
            for each in self._all()
            if each.client.user_id == user_id
            and (status is None or each.effective(at=at).status is status)
            and (starting is None or starting.contains(each.period.start))
            and (after is None or each.id < after)
        )
        return sorted(found, key=lambda each: each.id, reverse=True)[:limit]

    def of_person(self, user_id: str, *, researcher_id: UUID | None, since: datetime, limit: int) -> Sequence[Session]:
        """List sessions of this client and of this researcher that were confirmed, the latest start first."""
        found = (
            each
            for each in self._all()
            if (each.client.user_id == user_id or each.researcher_id == researcher_id)
            and each.period.start >= since
            and each.confirmed_at is not None
        )
        return sorted(found, key=lambda each: (each.period.start, each.id), reverse=True)[:limit]

    def booked(
        self, researcher_id: UUID, *, wanted: BookingFilter, after: Place | None, limit: int, at: datetime
    ) -> Sequence[Session]:
        """List the researcher's sessions, the earliest first where `wanted.ended` is False, else the latest first."""
        backwards = wanted.ended is not False
        own = (each for each in self._all() if each.researcher_id == researcher_id)
        found = {_place(each): each for each in own if _is_wanted(each, wanted, at=at)}
        in_order = sorted(found, reverse=backwards)
        later = [place for place in in_order if after is None or (place < after if backwards else place > after)]
        return [found[place] for place in later[:limit]]

    def notes(self, id: UUID) -> str | None:
        """Give what the session's researcher noted for themselves."""
        return self._kept.notes.get(id)

    def keep_notes(self, id: UUID, notes: str | None) -> None:
        """Keep the researcher's notes on a known session, None for none at all."""
        require(self._kept.sessions, id)
        self._kept.notes.pop(id, None)
        if notes is not None:
            self._kept.notes[id] = notes

    def claims(self, *, researcher_id: UUID, overlapping: Period) -> Sequence[Claim]:
        """List the claims of the researcher's sessions that overlap the period, expired holds too, by start."""
        return self._claims(researcher_id, overlapping)

    def expired(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        """List holds whose deadline has passed, the oldest first."""
        due = ((each.expires_at, each.id) for each in self._all() if each.expires_at and each.expires_at <= at)
        return [session_id for _, session_id in sorted(due)][:limit]

    def ended(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        """List confirmed sessions that have ended, the oldest first."""
        due = ((each.period.end, each.id) for each in self._all() if each.state == SC and each.period.end <= at)
        return [session_id for _, session_id in sorted(due)][:limit]

    def starting(self, *, during: Period, limit: int, after: UUID | None = None) -> Sequence[Session]:
        """List confirmed sessions that start in the period, ended ones too, by id."""
        found = (each for each in self._all() if each.state in {SC, DC} and during.contains(each.period.start))
        return sorted((each for each in found if after is None or each.id > after), key=lambda each: each.id)[:limit]

    def _all(self) -> Iterable[Session]:
        return self._kept.sessions.values()

    def _claims(self, researcher_id: UUID, overlapping: Period) -> list[Claim]:
        return [each for each in claims_of(self._kept, researcher_id) if each.period.overlaps(overlapping)]

    def _require_possible(self, session: Session) -> None:
        require(self._kept.researchers, session.researcher_id)
        slot = require(self._kept.time_slots, session.time_slot_id)
        if session.state not in STATES or (session.expires_at is None) is (session.state in {SP, SF}):
            raise ForbiddenRecord(f"no session is {session.state} with a deadline of {session.expires_at}")
        if session.expires_at is not None and session.expires_at > session.period.start:
            raise ForbiddenRecord(f"session {session.id} starts before its deadline")
        self._require_alone(session)
        if (slot.researcher_id, slot.period) != (session.researcher_id, session.period):
            raise ForbiddenRecord(f"slot {slot.id} is another researcher's or of another time")

    def _require_alone(self, session: Session) -> None:
        rivals = self._claims(session.researcher_id, session.period)
        if session.claim() is not None and any(rival.session_id != session.id for rival in rivals):
            raise SlotUnavailable
