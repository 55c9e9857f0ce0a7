"""What a researcher's own sessions brought in."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from consulting.application.callers import Caller
from consulting.application.earnings import ReadEarnings
from consulting.domain.earnings import MONTH, MOST_MONTHS, Month
from consulting.domain.errors import NotAResearcher, ValidationFailed
from consulting.entrypoints.http.answers import Answer
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import WITH_TOKEN, errors, story
from consulting.entrypoints.http.earning_shapes import EarningsByMonth, earnings_body, earnings_table
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of

From = Annotated[str | None, QueryParameter(pattern=MONTH, description="The first month, as YYYY-MM.")]
To = Annotated[
    str | None,
    QueryParameter(pattern=MONTH, description=f"The last month, as YYYY-MM; at most {MOST_MONTHS} in all."),
]


@get(
    "/researcher/earnings",
    summary="Get your earnings by month",
    description=story(ReadEarnings),
    responses=errors(NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your profile and bookings"],
)
async def get_earnings(
    request: ApiRequest, desk: AtDesk, from_month: From = None, to_month: To = None
) -> EarningsByMonth:
    """Add up the caller's earnings."""
    earnings = await desk.database.run_long(
        desk.use.read_earnings,
        caller=caller_of(request),
        first=_month(from_month, "from_month"),
        last=_month(to_month, "to_month"),
    )
    return earnings_body(earnings)


@get(
    "/researcher/earnings.csv",
    summary="Get your earnings as a table",
    description=f"{story(ReadEarnings)}\n\nEvery movement of money is a line; no cell is a formula to a spreadsheet.",
    responses=errors(NotAResearcher, SignInRequired),
    media_type="text/csv",
    security=WITH_TOKEN,
    tags=["Your profile and bookings"],
)
async def export_earnings(
    request: ApiRequest, desk: AtDesk, from_month: From = None, to_month: To = None
) -> Response[bytes]:
    """List what moved, for a spreadsheet."""
    name, table = await desk.database.run_long(
        _table,
        desk.use.read_earnings,
        caller=caller_of(request),
        first=_month(from_month, "from_month"),
        last=_month(to_month, "to_month"),
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Answer(table, media_type="text/csv", headers=headers)


def _table(read: ReadEarnings, *, caller: Caller, first: Month | None, last: Month | None) -> tuple[str, bytes]:
    earnings = read(caller=caller, first=first, last=last)
    return f"earnings-{earnings.first}-{earnings.last}.csv", earnings_table(earnings).encode()


def _month(text: str | None, field: str) -> Month | None:
    """Read a month; the contract's pattern lets a line break at its end pass."""
    try:
        return None if text is None else Month.parse(text)
    except ValueError:
        raise ValidationFailed.of(field, "give a month as 2026-04") from None


HANDLERS = (get_earnings, export_earnings)
