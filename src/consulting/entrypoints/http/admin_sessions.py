"""Admins give money of sessions back."""

from __future__ import annotations

from litestar import post
from litestar.params import FromPath, JSONBody

from consulting.application.goodwill import GiveGoodwillRefund
from consulting.domain.errors import RefundExceedsPayment, SessionNotConfirmed, SessionNotFound
from consulting.entrypoints.http import admin_wire, wire
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OF_ADMINS, WITH_TOKEN, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.security import caller_of


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


HANDLERS = (refund_session,)
