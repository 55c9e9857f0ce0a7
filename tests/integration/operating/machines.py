"""Several machines over one database: each with a folder of its own, an API of two processes, and a worker."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from consulting.entrypoints.container import build_container
from consulting.entrypoints.sandbox import RunningSandbox, SandboxOptions, running_sandbox
from consulting.entrypoints.settings import Mode, load_settings
from consulting.entrypoints.supervisor.ports import free_port
from consulting.entrypoints.tokens import issue_token
from tests.integration.instance import COMMAND, PATIENCE, eventually
from tests.unit.application.marketplace import Marketplace

HOST: Final = "127.0.0.1"
SECRET: Final = "a-secret-for-tests-that-is-long-enough"
READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0


@dataclass
class Machine:
    """One machine, and what runs on it."""

    home: Path
    port: int
    environ: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> str:
        return "\n".join(f"{each.name}: {each.read_text(errors='replace')[-2000:]}" for each in self.home.glob("*.log"))

    def start(self, *roles: str, program: Sequence[str] | None = None) -> None:
        """Start `serve`, `worker`, or both; or another program in such a role."""
        for role in roles:
            with (self.home / f"{role}.log").open("ab") as log:
                self.running[role] = subprocess.Popen(
                    program or [*COMMAND, role], env=dict(self.environ), stdout=log, stderr=subprocess.STDOUT
                )

    def stop(self, *roles: str) -> list[int]:
        """Ask these, or all, to end; give the statuses that they end with."""
        ended = [self.running.pop(role) for role in roles or tuple(self.running)]
        for process in ended:
            process.terminate()
        return [process.wait(STOP_SECONDS) for process in ended]

    def is_ready(self, *, path: str = "/health/ready") -> bool:
        try:
            return httpx.get(f"{self.url}{path}", trust_env=False, timeout=PATIENCE).status_code == 200
        except httpx.TransportError:
            return False

    def wait_until_live(self) -> None:
        """Wait for the API alone: whether a worker is there doesn't matter."""
        eventually(lambda: self.is_ready(path="/health/live"), told=lambda: self.log)

    def wait_until_ready(self) -> None:
        eventually(self.is_ready, told=lambda: f"{self.lacks()}\n{self.log}")

    def lacks(self) -> str:
        """Give what it says of its readiness."""
        try:
            return httpx.get(f"{self.url}/health/ready", trust_env=False, timeout=PATIENCE).text
        except httpx.TransportError as failure:
            return repr(failure)

    def client(self, user: str | None = None, **claims: Any) -> httpx.Client:
        """Give the browser of a user who is signed in, or of nobody."""
        headers = {}
        if user is not None:
            token = issue_token(self.settings(), user=user, email=f"{user}@clients.example", **claims)
            headers["Authorization"] = f"Bearer {token}"
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE, trust_env=False)

    def settings(self) -> Any:
        ours = {name: value for name, value in self.environ.items() if name.startswith("CONSULTING_")}
        return load_settings(ours, mode=Mode.SANDBOX)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments], env=dict(self.environ), capture_output=True, text=True, timeout=120, check=False
        )


@dataclass
class Fleet:
    """The machines, the sandbox that stands for the providers, and slots that can be booked."""

    machines: list[Machine]
    sandbox: RunningSandbox
    slots: list[str]

    def pay(self, intent: Mapping[str, Any]) -> None:
        """Enter a good card, as a browser does."""
        httpx.post(
            f"{self.sandbox.url}/stripe/v1/payment_intents/{intent['payment_intent_id']}/confirm",
            data={"client_secret": intent["client_secret"], "payment_method": "pm_card_visa"},
            headers={"Authorization": f"Bearer {intent['publishable_key']}"},
            trust_env=False,
            timeout=PATIENCE,
        ).raise_for_status()

    def fault(self, at: str, kind: str, **more: Any) -> None:
        """Have a provider misbehave from now on."""
        httpx.post(
            f"{self.sandbox.url}/faults", json={"at": at, "kind": kind, **more}, trust_env=False, timeout=PATIENCE
        ).raise_for_status()

    def clear_faults(self) -> None:
        httpx.delete(f"{self.sandbox.url}/faults", trust_env=False, timeout=PATIENCE).raise_for_status()

    def mails(self, address: str) -> list[dict[str, Any]]:
        found = httpx.get(f"{self.sandbox.url}/mail", params={"to": address}, trust_env=False, timeout=PATIENCE).json()[
            "mails"
        ]
        return list(found)


@contextmanager
def fleet(
    folder: Path, *, database_url: str, machines: int, direct_url: str | None = None, **settings: str
) -> Iterator[Fleet]:
    """Prepare machines over a migrated database, with researchers in it; nothing runs on them yet but the sandbox.

    `direct_url` is how the test itself reaches the database, where that is another way.
    """
    with ExitStack() as stack:
        ports = [free_port(host=HOST) for _ in range(machines)]
        webhook = f"http://{HOST}:{ports[0]}/api/payment/webhook"
        sandbox = stack.enter_context(running_sandbox(SandboxOptions(folder=folder / "sandbox", webhook_url=webhook)))
        made = [
            _machine(folder / f"machine-{number}", port, sandbox, CONSULTING_DATABASE_URL=database_url, **settings)
            for number, port in enumerate(ports)
        ]
        try:
            yield Fleet(made, sandbox, _slots(made[0], direct_url or database_url))
        finally:
            for machine in made:
                for process in machine.running.values():
                    process.kill()
                    process.wait(STOP_SECONDS)


def _machine(home: Path, port: int, sandbox: RunningSandbox, **settings: str) -> Machine:
    home.mkdir(parents=True)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CONSULTING_")},
        "CONSULTING_MODE": "sandbox",
        "CONSULTING_HOME": str(home),
        "CONSULTING_PORT": str(port),
        "CONSULTING_PROCESSES": "2",
        "CONSULTING_JWT_SECRET": SECRET,
        "CONSULTING_SANDBOX_PORT": str(sandbox.ports.port),
        "CONSULTING_SMTP_PORT": str(sandbox.smtp_port),
        **settings,
    }
    return Machine(home=home, port=port, environ=environ)


def _slots(machine: Machine, database_url: str) -> list[str]:
    """Let researchers join who are there day and night, and give their slots from in three hours on."""
    ours = {**machine.environ, "CONSULTING_DATABASE_URL": database_url}
    settings = load_settings(
        {name: value for name, value in ours.items() if name[:11] == "CONSULTING_"}, mode=Mode.SANDBOX
    )
    container = build_container(settings)
    market = Marketplace(
        transactions=container.transactions(),
        clock=container.clock(),
        ids=container.identities(),
        gateway=container.payment_gateway(),
        rooms=container.meeting_rooms(),
        mailer=container.mailer(),
        letters=container.letters(),
    )
    earliest, found = container.clock().now() + timedelta(hours=3), list[str]()
    for name in ("lise", "otto", "emmy", "kurt", "rosa"):
        researcher = market.add_researcher(name, rate=10_000)
        market.set_hours(researcher, "00:00", "24:00", pattern_ids=lambda _: market.ids.new())
        market.publish(researcher.id)
        offered = market.offered(researcher, days=8)
        found += [str(each.slot.id) for each in offered if each.available and each.slot.period.start > earliest]
    container.engine().dispose()
    return found
