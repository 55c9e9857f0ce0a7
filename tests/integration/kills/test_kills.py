"""Promise P3 while API processes and workers are killed -9 at random moments in the middle of full flows.

What is left at the end is judged by what the provider booked and by what the clients were told, not by our own word.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
import pytest

from consulting.adapters.postgres.clock import DatabaseClock
from consulting.adapters.stripe import StripeGateway
from consulting.domain.session_states import SC, XR
from consulting.entrypoints.connections import open_engine
from consulting.entrypoints.container import Container
from consulting.entrypoints.database import migrate
from consulting.entrypoints.sandbox import SandboxOptions, running_sandbox
from consulting.entrypoints.settings import Mode, load_settings
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres
from consulting.entrypoints.supervisor.ports import free_port, listening
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from consulting.entrypoints.tokens import issue_token
from tests.integration.conftest import reachable_home, seed_of
from tests.integration.days.crew import Crew
from tests.integration.days.shifted_clock import ShiftedClock
from tests.integration.instance import COMMAND, PATIENCE, eventually
from tests.integration.kills.doomed import CREW, EVERYTHING, Doomed
from tests.integration.kills.reckoning import Reckoning
from tests.integration.kills.shoppers import Shoppers
from tests.unit.application.marketplace import Marketplace

CLIENTS: Final = 5
RESEARCHERS: Final = 6
DAYS: Final = 12
HOLD_SECONDS: Final = 5.0
MOST_LOST: Final = 12
"""How many messages of Stripe get lost with each blow, at most."""

LEASES_END = timedelta(minutes=2)
"""How far the clock is moved at the end: what the dead had in hand is taken over when their leases are over."""

A_DAY_LATER = timedelta(hours=25)
HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """How many are killed, and what is killed."""

    kills: int
    of: Sequence[str] = CREW

    def has(self, role: str) -> bool:
        return role in self.of


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What is there when the last one was killed, everything started again, and twice reconciled."""

    shoppers: Shoppers
    doomed: Doomed
    fate: Fate
    container: Container
    clock: ShiftedClock
    environ: dict[str, str]
    reckoning: Reckoning

    def read(self, query: str) -> list[tuple[Any, ...]]:
        with self.container.engine().connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def shown(self, user: str, session_id: str) -> dict[str, Any]:
        """Ask the API what the client sees of their session now."""
        headers = {"Authorization": f"Bearer {self.shoppers.token(user)}"}
        answer: dict[str, Any] = self.shoppers.api.get(f"/api/sessions/{session_id}", headers=headers).json()
        return answer


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(Fate(kills=15), id="15 kills"),
        pytest.param(Fate(kills=500), id="500 kills", marks=pytest.mark.proof),
        pytest.param(Fate(kills=60, of=EVERYTHING), id="chaos", marks=pytest.mark.proof),
    ],
)
def aftermath(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    fate: Fate = request.param
    seed = seed_of(request.config)
    sys.stdout.write(f"seed {seed}\n")
    folder = tmp_path_factory.mktemp("kills")
    port = free_port(host=HOST)
    options = SandboxOptions(
        folder=folder / "sandbox",
        port=free_port(host=HOST),
        smtp_port=free_port(host=HOST),
        webhook_url=f"http://{HOST}:{port}/api/payment/webhook",
        webhook_attempts=1,  # what gets lost stays lost, so that reconciliation has something to find
        zoom_creates_per_day=1_000_000,
    )
    with ExitStack() as stack:
        server = _own_server(stack) if fate.has("postgres") else None
        if not fate.has("sandbox"):
            stack.enter_context(running_sandbox(options))
        url = request.getfixturevalue("module_database_url") if server is None else server.url("consulting")
        premises = Premises(
            environ=_environ(url, folder, options, port),
            folder=folder,
            port=port,
            sandbox=options,
            server=server,
            seed=seed,
        )
        aftermath = premises.play(stack, fate)
        _tell(request, aftermath, seed)
        yield aftermath


def _own_server(stack: ExitStack) -> EmbeddedPostgres:
    """Give a PostgreSQL that may be killed: it keeps what it has answered, unlike the one that other tests share."""
    server = stack.enter_context(running_postgres(stack.enter_context(reachable_home()), say=lambda _: None))
    migrate(database_url=server.url("consulting"))
    return server


def _environ(database_url: str, folder: Path, sandbox: SandboxOptions, port: int) -> dict[str, str]:
    return {
        "CONSULTING_MODE": "sandbox",
        "CONSULTING_DATABASE_URL": database_url,
        "CONSULTING_HOME": str(folder),
        "CONSULTING_PORT": str(port),
        "CONSULTING_JWT_SECRET": "a-secret-for-tests-that-is-long-enough",
        "CONSULTING_SANDBOX_PORT": str(sandbox.port),
        "CONSULTING_SMTP_PORT": str(sandbox.smtp_port),
        "CONSULTING_ZOOM_HOSTS": ",".join(f"host-{n}@zoom.example" for n in range(RESEARCHERS + 2)),
        "CONSULTING_PUBLISH_DAYS": str(DAYS),
        "CONSULTING_HOLD_MINUTES": str(HOLD_SECONDS / 60),
        "CONSULTING_RECONCILE_SECONDS": "15",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """Where everything is."""

    environ: dict[str, str]
    folder: Path
    port: int
    sandbox: SandboxOptions
    server: EmbeddedPostgres | None
    seed: int

    def play(self, stack: ExitStack, fate: Fate) -> Aftermath:
        """Let clients shop while the others die; then start everything again, and reconcile twice."""
        container, clock = self._container(stack)
        shoppers, random = self._shoppers(stack, container), Random(self.seed)
        doomed = self._doomed(stack)
        doomed.start(fate.of)
        with shoppers.shopping(CLIENTS):
            doomed.kill(
                fate.kills,
                answers=lambda: shoppers.answers,
                with_each_blow=lambda: shoppers.lose_messages(random.randint(1, MOST_LOST)),
            )
            eventually(shoppers.met_everything, seconds=2 * PATIENCE)  # a slow machine needs longer for it
        doomed.replace_all([role for role in fate.of if role != "worker"])
        self._recover(stack, container, clock)
        ids = [each for (each,) in _rows(container, "SELECT id FROM sessions")]
        books, transactions = container.provider_books(), container.transactions()
        return Aftermath(
            shoppers=shoppers,
            doomed=doomed,
            fate=fate,
            container=container,
            clock=clock,
            environ=self.environ,
            reckoning=Reckoning.of(books=books, transactions=transactions, ids=ids),
        )

    def _container(self, stack: ExitStack) -> tuple[Container, ShiftedClock]:
        """Give what the test itself looks and reconciles with, on a clock that it can move."""
        settings = load_settings(self.environ, mode=Mode.SANDBOX)
        engine = open_engine(settings)
        stack.callback(engine.dispose)
        clock = ShiftedClock(DatabaseClock(engine), self.folder / "clock")
        container = Container(settings=settings, engine=engine, clock=clock)
        gateway = container.payment_gateway()
        assert isinstance(gateway, StripeGateway)
        stack.callback(gateway.close)
        return container, clock

    def _doomed(self, stack: ExitStack) -> Doomed:
        listener: socket.socket = stack.enter_context(
            closing(listening(self.port, host=HOST, variable="", wait_seconds=0))
        )
        doomed = Doomed(
            environ=self.environ,
            listener=listener,
            folder=self.folder,
            random=Random(self.seed),
            server=self.server,
            sandbox=self.sandbox,
        )
        stack.callback(doomed.abandon)
        return doomed

    def _shoppers(self, stack: ExitStack, container: Container) -> Shoppers:
        def browser(url: str) -> httpx.Client:
            return stack.enter_context(httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False))

        settings = container.settings()
        return Shoppers(
            api=browser(f"http://{HOST}:{self.port}"),
            sandbox=browser(f"http://{HOST}:{self.sandbox.port}"),
            token=lambda user: issue_token(settings, user=user, email=f"{user}@clients.example"),
            slots=_slots(container),
            hold_seconds=HOLD_SECONDS,
            seed=self.seed,
        )

    def _recover(self, stack: ExitStack, container: Container, clock: ShiftedClock) -> None:
        """Start workers when the leases of the dead are over, reconcile twice, and let what is due be done."""
        clock.advance(LEASES_END)
        crew = Crew(
            environ=self.environ,
            clock_file=self.folder / "clock",
            log=self.folder / "last-workers.log",
            random=Random(self.seed),
        )
        stack.callback(crew.abandon)
        crew.start()
        for _ in range(2):
            assert container.reconcile_payments()().failed == 0
        eventually(partial(_settled, container), seconds=2 * PATIENCE, told=partial(_left, container))
        crew.stop()


def _slots(container: Container) -> Sequence[str]:
    """Let researchers join who are there day and night, and give their slots from in three hours on."""
    market = Marketplace(
        transactions=container.transactions(),
        clock=container.clock(),
        ids=container.identities(),
        gateway=container.payment_gateway(),
        rooms=container.meeting_rooms(),
        mailer=container.mailer(),
        letters=container.letters(),
    )
    found: list[str] = []
    for number in range(RESEARCHERS):
        researcher = market.add_researcher(f"researcher-{number}", rate=9_999 + number)
        market.set_hours(researcher, "00:00", "24:00", pattern_ids=lambda _: market.ids.new())
        market.publish(researcher.id)
        earliest = container.clock().now() + timedelta(hours=3)
        offered = market.offered(researcher, days=DAYS)
        found += [str(each.slot.id) for each in offered if each.available and each.slot.period.start > earliest]
    return found


def _rows(container: Container, query: str) -> list[tuple[Any, ...]]:
    with container.engine().connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


UNDONE = """
    SELECT 'errand', errand, data::text, attempts, error FROM outbox WHERE standing = 'waiting'
    UNION ALL SELECT 'message', kind, external_id, attempts, error FROM inbox WHERE standing = 'waiting'
    UNION ALL SELECT 'hold', id::text, status, 0, '' FROM sessions WHERE expires_at IS NOT NULL
"""


def _settled(container: Container) -> bool:
    return not _rows(container, UNDONE)


def _left(container: Container) -> str:
    return "\n".join(map(str, _rows(container, UNDONE)))


def _tell(request: pytest.FixtureRequest, aftermath: Aftermath, seed: int) -> None:
    ends = Counter(f"{each.status}/{each.payment_status}" for each in aftermath.reckoning.sessions.values())
    charges = sum(map(len, aftermath.reckoning.charges.values()))
    refunds = sum(map(len, aftermath.reckoning.refunds.values()))
    line = (
        f"seed {seed}: killed {dict(aftermath.doomed.killed)} in {aftermath.doomed.blows} blows; "
        f"sessions {dict(ends)}; {charges} charges, {refunds} refunds, "
        f"{len(aftermath.shoppers.answered)} answered writes; clients {dict(aftermath.shoppers.seen)}"
    )
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    with nullcontext() if capture is None else capture.global_and_fixture_disabled():
        sys.stdout.write(f"\n{line}\n")


def test_every_charge_has_its_session_or_its_refund_and_none_has_both(aftermath: Aftermath) -> None:
    assert aftermath.reckoning.faults() == []


def test_the_audit_finds_nothing_neither_here_nor_at_the_provider(aftermath: Aftermath) -> None:
    audited = subprocess.run(
        [*COMMAND, "audit", "--provider"],
        env=aftermath.environ,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )

    assert audited.returncode == 0, audited.stdout + audited.stderr


def test_every_answered_write_is_there(aftermath: Aftermath) -> None:
    intents = {intent: str(session) for intent, session in aftermath.read("SELECT intent_id, session_id FROM payments")}
    for each in aftermath.shoppers.answered:
        now = aftermath.shown(each.user, each.session["id"])
        assert now.get("id") == each.session["id"], (each, now)
        if each.intent_id is not None:
            assert intents[each.intent_id] == each.session["id"], each
        elif each.session["status"] == "canceled":
            assert now["status"] == "canceled" or now["payment_status"] == "completed", (each, now)
        elif each.session["payment_status"] == "completed" and each.last_wish:
            assert (now["status"], now["payment_status"]) == ("scheduled", "completed"), (each, now)


def test_nothing_was_given_up_and_nothing_is_missing_a_day_later(aftermath: Aftermath) -> None:
    assert aftermath.read("SELECT errand, data, error FROM outbox WHERE standing <> 'done'") == []
    assert aftermath.read("SELECT kind, external_id, error FROM inbox WHERE standing <> 'done'") == []

    aftermath.clock.advance(A_DAY_LATER)
    aftermath.container.sweep_sessions()()

    assert list(aftermath.container.audit()()) == []


def test_the_clients_met_what_they_were_to_meet(aftermath: Aftermath) -> None:
    assert aftermath.shoppers.failures == []
    states = Counter(each.state for each in aftermath.reckoning.sessions.values())
    assert states[SC] > 0
    assert states[XR] > 0
    assert min(aftermath.doomed.killed[role] for role in aftermath.fate.of) > 0
