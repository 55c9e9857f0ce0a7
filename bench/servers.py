"""The servers that are measured, each in a process of its own on 127.0.0.1."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import httpx
import psutil

from bench.limit import CONNECTIONS
from consulting.entrypoints.settings import Mode, Settings, load_settings
from consulting.entrypoints.supervisor.ports import free_port

READY_SECONDS: Final = 30.0
HOST: Final = "127.0.0.1"
TOLD: Final = 5_000
"""How many bytes of what a server said last are shown when the bench breaks off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers on this port."""

    port: int
    process: psutil.Process

    def used(self) -> float:
        """Give the CPU seconds that it has used, its children included."""
        times = [each.cpu_times() for each in (self.process, *self.process.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    def memory(self) -> int:
        """Give the bytes that are its own, its children's included."""
        family = (self.process, *self.process.children(recursive=True))
        return sum(each.memory_full_info().uss for each in family)


def settings_of_ours(*, home: Path, database_url: str) -> dict[str, str]:
    """Give what the product is told: one process and as many connections as the limit has, and ports of its own."""
    return {
        "CONSULTING_MODE": "sandbox",
        "CONSULTING_HOME": str(home),
        "CONSULTING_DATABASE_URL": database_url,
        "CONSULTING_PORT": str(free_port(host=HOST)),
        "CONSULTING_SANDBOX_PORT": str(free_port(host=HOST)),
        "CONSULTING_SANDBOX_SMTP_PORT": str(free_port(host=HOST)),
        "CONSULTING_PROCESSES": "1",
        "CONSULTING_THREADS": str(CONNECTIONS),
    }


def loaded(environ: Mapping[str, str]) -> Settings:
    """Read these settings as the product does."""
    return load_settings(environ, mode=Mode.SANDBOX)


@contextmanager
def running_api(environ: Mapping[str, str]) -> Iterator[Server]:
    """Run the product's API."""
    with _running("-P", "-m", "consulting.entrypoints.cli", "serve", environ=environ) as process:
        yield _ready(process, int(environ["CONSULTING_PORT"]), "/health/live")


@contextmanager
def running_sandbox(environ: Mapping[str, str]) -> Iterator[Server]:
    """Run the providers' stand-ins."""
    with _running("-P", "-m", "consulting.entrypoints.cli", "sandbox", environ=environ) as process:
        yield _ready(process, int(environ["CONSULTING_SANDBOX_PORT"]), "/")


@contextmanager
def running_worker(environ: Mapping[str, str]) -> Iterator[None]:
    """Run a worker; it answers nobody, so look for what it does."""
    with _running("-P", "-m", "consulting.entrypoints.cli", "worker", environ=environ):
        yield


@contextmanager
def running_limit(database_url: str) -> Iterator[Server]:
    """Run the guide's calls with nothing else."""
    port = free_port(host=HOST)
    with _running("-m", "bench.limit", database_url, str(port)) as process:
        yield _ready(process, port, "/")


@contextmanager
def running_bare() -> Iterator[Server]:
    """Run the framework alone."""
    port = free_port(host=HOST)
    with _running("-m", "bench.bare", str(port)) as process:
        yield _ready(process, port, "/1")


@contextmanager
def _running(*arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[psutil.Popen]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONSULTING_")}
    with TemporaryFile() as said:  # in a file, as in production: a terminal would slow it down
        process = psutil.Popen(
            [sys.executable, *arguments], env={**inherited, **(environ or {})}, stdout=said, stderr=said
        )
        try:
            yield process
        except BaseException:
            said.seek(0)
            sys.stderr.write(said.read()[-TOLD:].decode(errors="replace"))
            raise
        finally:
            process.terminate()
            try:
                process.wait(15)
            except psutil.TimeoutExpired:
                process.kill()


def _ready(process: psutil.Popen, port: int, path: str) -> Server:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"http://{HOST}:{port}{path}", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return Server(port=port, process=psutil.Process(process.pid))
    raise subprocess.SubprocessError(f"nobody answers on port {port}")
