"""Researchers run their own calendar: patterns, overrides and blocks, published as they change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.cancellation import cancel
from consulting.application.conflicts import retry_on_conflict
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.application.publishing import publish
from consulting.domain.availability import Block, Override, Pattern
from consulting.domain.cancellation import CanceledBy
from consulting.domain.errors import NotAResearcher, RuleNotFound, TimeIsBooked
from consulting.domain.money import require_chargeable
from consulting.domain.period import Period
from consulting.domain.publishing import Publication
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCalendar:
    """A researcher's calendar while it is changed: locked, so that nobody else changes it meanwhile."""

    tx: Transaction
    researcher: Researcher
    at: datetime


@dataclass(frozen=True, slots=True)
class Calendars:
    """What every change of a calendar needs; slots are published `ahead` from now."""

    transactions: Transactions
    clock: Clock
    ids: Identities
    ahead: timedelta

    @contextmanager
    def open(self, caller: Caller) -> Iterator[OpenCalendar]:
        """Open the caller's own calendar for one transaction. Raises NotAResearcher."""
        with self.transactions.begin() as tx:
            known = tx.researchers.of_user(caller.user_id)
            researcher = None if known is None else tx.researchers.lock(known.id)
            if researcher is None:
                raise NotAResearcher
            yield OpenCalendar(tx=tx, researcher=researcher, at=self.clock.now())

    def publish(self, calendar: OpenCalendar) -> Publication:
        """Publish what the rules give now, and say what changed."""
        researcher_id = calendar.researcher.id
        return publish(
            calendar.tx,
            researcher_id=researcher_id,
            rules=calendar.tx.availability.rules(researcher_id),
            during=Period(calendar.at, calendar.at + self.ahead),
            ids=self.ids,
            at=calendar.at,
        )


@dataclass(frozen=True, slots=True)
class SavePattern:
    """Set weekly hours.

    - Slots follow in the same transaction: unbooked ones that no longer fit are withdrawn, booked ones stay.
    - A price between nothing and the smallest charge is refused.
    """

    calendars: Calendars
    gateway: PaymentGateway

    @retry_on_conflict
    def __call__(self, pattern: Pattern, *, caller: Caller) -> Publication:
        """Keep the pattern, new or changed, and say what it changed. Raises NotAResearcher and ValidationFailed."""
        with self.calendars.open(caller) as calendar:
            require_own(calendar, pattern.researcher_id)
            require_slots_chargeable(calendar, pattern, self.gateway)
            calendar.tx.availability.save_pattern(pattern)
            return self.calendars.publish(calendar)


@dataclass(frozen=True, slots=True)
class SaveOverride:
    """Set other hours, or none, on one local date; slots follow in the same transaction."""

    calendars: Calendars
    gateway: PaymentGateway

    @retry_on_conflict
    def __call__(self, override: Override, *, caller: Caller) -> Publication:
        """Keep the override, new or changed, and say what it changed. Raises NotAResearcher and ValidationFailed."""
        with self.calendars.open(caller) as calendar:
            require_own(calendar, override.researcher_id)
            require_slots_chargeable(calendar, override, self.gateway)
            calendar.tx.availability.save_override(override)
            return self.calendars.publish(calendar)


@dataclass(frozen=True, slots=True)
class BlockTime:
    """Take time off.

    - Free slots in that time are withdrawn in the same transaction.
    - Where sessions are booked in it, nothing changes and they are named; unless asked to cancel them: then each is
      canceled with a full refund.
    """

    calendars: Calendars

    @retry_on_conflict
    def __call__(self, block: Block, *, caller: Caller, cancel_sessions: bool = False) -> Publication:
        """Keep the block, new or changed, and say what it changed. Raises NotAResearcher and TimeIsBooked."""
        with self.calendars.open(caller) as calendar:
            require_own(calendar, block.researcher_id)
            booked = self._booked(calendar, block)
            if booked and not cancel_sessions:
                raise TimeIsBooked(sessions=[str(each) for each in booked])
            calendar.tx.availability.save_block(block)
            for session_id in booked:
                self._cancel(calendar, session_id, note=block.reason)
            return self.calendars.publish(calendar)

    def _booked(self, calendar: OpenCalendar, block: Block) -> list[UUID]:
        """Name the sessions still to come in the time; its slots are locked first, so nobody books in it meanwhile."""
        tx, researcher_id = calendar.tx, calendar.researcher.id
        tx.time_slots.lock_published(researcher_id=researcher_id, overlapping=block.period)
        claims = tx.sessions.claims(researcher_id=researcher_id, overlapping=block.period)
        ahead = [claim for claim in claims if claim.stands(at=calendar.at) and claim.period.end > calendar.at]
        sessions = [tx.sessions.get(claim.session_id) for claim in ahead]
        return [session.id for session in sessions if session is not None and session.status is Status.SCHEDULED]

    def _cancel(self, calendar: OpenCalendar, id: UUID, *, note: str | None) -> None:
        clock, ids = self.calendars.clock, self.calendars.ids
        cancel(calendar.tx, id, by=CanceledBy.RESEARCHER, note=note, clock=clock, ids=ids)


@dataclass(frozen=True, slots=True)
class RemoveRule:
    """Take back a pattern, an override or a block; slots follow in the same transaction."""

    calendars: Calendars

    @retry_on_conflict
    def __call__(self, id: UUID, *, caller: Caller) -> Publication:
        """Forget it, and say what that changed. Raises NotAResearcher and RuleNotFound."""
        with self.calendars.open(caller) as calendar:
            if not calendar.tx.availability.remove(id, researcher_id=calendar.researcher.id):
                raise RuleNotFound
            return self.calendars.publish(calendar)


def require_own(calendar: OpenCalendar, researcher_id: UUID) -> None:
    """Raise RuleNotFound for a rule that belongs to somebody else's calendar."""
    if researcher_id != calendar.researcher.id:
        raise RuleNotFound


def require_slots_chargeable(calendar: OpenCalendar, rule: Pattern | Override, gateway: PaymentGateway) -> None:
    """Raise ValidationFailed if a slot of this rule would cost less than the smallest charge, but not nothing."""
    rate = calendar.researcher.rate
    require_chargeable(
        rate=rate,
        durations=(timedelta(minutes=rule.slot_minutes),),
        smallest=gateway.smallest_charge(currency=rate.currency),
    )
