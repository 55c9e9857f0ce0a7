"""The shapes of a researcher's earnings: added up as JSON, one by one as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Final

from msgspec import Meta

from consulting.application.earnings import Earnings
from consulting.domain.earnings import MOST_MONTHS, Month, MonthlyEarnings, Movement
from consulting.domain.ledger import COMING_IN
from consulting.domain.local_time import zone
from consulting.entrypoints.http.wire import Answer

COLUMNS: Final = ("month", "time", "kind", "came_in", "went_back", "currency", "session", "client")
_FORMULA: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the beginning of a formula, in full width too, or passes over on its way to one."""


class EarningsOfMonth(Answer):
    """What moved in one month in one currency, in minor units; `net` may be below nothing."""

    month: Annotated[str, Meta(description="As YYYY-MM.")]
    currency: str
    gross: Annotated[int, Meta(description="What clients were charged.")]
    refunds: Annotated[int, Meta(description="What went back, by refund or lost dispute.")]
    net: Annotated[int, Meta(description="What is left.")]


class EarningsByMonth(Answer):
    """Months in which money moved, the earliest first; `timezone` says whose calendar they are of."""

    timezone: str
    from_month: str
    to_month: str
    months: Annotated[list[EarningsOfMonth], Meta(description=f"Of at most {MOST_MONTHS} months, by currency.")]


def earnings_body(earnings: Earnings) -> EarningsByMonth:
    """Show earnings added up."""
    return EarningsByMonth(
        timezone=earnings.timezone,
        from_month=str(earnings.first),
        to_month=str(earnings.last),
        months=[_month_body(each) for each in earnings.months],
    )


def earnings_table(earnings: Earnings) -> str:
    """Write every movement as a line of comma-separated values (RFC 4180); times are local, amounts never negative."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for each in earnings.movements:
        table.writerow([harmless(cell) for cell in _cells(each, timezone=earnings.timezone)])
    return written.getvalue()


def harmless(cell: str) -> str:
    """Give the text of a cell so that no spreadsheet runs it: what could be a formula begins with an apostrophe."""
    return f"'{cell}" if cell.lstrip(" ")[:1] in _FORMULA and cell.strip(" ") else cell


def _cells(movement: Movement, *, timezone: str) -> tuple[str, ...]:
    entry = movement.entry
    amount, none = str(entry.amount.in_major_units()), ""
    coming = entry.kind in COMING_IN
    return (
        str(Month.of(entry.at, timezone=timezone)),
        entry.at.astimezone(zone(timezone)).isoformat(timespec="seconds"),
        entry.kind.value,
        amount if coming else none,
        none if coming else amount,
        entry.amount.currency,
        str(entry.session_id),
        movement.client_name or none,
    )


def _month_body(month: MonthlyEarnings) -> EarningsOfMonth:
    return EarningsOfMonth(
        month=str(month.month),
        currency=month.currency,
        gross=month.gross,
        refunds=month.refunds,
        net=month.net,
    )
