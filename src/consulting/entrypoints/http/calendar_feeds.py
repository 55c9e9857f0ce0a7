"""Subscribing to one's sessions by a calendar program."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from litestar import Response, delete, get, post
from litestar.params import FromPath

from consulting.application.calendar_feeds import CreateCalendarToken, GetCalendarFeed, RevokeCalendarToken
from consulting.domain.errors import CalendarNotFound
from consulting.entrypoints.http import wire
from consulting.entrypoints.http.answers import Answer
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OPEN, WITH_TOKEN, errors, story
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of

ENDING: Final = ".ics"
_ASKED_AGAIN: Final = {"Cache-Control": "private, no-cache"}
_NOT_KEPT: Final = {"Cache-Control": "no-store"}


@post(
    "/calendar-token",
    status_code=200,
    summary="Subscribe to your sessions",
    description=story(CreateCalendarToken),
    responses=errors(SignInRequired),
    security=WITH_TOKEN,
    tags=["Calendar"],
)
async def create_calendar_token(request: ApiRequest, desk: AtDesk) -> Response[wire.CalendarToken]:
    """Make a token, and tell it this once."""
    token = await desk.database.run(desk.use.create_calendar_token, caller=caller_of(request))
    url = f"{desk.public_url}/api/calendar/{token}{ENDING}"
    body = wire.CalendarToken(token=token, url=url, webcal_url=urlsplit(url)._replace(scheme="webcal").geturl())
    return Answer(body, headers=_NOT_KEPT)


@delete(
    "/calendar-token",
    summary="End the subscription to your sessions",
    description=story(RevokeCalendarToken),
    responses=errors(SignInRequired),
    security=WITH_TOKEN,
    tags=["Calendar"],
)
async def revoke_calendar_token(request: ApiRequest, desk: AtDesk) -> None:
    """Let the caller's token open nothing from now on."""
    await desk.database.run(desk.use.revoke_calendar_token, caller=caller_of(request))


@get(
    "/calendar/{token:str}",
    summary="Read somebody's sessions as a calendar",
    description=story(GetCalendarFeed),
    responses=errors(CalendarNotFound),
    media_type="text/calendar",
    security=OPEN,
    tags=["Calendar"],
)
async def get_calendar_feed(token: FromPath[str], desk: AtDesk) -> Response[bytes]:
    """Give the sessions of whoever has this token."""
    if not token.endswith(ENDING):
        raise CalendarNotFound
    content = await desk.database.run_long(desk.use.get_calendar_feed, token.removesuffix(ENDING))
    return Answer(content, media_type="text/calendar", headers=_ASKED_AGAIN)


HANDLERS = (create_calendar_token, revoke_calendar_token, get_calendar_feed)
