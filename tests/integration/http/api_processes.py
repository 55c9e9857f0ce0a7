"""API processes as `consulting serve` runs them, each at an address of its own, so that a test chooses who is asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

import httpx

from consulting.adapters.memory import PlainLetters
from consulting.entrypoints.connections import open_engine
from consulting.entrypoints.container import Container
from consulting.entrypoints.settings import Mode, Settings, load_settings
from consulting.entrypoints.tokens import issue_token
from tests.integration.instance import PATIENCE
from tests.integration.kills.lives import born
from tests.unit.application.marketplace import Marketplace

HOST: Final = "127.0.0.1"
DAYS: Final = 12
UNENCRYPTED: Final = False
"""Nothing is encrypted here, and loading certificates would take longer than most calls."""


@dataclass
class ApiProcesses:
    """Processes over one database; one that was killed can be started again at its address."""

    environ: Mapping[str, str]
    folder: Path
    listeners: list[socket.socket]
    _living: dict[int, ForkServerProcess] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return load_settings(self.environ, mode=Mode.SANDBOX)

    def start(self, *numbers: int) -> None:
        """Start these, or all of them, and wait until they answer."""
        chosen = numbers or range(len(self.listeners))
        for number in chosen:
            log = self.folder / f"api-{number}.log"
            self._living[number] = born("api", environ=self.environ, listener=self.listeners[number], log=log)
        for number in chosen:
            httpx.get(f"{self.url(number)}/health/live", timeout=60, trust_env=False).raise_for_status()

    def kill(self, *numbers: int) -> None:
        """Kill -9 these, or all that live."""
        chosen = numbers or tuple(self._living)
        dying = [self._living.pop(number) for number in chosen]  # first: whoever sees them die may start others at once
        for process in dying:
            process.kill()
        for process in dying:
            process.join(PATIENCE)

    def stop(self, number: int) -> None:
        """Ask this one to end, and wait until it has."""
        process = self._living.pop(number)
        process.terminate()
        process.join(PATIENCE)

    def url(self, number: int) -> str:
        return f"http://{HOST}:{self.listeners[number].getsockname()[1]}"

    def ask(self, number: int, method: str, path: str, *, by: str | None = None, **sent: Any) -> httpx.Response:
        """Ask one of them, as this user or as nobody, over a connection of its own."""
        headers = dict(sent.pop("headers", {}))
        if by is not None:
            token = issue_token(self.settings, user=by, email=f"{by}@clients.example", roles=_roles(by))
            headers["Authorization"] = f"Bearer {token}"
        with httpx.Client(timeout=PATIENCE, trust_env=False, verify=UNENCRYPTED) as browser:
            return browser.request(method, self.url(number) + path, headers=headers, **sent)

    def free_slots(self) -> list[str]:
        """Let a researcher join who is there day and night, and give the slots from in three hours on."""
        settings = self.settings
        engine = open_engine(settings)
        container = Container(settings=settings, engine=engine, letters=PlainLetters())
        market = _market(container)
        researcher = market.add_researcher("lise", rate=9_999)
        market.set_hours(researcher, "00:00", "24:00", pattern_ids=lambda _: container.identities().new())
        market.publish(researcher.id)
        earliest = container.clock().now() + timedelta(hours=3)
        offered = market.offered(researcher, days=DAYS)
        engine.dispose()
        return [str(each.slot.id) for each in offered if each.available and each.slot.period.start > earliest]


def _roles(user: str) -> tuple[str, ...]:
    return ("admin",) if user == "admin" else ()


def _market(container: Container) -> Marketplace:
    return Marketplace(
        transactions=container.transactions(),
        clock=container.clock(),
        ids=container.identities(),
        gateway=container.payment_gateway(),
        rooms=container.meeting_rooms(),
        mailer=container.mailer(),
        letters=container.letters(),
    )


@contextmanager
def api_processes(number: int, *, database_url: str, folder: Path, **environ: str) -> Iterator[ApiProcesses]:
    """Start so many, and end them with the block."""
    given = {
        "CONSULTING_MODE": "sandbox",
        "CONSULTING_DATABASE_URL": database_url,
        "CONSULTING_HOME": str(folder),
        "CONSULTING_JWT_SECRET": "a-secret-for-tests-that-is-long-enough",
        "CONSULTING_PUBLISH_DAYS": str(DAYS),
    }
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server((HOST, 0), backlog=500)) for _ in range(number)]
        processes = ApiProcesses(environ=given | environ, folder=folder, listeners=listeners)
        stack.callback(processes.kill)
        processes.start()
        yield processes
