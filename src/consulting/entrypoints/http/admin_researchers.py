"""Admins add researchers, and decide who of them is shown, verified, and signed in by which account."""

from __future__ import annotations

from litestar import Response, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from consulting.application import register
from consulting.application.register import AddResearcher, ChangeResearcher, GetRegistered, ListRegister
from consulting.domain.errors import AccountLinked, ResearcherNotFound
from consulting.domain.money import parse_rate
from consulting.entrypoints.http import admin_wire
from consulting.entrypoints.http.answers import created
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import (
    LOCATION,
    OF_ADMINS,
    WITH_TOKEN,
    errors,
    errors_of_writing,
    story,
)
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.pages import DEFAULT_LIMIT, Cursor, Limit, after_id, cut
from consulting.entrypoints.http.security import caller_of


@get(
    "/admin/researchers",
    summary="List all researchers",
    description=story(ListRegister),
    responses=errors(*OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def list_register(
    desk: AtDesk,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> admin_wire.RegisterPage:
    """List all researchers."""
    found = await desk.database.run(desk.use.list_register, after=after_id(cursor), limit=limit + 1)
    shown, last = cut(found, limit=limit)
    return admin_wire.RegisterPage(
        researchers=[admin_wire.registered_body(each) for each in shown],
        next_cursor=None if last is None else str(last.id),
    )


@get(
    "/admin/researchers/{id:str}",
    summary="Get any researcher",
    description=story(GetRegistered),
    responses=errors(ResearcherNotFound, *OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def get_registered(id: FromPath[str], desk: AtDesk) -> admin_wire.RegisteredResearcher:
    """Show any researcher."""
    found = await desk.database.run(desk.use.get_registered, read_id(id, ResearcherNotFound))
    return admin_wire.registered_body(found)


@post(
    "/admin/researchers",
    summary="Add a researcher",
    description=story(AddResearcher),
    responses=errors_of_writing(AccountLinked, *OF_ADMINS),
    response_headers=LOCATION,
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def add_researcher(
    request: ApiRequest,
    data: JSONBody[admin_wire.NewResearcher],
    desk: AtDesk,
) -> Response[admin_wire.RegisteredResearcher]:
    """Add a researcher."""
    added = await desk.database.run(desk.use.add_researcher, _new(data), caller=caller_of(request))
    body = admin_wire.registered_body(added)
    return created(body, location=f"{desk.public_url}/api/admin/researchers/{body.id}")


@patch(
    "/admin/researchers/{id:str}",
    summary="Verify, deactivate or link a researcher",
    description=story(ChangeResearcher),
    responses=errors_of_writing(ResearcherNotFound, AccountLinked, *OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def change_researcher(
    request: ApiRequest,
    id: FromPath[str],
    data: JSONBody[admin_wire.ResearcherChange],
    desk: AtDesk,
) -> admin_wire.RegisteredResearcher:
    """Change what admins decide about a researcher."""
    given = {name: getattr(data, name) for name in register.CHANGEABLE}
    changes = {name: value for name, value in given.items() if value is not UNSET}
    changed = await desk.database.run_long(
        desk.use.change_researcher,
        read_id(id, ResearcherNotFound),
        changes=changes,
        caller=caller_of(request),
    )
    return admin_wire.registered_body(changed)


def _new(data: admin_wire.NewResearcher) -> register.NewResearcher:
    return register.NewResearcher(
        name=data.name,
        email=data.email,
        rate=parse_rate(data.rate, currency=data.currency),
        timezone=data.timezone,
        user_id=data.user_id,
        bio=data.bio or None,
        expertise=data.expertise,
        achievements=data.achievements,
        affiliation=data.affiliation or None,
        avatar_url=data.avatar_url,
        papers=data.papers,
        verified=data.verified,
    )


HANDLERS = (list_register, get_registered, add_researcher, change_researcher)
