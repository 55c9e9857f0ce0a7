"""Time slots as those who look for one see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.locking import terms
from consulting.application.ports.records import Offer, Offers
from consulting.domain.money import Money, price
from consulting.domain.researchers import Researcher
from consulting.domain.time_slots import Claim, TimeSlot, obstacle, turning_points
from consulting.domain.values import made_quickly

_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSlot:
    """A slot as it is shown: whether it can be booked now, what it costs, and who has it (None unless one may know)."""

    slot: TimeSlot
    available: bool
    price: Money
    session_id: UUID | None


class Shown(tuple[OfferedSlot, ...]):  # noqa: SLOT001 -- it has more than its members
    """Slots as they are shown; whoever makes something of them may keep that in `kept`, and it goes with them."""

    at: datetime
    until: datetime | None = None
    kept: Any = None

    def holds_for(self, offers: Offers, *, at: datetime) -> bool:
        """Tell whether these offers, which this was made of, would be shown just so at another instant."""
        if self.until is None:
            self.until = _turn(offers, at=self.at)
        return self.at <= at < self.until


def shown_to(caller: Caller | None, offers: Offers, *, at: datetime) -> Shown:
    """Show slots of one researcher.

    Who may know of none of the sessions sees what strangers see: the same object, while the offers and the time allow.
    """
    if caller is not None and _concerned(caller, offers):
        return _shown(caller, offers, at=at)
    shown: Shown | None = offers.kept
    if shown is None or not shown.holds_for(offers, at=at):
        shown = offers.kept = _shown(None, offers, at=at)
    return shown


def shown_as_free(slot: TimeSlot, researcher: Researcher) -> OfferedSlot:
    """Show a slot that could be booked now."""
    cost = price(rate=researcher.rate, duration=slot.period.duration)
    return OfferedSlot(slot=slot, available=True, price=cost, session_id=None)


def _shown(caller: Caller | None, offers: Offers, *, at: datetime) -> Shown:
    """Judge and price each slot: their terms are the same, and their prices are few."""
    shown = Shown(_each(caller, offers, at=at)) if offers else Shown()
    shown.at = at
    return shown


def _each(caller: Caller | None, offers: Offers, *, at: datetime) -> list[OfferedSlot]:
    standing, cost = terms(offers[0]), _prices(offers[0].researcher.rate)
    return [
        OfferedSlot(
            slot=offer.slot,
            available=obstacle(slot=offer.slot, terms=standing, claims=offer.claims, at=at) is None,
            price=cost(offer.slot.period.duration),
            session_id=_session_known_to(caller, offer, at=at) if caller and offer.claims else None,
        )
        for offer in offers
    ]


def _turn(offers: Offers, *, at: datetime) -> datetime:
    """Give until when, from an instant on, the passing of time alone changes nothing of what is shown."""
    if not offers:
        return _FOR_EVER
    standing = terms(offers[0])
    points = (
        point for offer in offers for point in turning_points(slot=offer.slot, terms=standing, claims=offer.claims)
    )
    return min((point for point in points if point >= at), default=_FOR_EVER)


def _prices(rate: Money) -> Callable[[timedelta], Money]:
    """Give what tells prices by duration, and reckons each but once."""
    return cache(lambda duration: price(rate=rate, duration=duration))


def _concerned(caller: Caller, offers: Offers) -> bool:
    return any(_may_know(caller, claim, offer.researcher) for offer in offers for claim in offer.claims)


def _session_known_to(caller: Caller, offer: Offer, *, at: datetime) -> UUID | None:
    claim = next((each for each in offer.claims if each.time_slot_id == offer.slot.id and each.stands(at=at)), None)
    return claim.session_id if claim and _may_know(caller, claim, offer.researcher) else None


def _may_know(caller: Caller, claim: Claim, researcher: Researcher) -> bool:
    return caller.admin or caller.user_id == claim.user_id or caller.is_researcher(researcher)
