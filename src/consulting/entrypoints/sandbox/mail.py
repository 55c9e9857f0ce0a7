"""The SMTP inbox: takes every mail, keeps it as it came and as it reads."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, Final, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.faults import Fault, FaultBoard
from consulting.entrypoints.sandbox.identifiers import new_id
from consulting.entrypoints.sandbox.store import Document, Store

_LARGEST: Final = 25 * 1024 * 1024


def as_json(message: EmailMessage, *, sender: str, recipients: list[str]) -> Document:
    """Return a mail as `GET /mail` shows it. `to` is whom it was delivered to, hidden recipients included."""
    text, markup = message.get_body(("plain",)), message.get_body(("html",))
    bodies = [part for part in (text, markup) if part is not None]
    others = [part for part in message.walk() if not part.is_multipart() and not any(part is body for body in bodies)]
    return {
        "from": _clean(_address(message) or sender),
        "to": [_clean(recipient) for recipient in recipients],
        "subject": _clean(str(message.get("subject", ""))),
        "text": "" if text is None else _text(text),
        "html": "" if markup is None else _text(markup),
        "attachments": [_attachment(part) for part in others],
        "headers": {_clean(name.lower()): _clean(str(value)) for name, value in message.items()},
    }


class Inbox:
    """aiosmtpd's handler: keeps mails, or misbehaves as the faults want it."""

    def __init__(self, *, store: Store, faults: FaultBoard) -> None:
        self._store = store
        self._faults = faults

    def fault(self, operation: str) -> Fault | None:
        """Return the fault that strikes this step of a delivery, if one does."""
        return self._faults.take(at="smtp", operation=operation, kinds=("refuse", "hang", "drop_answer"))

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient."""
        fault = self.fault("rcpt")
        if fault is not None:
            if fault.kind == "hang":
                await self._faults.hold(fault)
            elif fault.kind == "refuse" and fault.value is not None:
                return _reply(fault, f"<{address}> was refused")
            else:
                _abort(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail; it is kept before the answer says so."""
        fault = self.fault("data")
        if fault is not None and fault.kind == "hang":
            await self._faults.hold(fault)
        if fault is not None and fault.kind == "refuse":
            if fault.value is None:
                _abort(server)
            return _reply(fault, "The mail was refused")
        self._keep(envelope)
        if fault is not None and fault.kind == "drop_answer":
            _abort(server)
        return "250 OK"

    def _keep(self, envelope: Envelope) -> None:
        raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        message = message_from_bytes(raw, policy=policy.default)
        mail = as_json(message, sender=envelope.mail_from or "", recipients=list(envelope.rcpt_tos))
        key = new_id("mail")
        source = base64.b64encode(raw).decode()
        self._store.put("mail", key, {"id": key, **mail, "received_at": clock.written(clock.now())})
        self._store.put("mail_source", key, {"content": source})


class InboxConnection(SMTP):
    """One SMTP connection; it can refuse to begin. Any login is accepted."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(
            inbox,
            hostname="sandbox",
            ident="consulting sandbox",
            enable_SMTPUTF8=True,
            data_size_limit=_LARGEST,
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=True),
        )
        self._inbox = inbox

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets, unless a fault refuses the connection or answers it with a code."""
        fault = self._inbox.fault("connect")
        if fault is not None and isinstance(transport, asyncio.WriteTransport):
            if fault.value is not None and fault.kind == "refuse":
                transport.write(f"{_reply(fault, 'The connection was refused')}\r\n".encode())
                transport.close()
            else:
                transport.abort()
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Clean up what a connection that was let in has."""
        if self.transport is not None:
            super().connection_lost(error)


def inbox_connections(*, store: Store, faults: FaultBoard) -> Callable[[], InboxConnection]:
    """Make the protocol of each connection to the SMTP port."""
    inbox = Inbox(store=store, faults=faults)
    return lambda: InboxConnection(inbox)


def _reply(fault: Fault, words: str) -> str:
    code = 450 if fault.value is None else int(fault.value)
    return f"{code} {5 if code >= 500 else 4}.0.0 {words} by the sandbox"


def _abort(server: SMTP) -> None:
    cast(asyncio.WriteTransport, server.transport).abort()


def _address(message: EmailMessage) -> str:
    header = message.get("from")
    if isinstance(header, AddressHeader) and header.addresses:
        return header.addresses[0].addr_spec
    return parseaddr(str(header or ""))[1]


def _text(part: Any) -> str:
    try:
        content = part.get_content()
    except LookupError:  # a charset that nobody knows
        content = part.get_payload(decode=True).decode(errors="replace")
    return _clean(content.replace("\r\n", "\n")) if isinstance(content, str) else ""


def _clean(text: str) -> str:
    """Replace what no JSON can carry: bytes that a header claimed to be text."""
    return text.encode(errors="replace").decode()


def _attachment(part: Any) -> Document:
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else part.as_bytes()
    return {
        "filename": _clean(part.get_filename() or ""),
        "content_type": part.get_content_type(),
        "content": base64.b64encode(data).decode(),
    }
