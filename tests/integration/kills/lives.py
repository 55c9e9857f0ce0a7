"""What a process that will be killed does: what `consulting serve`, `worker` and `sandbox` do.

They are forked from one process that has imported everything, so that one who dies is replaced within a moment.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from consulting.entrypoints.container import build_container
from consulting.entrypoints.http import app
from consulting.entrypoints.logs import begin_logging
from consulting.entrypoints.sandbox import Ports, SandboxOptions
from consulting.entrypoints.sandbox import run as run_sandbox
from consulting.entrypoints.settings import Mode, load_settings
from consulting.entrypoints.supervisor.api import serve_on
from consulting.entrypoints.worker import run_worker

__all__ = ["app", "born"]


def born(
    role: str,
    *,
    environ: Mapping[str, str],
    listener: socket.socket,
    log: Path,
    sandbox: SandboxOptions | None = None,
) -> ForkServerProcess:
    """Start an API process on this socket, a worker, or a sandbox; what it says goes to the log."""
    forking = get_context("forkserver")
    forking.set_forkserver_preload([__name__])
    process = forking.Process(target=_live, args=(role, dict(environ), listener, log, sandbox), daemon=True)
    process.start()
    return process


def _live(
    role: str, environ: Mapping[str, str], listener: socket.socket, log: Path, sandbox: SandboxOptions | None
) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    if sandbox is not None:
        run_sandbox(sandbox, on_ready=_tell)
        return
    settings = load_settings(environ, mode=Mode.SANDBOX)
    begin_logging(settings)
    if role == "api":
        serve_on(settings, listener=listener)
    else:
        run_worker(build_container(settings))


def _tell(ports: Ports) -> None:
    os.write(1, f"the sandbox answers at {ports.url}\n".encode())
