from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.integration.conftest import DISK, reachable_home
from tests.integration.instance import PATIENCE, Instance, eventually, insisting, running_instance

BOOKERS = 50
HOLD_SECONDS = 12


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """An instance as a newcomer has it, whose database writes to a disk."""
    with (
        reachable_home(place=DISK) as home,
        running_instance(home, CONSULTING_HOLD_MINUTES=str(HOLD_SECONDS / 60)) as running,
    ):
        yield running


def free_slots(client: httpx.Client, *, days: int = 40) -> list[dict[str, Any]]:
    """Give slots to book of a researcher who charges something."""
    found = client.get("/api/researchers/search", params={"query": "machine learning"}).json()["researchers"]
    first = datetime.now(UTC).date() + timedelta(days=2)
    asked = {"researcher_id": found[0]["id"], "from": str(first), "to": str(first + timedelta(days=days))}
    slots = client.get("/api/time-slots", params=asked).json()["time_slots"]
    return [slot for slot in slots if slot["available"]]


def test_the_whole_flow_works_as_the_demo_plays_it_twice(instance: Instance) -> None:
    for addresses in ([], ["--url", instance.url, "--sandbox-url", instance.sandbox_url]):
        played = instance.command("demo", *addresses)

        assert played.returncode == 0, played.stdout + played.stderr + instance.output()
        assert "SKIPPED" not in played.stdout
        assert "Every step came out as promised." in played.stdout


def test_the_doctor_finds_nothing_wrong_with_it(instance: Instance) -> None:
    ports = json.loads((instance.settings.home / "sandbox" / "ports.json").read_text())
    examined = instance.command("doctor")  # by the settings that it was started with, which name no port

    assert examined.returncode == 0, examined.stdout + examined.stderr
    assert f"127.0.0.1:{ports['smtp_port']} takes mails of our sender" in examined.stdout
    assert f"{instance.url}/health/ready says that it is ready" in examined.stdout
    assert "webhook" in examined.stdout
    assert "takes in what is signed with our secret, and refuses the rest" in examined.stdout


def test_of_fifty_who_book_one_slot_at_once_one_gets_it(instance: Instance) -> None:
    with instance.client("looker") as looker:
        slot = free_slots(looker)[7]
    start = threading.Barrier(BOOKERS)

    def book(number: int) -> tuple[int, str]:
        with instance.client(f"booker-{number}") as client:
            start.wait(PATIENCE)
            answer = insisting(lambda: client.post("/api/sessions", json={"time_slot_id": slot["id"]}))
            return answer.status_code, answer.json().get("error", {}).get("code", "")

    with ThreadPoolExecutor(BOOKERS) as pool:
        answers = sorted(pool.map(book, range(BOOKERS)))

    assert answers == [(201, "")] + [(409, "SLOT_UNAVAILABLE")] * (BOOKERS - 1)


def test_a_hold_that_nobody_pays_frees_its_slot_by_itself(instance: Instance) -> None:
    with instance.client("idler") as client:
        slot = free_slots(client)[-1]
        held = client.post("/api/sessions", json={"time_slot_id": slot["id"]}).json()
        assert client.get(f"/api/time-slots/{slot['id']}").json()["available"] is False

        eventually(lambda: client.get(f"/api/time-slots/{slot['id']}").json()["available"])

        session = client.get(f"/api/sessions/{held['id']}").json()
        assert (session["status"], session["cancellation"]["reason"]) == ("canceled", "hold_expired")


def test_what_was_answered_survives_the_sudden_death_of_the_api(instance: Instance) -> None:
    with instance.client("survivor") as client:
        session = _paid(instance, client, free_slots(client)[3])

        for process in instance.processes("serve"):
            _kill(process)

        # Nobody confirms: the event that Stripe goes on delivering does.
        eventually(lambda: _session(client, session["id"]).get("zoom_link"), told=instance.output)
        survived = _session(client, session["id"])
        assert (survived["status"], survived["payment_status"]) == ("scheduled", "completed")


def test_an_instance_stops_at_a_word_and_goes_on_with_its_data(instance: Instance) -> None:
    processes = psutil.Process(instance.process.pid).children(recursive=True)
    with instance.client("returner") as client:
        slot = free_slots(client)[0]
        session = _paid(instance, client, slot)
        eventually(lambda: _session(client, session["id"])["payment_status"] == "completed")

    assert instance.stop() == 0

    _, left = psutil.wait_procs(processes, timeout=PATIENCE)
    assert left == []

    with running_instance(Path(instance.environ["CONSULTING_HOME"])) as second, second.client("returner") as client:
        kept = _session(client, session["id"])
        assert (kept["status"], kept["payment_status"]) == ("scheduled", "completed")
        assert client.get(f"/api/time-slots/{slot['id']}").json()["available"] is False


def _paid(instance: Instance, client: httpx.Client, slot: dict[str, Any]) -> dict[str, Any]:
    """Hold a time and pay for it at the provider; nobody confirms."""
    session: dict[str, Any] = client.post("/api/sessions", json={"time_slot_id": slot["id"]}).json()
    intent = client.post("/api/payment/intent", json={"session_id": session["id"]}).json()
    with httpx.Client(base_url=instance.sandbox_url, trust_env=False, timeout=PATIENCE) as sandbox:
        paid = sandbox.post(
            f"/stripe/v1/payment_intents/{intent['payment_intent_id']}/confirm",
            data={
                "key": intent["publishable_key"],
                "client_secret": intent["client_secret"],
                "payment_method": "pm_card_visa",
            },
        )
    assert paid.json()["status"] == "succeeded"
    return session


def _session(client: httpx.Client, id: str) -> dict[str, Any]:
    """Read a session; empty while nobody answers."""
    try:
        response = client.get(f"/api/sessions/{id}")
    except httpx.TransportError:
        return {}
    answered: dict[str, Any] = response.json() if response.is_success else {}
    return answered


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
