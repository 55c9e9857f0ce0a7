"""What researchers say about themselves, and the terms on which they can be booked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from consulting.application.availability import Calendars, OpenCalendar, keep, own_profile, require_slots_chargeable
from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.application.ports.transactions import Transactions
from consulting.domain.availability import LONGEST_DATE, Giving
from consulting.domain.profiles import following, require_valid_profile
from consulting.domain.publishing import Publication
from consulting.domain.researchers import Researcher


@dataclass(frozen=True, slots=True)
class GetProfile:
    """Show the caller's own profile."""

    transactions: Transactions

    def __call__(self, *, caller: Caller) -> Researcher:
        """Give the researcher. Raises NotAResearcher."""
        with self.transactions.begin() as tx:
            return own_profile(tx, caller)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedProfile:
    """The profile as it is now, and what its publication changed."""

    researcher: Researcher
    publication: Publication


@dataclass(frozen=True, slots=True)
class EditProfile:
    """Change the caller's own profile.

    - A new rate or cancellation policy holds for what is booked from then on; sessions and holds keep theirs.
    - A rate is refused if a slot of the researcher's hours to come would cost less than the smallest charge, but not
      nothing.
    - With a new zone, hours in the former one mean the same wall clock times in the new zone; with a new gap, hours
      that had the former one have the new one. Hours that say otherwise stay.
    - Notice and horizon are judged when slots are read, so they need no publication. Slots follow all else in the same
      transaction.
    """

    calendars: Calendars
    gateway: PaymentGateway

    @retry_on_conflict
    def __call__(self, edit: Callable[[Researcher], Researcher], *, caller: Caller) -> EditedProfile:
        """Keep what `edit` makes of the profile. Raises NotAResearcher and ValidationFailed."""
        with self.calendars.open(caller) as calendar:
            before = calendar.researcher
            now = replace(edit(before), updated_at=calendar.at)
            require_valid_profile(now)
            if now.rate != before.rate:
                require_slots_chargeable(now, _hours_to_come(calendar), self.gateway)
            _follow(calendar, now)
            publication = self.calendars.publish(calendar)
            # Last, since a storage may have all who change what they are found by take turns.
            calendar.tx.researchers.save(now)
            return EditedProfile(researcher=now, publication=publication)


def _hours_to_come(calendar: OpenCalendar) -> Sequence[Giving]:
    """Give all that can still give a slot; what is over can't, nor a one-off slot that has begun."""
    rules, first = calendar.rules, (calendar.at - LONGEST_DATE).date()
    weekly = (each for each in rules.patterns if each.valid_until is None or each.valid_until >= first)
    dated = (each for each in rules.overrides if each.date >= first)
    single = (each for each in rules.one_offs if each.period.start > calendar.at)
    return [*weekly, *dated, *single]


def _follow(calendar: OpenCalendar, now: Researcher) -> None:
    rules, before = calendar.rules, calendar.researcher
    for pattern in following(rules.patterns, before=before, now=now):
        keep(calendar, pattern)
    for override in following(rules.overrides, before=before, now=now):
        keep(calendar, override)
