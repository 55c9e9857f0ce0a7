"""Running a sandbox: as a program until it is told to stop, or in a thread for tests."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn

from consulting.entrypoints.sandbox.app import Sandbox, create_app, open_sandbox
from consulting.entrypoints.sandbox.connections import DroppableConnection
from consulting.entrypoints.sandbox.mail import inbox_connections
from consulting.entrypoints.sandbox.options import HOST, Ports, SandboxOptions
from consulting.entrypoints.sandbox.stripe.settlement import settle_for_ever

_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 15.0


def run(options: SandboxOptions, *, on_ready: Callable[[Ports], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then closes cleanly.

    `on_ready` is called once requests are taken; by then `ports.json` in the folder says where. Raises OSError if a
    port is in use or the folder can't be written.
    """
    asyncio.run(_until_signalled(options, on_ready))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSandbox:
    """A sandbox that runs in a thread of this process."""

    ports: Ports
    folder: Path

    @property
    def url(self) -> str:
        """The base address of everything over HTTP."""
        return self.ports.url

    @property
    def smtp_port(self) -> int:
        """Where mails are taken on 127.0.0.1."""
        return self.ports.smtp_port


@contextmanager
def running_sandbox(options: SandboxOptions) -> Iterator[RunningSandbox]:
    """Run a sandbox in a thread of its own for as long as the block lasts. Raises what kept it from starting."""
    thread = _SandboxThread(options)
    thread.start()
    try:
        yield RunningSandbox(ports=thread.ready_ports(), folder=options.folder)
    finally:
        thread.stop()


class _SandboxThread(threading.Thread):
    """A sandbox with a loop of its own."""

    def __init__(self, options: SandboxOptions) -> None:
        super().__init__(name="sandbox", daemon=True)
        self._options = options
        self._settled = threading.Event()
        self._ports: Ports | None = None
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_event: asyncio.Event | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - it is raised where the block is entered
            self._failure = error
        finally:
            self._settled.set()

    async def _serve(self) -> None:
        self._loop, self._stop_event = asyncio.get_running_loop(), asyncio.Event()
        await serve(self._options, on_ready=self._note_ports, stop=self._stop_event)

    def _note_ports(self, ports: Ports) -> None:
        self._ports = ports
        self._settled.set()

    def ready_ports(self) -> Ports:
        self._settled.wait(_START_SECONDS)
        if self._ports is None:
            raise self._failure or TimeoutError("the sandbox did not start")
        return self._ports

    def stop(self) -> None:
        if self._loop is not None and self._stop_event is not None and self.is_alive():
            self._loop.call_soon_threadsafe(self._stop_event.set)
        self.join(_STOP_SECONDS)


async def serve(options: SandboxOptions, *, on_ready: Callable[[Ports], None] | None, stop: asyncio.Event) -> None:
    """Serve in the running loop until `stop` is set."""
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "ports.json").unlink(missing_ok=True)  # a killed run's ports are nobody's now
    with _listening(options.port) as http, _listening(options.smtp_port) as smtp:
        ports = Ports(port=http.getsockname()[1], smtp_port=smtp.getsockname()[1])
        sandbox = open_sandbox(options, ports)
        try:
            await _serve_all(sandbox, http, smtp, on_ready=on_ready, stop=stop)
        finally:
            sandbox.store.close()


async def _serve_all(
    sandbox: Sandbox,
    http: socket.socket,
    smtp: socket.socket,
    *,
    on_ready: Callable[[Ports], None] | None,
    stop: asyncio.Event,
) -> None:
    loop = asyncio.get_running_loop()
    web = _WebServer(_web_settings(sandbox))
    mails = await loop.create_server(inbox_connections(store=sandbox.store, faults=sandbox.faults), sock=smtp)
    background = [
        asyncio.create_task(sandbox.webhooks.deliver_for_ever()),
        asyncio.create_task(settle_for_ever(sandbox.books)),
    ]
    serving = asyncio.create_task(web.serve(sockets=[http]))
    try:
        await _started(web, serving)
        _write_ports(sandbox.options.folder, sandbox.ports)
        if on_ready is not None:
            on_ready(sandbox.ports)
        await asyncio.wait([asyncio.create_task(stop.wait()), *background, serving], return_when="FIRST_COMPLETED")
        _raise_failure([*background, serving])
    finally:
        sandbox.faults.close()
        web.should_exit = True
        mails.close()
        await serving
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)


class _WebServer(uvicorn.Server):
    """uvicorn's server that leaves the process's signals alone: who runs the loop says when to stop."""

    capture_signals = staticmethod(nullcontext)  # type: ignore[assignment] # a context that does nothing


def _web_settings(sandbox: Sandbox) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(sandbox),
        http=DroppableConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


async def _started(web: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    while not web.started:
        if serving.done():
            serving.result()
            raise RuntimeError("the sandbox's web server ended while it started")
        await asyncio.sleep(0.01)


def _raise_failure(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()


def _listening(port: int) -> socket.socket:
    # the protocol is named because asyncio turns Nagle's delay off (40 ms an answer) only where it is
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)  # noqa: FBT003 - the library's own signature
    return listener


def _write_ports(folder: Path, ports: Ports) -> None:
    unfinished = folder / "ports.json.new"
    unfinished.write_text(json.dumps({"url": ports.url, "port": ports.port, "smtp_port": ports.smtp_port}))
    unfinished.replace(folder / "ports.json")


async def _until_signalled(options: SandboxOptions, on_ready: Callable[[Ports], None] | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(options, on_ready=on_ready, stop=stop)
