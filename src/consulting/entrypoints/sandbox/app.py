"""The HTTP side of the sandbox: everything on one port."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any, Final

from litestar import Litestar, Request, Response, get
from litestar.config.cors import CORSConfig
from litestar.exceptions import HTTPException

from consulting.entrypoints.sandbox.fault_routes import fault_routes, plain_error
from consulting.entrypoints.sandbox.faults import FaultBoard
from consulting.entrypoints.sandbox.identifiers import new_id
from consulting.entrypoints.sandbox.mail_routes import mail_routes
from consulting.entrypoints.sandbox.options import Ports, SandboxOptions
from consulting.entrypoints.sandbox.store import Store
from consulting.entrypoints.sandbox.stripe.books import Books
from consulting.entrypoints.sandbox.stripe.desk import StripeDesk, answer
from consulting.entrypoints.sandbox.stripe.routes import stripe_routes
from consulting.entrypoints.sandbox.stripe.told import told_routes
from consulting.entrypoints.sandbox.webhooks import Webhooks
from consulting.entrypoints.sandbox.zoom.meetings import ZoomMeetings
from consulting.entrypoints.sandbox.zoom.oauth import ZoomTokens
from consulting.entrypoints.sandbox.zoom.routes import ZoomDesk, zoom_routes

_log: Final = logging.getLogger(__name__)
_LOCAL_ORIGINS: Final = r"http://(localhost|127\.0\.0\.1)(:\d+)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The parts of one sandbox."""

    options: SandboxOptions
    ports: Ports
    store: Store
    faults: FaultBoard
    webhooks: Webhooks
    books: Books


def open_sandbox(options: SandboxOptions, ports: Ports) -> Sandbox:
    """Open the store in the options' folder and puts the parts together."""
    store, faults = Store(options.folder / "sandbox.sqlite3"), FaultBoard()
    webhooks = Webhooks(store=store, faults=faults, options=options)
    books = Books(store=store, faults=faults, webhooks=webhooks, options=options)
    return Sandbox(options=options, ports=ports, store=store, faults=faults, webhooks=webhooks, books=books)


def create_app(sandbox: Sandbox) -> Litestar:
    """Return the application of a sandbox."""
    store, options, ports = sandbox.store, sandbox.options, sandbox.ports
    zoom = ZoomDesk(
        store=store,
        faults=sandbox.faults,
        tokens=ZoomTokens(store=store, options=options),
        meetings=ZoomMeetings(store=store, options=options, base_url=ports.url),
    )

    @get("/health")
    async def health() -> dict[str, Any]:
        return {"status": "ok", "smtp_port": ports.smtp_port}

    handlers: list[Any] = [
        health,
        fault_routes(sandbox.faults),
        *mail_routes(store=store, ports=ports),
        zoom_routes(zoom),
        stripe_routes(StripeDesk(sandbox.books)),
        told_routes(sandbox.books),
    ]
    return Litestar(
        handlers,
        openapi_config=None,
        logging_config=None,
        cors_config=_cors(options),
        exception_handlers={HTTPException: _refused, Exception: _broken},
    )


def _cors(options: SandboxOptions) -> CORSConfig:
    """Browsers of this machine may call, as they call Stripe; their requests carry no cookies."""
    exposed = ["Request-Id", "Idempotent-Replayed"]
    if options.allowed_origins:
        return CORSConfig(allow_origins=list(options.allowed_origins), expose_headers=exposed)
    return CORSConfig(allow_origins=[], allow_origin_regex=_LOCAL_ORIGINS, expose_headers=exposed)


def _refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    path, method, status = request.url.path, request.method, error.status_code
    if path.startswith("/stripe/"):
        message = (
            f"Unrecognized request URL ({method}: {path.removeprefix('/stripe')})." if status == 404 else error.detail
        )
        body = {"error": {"message": message, "type": "invalid_request_error"}}
        return answer(status, body, request_id=new_id("req"))
    if path.startswith("/zoom/"):
        return Response({"code": 2300 if status == 404 else 300, "message": error.detail}, status_code=status)
    return plain_error(status, "NOT_FOUND" if status == 404 else "REQUEST_INVALID", error.detail)


def _broken(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    body = {"error": {"code": "SANDBOX_BROKEN", "message": "The sandbox has a fault of its own.", "details": {}}}
    return Response(json.dumps(body).encode(), status_code=500, media_type="application/json")
