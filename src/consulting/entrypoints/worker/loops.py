"""The worker's threads: each does its work whenever it is woken, until it is told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from consulting.application.ports.clock import Clock
from consulting.entrypoints.worker.records import Record

ATTENTIVE = timedelta(milliseconds=250)
ATTENTIVE_FOR = timedelta(seconds=4)
"""A loop that has just had something to do looks again soon: some errands come back within a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a loop does. `run` says how many things it did: while there were any, it is called again at once.

    `every` is how often it is woken at least, and how long a run may take before it counts as late.
    """

    name: str
    run: Callable[[], int]
    every: timedelta
    threads: int = 1


class Loop:
    """One piece of work in one thread or several."""

    def __init__(self, work: Work, *, clock: Clock) -> None:
        """Prepare the loop; nothing runs before `start`."""
        self.work = work
        self.record = Record(name=work.name, expected=max(work.every, timedelta(seconds=1)))
        self._clock = clock
        self._stopping = False
        self._wakes = 0
        self._woken = threading.Condition()
        self._threads = [
            threading.Thread(target=self._live, name=f"{work.name}-{number}", daemon=True)
            for number in range(1, work.threads + 1)
        ]

    @property
    def stopping(self) -> bool:
        """Tell whether the loop was told to stop."""
        return self._stopping

    def start(self) -> None:
        """Start the threads; each runs the work once before it waits."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Have the work done now, or once more if it is being done."""
        with self._woken:
            self._wakes += 1
            self._woken.notify_all()

    def stop(self) -> None:
        """Have the threads end after the run in hand."""
        with self._woken:
            self._stopping = True
            self._woken.notify_all()

    def join(self, *, until: float) -> bool:
        """Wait for the threads until this instant of the monotonic clock; False if one is still at work."""
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _live(self) -> None:
        busy_until, seen = 0.0, 0
        while not self._stopping:
            seen = self._wakes
            if self._run():
                busy_until = time.monotonic() + ATTENTIVE_FOR.total_seconds()
                continue
            self._sleep(seen=seen, attentive=time.monotonic() < busy_until)

    def _sleep(self, *, seen: int, attentive: bool) -> None:
        patience = ATTENTIVE if attentive else 2 * self.work.every
        with self._woken:
            self._woken.wait_for(lambda: self._stopping or self._wakes != seen, timeout=patience.total_seconds())

    def _run(self) -> int:
        started = time.monotonic()
        try:
            done = self.work.run()
        except Exception as failure:  # noqa: BLE001 -- a loop outlives whatever its work raises
            self.record.failed(failure, at=self._clock.now(), seconds=time.monotonic() - started)
            return 0
        self.record.succeeded(at=self._clock.now(), seconds=time.monotonic() - started)
        return done
