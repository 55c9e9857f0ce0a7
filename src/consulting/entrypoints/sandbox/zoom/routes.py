"""`/zoom/oauth/token`, `/zoom/v2/...`, the links in meetings, and `/zoom/meetings`, the sandbox's own view."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.params import FromPath, FromQuery

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.connections import AnyRequest, drop
from consulting.entrypoints.sandbox.faults import FaultBoard
from consulting.entrypoints.sandbox.form_encoding import MalformedForm, parse_form
from consulting.entrypoints.sandbox.store import Document, Store
from consulting.entrypoints.sandbox.zoom.meetings import ZoomMeetings, host_id
from consulting.entrypoints.sandbox.zoom.oauth import ZoomTokens
from consulting.entrypoints.sandbox.zoom.refusals import (
    ZoomRefusal,
    invalid_field,
    refused,
    told_to_fail,
    unknown_meeting,
)

_log: Final = logging.getLogger(__name__)
_DIGITS: Final = re.compile(r"[0-9]{1,12}")
Answer = Response[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoomDesk:
    """What each request to Zoom is answered with."""

    store: Store
    faults: FaultBoard
    tokens: ZoomTokens
    meetings: ZoomMeetings

    async def answer(
        self, request: AnyRequest, operation: str, work: Callable[[], Answer], *, token: bool = True
    ) -> Answer:
        """Answer a request, misbehaving as the faults want it; `token` is False for the request that gets one."""
        kinds: Final = ("status", "hang", "drop_answer", "refuse")
        fault = self.faults.take(at="zoom", operation=operation, kinds=kinds)
        kind = None if fault is None else fault.kind
        if fault is not None and kind == "status":
            return _refusal(told_to_fail(fault.status))
        if kind == "refuse":
            await drop(request)
            return Response(None, status_code=500)
        if fault is not None and kind == "hang":
            await self.faults.hold(fault)
        answer = self._worked(request, work, token=token)
        if kind == "drop_answer":
            await drop(request)
        return answer

    def _worked(self, request: AnyRequest, work: Callable[[], Answer], *, token: bool) -> Answer:
        try:
            with self.store.transaction():
                if token:
                    self.tokens.check(request.headers.get("authorization"))
                return work()
        except ZoomRefusal as refusal:
            return _refusal(refusal)


def zoom_routes(desk: ZoomDesk) -> Router:
    """All of Zoom's endpoints that the sandbox speaks."""
    handlers: list[Any] = [*_account_routes(desk), *_meeting_routes(desk), *_pages(desk)]
    return Router("/zoom", route_handlers=handlers)


def _account_routes(desk: ZoomDesk) -> list[Any]:
    @post("/oauth/token", status_code=200)
    async def token(request: Request[Any, Any, Any]) -> Response[Any]:
        given = {**_form(await request.body()), **_form(request.scope["query_string"])}
        authorization = request.headers.get("authorization")

        def work() -> Answer:
            grant, account = given.get("grant_type"), given.get("account_id")
            return Response(desk.tokens.issue(authorization=authorization, grant_type=grant, account_id=account))

        return await desk.answer(request, "oauth.token", work, token=False)

    @get("/v2/users/{user:str}")
    async def user(request: Request[Any, Any, Any], user: FromPath[str]) -> Response[Any]:
        return await desk.answer(request, "users.get", lambda: Response(_user(_host(user))))

    return [token, user]


def _meeting_routes(desk: ZoomDesk) -> list[Any]:
    @post("/v2/users/{user:str}/meetings")
    async def create(request: Request[Any, Any, Any], user: FromPath[str]) -> Response[Any]:
        body = await request.body()

        def work() -> Answer:
            return Response(desk.meetings.create(_host(user), _json(body)), status_code=201)

        return await desk.answer(request, "meetings.create", work)

    @get("/v2/users/{user:str}/meetings")
    async def list_meetings(
        request: Request[Any, Any, Any],
        user: FromPath[str],
        page_size: FromQuery[int] = 30,
        next_page_token: FromQuery[str] = "",
    ) -> Response[Any]:
        def work() -> Answer:
            return Response(_page(desk.meetings.of_host(_host(user)), size=page_size, token=next_page_token))

        return await desk.answer(request, "meetings.list", work)

    @get("/v2/meetings/{number:str}")
    async def read(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
        return await desk.answer(request, "meetings.get", lambda: Response(desk.meetings.get(_number(number))))

    @patch("/v2/meetings/{number:str}", status_code=200)
    async def update(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
        body = await request.body()

        def work() -> Answer:
            desk.meetings.update(_number(number), _json(body))
            return Response(None, status_code=204)

        return await desk.answer(request, "meetings.update", work)

    @delete("/v2/meetings/{number:str}", status_code=200)
    async def remove(request: Request[Any, Any, Any], number: FromPath[str]) -> Response[Any]:
        def work() -> Answer:
            desk.meetings.delete(_number(number))
            return Response(None, status_code=204)

        return await desk.answer(request, "meetings.delete", work)

    return [create, list_meetings, read, update, remove]


def _pages(desk: ZoomDesk) -> list[Any]:
    @get("/meetings")
    async def overview() -> Response[Any]:
        return Response(desk.meetings.overview())

    @get("/j/{number:str}", media_type="text/html")
    async def join(number: FromPath[str]) -> Response[Any]:
        return _meeting_page(desk, number, role="joined")

    @get("/s/{number:str}", media_type="text/html")
    async def start(number: FromPath[str], zak: FromQuery[str] = "") -> Response[Any]:
        expires = zak.partition(".")[0]
        if not _DIGITS.fullmatch(expires) or int(expires) < clock.now():
            return _text_page("This start link has expired. Fetch a new one.", status=410)
        return _meeting_page(desk, number, role="started")

    return [overview, join, start]


def _meeting_page(desk: ZoomDesk, number: str, *, role: str) -> Answer:
    try:
        meeting = desk.meetings.get(_number(number))
    except ZoomRefusal as refusal:
        return _text_page(str(refusal), status=404)
    text = f"You have {role} the sandbox meeting “{meeting['topic']}”, {meeting['start_time']}."
    return _text_page(text, status=200)


def _text_page(text: str, *, status: int) -> Answer:
    page = f"<!doctype html><meta charset=utf-8><title>Sandbox meeting</title><p>{html.escape(text)}</p>"
    return Response(page, status_code=status, media_type="text/html")


def _refusal(refusal: ZoomRefusal) -> Answer:
    return Response(refusal.body, status_code=refusal.status, headers=refusal.headers)


def _user(host: str) -> Document:
    return {
        "id": host_id(host),
        "email": host,
        "first_name": host.partition("@")[0],
        "last_name": "",
        "type": 2,
        "status": "active",
    }


def _host(user: str) -> str:
    if user == "me":
        return "owner@sandbox.invalid"
    if "@" not in user:
        raise refused(404, 1001, f"User does not exist: {user}.")
    return user.lower()


def _number(text: str) -> str:
    if not _DIGITS.fullmatch(text):
        raise unknown_meeting(text)
    return text


def _json(body: bytes) -> dict[str, Any]:
    try:
        given = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused(400, 300, "Request Body should be a valid JSON object.") from error
    if not isinstance(given, dict):
        raise refused(400, 300, "Request Body should be a valid JSON object.")
    return given


def _form(text: bytes) -> dict[str, Any]:
    try:
        return parse_form(text.decode())
    except (MalformedForm, UnicodeDecodeError):
        return {}


def _page(meetings: list[Document], *, size: int, token: str) -> Document:
    if not 1 <= size <= 300:
        raise invalid_field("page_size", "The value must be between 1 and 300.")
    begin = int(token) if _DIGITS.fullmatch(token) else 0
    following = str(begin + size) if begin + size < len(meetings) else ""
    return {
        "page_size": size,
        "total_records": len(meetings),
        "next_page_token": following,
        "meetings": meetings[begin : begin + size],
    }
