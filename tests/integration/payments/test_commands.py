"""`consulting audit` and `consulting reconcile` as an operator runs them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from consulting.entrypoints.sandbox import RunningSandbox, SandboxOptions, running_sandbox
from tests.integration import commands
from tests.integration.instance import PATIENCE

DEAD_MESSAGE = (
    b"INSERT INTO inbox (id, source, external_id, kind, intent_id, received_at, due_at, standing, ended_at)"
    b" VALUES ('00000000-0000-7000-8000-000000000001', 'stripe', 'evt_1', 'charge.refunded', 'pi_1', now(), now(),"
    b" 'dead', now())"
)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with running_sandbox(SandboxOptions(folder=tmp_path / "sandbox")) as sandbox:
        yield sandbox


def consulting(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return commands.run(*arguments, environ=commands.clean_environ(**environ))


def consulting_afresh(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return commands.afresh(*arguments, environ=commands.clean_environ(**environ))


def settings(database_url: str, home: Path, port: int) -> dict[str, str]:
    return {
        "CONSULTING_DATABASE_URL": database_url,
        "CONSULTING_HOME": str(home),
        "CONSULTING_SANDBOX_PORT": str(port),
    }


def charge_by_hand(url: str) -> str:
    """Charge a card at the provider as a program of somebody else's does."""
    secret = {"Authorization": "Bearer sk_test_sandbox"}
    fields = {"amount": "5000", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}
    fields |= {"automatic_payment_methods[enabled]": "true", "return_url": "http://127.0.0.1/back"}
    answer = httpx.post(
        f"{url}/stripe/v1/payment_intents", data=fields, headers=secret, trust_env=False, timeout=PATIENCE
    )
    assert answer.status_code == 200, answer.text
    intent: str = answer.json()["id"]
    return intent


def test_all_is_well_on_one_line(database_url: str, tmp_path: Path) -> None:
    done = consulting_afresh("audit", **settings(database_url, tmp_path, 1))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "audit: no findings (sessions: 0, payments: 0, refunds: 0, ledger entries: 0)\n"


def test_a_finding_is_a_line_with_its_ids_and_status_1(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(DEAD_MESSAGE)

    done = consulting("audit", **settings(database_url, tmp_path, 1))

    finding, summary = done.stdout.splitlines()
    assert finding == (
        "message_dead message=00000000-0000-7000-8000-000000000001 intent=pi_1:"
        " P3: a message of the provider was given up"
    )
    assert summary.startswith("audit: 1 finding (sessions: ")
    assert (done.returncode, done.stderr) == (1, "")


def test_a_charge_that_we_do_not_know_is_found_at_the_provider(
    database_url: str, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    intent_id = charge_by_hand(sandbox.url)

    done = consulting("audit", "--provider", **settings(database_url, tmp_path, sandbox.ports.port))

    assert f"intent={intent_id}: P3: the provider has a charge that we don't know" in done.stdout
    assert done.returncode == 1


def test_one_pass_of_reconciliation_says_what_it_did(
    database_url: str, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    done = consulting_afresh("reconcile", **settings(database_url, tmp_path, sandbox.ports.port))

    assert (done.returncode, done.stdout, done.stderr) == (0, "reconcile: looked into 3, failed at 0\n", "")


def test_a_provider_that_does_not_answer_is_told_in_one_line_without_a_secret(
    database_url: str, tmp_path: Path
) -> None:
    asked = {**settings(database_url, tmp_path, 1), "CONSULTING_STRIPE_SECRET_KEY": "sk_test_verysecret"}

    audited, reconciled = consulting("audit", "--provider", **asked), consulting("reconcile", **asked)

    [line] = [each for each in audited.stderr.splitlines() if each.startswith("consulting: ")]
    assert "PAYMENT_PROVIDER_UNAVAILABLE" in line
    assert (audited.returncode, reconciled.returncode) == (2, 1)
    assert "failed at 3" in reconciled.stdout
    assert "verysecret" not in audited.stdout + audited.stderr + reconciled.stdout + reconciled.stderr
