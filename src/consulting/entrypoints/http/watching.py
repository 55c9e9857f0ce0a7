"""Who may look inside: at the measurements, and at what exactly isn't ready."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from consulting.application.callers import Caller
from consulting.entrypoints.http.access import admitted
from consulting.entrypoints.settings import Mode, Settings

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
_WATCHING: Final = "watching"

Connection = ASGIConnection[Any, Caller | None, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchers:
    """Those with the token of CONSULTING_METRICS_TOKEN, and in the sandbox whoever is on this machine."""

    token: str = field(repr=False)
    sandbox: bool

    def may_watch(self, scope: Scope) -> bool:
        """Tell whether this request comes from one of them."""
        return self.has_token(scope) or (self.sandbox and (scope.get("client") or ("", 0))[0] in _LOOPBACK)

    def may_see_checks(self, scope: Scope) -> bool:
        """Tell whether the request may be told what isn't ready; in the sandbox that is no secret."""
        return self.sandbox or self.has_token(scope)

    def has_token(self, scope: Scope) -> bool:
        """Tell whether the request brings the token."""
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        wanted = f"Bearer {self.token}".encode()
        return bool(self.token) and len(given) == 1 and hmac.compare_digest(given[0], wanted)


def may_watch(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let watchers pass, and whoever else the table of access lets in."""
    if not connection.scope["state"].get(_WATCHING):
        admitted(connection, handler)


class WithoutWatchersToken:
    """Hides the watchers' token from whoever recognizes users: it is none of theirs."""

    def __init__(self, app: ASGIApp, *, watchers: Watchers) -> None:
        """Wrap an application."""
        self._app, self._watchers = app, watchers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on, without the header where it is the watchers' token."""
        scope["state"][_WATCHING] = self._watchers.may_watch(scope)
        if self._watchers.has_token(scope):
            scope["headers"] = [each for each in scope["headers"] if each[0] != b"authorization"]
        await self._app(scope, receive, send)


def watchers_of(settings: Settings) -> Watchers:
    """Set up who may look inside."""
    return Watchers(token=settings.metrics_token, sandbox=settings.mode is Mode.SANDBOX)
