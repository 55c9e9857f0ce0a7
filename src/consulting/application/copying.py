"""Researchers make one week of their calendar like another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from consulting.application.availability import (
    Calendars,
    OpenCalendar,
    clear,
    keep,
    make_room,
    require_slots_chargeable,
)
from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.domain.availability import Rule
from consulting.domain.publishing import Publication
from consulting.domain.weeks import CopiedWeek, copy_week


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekCopied:
    """What was kept to make the week like the other, and what its publication changed."""

    week: CopiedWeek
    publication: Publication


@dataclass(frozen=True, slots=True)
class CopyWeek:
    """Make one week of the caller's calendar, Monday to Sunday, like another.

    - Each date gets the hours of the same weekday in the other week, by an override where the weekly hours give others;
      an override that stood there is replaced.
    - One-off slots are copied to the same times too, where no other one is and which are still to come.
    - Time off is copied to the same times on the wall clock of the profile's zone, and joins what is there. Where
      sessions are booked in it, nothing changes and they are named; unless asked to cancel them, with full refunds.
      Their clients are told the reason of the time off, too.
    - A week that is over is not changed. Copying again changes nothing.
    - Slots follow in the same transaction, and booked ones stay.
    - A preview answers the same, and keeps nothing.
    """

    calendars: Calendars
    gateway: PaymentGateway

    @retry_on_conflict
    def __call__(
        self, *, source: date, target: date, caller: Caller, cancel_sessions: bool = False, trying: bool = False
    ) -> WeekCopied:
        """Copy the week that has the date `source` to the one that has `target`.

        Raises NotAResearcher, ValidationFailed (fields `from_week`, `to_week`, `rate`), TooManyRules and TimeIsBooked.
        """
        with self.calendars.open(caller, trying=trying) as calendar:
            researcher = calendar.researcher
            week = copy_week(
                rules=calendar.rules,
                source=source,
                target=target,
                timezone=researcher.timezone,
                researcher_id=researcher.id,
                new_id=self.calendars.ids.new,
                at=calendar.at,
            )
            require_slots_chargeable(researcher, (*week.overrides, *week.one_offs), self.gateway)
            clear(self.calendars, calendar, week.blocks, cancel_sessions=cancel_sessions)
            _keep(calendar, week)
            return WeekCopied(week=week, publication=self.calendars.publish(calendar))


def _keep(calendar: OpenCalendar, week: CopiedWeek) -> None:
    for gone in week.gone:
        calendar.tx.availability.remove(gone, researcher_id=calendar.researcher.id)
    rules: tuple[Rule, ...] = (*week.overrides, *week.one_offs, *week.blocks)
    for rule in rules:
        make_room(calendar, rule)
        keep(calendar, rule)
