"""Admins cancel sessions, and give money of sessions back."""

from __future__ import annotations

from litestar import patch, post
from litestar.params import FromPath, JSONBody

from consulting.application.calling_off import CancelAnySession
from consulting.application.goodwill import GiveGoodwillRefund
from consulting.domain.errors import RefundExceedsPayment, SessionCompleted, SessionNotConfirmed, SessionNotFound
from consulting.entrypoints.http import admin_wire, wire
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OF_ADMINS, WITH_TOKEN, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.security import caller_of


@patch(
    "/admin/sessions/{id:str}/cancel",
    summary="Cancel any session",
    description=story(CancelAnySession),
    responses=errors_of_writing(SessionNotFound, SessionCompleted, *OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def cancel_any_session(
    request: ApiRequest,
    id: FromPath[str],
    data: JSONBody[admin_wire.AdminCancellation],
    desk: AtDesk,
) -> wire.Session:
    """Cancel a session."""
    view = await desk.database.run(
        desk.use.cancel_any_session,
        read_id(id, SessionNotFound),
        note=data.reason,
        reopen_slot=data.reopen_slot,
        caller=caller_of(request),
    )
    return wire.session_body(view)


@post(
    "/admin/sessions/{id:str}/refund",
    summary="Refund a session that is over",
    description=story(GiveGoodwillRefund),
    responses=errors_of_writing(SessionNotFound, SessionNotConfirmed, RefundExceedsPayment, *OF_ADMINS),
    security=WITH_TOKEN,
    status_code=200,
    tags=["Admin"],
)
async def refund_session(
    request: ApiRequest,
    id: FromPath[str],
    data: JSONBody[admin_wire.GoodwillRefund],
    desk: AtDesk,
) -> wire.Session:
    """Give back money of a session."""
    view = await desk.database.run(
        desk.use.give_goodwill_refund,
        read_id(id, SessionNotFound),
        note=data.reason,
        amount=data.amount,
        caller=caller_of(request),
    )
    return wire.session_body(view)


HANDLERS = (cancel_any_session, refund_session)
