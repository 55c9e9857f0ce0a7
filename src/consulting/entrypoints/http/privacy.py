"""Admins show and forget what is kept of a user."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from consulting.application.callers import Caller
from consulting.application.privacy import EraseUser, ExportUser
from consulting.domain.errors import LiveSessions, UserIsResearcher, UserNotFound
from consulting.entrypoints.http import privacy_wire
from consulting.entrypoints.http.answers import Answer
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OF_ADMINS, WITH_TOKEN, errors, story
from consulting.entrypoints.http.security import caller_of
from consulting.entrypoints.http.tokens import text_claim


@get(
    "/admin/users/{id:str}/export",
    summary="Export a user",
    description=story(ExportUser),
    responses=errors(UserNotFound, *OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def export_user(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> Response[privacy_wire.UserExport]:
    """Give all that is kept of a user."""
    written = await desk.database.run_long(_exported, desk.use.export_user, _user(id), caller=caller_of(request))
    return Answer(written)


def _exported(export: ExportUser, user_id: str, *, caller: Caller) -> bytes:
    return privacy_wire.export_json(export(user_id, caller=caller))


@post(
    "/admin/users/{id:str}/erase",
    summary="Erase a user",
    description=story(EraseUser),
    responses=errors(UserNotFound, LiveSessions, UserIsResearcher, *OF_ADMINS),
    security=WITH_TOKEN,
    status_code=200,
    tags=["Admin"],
)
async def erase_user(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> privacy_wire.Erased:
    """Forget a user."""
    done = await desk.database.run_long(desk.use.erase_user, _user(id), caller=caller_of(request))
    return privacy_wire.Erased(pseudonym=done.pseudonym, sessions=done.sessions)


def _user(id: str) -> str:
    """Read a user's id; what no token could say names nobody."""
    user_id = text_claim(id)
    if user_id is None:
        raise UserNotFound
    return user_id


HANDLERS = (export_user, erase_user)
