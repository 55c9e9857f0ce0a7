"""One command of ours in a process of its own."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path

from consulting.entrypoints.supervisor.lifeline import Lifeline

COMMAND = (sys.executable, "-P", "-m", "consulting.entrypoints.cli")
LOG_BYTES = 5_000_000


@dataclass(slots=True, kw_only=True)
class Child:
    """One command of ours in a process of its own. With no log its output goes where ours goes.

    One that `announces` says over a pipe when it is at work; `announced` is our end of it.
    """

    name: str
    arguments: Sequence[str]
    environ: Mapping[str, str]
    lifeline: Lifeline
    log: Path | None = None
    sockets: Sequence[int] = ()
    command: Sequence[str] = COMMAND
    announces: bool = False
    announced: int | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process in a group of its own, so that a terminal's Ctrl-C reaches its supervisor alone."""
        output = self._open_log() if self.log else None
        pipe = self._open_announcement()
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [*self.command, *self.arguments, *self.lifeline.arguments(), *(f"--announce={end}" for end in pipe)],
            env=dict(self.environ),
            pass_fds=[self.lifeline.read_end, *self.sockets, *pipe],
            process_group=0,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        if output is not None:
            output.close()
        for end in pipe:
            os.close(end)

    def successor(self) -> Child:
        """Give another one like it, not yet started."""
        return replace(self, process=None, announced=None)

    def has_begun(self, *, seconds: float) -> bool | None:
        """Wait so long for the word that it is at work; False if it ended without, None if nothing was said yet."""
        if self.announced is None or not select.select([self.announced], [], [], seconds)[0]:
            return None
        return bool(os.read(self.announced, 1))

    def ended(self) -> int | None:
        """Return the status that the process ended with, or None while it runs."""
        return self.process.poll() if self.process else None

    def ask_to_stop(self) -> None:
        """Ask the process to end in good order."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for the process to end, and end it by force after this time."""
        if self.process:
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def last_words(self) -> str:
        """Return the last line that the process wrote, and where to read the rest."""
        if self.log is None:
            return "what it said stands above"
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        last = lines[-1].removeprefix("consulting: ") if lines else "it said nothing"
        return f"{last} (its log: {self.log})"

    def _open_announcement(self) -> Sequence[int]:
        """Open a pipe for the process to say that it is at work; give the end that it gets, if there is one."""
        if self.announced is not None:
            os.close(self.announced)
        if not self.announces:
            return ()
        self.announced, write_end = os.pipe()
        return (write_end,)

    def _open_log(self) -> FileIO:
        assert self.log
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        return FileIO(self.log, "a")
