"""Child processes that are kept running: one that ends is started again, and all stop together."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.supervisor.child import Child

BEYOND_HELP = 2  # the status by which a command says that starting it again is no use
SHORT_LIFE_SECONDS = 10.0
SHORT_LIVES = 8
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0
STOP_SECONDS = 8.0
BEGIN_SECONDS = 60.0


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """Give an event that is set when this process is asked to end: by SIGTERM, Ctrl-C or a closed terminal."""
    stop = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def told_to_renew() -> Iterator[threading.Event]:
    """Give an event that is set when this process is asked by SIGUSR1 to renew its children."""
    renew = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: renew.set())
    try:
        yield renew
    finally:
        signal.signal(signal.SIGUSR1, before)


@dataclass(slots=True)
class Kept:
    """A child and what became of it so far. `due` is when it is started again, or None while it runs."""

    child: Child
    started: float = 0.0
    due: float | None = 0.0
    short_lives: int = 0

    def start_if_due(self, now: float) -> None:
        """Start the process if its time has come."""
        if self.due is not None and now >= self.due:
            self.child.start()
            self.started, self.due = now, None

    def plan_restart(self, now: float) -> None:
        """Plan the next start: at once after a long life, later and later after short ones."""
        self.short_lives = self.short_lives + 1 if now - self.started < SHORT_LIFE_SECONDS else 0
        self.due = now + min(FIRST_PAUSE_SECONDS * 2**self.short_lives, LONGEST_PAUSE_SECONDS)


@dataclass(slots=True, kw_only=True)
class Children:
    """The processes that one supervisor keeps running.

    Where a later one needs the earlier ones, they are stopped in order: the last one first.
    """

    say: Callable[[str], None]
    in_order: bool = False
    members: list[Kept] = field(default_factory=list)

    def add(self, child: Child) -> None:
        """Start one more."""
        kept = Kept(child)
        self.members.append(kept)
        kept.start_if_due(time.monotonic())

    def tend(self) -> None:
        """Start again whatever ended. Raises CannotStart where one of them keeps ending at once."""
        now = time.monotonic()
        for kept in self.members:
            status = kept.child.ended() if kept.due is None else None
            if status is not None:
                self._note_end(kept, status, now)
            kept.start_if_due(now)

    def renew(self, *, stop: threading.Event) -> None:
        """Start another one for each, and have the old one end when that one is at work; one after the other.

        Where a new one doesn't get to work, the old ones that are left go on.
        """
        for kept in self.members:
            successor = kept.child.successor()
            successor.start()
            if not _gets_to_work(successor, stop=stop):
                successor.ask_to_stop()
                successor.wait(STOP_SECONDS)
                self.say(f"the new {successor.name} didn't get to work; the old ones go on")
                return
            old = kept.child
            kept.child, kept.started, kept.due = successor, time.monotonic(), None
            old.ask_to_stop()
            old.wait(STOP_SECONDS)
        self.say("all processes are new")

    def stop(self) -> None:
        """Stop them all, those that do not end in time by force."""
        if not self.in_order:
            for kept in self.members:
                kept.child.ask_to_stop()
        for kept in reversed(self.members):
            kept.child.ask_to_stop()
            kept.child.wait(STOP_SECONDS)

    def _note_end(self, kept: Kept, status: int, now: float) -> None:
        child = kept.child
        if status == BEYOND_HELP:
            raise CannotStart(f"{child.name} cannot start: {child.last_words()}")
        kept.plan_restart(now)
        if kept.short_lives > SHORT_LIVES:
            raise CannotStart(f"{child.name} ends whenever it is started: {child.last_words()}")
        if kept.short_lives <= 1:
            self.say(f"{child.name} ended ({how(status)}) and is started again")


def _gets_to_work(child: Child, *, stop: threading.Event) -> bool:
    until = time.monotonic() + BEGIN_SECONDS
    while not stop.is_set() and time.monotonic() < until:
        begun = child.has_begun(seconds=FIRST_PAUSE_SECONDS)
        if begun is not None:
            return begun
    return False


def how(status: int) -> str:
    """Say in words how a process ended."""
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
