"""The published slots, with the claims that sessions have on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from consulting.adapters.memory.kept import ForbiddenRecord, Kept, UnknownRecord, put_new, require
from consulting.adapters.memory.sessions import claims_of
from consulting.application.ports.records import Offer, Offers, OfferToClient
from consulting.domain.period import Period
from consulting.domain.publishing import Publication, PublishedSlot
from consulting.domain.time_slots import Claim, TimeSlot


class MemoryTimeSlots:
    """The published slots."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def get(self, id: UUID) -> Offer | None:
        """Give the slot with its researcher and claims."""
        slot = self._kept.time_slots.get(id)
        return None if slot is None else self._offer(slot, claims_of(self._kept, slot.researcher_id))

    def lock(self, id: UUID) -> Offer | None:
        """Give the slot; as transactions take turns here, nobody else is at work anyway."""
        return self.get(id)

    def lock_for(self, id: UUID, *, user_id: str) -> OfferToClient | None:
        """Give the slot with what this client holds."""
        offer = self.lock(id)
        own = (each for each in self._kept.sessions.values() if each.client.user_id == user_id)
        deadlines = tuple(each.expires_at for each in own if each.expires_at is not None)
        return None if offer is None else OfferToClient(offer=offer, deadlines=deadlines)

    def starting(self, *, researcher_id: UUID, during: Period) -> Offers:
        """List the slots that start in the period, by start: published ones, and withdrawn ones that a session has."""
        claims = claims_of(self._kept, researcher_id)
        had = {claim.time_slot_id for claim in claims}
        slots = (slot for slot in self._of(researcher_id) if during.contains(slot.period.start))
        return Offers(self._offer(slot, claims) for slot in slots if not slot.withdrawn or slot.id in had)

    def from_on(self, *, researcher_id: UUID, at: datetime) -> Iterator[Offer]:
        """Give the published slots that start after this instant, by start."""
        claims = claims_of(self._kept, researcher_id)
        slots = (slot for slot in self._of(researcher_id) if slot.period.start > at)
        return (self._offer(slot, claims) for slot in slots if not slot.withdrawn)

    def lock_published(self, *, researcher_id: UUID, overlapping: Period) -> Sequence[PublishedSlot]:
        """List, by id, all slots that overlap the period; `booked` where a session has it, an expired hold too."""
        booked = {claim.time_slot_id for claim in claims_of(self._kept, researcher_id)}
        found = (slot for slot in self._of(researcher_id) if slot.period.overlaps(overlapping))
        return [
            PublishedSlot(
                id=slot.id,
                period=slot.period,
                booked=slot.id in booked,
                withdrawn=slot.withdrawn,
                retired=slot.retired,
            )
            for slot in sorted(found, key=lambda slot: slot.id)
        ]

    def publish(self, publication: Publication, *, researcher_id: UUID, ids: Sequence[UUID]) -> None:
        """Carry out a difference: withdraw and retire, then revive, restore and add.

        Raises ForbiddenRecord if published slots would overlap.
        """
        require(self._kept.researchers, researcher_id)
        for turned, changes in (
            (publication.withdraw, {"withdrawn": True, "retired": False}),
            (publication.retire, {"retired": True}),
            (publication.revive, {"withdrawn": False, "retired": False}),
            (publication.restore, {"retired": False}),
        ):
            for slot_id in turned:
                self._turn(slot_id, researcher_id=researcher_id, **changes)
        for slot_id, period in zip(ids, publication.add, strict=True):
            put_new(self._kept.time_slots, slot_id, TimeSlot(id=slot_id, researcher_id=researcher_id, period=period))
        self._require_apart(slot for slot in self._of(researcher_id) if not slot.withdrawn)

    def _of(self, researcher_id: UUID) -> list[TimeSlot]:
        own = (slot for slot in self._kept.time_slots.values() if slot.researcher_id == researcher_id)
        return sorted(own, key=lambda slot: (slot.period.start, slot.period.end, slot.id))

    def _offer(self, slot: TimeSlot, claims: Iterable[Claim]) -> Offer:
        return Offer(
            slot=slot,
            researcher=self._kept.researchers[slot.researcher_id],
            claims=tuple(claim for claim in claims if claim.period.overlaps(slot.period)),
        )

    def _turn(self, id: UUID, *, researcher_id: UUID, **changes: Any) -> None:
        slot = require(self._kept.time_slots, id)
        if slot.researcher_id != researcher_id:
            raise UnknownRecord(f"{id} is a slot of another researcher")
        self._kept.time_slots[id] = replace(slot, **changes)

    @staticmethod
    def _require_apart(published: Iterable[TimeSlot]) -> None:
        for earlier, later in pairwise(published):
            if earlier.period.overlaps(later.period):
                raise ForbiddenRecord(f"the published slots {earlier.id} and {later.id} overlap")
