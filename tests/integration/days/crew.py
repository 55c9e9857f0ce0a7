"""Two worker processes, one of which is killed -9 every few seconds; another one takes its place at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random

from tests.integration.days.hasty_worker import born
from tests.integration.instance import PATIENCE, eventually

WORKERS = 2
LIFE = (1.5, 3.5)
"""How many seconds pass between one kill and the next, besides those that the next worker needs to begin."""


@dataclass
class Crew:
    """The workers of one day, and how many were killed so far."""

    environ: Mapping[str, str]
    clock_file: Path
    log: Path
    random: Random
    killed: int = 0
    _working: list[ForkServerProcess] = field(default_factory=list)

    def start(self) -> None:
        while len(self._working) < WORKERS:
            self._working.append(self._another())

    def kill_next(self) -> None:
        """Kill the one that has lived longest, whatever it has in hand, once the other is at work; start another."""
        eventually(lambda: all(self._begun(each) for each in self._working))
        victim = self._working.pop(0)
        assert victim.is_alive(), f"a worker ended by itself, see {self.log}"
        victim.kill()
        victim.join(10)
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
            killer.join(2 * PATIENCE)
            assert not killer.is_alive()

    def stop(self) -> None:
        """Ask them to end; one that was about to begin may not have learnt yet how to do that well."""
        for worker in self._working:
            worker.terminate()
        for worker in self._working:
            worker.join(PATIENCE)
            assert worker.exitcode in {0, -signal.SIGTERM}, f"a worker did not end well: {worker}, see {self.log}"

    def abandon(self) -> None:
        """End whatever still works, without waiting for it to finish."""
        for worker in self._working:
            if worker.is_alive():
                worker.kill()
                worker.join(10)

    def _kill_until(self, stop: threading.Event) -> None:
        while not stop.wait(self.random.uniform(*LIFE)):
            self.kill_next()

    def _begun(self, worker: ForkServerProcess) -> bool:
        return f":{worker.pid}:" in self.log.read_text()

    def _another(self) -> ForkServerProcess:
        self.log.touch()
        return born(environ=self.environ, clock_file=self.clock_file, log=self.log)
