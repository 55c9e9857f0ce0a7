"""Finding researchers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromPath, QueryParameter

from consulting.application.directory import GetResearcher, ListResearchers, SearchResearchers
from consulting.application.ports.directory import DirectoryFilter, Listed
from consulting.domain.directory import DirectorySort, SearchSort
from consulting.domain.errors import ResearcherNotFound, ValidationFailed
from consulting.domain.local_days import local_days
from consulting.domain.money import Money, parse_rate
from consulting.entrypoints.http import list_cursors, wire
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OPEN, errors, story
from consulting.entrypoints.http.fields import fields_named
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.pages import DEFAULT_LIMIT, Cursor, Limit, cut
from consulting.entrypoints.http.queries import text_parameter
from consulting.entrypoints.http.time_slots import Zone, zone_for

_BEFORE = "give a date as 2026-04-20, or an instant with its offset, as 2026-04-20T09:00:00Z"

Paper = Annotated[str | None, text_parameter(description="A paper's id: `author` then says whether it is theirs.")]
Expertise = Annotated[str | None, text_parameter(description="Only those with this field of expertise.")]
Verified = Annotated[bool | None, QueryParameter(description="Only verified ones, or only the others.")]
MinRate = Annotated[Decimal | None, QueryParameter(description="The lowest hourly rate, in whole units of `currency`.")]
MaxRate = Annotated[
    Decimal | None, QueryParameter(description="The highest hourly rate, in whole units of `currency`.")
]
RateCurrency = Annotated[str, text_parameter(description="The currency of `min_rate` and `max_rate`; usd by default.")]
Affiliation = Annotated[
    str | None, text_parameter(description="Only those of this institution; case and accents don't matter.")
]
Before = Annotated[
    str | None,
    text_parameter(
        description="Only those with a free slot before this: an instant with its offset, or the start of a date.",
    ),
]
Sort = Annotated[
    DirectorySort | None,
    QueryParameter(
        description="`name` (by default), `rate`, `-rate` from the dearest on, `rating`, or `next_available`."
    ),
]
Order = Annotated[
    SearchSort | None,
    QueryParameter(description="`relevance` (by default), or any order of the list of researchers."),
]
Words = Annotated[str, text_parameter(name="query", description="Words to look for.")]


@get(
    "/researchers",
    summary="List researchers",
    description=story(ListResearchers),
    responses=errors(),
    security=OPEN,
    tags=["Researchers"],
)
async def list_researchers(  # noqa: PLR0913, PLR0917 -- one for each query parameter
    request: ApiRequest,
    desk: AtDesk,
    expertise: Expertise = None,
    verified: Verified = None,
    min_rate: MinRate = None,
    max_rate: MaxRate = None,
    currency: RateCurrency = "usd",
    affiliation: Affiliation = None,
    available_before: Before = None,
    timezone: Zone = None,
    sort: Sort = None,
    paper_id: Paper = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> wire.ResearcherPage:
    """List researchers in the order asked for."""
    wanted = DirectoryFilter(
        expertise=expertise,
        verified=verified,
        lowest_rate=_rate(min_rate, currency, field="min_rate"),
        highest_rate=_rate(max_rate, currency, field="max_rate"),
        affiliation=affiliation,
        available_before=_instant(available_before, zone_for(timezone, request.user)),
    )
    order = sort or DirectorySort.NAME
    asked = list_cursors.mark(order, wanted)
    found = await desk.database.run(
        desk.use.list_researchers,
        wanted=wanted,
        sort=order,
        after=list_cursors.read(cursor, asked=asked),
        limit=limit + 1,
    )
    return _page(found, request, limit=limit, paper=paper_id, asked=asked)


@get(
    "/researchers/search",
    summary="Search researchers",
    description=story(SearchResearchers),
    responses=errors(),
    security=OPEN,
    tags=["Researchers"],
)
async def search_researchers(  # noqa: PLR0913, PLR0917 -- one for each query parameter
    request: ApiRequest,
    desk: AtDesk,
    words: Words,
    expertise: Expertise = None,
    verified: Verified = None,
    min_rate: MinRate = None,
    max_rate: MaxRate = None,
    currency: RateCurrency = "usd",
    affiliation: Affiliation = None,
    available_before: Before = None,
    timezone: Zone = None,
    sort: Order = None,
    paper_id: Paper = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> wire.ResearcherPage:
    """Search researchers in the order asked for."""
    wanted = DirectoryFilter(
        expertise=expertise,
        verified=verified,
        lowest_rate=_rate(min_rate, currency, field="min_rate"),
        highest_rate=_rate(max_rate, currency, field="max_rate"),
        affiliation=affiliation,
        available_before=_instant(available_before, zone_for(timezone, request.user)),
    )
    order = sort or SearchSort.RELEVANCE
    asked = list_cursors.mark("search", words, order, wanted)
    found = await desk.database.run(
        desk.use.search_researchers,
        query=words,
        wanted=wanted,
        sort=order,
        after=list_cursors.read(cursor, asked=asked),
        limit=limit + 1,
    )
    return _page(found, request, limit=limit, paper=paper_id, asked=asked)


@get(
    "/researchers/{id:str}",
    summary="Get a researcher",
    description=story(GetResearcher),
    responses=errors(ResearcherNotFound),
    security=OPEN,
    tags=["Researchers"],
)
async def get_researcher(
    request: ApiRequest,
    id: FromPath[str],
    desk: AtDesk,
    paper_id: Paper = None,
) -> wire.Researcher:
    """Show one researcher."""
    profile = await desk.database.run(desk.use.get_researcher, read_id(id, ResearcherNotFound))
    return wire.researcher_body(
        profile.researcher, next_slot=profile.next_available, caller=request.user, paper=paper_id
    )


def _rate(rate: Decimal | None, currency: str, *, field: str) -> Money | None:
    with fields_named(rate=field):
        return None if rate is None else parse_rate(rate, currency=currency)


def _instant(text: str | None, timezone: str) -> datetime | None:
    """Read an instant, or a date as the instant at which it begins in the zone."""
    if text is None:
        return None
    for kind in (date, datetime):
        with suppress(msgspec.ValidationError):
            return _begin(msgspec.convert(text, kind), timezone)
    raise ValidationFailed.of("available_before", _BEFORE)


def _begin(moment: date | datetime, timezone: str) -> datetime:
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValidationFailed.of("available_before", _BEFORE)
        return moment
    with fields_named(date="available_before"):
        day = local_days(first=moment, last=moment, timezone=timezone)
    if day is None:
        raise ValidationFailed.of("available_before", "there is no such day in this zone")
    return day.start


def _page(
    found: Sequence[Listed], request: ApiRequest, *, limit: int, paper: str | None, asked: str
) -> wire.ResearcherPage:
    shown, last = cut(found, limit=limit)
    return wire.ResearcherPage(
        researchers=[
            wire.researcher_body(each.researcher, next_slot=each.next_available, caller=request.user, paper=paper)
            for each in shown
        ],
        next_cursor=None if last is None else list_cursors.write(last.cursor, asked=asked),
    )


HANDLERS = (list_researchers, search_researchers, get_researcher)
