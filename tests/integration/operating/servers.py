"""Copies of a running PostgreSQL, as an operator makes them: with pg_basebackup, to stand by or to be started alone."""

from __future__ import annotations

import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psutil

from consulting.entrypoints.supervisor.ports import free_port
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from consulting.entrypoints.supervisor.processes import alive
from tests.integration.conftest import quick_place
from tests.integration.instance import eventually

HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class Copy:
    """A copy that runs, with its port."""

    server: EmbeddedPostgres
    data: Path
    port: int

    def url(self, database: str) -> str:
        return re.sub(r":\d+/", f":{self.port}/", self.server.url(database))

    def control(self, action: str, *arguments: str) -> None:
        command: list[str | Path] = [self.server.binaries["pg_ctl"], action, "-s", "-w", "-D", self.data, *arguments]
        done = self.server.account.run(command)
        assert done.returncode == 0, done.stderr + (self.data / "copy.log").read_text(errors="replace")


def kill_server(server: EmbeddedPostgres) -> None:
    """Kill -9 the server and all its processes, as a machine does that loses its power."""
    pid = int((server.folder.data() / "postmaster.pid").read_text().splitlines()[0])
    postmaster = psutil.Process(pid)
    everybody = [postmaster, *postmaster.children(recursive=True)]
    for process in everybody:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    eventually(lambda: not any(alive(process.pid) for process in everybody))


@contextmanager
def copy_of(server: EmbeddedPostgres, *, standby: bool) -> Iterator[Copy]:
    """Copy a running server with pg_basebackup, and start the copy."""
    parent = Path(tempfile.mkdtemp(prefix="copy-", dir=quick_place()))
    parent.chmod(0o711)
    data = parent / "data"
    data.mkdir(mode=0o700)
    server.account.own(data)
    copy = Copy(server, data, free_port(host=HOST))
    follow = ["-R"] if standby else []
    made = server.account.run(
        [
            server.binaries["pg_basebackup"],
            "-d",
            server.url("postgres"),
            "-D",
            data,
            "-X",
            "stream",
            "-c",
            "fast",
            *follow,
        ]
    )
    assert made.returncode == 0, made.stderr
    options = f"-c port={copy.port} -c listen_addresses={HOST} -c unix_socket_directories='' -c max_connections=200"
    try:
        copy.control("start", "-l", str(data / "copy.log"), "-o", options)
        yield copy
    finally:
        with suppress(AssertionError, FileNotFoundError):
            copy.control("stop", "-m", "immediate")
        shutil.rmtree(parent, ignore_errors=True)


def address(url: str) -> str:
    """Give host and port of a URL."""
    return urlsplit(url).netloc.rpartition("@")[2]
