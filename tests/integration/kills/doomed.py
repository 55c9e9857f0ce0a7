"""Processes of the product, and what it stands on, killed -9 at random; another one takes each one's place."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Final, Protocol

from consulting.entrypoints.sandbox import SandboxOptions
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from tests.integration.instance import eventually
from tests.integration.kills.lives import born
from tests.integration.operating.servers import kill_server

MOST_ANSWERS: Final = 24
"""How many requests are answered between one blow and the next, at most: so the dead had something in hand."""

LONGEST_PAUSE: Final = 3.0
SOON: Final = 0.05

BEGUN: Final = {
    "api": "this process begins to answer",
    "worker": " begins",
    "sandbox": "the sandbox answers",
    "postgres": "PostgreSQL answers",
}
"""What a process says when it is at work: one that only begins has nothing in hand yet and isn't worth killing."""

CREW: Final = ("api", "api", "worker", "worker")
EVERYTHING: Final = ("postgres", "sandbox", *CREW)
BLOWS: Final = (*["one"] * 6, *["role"] * 2, "all")


class Process(Protocol):
    """What can be killed."""

    def is_alive(self) -> bool: ...

    def kill(self) -> None: ...

    def join(self, timeout: float | None = None) -> None: ...


class ServerProcess:
    """PostgreSQL's processes, that live and die together."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        address = server.folder.port.read_text()
        server.start()
        assert server.folder.port.read_text() == address, "another program took the database's port meanwhile"

    def is_alive(self) -> bool:
        return self._server.running()

    def kill(self) -> None:
        if self._server.running():
            kill_server(self._server)

    def join(self, timeout: float | None = None) -> None:
        """They are waited for when they are killed."""


@dataclass
class Living:
    """One process, and where it says what it does."""

    role: str
    process: Process
    log: Path

    @property
    def begun(self) -> bool:
        return BEGUN[self.role] in self.log.read_text(errors="replace")


@dataclass
class Doomed:
    """Two API processes on one socket and two workers; who was killed is counted by role.

    With a server of their own and a sandbox's options those two can be among them.
    """

    environ: Mapping[str, str]
    listener: socket.socket
    folder: Path
    random: Random
    server: EmbeddedPostgres | None = None
    sandbox: SandboxOptions | None = None
    killed: Counter[str] = field(default_factory=Counter)
    blows: int = 0
    _living: list[Living] = field(default_factory=list)
    _number: int = 0

    def start(self, roles: Sequence[str] = CREW) -> None:
        """Start one process a role, and wait until all of them are at work."""
        self._living += [self._another(role) for role in roles]
        eventually(lambda: all(each.begun for each in self._living), told=self.last_words)

    def kill(self, number: int, *, answers: Callable[[], int], with_each_blow: Callable[[], None]) -> None:
        """Kill so many, one or several at a blow, whatever they have in hand; `answers` counts what clients got."""
        while self.killed.total() < number:
            self._let_live(answers)
            with_each_blow()
            eventually(lambda: any(each.begun for each in self._living), told=self.last_words)
            self._strike([each for each in self._living if each.begun], most=number - self.killed.total())
        for role in {each.role for each in self._living} - self.killed.keys():  # whom chance has spared so far
            eventually(partial(self._begun, role), told=self.last_words)
            self._strike(self._begun(role), most=1)

    def _begun(self, role: str) -> list[Living]:
        return [each for each in self._living if each.role == role and each.begun]

    def replace_all(self, roles: Sequence[str]) -> None:
        """Kill everybody, and start these."""
        self.abandon()
        self.start(roles)

    def abandon(self) -> None:
        """End whatever still runs."""
        for each in self._living:
            each.process.kill()
        for each in self._living:
            each.process.join(10)
        self._living.clear()

    def last_words(self) -> str:
        return "\n".join(f"{each.log.name}: {each.log.read_text(errors='replace')[-1500:]}" for each in self._living)

    def _let_live(self, answers: Callable[[], int]) -> None:
        """Wait until some more requests were answered, and a moment that lies anywhere in the next one."""
        wanted, until = answers() + self.random.randint(0, MOST_ANSWERS), time.monotonic() + LONGEST_PAUSE
        while answers() < wanted and time.monotonic() < until:
            time.sleep(SOON / 10)
        time.sleep(self.random.uniform(0, SOON))

    def _strike(self, begun: list[Living], *, most: int) -> None:
        """Mostly one dies, at times all of one kind, at times everybody at once."""
        role = self.random.choice(begun).role
        blow = self.random.choice(BLOWS)
        struck = [each for each in begun if blow == "all" or each.role == role]
        victims = [self.random.choice(struck)] if blow == "one" else struck[:most]
        self.blows += 1
        for victim in victims:
            assert victim.process.is_alive(), f"a process ended by itself:\n{self.last_words()}"
            victim.process.kill()
        for victim in victims:
            victim.process.join(10)
            self.killed[victim.role] += 1
            self._living.remove(victim)
            self._living.append(self._another(victim.role))

    def _another(self, role: str) -> Living:
        self._number += 1
        log = self.folder / f"{role}-{self._number}.log"
        log.touch()
        if role == "postgres":
            assert self.server is not None
            process: Process = ServerProcess(self.server)
            log.write_text(BEGUN[role])
        else:
            sandbox = self.sandbox if role == "sandbox" else None
            process = born(role, environ=self.environ, listener=self.listener, log=log, sandbox=sandbox)
        return Living(role=role, process=process, log=log)
