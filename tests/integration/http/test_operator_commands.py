"""`consulting apikey` and `consulting user` as an operator runs them, beside an API on the same database."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from consulting.entrypoints.http import key_holders
from tests.integration import commands
from tests.integration.http.test_over_postgres import on_database
from tests.unit.entrypoints.http.frontend import Frontend, opened, refusal

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def frontend(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Frontend]:
    monkeypatch.setattr(key_holders, "REMEMBERED_SECONDS", 0.0)
    with on_database(database_url) as market, opened(market=market) as front:
        yield front


@pytest.fixture
def consulting(database_url: str, tmp_path: Path) -> Command:
    environ = commands.clean_environ(CONSULTING_DATABASE_URL=database_url, CONSULTING_HOME=str(tmp_path))

    def run(*arguments: str, afresh: bool = False) -> subprocess.CompletedProcess[str]:
        return (commands.afresh if afresh else commands.run)(*arguments, environ=environ)

    return run


@pytest.fixture
def canceled(frontend: Frontend) -> dict[str, Any]:
    """A hold of ada's that she gave back."""
    slot = frontend.slots(frontend.researcher("curie"))[0]["id"]
    held = frontend.post("/api/sessions", {"time_slot_id": slot, "questions": "Why is the sky dark?"}, by="ada").json()
    answer = frontend.call("PATCH", f"/api/sessions/{held['id']}/cancel", by="ada")
    assert answer.status_code == 200
    session: dict[str, Any] = answer.json()
    return session


def test_a_key_opens_the_api_until_it_is_revoked(frontend: Frontend, consulting: Command) -> None:
    made = consulting("apikey", "create", "--name", "Portal", "--scope", "read", "--scope", "act:users", afresh=True)
    key = made.stdout.strip()
    headers = {"Authorization": f"Bearer {key}", "Consulting-User": "ada"}
    opens = frontend.call("GET", "/api/sessions", headers=headers)
    listed = consulting("apikey", "list").stdout
    revoked = consulting("apikey", "revoke", listed.split()[0])

    assert (made.returncode, revoked.returncode, opens.status_code) == (0, 0, 200)
    assert listed.split()[1:4] == ["valid", key[:11], "act:users,read"]
    assert key not in listed
    assert refusal(frontend.call("GET", "/api/sessions", headers=headers)) == (401, "TOKEN_INVALID")
    assert consulting("apikey", "list").stdout.split()[1] == "revoked"


def test_keys_that_can_not_be_are_refused_in_a_line(consulting: Command) -> None:
    unknown = consulting("apikey", "revoke", "01931b6e-6f5c-7c3a-8d2e-4b1f0a9c7e11")
    nameless = consulting("apikey", "create", "--name", "", "--scope", "read")

    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == "consulting: API_KEY_NOT_FOUND: There is no such API key.\n"
    assert (nameless.returncode, nameless.stdout) == (2, "")
    assert nameless.stderr.startswith("consulting: VALIDATION_FAILED: ")
    assert '"field": "name"' in nameless.stderr


def test_all_that_is_kept_of_a_user_is_printed(consulting: Command, canceled: dict[str, Any]) -> None:
    shown = consulting("user", "export", "ada", afresh=True)

    assert (shown.returncode, shown.stderr) == (0, "")
    record = json.loads(shown.stdout)
    assert record["user_id"] == "ada"
    assert record["sessions"][0]["session"]["id"] == canceled["id"]
    assert record["sessions"][0]["session"]["questions"] == "Why is the sky dark?"


def test_a_user_is_forgotten_and_then_unknown(
    frontend: Frontend, consulting: Command, canceled: dict[str, Any]
) -> None:
    erased = consulting("user", "erase", "ada")
    kept = frontend.get(f"/api/sessions/{canceled['id']}", by="admin").json()

    assert (erased.returncode, erased.stderr) == (0, "")
    assert erased.stdout == f"erased; 1 sessions are kept as those of {kept['user_id']}\n"
    assert kept["user_id"].startswith("erased:")
    assert kept["questions"] is None
    again = consulting("user", "export", "ada")
    assert (again.returncode, again.stderr) == (2, "consulting: USER_NOT_FOUND: Nothing is kept of such a user.\n")


def test_a_researchers_account_is_not_forgotten(frontend: Frontend, consulting: Command) -> None:
    owner = frontend.researcher("curie").user_id

    refused = consulting("user", "erase", owner)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("consulting: USER_IS_RESEARCHER: ")
