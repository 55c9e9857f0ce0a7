"""Researchers run their own calendar: patterns, overrides, one-off slots and blocks, published as they change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.cancellation import call_off
from consulting.application.conflicts import retry_on_conflict
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.application.publishing import publish
from consulting.domain.availability import Block, Giving, OneOffSlot, Override, Pattern, Rule, Rules, require_room
from consulting.domain.cancellation import CanceledBy
from consulting.domain.errors import NotAResearcher, RuleNotFound, TimeIsBooked
from consulting.domain.money import require_chargeable
from consulting.domain.one_offs import require_place
from consulting.domain.period import Period
from consulting.domain.publishing import Publication
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import Status

_Rule = TypeVar("_Rule", bound=Rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCalendar:
    """A researcher's calendar while it is changed: locked, so that nobody else changes it meanwhile."""

    tx: Transaction
    researcher: Researcher
    at: datetime
    ids: Identities

    @property
    def rules(self) -> Rules:
        """All of the researcher's rules, as they are at this point of the transaction."""
        return self.tx.availability.rules(self.researcher.id)

    def rule(self, kind: type[_Rule], id: UUID) -> _Rule:
        """Find one of the researcher's rules. Raises RuleNotFound."""
        for each in self.rules.all:
            if isinstance(each, kind) and each.id == id:
                return each
        raise RuleNotFound


@dataclass(frozen=True, slots=True)
class Calendars:
    """What every change of a calendar needs; slots are published `ahead` from now."""

    transactions: Transactions
    clock: Clock
    ids: Identities
    ahead: timedelta

    @contextmanager
    def open(self, caller: Caller, *, trying: bool = False) -> Iterator[OpenCalendar]:
        """Open the caller's own calendar for one transaction, which is undone at its end if this is only a trial.

        Raises NotAResearcher.
        """
        try:
            with self.transactions.begin() as tx:
                known = own_profile(tx, caller)
                researcher = tx.researchers.lock(known.id) or known
                yield OpenCalendar(tx=tx, researcher=researcher, at=self.clock.now(), ids=self.ids)
                _end(trying=trying)
        except _Trial:
            return

    def publish(self, calendar: OpenCalendar) -> Publication:
        """Publish what the rules give now, and say what changed."""
        return publish(
            calendar.tx,
            researcher_id=calendar.researcher.id,
            rules=calendar.rules,
            during=Period(calendar.at, calendar.at + self.ahead),
            ids=self.ids,
            at=calendar.at,
        )


class _Trial(Exception):
    """Nothing of this is to be kept."""


def _end(*, trying: bool) -> None:
    if trying:
        raise _Trial


def own_profile(tx: Transaction, caller: Caller) -> Researcher:
    """Give the researcher that the caller is. Raises NotAResearcher."""
    researcher = tx.researchers.of_user(caller.user_id)
    if researcher is None:
        raise NotAResearcher
    return researcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited(Generic[_Rule]):
    """A rule as it is now, or was until it was taken back, and what its publication changed."""

    rule: _Rule
    publication: Publication


@dataclass(frozen=True, slots=True)
class ListRules:
    """Show the caller's own patterns, overrides, one-off slots and blocks."""

    transactions: Transactions

    def __call__(self, *, caller: Caller) -> Rules:
        """Give all of them, each kind by id. Raises NotAResearcher."""
        with self.transactions.begin() as tx:
            return tx.availability.rules(own_profile(tx, caller).id)


@dataclass(frozen=True, slots=True)
class SaveRule:
    """Set weekly hours, other hours (or none) on one date, a one-off slot, or time off.

    - Slots follow in the same transaction: unbooked ones that no longer fit are withdrawn, booked ones stay. The answer
      counts them: `slots` has `added`, `removed` and `kept_booked`.
    - A price between nothing and the smallest charge is refused.
    - Where sessions are booked in time off, nothing changes and they are named; unless asked to cancel them: then each
      is canceled with a full refund, and its client is told, with the reason that the time off has.
    - A one-off slot is still to come, and its time is neither on offer nor booked already. From then on it stands:
      hours that are set later give way to it, and only time off takes it away.
    - A researcher has at most 60 patterns, 400 overrides (one a date), 400 one-off slots and 400 blocks. When there is
      no more room, what is over makes way for what is new, the oldest first; only what is still to come is in its way.
    """

    calendars: Calendars
    gateway: PaymentGateway

    @retry_on_conflict
    def __call__(
        self,
        write: Callable[[OpenCalendar], _Rule],
        *,
        caller: Caller,
        cancel_sessions: bool = False,
        trying: bool = False,
    ) -> Edited[_Rule]:
        """Keep the rule, new or changed, that `write` gives for the open calendar; a trial keeps nothing.

        Raises NotAResearcher, RuleNotFound, ValidationFailed, TooManyRules, OverrideExists, TimeIsTaken and
        TimeIsBooked.
        """
        with self.calendars.open(caller, trying=trying) as calendar:
            rule = write(calendar)
            require_own(calendar, rule.researcher_id)
            make_room(calendar, rule)
            if isinstance(rule, Block):
                clear(self.calendars, calendar, [rule], cancel_sessions=cancel_sessions)
            else:
                _require_place(calendar, rule)
                require_slots_chargeable(calendar.researcher, [rule], self.gateway)
            keep(calendar, rule)
            return Edited(rule=rule, publication=self.calendars.publish(calendar))


def clear(calendars: Calendars, calendar: OpenCalendar, blocks: Sequence[Block], *, cancel_sessions: bool) -> None:
    """Cancel what is booked in time off, if that is meant; TimeIsBooked otherwise, naming all of it."""
    booked = {session_id: block for block in blocks for session_id in _booked(calendar, block)}
    if booked and not cancel_sessions:
        raise TimeIsBooked(sessions=[str(each) for each in booked])
    for session_id, block in booked.items():
        call_off(
            calendar.tx,
            session_id,
            by=CanceledBy.RESEARCHER,
            note=block.reason,
            clock=calendars.clock,
            ids=calendars.ids,
        )


def make_room(calendar: OpenCalendar, rule: Rule) -> None:
    """Forget a rule that is over where there would be too many. Raises TooManyRules and OverrideExists."""
    gone = require_room(rule, among=calendar.rules, at=calendar.at)
    if gone is not None:
        calendar.tx.availability.remove(gone.id, researcher_id=calendar.researcher.id)


def keep(calendar: OpenCalendar, rule: Rule) -> None:
    """Keep a rule of any kind."""
    if isinstance(rule, Pattern):
        calendar.tx.availability.save_pattern(rule)
    elif isinstance(rule, Override):
        calendar.tx.availability.save_override(rule)
    elif isinstance(rule, OneOffSlot):
        calendar.tx.availability.save_one_off(rule)
    else:
        calendar.tx.availability.save_block(rule)


def _require_place(calendar: OpenCalendar, rule: Giving) -> None:
    """Judge a one-off slot's place; the slots in it are locked first, so nobody books in it meanwhile."""
    if isinstance(rule, OneOffSlot):
        calendar.tx.time_slots.lock_published(researcher_id=calendar.researcher.id, overlapping=rule.period)
        claims = calendar.tx.sessions.claims(researcher_id=calendar.researcher.id, overlapping=rule.period)
        require_place(rule, rules=calendar.rules, claims=claims, at=calendar.at)


def _booked(calendar: OpenCalendar, block: Block) -> list[UUID]:
    """Name the sessions still to come in the time; its slots are locked first, so nobody books in it meanwhile."""
    tx, researcher_id = calendar.tx, calendar.researcher.id
    tx.time_slots.lock_published(researcher_id=researcher_id, overlapping=block.period)
    claims = tx.sessions.claims(researcher_id=researcher_id, overlapping=block.period)
    ahead = [claim for claim in claims if claim.stands(at=calendar.at) and claim.period.end > calendar.at]
    sessions = [tx.sessions.get(claim.session_id) for claim in ahead]
    return [session.id for session in sessions if session is not None and session.status is Status.SCHEDULED]


@dataclass(frozen=True, slots=True)
class RemoveRule:
    """Take back a pattern, an override, a one-off slot or a block; slots follow in the same transaction."""

    calendars: Calendars

    @retry_on_conflict
    def __call__(self, kind: type[_Rule], id: UUID, *, caller: Caller, trying: bool = False) -> Edited[_Rule]:
        """Forget it, and say what that changed; a trial forgets nothing. Raises NotAResearcher and RuleNotFound."""
        with self.calendars.open(caller, trying=trying) as calendar:
            rule = calendar.rule(kind, id)
            calendar.tx.availability.remove(id, researcher_id=calendar.researcher.id)
            return Edited(rule=rule, publication=self.calendars.publish(calendar))


def require_own(calendar: OpenCalendar, researcher_id: UUID) -> None:
    """Raise RuleNotFound for a rule that belongs to somebody else's calendar."""
    if researcher_id != calendar.researcher.id:
        raise RuleNotFound


def require_slots_chargeable(researcher: Researcher, rules: Sequence[Giving], gateway: PaymentGateway) -> None:
    """Raise ValidationFailed if a slot of these rules would cost less than the smallest charge, but not nothing."""
    require_chargeable(
        rate=researcher.rate,
        durations=tuple(timedelta(minutes=each) for each in sorted({rule.slot_minutes for rule in rules})),
        smallest=gateway.smallest_charge(currency=researcher.rate.currency),
    )
