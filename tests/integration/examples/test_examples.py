"""The examples, built and installed as a partner's packages are: their suites, and a booking that goes through them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.examples.conftest import EXAMPLES, Environment
from tests.integration.instance import PATIENCE, Instance, eventually, running_instance


def outside(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False)


@contextmanager
def provider(environment: Environment, name: str) -> Iterator[str]:
    """Run an example's provider by its command; give where it is."""
    process = subprocess.Popen(
        [environment.program(name), "--port", "0"], env=environment.environ, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().removeprefix("ready ").strip()
    finally:
        process.terminate()
        process.wait(PATIENCE)
        process.stdout.close()


@dataclass(frozen=True)
class Town:
    """An instance whose payments and meetings are the examples', and both of their providers."""

    instance: Instance
    acme: str
    teams: str

    def client(self, user: str) -> httpx.Client:
        told = self.instance.command("token", "--user", user, "--email", f"{user}@clients.example")
        assert told.returncode == 0, told.stdout + told.stderr
        headers = {"Authorization": f"Bearer {told.stdout.strip()}"}
        return httpx.Client(base_url=self.instance.url, headers=headers, timeout=PATIENCE, trust_env=False)


@pytest.fixture(scope="module")
def town(environment: Environment, module_home: Path) -> Iterator[Town]:
    with provider(environment, "acme-provider") as acme, provider(environment, "teams-provider") as teams:
        settings = {
            "CONSULTING_PAYMENT_GATEWAY": "acme",
            "CONSULTING_ACME_API_URL": acme,
            "CONSULTING_MEETING_ROOMS": "teams",
            "CONSULTING_TEAMS_API_URL": teams,
        }
        with running_instance(module_home, program=[environment.program("consulting")], **settings) as instance:
            with outside(acme) as console:
                console.post("/console/webhook", json={"url": f"{instance.url}/api/payment/webhook"}).raise_for_status()
            yield Town(instance, acme, teams)


@pytest.mark.parametrize("package", ["acme_payments", "teams_meetings"])
def test_an_installed_example_passes_its_suites(environment: Environment, package: str, tmp_path: Path) -> None:
    folder = tmp_path / package
    shutil.copytree(EXAMPLES / package / "tests", folder / "tests")
    shutil.copy(EXAMPLES / package / "pyproject.toml", folder)

    judged = environment.run("-m", "pytest", "-p", "no:cacheprovider", cwd=folder)

    assert judged.returncode == 0, judged.stdout
    assert "promises of its suite" in judged.stdout
    assert "keeps all" in judged.stdout


def test_what_is_installed_is_not_this_checkout(environment: Environment, tmp_path: Path) -> None:
    program = (
        "import acme_payments as a, consulting as b, teams_meetings as c; print(a.__file__, b.__file__, c.__file__)"
    )
    told = environment.run("-c", program, cwd=tmp_path)

    assert [Path(name).is_relative_to(environment.folder) for name in told.stdout.split()] == [True] * 3


def test_a_booking_goes_through_the_providers_that_the_settings_choose(town: Town) -> None:
    with town.client("client") as client, outside(town.acme) as acme, outside(town.teams) as teams:
        session = client.post("/api/sessions", json={"time_slot_id": a_slot(client)["id"]}).json()
        intent = client.post("/api/payment/intent", json={"session_id": session["id"]}).json()
        assert intent["publishable_key"] == "sandbox-pub"

        paid = acme.post(f"/checkout/{intent['client_secret']}", json={"card": "good"}).json()
        assert (paid["state"], paid["memo"]) == ("paid", session["id"])

        # Nobody confirms: Acme's signed message does.
        def seen() -> dict[str, Any]:
            found: dict[str, Any] = client.get(f"/api/sessions/{session['id']}").json()
            return found

        eventually(lambda: seen().get("zoom_link"), told=town.instance.output)
        assert (seen()["status"], seen()["payment_status"]) == ("scheduled", "completed")
        (meeting,) = teams.get("/console/meetings").json()["value"]
        assert (meeting["externalId"], meeting["joinLink"]) == (session["id"], seen()["zoom_link"])

        canceled = client.patch(f"/api/sessions/{session['id']}/cancel", json={}).json()
        assert canceled["refund"]["amount"] == session["amount"]

        eventually(lambda: seen()["refund"]["status"] == "succeeded", told=town.instance.output)
        eventually(lambda: not teams.get("/console/meetings").json()["value"], told=town.instance.output)
        assert money_back(acme, paid["id"]) == [paid["amount"]]


def test_the_books_of_the_provider_that_the_settings_choose_are_audited(town: Town) -> None:
    audited = town.instance.command("audit", "--provider")

    assert audited.returncode == 0, audited.stdout + audited.stderr


def test_doctor_says_which_adapters_are_in_use_and_where_they_are_from(town: Town) -> None:
    told = town.instance.command("doctor")

    lines = [" ".join(line.split()) for line in told.stdout.splitlines()]
    assert "ok adapters payments by acme, of acme-payments 1.0.0" in lines
    assert "ok adapters meetings by teams, of teams-meetings 1.0.0" in lines
    assert [line for line in lines if line.endswith("it answers")] == ["ok acme it answers", "ok teams it answers"]


def a_slot(client: httpx.Client) -> dict[str, Any]:
    """Give a slot of somebody who charges something, far enough ahead to be given everything back."""
    found = client.get("/api/researchers/search", params={"query": "machine learning"}).json()["researchers"]
    first = datetime.now(UTC).date() + timedelta(days=10)
    asked = {"researcher_id": found[0]["id"], "from": str(first), "to": str(first + timedelta(days=30))}
    slots: list[dict[str, Any]] = client.get("/api/time-slots", params=asked).json()["time_slots"]
    return next(slot for slot in slots if slot["available"])


def money_back(acme: httpx.Client, order: str) -> list[str]:
    headers = {"Authorization": "Acme sandbox-key"}
    listed = acme.get(f"/orders/{order}/reversals", params={"after": ""}, headers=headers).json()
    return [each["amount"] for each in listed["items"]]
