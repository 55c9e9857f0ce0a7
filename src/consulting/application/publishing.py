"""Keeping the published slots what the rules give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from consulting.application.conflicts import retry_on_conflict
from consulting.application.passing_time import sweep_lapsed
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.availability import Rules
from consulting.domain.errors import ResearcherNotFound
from consulting.domain.offering import slots
from consulting.domain.period import Period
from consulting.domain.publishing import Publication, difference
from consulting.domain.sessions import Session

LONGEST_SLOT = timedelta(hours=8)


def publish(
    tx: Transaction, *, researcher_id: UUID, rules: Rules, during: Period, ids: Identities, at: datetime
) -> Publication:
    """Make the slots that start in the period those that the rules give, and say what changed.

    The caller holds the researcher's calendar lock. Booked slots stay as they are, unchanged ones keep their ids;
    holds whose time is over count for nothing.
    """
    around = Period(during.start - LONGEST_SLOT, during.end + LONGEST_SLOT)
    published = tx.time_slots.lock_published(researcher_id=researcher_id, overlapping=around)
    claims = tuple(tx.sessions.claims(researcher_id=researcher_id, overlapping=around))
    booked = {claim.time_slot_id for claim in sweep_lapsed(tx, claims, ids=ids, at=at)}
    publication = difference(
        wanted=slots(rules=rules, during=during),
        published=[replace(slot, booked=slot.id in booked) for slot in published],
        during=during,
    )
    if not publication.changes_nothing:
        new = [ids.new() for _ in publication.add]
        tx.time_slots.publish(publication, researcher_id=researcher_id, ids=new)
    return publication


def release(tx: Transaction, session: Session, *, ids: Identities, at: datetime) -> None:
    """Give back the time of a session that was canceled or moved away: what the rules give there is published.

    Whoever calls holds the researcher's calendar lock, and has saved the session without its claim.
    """
    start = max(at, session.period.start - LONGEST_SLOT)
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
