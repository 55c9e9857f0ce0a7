"""`consulting doctor` as an operator runs it, over real servers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from consulting.entrypoints.sandbox import RunningSandbox, SandboxOptions, running_sandbox
from tests.integration import commands
from tests.integration.instance import PATIENCE


@dataclass(frozen=True)
class Examined:
    """What the doctor said, and with which status."""

    status: int
    output: str

    def of(self, check: str) -> set[tuple[str, str]]:
        return {
            (each["verdict"], each["says"]) for each in json.loads(self.output)["findings"] if each["check"] == check
        }

    def verdict(self, check: str) -> set[str]:
        return {verdict for verdict, _ in self.of(check)}


def examined(*arguments: str, **environ: str) -> Examined:
    return _told(commands.run("doctor", *arguments, environ=_given(environ)))


def examined_afresh(*arguments: str, **environ: str) -> Examined:
    return _told(commands.afresh("doctor", *arguments, environ=_given(environ)))


def _given(environ: dict[str, str]) -> dict[str, str]:
    return commands.clean_environ(**{"CONSULTING_MODE": "sandbox", **environ})


def _told(done: subprocess.CompletedProcess[str]) -> Examined:
    assert done.stderr == ""
    return Examined(done.returncode, done.stdout)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running_sandbox(SandboxOptions(folder=tmp_path_factory.mktemp("sandbox"))) as sandbox:
        yield sandbox


def settings(database_url: str, home: Path, sandbox: RunningSandbox) -> dict[str, str]:
    return {
        "CONSULTING_DATABASE_URL": database_url,
        "CONSULTING_HOME": str(home),
        "CONSULTING_SANDBOX_PORT": str(sandbox.ports.port),
        "CONSULTING_SMTP_PORT": str(sandbox.smtp_port),
        "CONSULTING_PUBLIC_URL": "http://127.0.0.1:1",
    }


def test_before_anything_is_started_only_that_is_wrong(
    database_url: str, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    found = examined_afresh("--json", **settings(database_url, tmp_path, sandbox))

    wrong = {each["check"] for each in json.loads(found.output)["findings"] if each["verdict"] == "wrong"}
    assert wrong == {"API", "webhook", "worker"}
    assert found.status == 1
    for check in ("database", "migrations", "extensions", "clock", "zones in use", "stripe", "zoom", "mail", "disk"):
        assert found.verdict(check) == {"ok"}, check


def test_each_finding_is_a_line_and_has_a_line_of_advice_where_something_is_to_be_done(
    database_url: str, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    found = examined(**settings(database_url, tmp_path, sandbox))

    *lines, summary = found.output.splitlines()
    advised = [number for number, line in enumerate(lines) if line.startswith(("wrong", "careful"))]
    assert all(lines[number + 1].startswith(" " * 10) for number in advised)
    assert len([line for line in lines if line.startswith(" ")]) == len(advised)
    assert summary.startswith("doctor: 3 wrong, ")


def test_where_no_instance_runs_that_is_said_instead_of_ports_that_it_would_have(
    database_url: str, tmp_path: Path
) -> None:
    given = {"CONSULTING_DATABASE_URL": database_url, "CONSULTING_HOME": str(tmp_path), "CONSULTING_PORT": "0"}

    found = examined(**given, CONSULTING_SANDBOX_PORT="0")

    advice = "start `consulting run`, as `make run` does"
    for check, says in (
        ("stripe", "payments go to the sandbox of `consulting run`, which isn't running"),
        ("webhook", "the API of `consulting run` isn't running"),
        ("zoom", "meetings go to the sandbox of `consulting run`, which isn't running"),
        ("mail", "mails go to the sandbox of `consulting run`, which isn't running"),
        ("API", "the API of `consulting run` isn't running"),
    ):
        assert f"wrong    {check:<12}  {says}\n{' ' * 23}{advice}\n" in found.output
    assert ":0" not in found.output


def test_a_port_of_the_sandbox_at_which_nobody_answers_is_named(database_url: str, tmp_path: Path) -> None:
    given = {"CONSULTING_DATABASE_URL": database_url, "CONSULTING_HOME": str(tmp_path), "CONSULTING_PORT": "1"}

    found = examined("--json", **given, CONSULTING_SANDBOX_PORT="2", CONSULTING_SANDBOX_SMTP_PORT="3")

    for check, beginning in (
        ("stripe", "payments go to the sandbox of `consulting run`, which doesn't answer at 127.0.0.1:2 ("),
        ("webhook", "the API of `consulting run` doesn't answer at 127.0.0.1:1 ("),
        ("zoom", "meetings go to the sandbox of `consulting run`, which doesn't answer at 127.0.0.1:2 ("),
        ("mail", "mails go to the sandbox of `consulting run`, which doesn't answer at 127.0.0.1:3 ("),
    ):
        [(verdict, says)] = found.of(check)
        assert (verdict, says[: len(beginning)]) == ("wrong", beginning)


def test_settings_that_production_refuses_are_findings_too() -> None:
    given = {"CONSULTING_MODE": "production", "CONSULTING_JWT_SECRET": "hunter2", "CONSULTING_SMTP_HOTS": "mail"}

    found = examined("--json", **given)

    said = {says for _, says in found.of("settings")}
    assert any(says.startswith("CONSULTING_SMTP_HOTS is no setting") for says in said)
    assert any(says.startswith("CONSULTING_DATABASE_URL is not set") for says in said)
    assert (found.verdict("settings"), found.status) == ({"wrong"}, 1)
    assert "hunter2" not in found.output


def test_a_database_without_migrations_is_told_what_it_needs(
    empty_database_url: str, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    found = examined("--json", **settings(empty_database_url, tmp_path, sandbox))

    assert found.verdict("migrations") == found.verdict("extensions") == {"wrong"}
    assert "`consulting migrate`" in found.output
    assert found.of("worker") == found.of("zones in use") == set()


def test_a_database_that_can_only_be_read_is_wrong(database_url: str, tmp_path: Path, sandbox: RunningSandbox) -> None:
    given = settings(database_url, tmp_path, sandbox)
    given["CONSULTING_DATABASE_URL"] += "?options=-c%20default_transaction_read_only%3Don"

    found = examined("--json", **given)

    assert found.verdict("database") == {"wrong"}


def test_wrong_keys_and_passwords_are_told_and_never_shown(
    database_url: str, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    given = settings(database_url, tmp_path, sandbox) | {
        "CONSULTING_DATABASE_URL": database_url.replace("@", "hunter2@"),
        "CONSULTING_STRIPE_SECRET_KEY": "sk_test_hunter2",
        "CONSULTING_ZOOM_CLIENT_SECRET": "hunter2",
        "CONSULTING_SMTP_USERNAME": "app",
        "CONSULTING_SMTP_PASSWORD": "hunter2",
        "CONSULTING_SMTP_TLS": "starttls",
    }

    found = examined("--json", **given)

    assert found.of("stripe") == {("wrong", "it doesn't know the secret key")}
    assert found.of("zoom") == {("wrong", "it gives us no token (401)")}
    assert found.of("mail") == {
        ("wrong", f"127.0.0.1:{sandbox.smtp_port} takes no mail of ours (SMTPNotSupportedError)")
    }
    assert found.verdict("database") == {"wrong"}
    assert "hunter2" not in found.output


def test_a_zone_that_this_machine_does_not_know_is_named(
    database_url: str, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    with psycopg.connect(database_url) as connection:
        columns = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'availability_overrides'"
        ).fetchall()
        assert ("timezone",) in columns
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO availability_overrides (id, researcher_id, date, timezone, windows, slot_minutes, gap_minutes)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), '2030-01-01', 'Mars/Olympus', '[]', 60, 0)"
        )

    found = examined("--json", **settings(database_url, tmp_path, sandbox))

    assert found.of("zones in use") == {("wrong", "not known here: Mars/Olympus")}


def test_stripe_that_hangs_or_fails_is_told_as_such(database_url: str, tmp_path: Path, sandbox: RunningSandbox) -> None:
    fault = {"at": "stripe", "operation": "refunds.list", "kind": "status", "value": 503, "count": 1}
    httpx.post(f"{sandbox.url}/faults", json=fault, trust_env=False, timeout=PATIENCE).raise_for_status()

    found = examined("--json", **settings(database_url, tmp_path, sandbox))

    [(verdict, says)] = found.of("stripe")
    assert verdict == "wrong"
    assert "refunds" in says
    assert "503" in says
