"""The server's end: whoever called before it is answered, also who stands in the socket's queue."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress

import uvicorn


class Server(uvicorn.Server):
    """The server, which takes everybody in who has called when it is told to stop.

    The system answers calls before the server takes them, and cuts off whoever waits still when nobody listens.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take in who has called, listen no more, and end when all are answered."""
        waiting = [call for listener in sockets or () for call in _waiting(listener)]
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        for call in waiting:
            with suppress(OSError):  # it was hung up meanwhile
                await loop.connect_accepted_socket(self._protocol, call)
        await asyncio.sleep(0)  # the event loop has others in hand, of whom the server hears only now
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        """Make what the server itself makes for each call."""
        return self.config.http_protocol_class(  # type: ignore[call-arg] # the server's protocols take these
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def _waiting(listener: socket.socket) -> Iterator[socket.socket]:
    """Take whoever stands in the queue of a socket that doesn't block."""
    while True:
        try:
            call, _ = listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        call.settimeout(0)
        yield call
