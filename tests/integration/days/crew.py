"""Two worker processes, one of which is killed -9 every few seconds; another one takes its place at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.integration.instance import eventually

WORKERS = 2
LIFE = (1.5, 3.5)
"""How many seconds pass between one kill and the next, besides those that the next worker needs to begin."""

BEGIN_SECONDS = 30.0


@dataclass
class Crew:
    """The workers of one day, and how many were killed so far."""

    environ: Mapping[str, str]
    clock_file: Path
    log: Path
    random: Random
    killed: int = 0
    _working: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        while len(self._working) < WORKERS:
            self._working.append(self._another())

    def kill_next(self) -> None:
        """Kill the one that has lived longest, whatever it has in hand, once the other is at work; start another."""
        eventually(lambda: all(self._begun(each) for each in self._working), seconds=BEGIN_SECONDS)
        victim = self._working.pop(0)
        assert victim.poll() is None, f"a worker ended by itself, see {self.log}"
        victim.kill()
        victim.wait(10)
        self.killed += 1
        self.start()

    @contextmanager
    def being_killed(self) -> Iterator[None]:
        """Kill one after the other for as long as the block lasts."""
        stop = threading.Event()
        killer = threading.Thread(target=self._kill_until, args=[stop], name="killer")
        killer.start()
        try:
            yield
        finally:
            stop.set()
            killer.join(20)

    def stop(self) -> None:
        """Ask them to end; one that was about to begin may not have learnt yet how to do that well."""
        for worker in self._working:
            worker.terminate()
        for worker in self._working:
            ended = worker.wait(30)
            assert ended in {0, -signal.SIGTERM}, f"a worker did not end well ({ended}), see {self.log}"

    def abandon(self) -> None:
        """End whatever still works, without waiting for it to finish."""
        for worker in self._working:
            if worker.poll() is None:
                worker.kill()
                worker.wait(10)

    def _kill_until(self, stop: threading.Event) -> None:
        while not stop.wait(self.random.uniform(*LIFE)):
            self.kill_next()

    def _begun(self, worker: subprocess.Popen[bytes]) -> bool:
        return f":{worker.pid}:" in self.log.read_text()

    def _another(self) -> subprocess.Popen[bytes]:
        command = (sys.executable, "-P", "-m", "tests.integration.days.hasty_worker", str(self.clock_file))
        root = Path(__file__).parents[3]
        environ = {**os.environ, **self.environ, "PYTHONPATH": str(root)}
        with self.log.open("ab") as log:
            return subprocess.Popen(command, cwd=root, env=environ, stdout=log, stderr=log)
