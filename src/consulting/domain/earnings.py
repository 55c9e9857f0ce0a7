"""What a researcher's sessions brought in, by month."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from consulting.domain.errors import ValidationFailed
from consulting.domain.ledger import Entry, EntryKind
from consulting.domain.local_days import local_days
from consulting.domain.local_time import zone
from consulting.domain.period import Period

MOST_MONTHS = 12

MONTH = "^2[0-9]{3}-(0[1-9]|1[0-2])$"
"""How a month is written."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; `number` is 1 for January to 12 for December."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read 'YYYY-MM', of the years 2000 to 2999; raise ValueError for anything else."""
        if not re.fullmatch(MONTH, text):
            raise ValueError("give a month as YYYY-MM, such as 2026-04")
        return cls(int(text[:4]), int(text[5:]))

    @classmethod
    def of(cls, instant: datetime, *, timezone: str) -> Month:
        """Give the month that a calendar in the zone shows at this instant."""
        local = instant.astimezone(zone(timezone))
        return cls(local.year, local.month)

    def plus(self, months: int) -> Month:
        """Give the month so many months later."""
        years, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(years, number + 1)

    def until(self, last: Month) -> int:
        """Count the months from this one to the last, both included."""
        return (last.year - self.year) * 12 + last.number - self.number + 1

    def __str__(self) -> str:
        """Write it as 'YYYY-MM'."""
        return f"{self.year}-{self.number:02}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """An entry of the ledger, and the name of its session's client; None where it isn't known (any more)."""

    entry: Entry
    client_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyEarnings:
    """What moved in one month in one currency, in minor units.

    gross: what clients were charged; refunds: what went back, by refund or lost dispute, less what came back of it.
    """

    month: Month
    currency: str
    gross: int
    refunds: int

    @property
    def net(self) -> int:
        """What is left: below nothing in a month in which more went back than came in."""
        return self.gross - self.refunds


def months_asked_for(
    *, first: Month | None, last: Month | None, at: datetime, timezone: str
) -> tuple[Month, Month, Period]:
    """Give the first and the last month asked for, and their time in the zone.

    Unless it is said, the last is the present month, and the first begins a year with it. Raises ValidationFailed
    (field `to_month`) for months in the wrong order or more than twelve.
    """
    end = last or (first.plus(MOST_MONTHS - 1) if first else Month.of(at, timezone=timezone))
    begin = first or end.plus(1 - MOST_MONTHS)
    if not 1 <= begin.until(end) <= MOST_MONTHS:
        raise ValidationFailed.of("to_month", f"give a month from `from_month` on, at most {MOST_MONTHS} in all")
    after = end.plus(1)
    last_day = date(after.year, after.number, 1) - timedelta(days=1)
    during = local_days(first=date(begin.year, begin.number, 1), last=last_day, timezone=timezone)
    assert during is not None, "no zone has skipped a month"
    return begin, end, during


def by_month(entries: Iterable[Entry], *, timezone: str) -> tuple[MonthlyEarnings, ...]:
    """Add up movements of money by the month of the zone in which they were recorded, and by currency; in that order.

    What moved in a month is known when it is over, and never changes: money that goes back later counts when it does.
    """
    gross: dict[tuple[Month, str], int] = {}
    refunds: dict[tuple[Month, str], int] = {}
    for entry in entries:
        key = Month.of(entry.at, timezone=timezone), entry.amount.currency
        charged = entry.kind is EntryKind.CHARGE
        gross[key] = gross.get(key, 0) + (entry.signed if charged else 0)
        refunds[key] = refunds.get(key, 0) - (0 if charged else entry.signed)
    return tuple(
        MonthlyEarnings(month=month, currency=currency, gross=gross[month, currency], refunds=refunds[month, currency])
        for month, currency in sorted(gross)
    )
