"""A whole instance as a newcomer starts it: `consulting run` in a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from consulting.entrypoints.settings import Mode, Settings, load_settings
from consulting.entrypoints.tokens import issue_token

COMMAND = (sys.executable, "-P", "-m", "consulting.entrypoints.cli")
PATIENCE = 120.0
"""The seconds after which whatever was waited for hangs: a busy machine alone never takes so long."""


@dataclass
class Instance:
    """A running instance, its processes, and what it printed."""

    environ: Mapping[str, str]
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    program: Sequence[str] = COMMAND

    @property
    def url(self) -> str:
        return self._said("ready ")

    @property
    def sandbox_url(self) -> str:
        return self._said("  mail inbox ").rstrip("/")

    @property
    def settings(self) -> Settings:
        ours = {name: value for name, value in self.environ.items() if name.startswith("CONSULTING_")}
        return load_settings(ours, mode=Mode.SANDBOX)

    def token(self, user: str, **claims: Any) -> str:
        return issue_token(self.settings, user=user, email=f"{user}@clients.example", **claims)

    def client(self, user: str) -> httpx.Client:
        """Give a signed-in user's browser."""
        headers = {"Authorization": f"Bearer {self.token(user)}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE, trust_env=False)

    def processes(self, command: str) -> list[psutil.Process]:
        """List the processes below this instance's that run this command of ours."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [each for each in below if command in _arguments(each)]

    def _said(self, beginning: str) -> str:
        return next(line.removeprefix(beginning).strip() for line in self.lines if line.startswith(beginning))

    def output(self) -> str:
        logs = sorted((Path(self.environ["CONSULTING_HOME"]) / "logs").glob("*.log"))
        told = [f"{log.name}:\n{log.read_text(errors='replace')[-3000:]}" for log in logs]
        return "\n".join([*self.lines, *told])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def command(
        self, *arguments: str, seconds: float = 2 * PATIENCE, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run another command of ours against this instance."""
        return subprocess.run(
            [*self.program, *arguments],
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


@contextmanager
def running_instance(home: Path, *, program: Sequence[str] = COMMAND, **settings: str) -> Iterator[Instance]:
    """Start an instance and wait until it says that it is ready; stop it at the end, by force if need be."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CONSULTING_")},
        "CONSULTING_HOME": str(home),
        "CONSULTING_PORT": "0",
        "CONSULTING_SANDBOX_PORT": "0",
        "CONSULTING_PROCESSES": "2",
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    process = subprocess.Popen(
        [*program, "run"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    instance = Instance(environ=environ, process=process, program=program)
    reader = threading.Thread(target=_read, args=[instance], daemon=True)
    reader.start()
    try:
        eventually(lambda: _ready(instance), seconds=2 * PATIENCE, told=instance.output)
        yield instance
    finally:
        if process.poll() is None:
            instance.stop()
        reader.join(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def eventually(true: Callable[[], object], *, seconds: float = PATIENCE, told: Callable[[], object] = str) -> None:
    """Wait until it is so; fail, with what is told then, if it doesn't become so in time."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, told()
        time.sleep(0.05)


def insisting(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask again while the answer is 503, as it is when the machine has too much to do: nothing was done then."""
    until = time.monotonic() + PATIENCE
    while (answer := ask()).status_code == 503 and time.monotonic() < until:
        time.sleep(float(answer.headers["Retry-After"]))
    return answer


def _ready(instance: Instance) -> bool:
    assert instance.process.poll() is None, instance.output()
    return any("mail inbox" in line for line in instance.lines)


def _read(instance: Instance) -> None:
    assert instance.process.stdout is not None
    for line in instance.process.stdout:
        instance.lines.append(line.rstrip())


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
