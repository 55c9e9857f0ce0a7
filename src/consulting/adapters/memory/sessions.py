"""The booked consultations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from consulting.adapters.memory.kept import ForbiddenRecord, Kept, put_again, put_new, require
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

    def save(self, session: Session) -> None:
        """Keep a known session's new values. Raises as `add`."""
        require(self._kept.sessions, session.id)
        self._require_possible(session)
        put_again(self._kept.sessions, session.id, session)

    def live_holds(self, user_id: str, *, at: datetime) -> int:
        """Count the client's holds that haven't expired."""
        deadlines = (each.expires_at for each in self._all() if each.client.user_id == user_id)
        return sum(deadline is not None and at < deadline for deadline in deadlines)

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
