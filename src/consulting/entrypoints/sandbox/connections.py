"""Closing a client's connection without an answer, as a provider does that dies in the middle of a request."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

AnyRequest = Request[Any, Any, Any]


class DroppableConnection(HttpToolsProtocol):
    """uvicorn's HTTP connection, which also shows its transport to the application as `scope["state"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it too
        """Remembers the transport for each request of this connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


async def drop(request: AnyRequest) -> None:
    """Reset the request's connection; whatever is answered afterwards reaches nobody."""
    request.scope["state"]["transport"].abort()
    # the server notices the loss in the loop's next rounds; an answer before that would be an error of its own
    await asyncio.sleep(0.01)
