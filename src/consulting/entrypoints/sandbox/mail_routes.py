"""`/mail` for programs, and `/` with the mails for people."""

from __future__ import annotations

import base64
from typing import Any

from litestar import Response, delete, get
from litestar.params import FromPath, FromQuery

from consulting.entrypoints.sandbox.fault_routes import plain_error
from consulting.entrypoints.sandbox.mail_page import framed, inbox_page, mail_page
from consulting.entrypoints.sandbox.options import Ports
from consulting.entrypoints.sandbox.store import Document, Store

_STRICT = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'none'"
_CAGED = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)


def mail_routes(*, store: Store, ports: Ports) -> list[Any]:
    """Return the endpoints of the inbox."""
    return [*_for_programs(store), *_for_people(store, ports)]


def _for_programs(store: Store) -> list[Any]:
    @get("/mail")
    async def list_mails(to: FromQuery[str | None] = None) -> dict[str, list[Document]]:
        return {"mails": _mails(store, to)}

    @get("/mail/{mail_id:str}")
    async def read_mail(mail_id: FromPath[str]) -> Response[Any]:
        mail = store.find("mail", mail_id)
        return plain_error(404, "MAIL_NOT_FOUND", f"No such mail: {mail_id}") if mail is None else Response(mail)

    @delete("/mail")
    async def clear_mails() -> None:
        with store.transaction():
            store.remove_all("mail")
            store.remove_all("mail_source")

    return [list_mails, read_mail, clear_mails]


def _for_people(store: Store, ports: Ports) -> list[Any]:
    @get("/", media_type="text/html")
    async def inbox(to: FromQuery[str | None] = None) -> Response[Any]:
        return _page(inbox_page(_mails(store, to), ports=ports, to=to))

    @get("/inbox/{mail_id:str}", media_type="text/html")
    async def mail(mail_id: FromPath[str]) -> Response[Any]:
        found = store.find("mail", mail_id)
        return _page(mail_page(found), status=200 if found is not None else 404)

    @get("/inbox/{mail_id:str}/html", media_type="text/html")
    async def markup(mail_id: FromPath[str]) -> Response[Any]:
        found = store.find("mail", mail_id)
        headers = {"Content-Security-Policy": _CAGED, "X-Content-Type-Options": "nosniff"}
        return Response(framed(found), media_type="text/html", headers=headers, status_code=200 if found else 404)

    @get("/inbox/{mail_id:str}/attachments/{place:int}")
    async def attachment(mail_id: FromPath[str], place: FromPath[int]) -> Response[Any]:
        found = store.find("mail", mail_id)
        if found is None or not 0 <= place < len(found["attachments"]):
            return plain_error(404, "ATTACHMENT_NOT_FOUND", "No such attachment.")
        return _download(found["attachments"][place]["content"], name=f"attachment-{place}")

    @get("/inbox/{mail_id:str}/source")
    async def source(mail_id: FromPath[str]) -> Response[Any]:
        found = store.find("mail_source", mail_id)
        if found is None:
            return plain_error(404, "MAIL_NOT_FOUND", f"No such mail: {mail_id}")
        return _download(found["content"], name="mail.eml")

    return [inbox, mail, markup, attachment, source]


def _mails(store: Store, to: str | None) -> list[Document]:
    mails = store.newest_first("mail")
    if to is None or not to.strip():
        return mails
    wanted = to.strip().lower()
    return [mail for mail in mails if wanted in (address.lower() for address in mail["to"])]


def _page(page: str, *, status: int = 200) -> Response[Any]:
    headers = {"Content-Security-Policy": _STRICT, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(page, media_type="text/html", headers=headers, status_code=status)


def _download(content: str, *, name: str) -> Response[Any]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(base64.b64decode(content), media_type="application/octet-stream", headers=headers)
