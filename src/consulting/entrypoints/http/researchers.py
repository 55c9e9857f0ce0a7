"""Finding researchers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from litestar import get
from litestar.params import FromPath, QueryParameter

from consulting.application.directory import GetResearcher, ListResearchers, SearchResearchers
from consulting.application.ports.records import DirectoryFilter, Listed
from consulting.domain.errors import ResearcherNotFound
from consulting.domain.money import Money, parse_rate
from consulting.entrypoints.http import wire
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OPEN, errors, story
from consulting.entrypoints.http.fields import fields_named
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.pages import DEFAULT_LIMIT, Cursor, Limit, cut
from consulting.entrypoints.http.queries import text_parameter

Paper = Annotated[str | None, text_parameter(description="A paper's id: `author` then says whether it is theirs.")]
Expertise = Annotated[str | None, text_parameter(description="Only those with this field of expertise.")]
Verified = Annotated[bool | None, QueryParameter(description="Only verified ones, or only the others.")]
MaxRate = Annotated[
    Decimal | None, QueryParameter(description="The highest hourly rate, in whole units of `currency`.")
]
RateCurrency = Annotated[str, text_parameter(description="The currency of `max_rate`; usd by default.")]
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
    max_rate: MaxRate = None,
    currency: RateCurrency = "usd",
    paper_id: Paper = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> wire.ResearcherPage:
    """List researchers by name."""
    wanted = DirectoryFilter(expertise=expertise, verified=verified, highest_rate=_highest(max_rate, currency))
    found = await desk.database.run(desk.use.list_researchers, wanted=wanted, after=cursor, limit=limit + 1)
    return _page(found, request, limit=limit, paper=paper_id)


@get(
    "/researchers/search",
    summary="Search researchers",
    description=story(SearchResearchers),
    responses=errors(),
    security=OPEN,
    tags=["Researchers"],
)
async def search_researchers(
    request: ApiRequest,
    desk: AtDesk,
    words: Words,
    paper_id: Paper = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> wire.ResearcherPage:
    """Search researchers, the best matches first."""
    found = await desk.database.run(desk.use.search_researchers, query=words, after=cursor, limit=limit + 1)
    return _page(found, request, limit=limit, paper=paper_id)


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


def _highest(max_rate: Decimal | None, currency: str) -> Money | None:
    with fields_named(rate="max_rate"):
        return None if max_rate is None else parse_rate(max_rate, currency=currency)


def _page(found: Sequence[Listed], request: ApiRequest, *, limit: int, paper: str | None) -> wire.ResearcherPage:
    shown, last = cut(found, limit=limit)
    return wire.ResearcherPage(
        researchers=[
            wire.researcher_body(each.researcher, next_slot=each.next_available, caller=request.user, paper=paper)
            for each in shown
        ],
        next_cursor=None if last is None else last.cursor,
    )


HANDLERS = (list_researchers, search_researchers, get_researcher)
