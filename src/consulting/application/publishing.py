"""Keeping the published slots what the rules give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from consulting.application.conflicts import retry_on_conflict
from consulting.application.passing_time import sweep_lapsed
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.availability import LONGEST_SLOT, Rules
from consulting.domain.errors import ResearcherNotFound
from consulting.domain.offering import slots
from consulting.domain.period import Period
from consulting.domain.publishing import Publication, PublishedSlot, difference
from consulting.domain.sessions import Session

REACH = timedelta(minutes=LONGEST_SLOT)
"""How far from a period a slot can start and still overlap it."""


def publish(
    tx: Transaction, *, researcher_id: UUID, rules: Rules, during: Period, ids: Identities, at: datetime
) -> Publication:
    """Make the slots that start in the period those that the rules give, and say what changed.

    The caller holds the researcher's calendar lock. Sessions keep their slots, unchanged slots keep their ids; holds
    whose time is over count for nothing.
    """
    around = Period(during.start - REACH, during.end + REACH)
    published = tx.time_slots.lock_published(researcher_id=researcher_id, overlapping=around)
    booked = _booked(tx, researcher_id, around, during=during, ids=ids, at=at)
    standing = [replace(slot, booked=slot.id in booked) for slot in published]
    # Nobody can book a slot that has begun, so a free one must not keep its time from what is newly given.
    begun = [slot for slot in standing if slot.period.start < at and not slot.booked and not slot.withdrawn]
    publication = difference(
        wanted=slots(rules=rules, during=during),
        published=[slot for slot in standing if slot not in begun],
        during=during,
    )
    publication = replace(publication, withdraw=(*_in_the_way(begun, publication, standing), *publication.withdraw))
    if not publication.changes_nothing:
        new = [ids.new() for _ in publication.add]
        tx.time_slots.publish(publication, researcher_id=researcher_id, ids=new)
    return publication


def _booked(
    tx: Transaction, researcher_id: UUID, around: Period, *, during: Period, ids: Identities, at: datetime
) -> set[UUID]:
    """Name the slots that sessions stand on; only holds whose own time is published anew are swept for it."""
    claims = tx.sessions.claims(researcher_id=researcher_id, overlapping=around)
    sweep_lapsed(tx, tuple(each for each in claims if during.contains(each.period.start)), ids=ids, at=at)
    return {claim.time_slot_id for claim in claims if claim.stands(at=at)}


def _in_the_way(
    begun: Sequence[PublishedSlot], publication: Publication, published: Sequence[PublishedSlot]
) -> Iterator[UUID]:
    """Name those of the slots under way that overlap what is to be published."""
    revived = [slot.period for slot in published if slot.id in {*publication.revive, *publication.restore}]
    coming = [*publication.add, *revived]
    return (slot.id for slot in begun if any(slot.period.overlaps(period) for period in coming))


def release(tx: Transaction, session: Session, *, ids: Identities, at: datetime) -> None:
    """Give back the time of a session that was canceled or moved away: what the rules give there is published.

    Whoever calls holds the researcher's calendar lock, and has saved the session without its claim.
    """
    start = max(at, session.period.start - REACH)
    if start >= session.period.end:
        return
    rules = tx.availability.rules(session.researcher_id)
    during = Period(start, session.period.end)
    publish(tx, researcher_id=session.researcher_id, rules=rules, during=during, ids=ids, at=at)


@dataclass(frozen=True, slots=True)
class PublishSlots:
    """Publish a researcher's slots from now on, as far ahead as slots are published.

    - What the rules no longer give is withdrawn, what they newly give is added, booked slots stay.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities
    ahead: timedelta

    @retry_on_conflict
    def __call__(self, researcher_id: UUID) -> Publication:
        """Say what changed. Raises ResearcherNotFound."""
        with self.transactions.begin() as tx:
            if tx.researchers.lock(researcher_id) is None:
                raise ResearcherNotFound
            now = self.clock.now()
            rules = tx.availability.rules(researcher_id)
            during = Period(now, now + self.ahead)
            return publish(tx, researcher_id=researcher_id, rules=rules, during=during, ids=self.ids, at=now)
