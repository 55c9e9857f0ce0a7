"""The API: one listening socket, and several processes on it."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable, Coroutine
from datetime import timedelta
from tempfile import TemporaryDirectory

from consulting.entrypoints.console import complain
from consulting.entrypoints.settings import Settings, process_environment
from consulting.entrypoints.supervisor.child import Child
from consulting.entrypoints.supervisor.children import Children, told_to_renew, told_to_stop
from consulting.entrypoints.supervisor.lifeline import Lifeline
from consulting.entrypoints.supervisor.ports import listening

PAUSE_SECONDS = 0.1
MEASUREMENTS = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client when a process imports it
GRACEFUL_SECONDS = 5
GIVEN_UP_SECONDS = 12.0  # as long as processes of an API that was killed may need to give its port up


def serve(settings: Settings) -> None:
    """Serve in several processes until told to stop; one that ends is replaced. Raises CannotStart.

    SIGUSR1 has all of them replaced, one after the other, by processes of the program as it is installed then.
    """
    listener = listening(settings.port, host=settings.host, variable="CONSULTING_PORT", wait_seconds=GIVEN_UP_SECONDS)
    children = Children(say=complain)
    with (
        told_to_stop() as stop,
        told_to_renew() as renew,
        listener,
        TemporaryDirectory(prefix="consulting-metrics-") as shared,
    ):
        try:
            for child in _processes(settings, listener, measurements=shared):
                children.add(child)
            while not stop.wait(PAUSE_SECONDS):
                if renew.is_set():
                    renew.clear()
                    children.renew(stop=stop)
                children.tend()
        finally:
            listener.close()  # from here on nobody new is let in
            children.stop()


def serve_on(settings: Settings, *, listener: socket.socket, announce: int | None = None) -> None:
    """Serve in this process, on a socket that listens already, until told to stop.

    `announce` is the end of a pipe on which to say that requests are answered now.
    """
    gc.disable()  # nothing of what is loaded now is ever garbage, and looking for some is a fifth of the start
    # The product is imported late, so that whoever only supervises stays small.
    import uvicorn  # noqa: PLC0415

    from consulting.entrypoints.container import build_container  # noqa: PLC0415
    from consulting.entrypoints.http.answer_headers import answer_headers  # noqa: PLC0415
    from consulting.entrypoints.http.app import create_app  # noqa: PLC0415
    from consulting.entrypoints.http.last_callers import Server  # noqa: PLC0415
    from consulting.entrypoints.http.unreadable import reading_protocol  # noqa: PLC0415

    container = build_container(settings)
    app = create_app(container)
    gc.collect()
    gc.freeze()  # what is there by now stays; each look through it for garbage would hold up all requests
    gc.enable()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=reading_protocol(
            container.identities(), answer_headers(settings), patience=timedelta(seconds=settings.request_seconds)
        ),
        timeout_keep_alive=settings.keep_alive_seconds,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        callback_notify=_announcement(announce),
    )
    Server(config).run(sockets=[listener])


def _announcement(write_end: int | None) -> Callable[[], Coroutine[None, None, None]] | None:
    """Give what the server calls when it begins to answer, and from time to time after that; once is enough."""
    if write_end is None:
        return None
    unsaid = [write_end]

    async def announce() -> None:
        while unsaid:
            os.write(unsaid[0], b"!")
            os.close(unsaid.pop())

    return announce


def _processes(settings: Settings, listener: socket.socket, *, measurements: str) -> list[Child]:
    lifeline = Lifeline()
    environ = {
        **process_environment(),
        "CONSULTING_DATABASE_URL": settings.database_url,
        MEASUREMENTS: measurements,  # the processes count together, so that whichever is asked tells of all
    }
    socket_number = listener.fileno()
    return [
        Child(
            name=f"API process {number} of {settings.processes}",
            arguments=["serve", "--socket", str(socket_number)],
            environ=environ,
            lifeline=lifeline,
            sockets=[socket_number],
            announces=True,
        )
        for number in range(1, settings.processes + 1)
    ]
