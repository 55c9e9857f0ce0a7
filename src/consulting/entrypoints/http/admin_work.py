"""Admins look after what must still be done outside, and read what admins did."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, QueryParameter

from consulting.application.admin_outbox import ListErrands, RetryErrand
from consulting.application.ports.backlog import WorkState
from consulting.application.trail import ListAdminActs
from consulting.domain.errors import ErrandNotDead, ErrandNotFound
from consulting.entrypoints.http import admin_wire
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OF_ADMINS, WITH_TOKEN, errors, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.pages import DEFAULT_LIMIT, Cursor, Limit, after_id, cursor_of, cut, unknown_cursor
from consulting.entrypoints.http.security import caller_of

InState = Annotated[
    WorkState | None,
    QueryParameter(name="state", description="Only those that stand like this; absent: all open ones."),
]


@get(
    "/admin/outbox",
    summary="List what must be done outside",
    description=story(ListErrands),
    responses=errors(*OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def list_errands(
    desk: AtDesk,
    standing: InState = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> admin_wire.ErrandPage:
    """List errands."""
    found = await desk.database.run(desk.use.list_errands, state=standing, after=_place(cursor), limit=limit + 1)
    shown, last = cut(found, limit=limit)
    return admin_wire.ErrandPage(
        errands=[admin_wire.errand_body(each) for each in shown],
        next_cursor=None if last is None else cursor_of(last.entry.recorded_at, last.entry.id),
    )


@post(
    "/admin/outbox/{id:str}/retry",
    summary="Retry an errand that was given up",
    description=story(RetryErrand),
    responses=errors(ErrandNotFound, ErrandNotDead, *OF_ADMINS),
    security=WITH_TOKEN,
    status_code=200,
    tags=["Admin"],
)
async def retry_errand(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> admin_wire.ErrandOutside:
    """Have an errand carried out again."""
    revived = await desk.database.run(desk.use.retry_errand, read_id(id, ErrandNotFound), caller=caller_of(request))
    return admin_wire.errand_body(revived)


@get(
    "/admin/audit",
    summary="List what admins did",
    description=story(ListAdminActs),
    responses=errors(*OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def list_admin_acts(
    desk: AtDesk,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> admin_wire.AdminActPage:
    """List what admins did."""
    found = await desk.database.run(desk.use.list_admin_acts, after=after_id(cursor), limit=limit + 1)
    shown, last = cut(found, limit=limit)
    return admin_wire.AdminActPage(
        acts=[admin_wire.act_body(each) for each in shown],
        next_cursor=None if last is None else str(last.id),
    )


def _place(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    recorded_at, _, errand = cursor.rpartition("_")
    try:
        instant = datetime.fromisoformat(recorded_at)
        if instant.tzinfo is None:
            raise unknown_cursor()
        return instant, read_id(errand, ErrandNotFound)
    except (ValueError, ErrandNotFound):
        raise unknown_cursor() from None


HANDLERS = (list_errands, retry_errand, list_admin_acts)
