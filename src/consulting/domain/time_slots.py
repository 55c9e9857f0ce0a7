"""Time slots, and the one judgement of whether a slot can be booked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from consulting.domain.period import Period
from consulting.domain.values import made_quickly

_NO_TIME: Final = timedelta(0)


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSlot:
    """A bookable period of one researcher; `withdrawn` when it is no longer offered.

    `retired` when the rules no longer give it while a session has it: nobody else can book it then.
    """

    id: UUID
    researcher_id: UUID
    period: Period
    withdrawn: bool = False
    retired: bool = False

    @property
    def given(self) -> bool:
        """Tell whether the researcher's rules give it, as they were last published."""
        return not self.withdrawn and not self.retired


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What of a researcher decides on a slot: whether they can be booked at all, how soon, and how far ahead."""

    active: bool
    notice: timedelta
    horizon: timedelta


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A session's claim on its researcher's time; a hold's ends at `expires_at`, without anybody's doing.

    `user_id` is the client who has it.
    """

    session_id: UUID
    user_id: str
    time_slot_id: UUID
    period: Period
    expires_at: datetime | None

    def stands(self, *, at: datetime) -> bool:
        """Tell whether the claim still counts: an expired hold is free for everybody at its deadline."""
        return self.expires_at is None or at < self.expires_at


class Obstacle(StrEnum):
    """Why a slot can't be booked."""

    INACTIVE = "inactive"
    WITHDRAWN = "withdrawn"
    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    TAKEN = "taken"


def obstacle(*, slot: TimeSlot, terms: Terms, claims: Collection[Claim], at: datetime) -> Obstacle | None:
    """Say what stands against booking the slot at this instant, or None if nothing does.

    Reading and booking ask this same function, so what is offered is what can be booked (promise P2). `claims` are
    the claims of the researcher's sessions that aren't canceled; those that don't overlap the slot don't matter.
    """
    if not terms.active:
        return Obstacle.INACTIVE
    if not slot.given:
        return Obstacle.WITHDRAWN
    ahead = slot.period.start - at
    if ahead <= _NO_TIME:
        return Obstacle.PAST
    if ahead < terms.notice:
        return Obstacle.NOTICE
    if ahead > terms.horizon:
        return Obstacle.HORIZON
    if claims and _taken(slot=slot, claims=claims, at=at):
        return Obstacle.TAKEN
    return None


def turning_points(*, slot: TimeSlot, terms: Terms, claims: Collection[Claim]) -> Iterator[datetime]:
    """Give the instants, in no order, at which time alone may change what `obstacle` says of a slot.

    From one instant to a later one it stays the same if none of these is among them, both included.
    """
    yield slot.period.start - terms.horizon
    yield slot.period.start - terms.notice
    yield slot.period.start
    yield from (claim.expires_at for claim in claims if claim.expires_at is not None)


def retakable(*, slot: TimeSlot, terms: Terms, claims: Collection[Claim], at: datetime) -> bool:
    """Tell whether a late payment can still have its slot.

    As for a new booking, but notice and horizon don't count: the client chose the slot when both were kept.
    """
    standing = terms.active and slot.given and at < slot.period.start
    return standing and not _taken(slot=slot, claims=claims, at=at)


def _taken(*, slot: TimeSlot, claims: Collection[Claim], at: datetime) -> bool:
    return any(claim.stands(at=at) and claim.period.overlaps(slot.period) for claim in claims)
