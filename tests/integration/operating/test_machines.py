"""Several machines over one database, as real processes: whichever is asked, it is one instance."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.instance import PATIENCE, eventually, insisting
from tests.integration.operating.machines import Fleet, Machine, fleet

BOOKERS = 12
CONTESTED = 6


@pytest.fixture(scope="module")
def two(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("two"), database_url=module_database_url, machines=2) as prepared:
        for machine in prepared.machines:
            machine.start("serve", "worker")
        for machine in prepared.machines:
            machine.wait_until_ready()
        yield prepared


def test_each_slot_is_got_once_whichever_machine_is_asked(two: Fleet) -> None:
    start = threading.Barrier(BOOKERS)

    def book(number: int) -> list[tuple[str, int]]:
        with two.machines[number % 2].client(f"racer-{number}") as client:
            start.wait(PATIENCE)
            asked = two.slots[:CONTESTED]
            return [(slot, insisting(partial(_book, client, slot)).status_code) for slot in asked]

    with ThreadPoolExecutor(BOOKERS) as pool:
        answers = [answer for answers in pool.map(book, range(BOOKERS)) for answer in answers]

    assert set(Counter(slot for slot, status in answers if status == 201).values()) == {1}
    assert {status for _, status in answers} == {201, 409}


def _book(client: httpx.Client, slot: str) -> httpx.Response:
    return client.post("/api/sessions", json={"time_slot_id": slot})


def test_every_step_of_a_booking_may_meet_another_machine(two: Fleet) -> None:
    here, there = two.machines
    with here.client("ada") as one, there.client("ada") as other:
        session = one.post("/api/sessions", json={"time_slot_id": two.slots[CONTESTED]}).raise_for_status().json()
        intent = other.post("/api/payment/intent", json={"session_id": session["id"]}).raise_for_status().json()
        two.pay(intent)
        paid = {"session_id": session["id"], "payment_intent_id": intent["payment_intent_id"]}
        one.post("/api/payment/confirm", json=paid).raise_for_status()
        eventually(lambda: shown(other, session)["zoom_link"], told=lambda: here.log + there.log)

        assert shown(other, session)["status"] == "scheduled"
        assert shown(one, session) == shown(other, session)
    eventually(lambda: len(two.mails("ada@clients.example")) > 1)
    subjects = [mail["subject"].partition(":")[0] for mail in two.mails("ada@clients.example")]
    assert sorted(subjects) == ["Confirmed", "Receipt"]


def shown(client: httpx.Client, session: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/api/sessions/{session['id']}").raise_for_status().json()
    return answer


def test_a_write_that_is_repeated_at_another_machine_is_done_once(two: Fleet) -> None:
    key = {"Idempotency-Key": "one-wish"}
    with two.machines[0].client("grace") as one, two.machines[1].client("grace") as other:
        first = one.post("/api/sessions", json={"time_slot_id": two.slots[CONTESTED + 1]}, headers=key)
        again = other.post("/api/sessions", json={"time_slot_id": two.slots[CONTESTED + 1]}, headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_machine_counts_its_processes_together_and_the_database_once(two: Fleet) -> None:
    here, there = two.machines
    before = measured(here)
    for _ in range(20):
        httpx.get(
            f"{here.url}/health/live", trust_env=False, timeout=PATIENCE
        )  # a connection each, so that both processes are met
    lives = "consulting_request_seconds_count GET /health/live 200"
    eventually(lambda: measured(here)[lives] - before.get(lives, 0) >= 20)
    shown = [measured(here) for _ in range(6)]

    assert [each[lives] - before.get(lives, 0) for each in shown] == [20] * 6
    assert {each["consulting_places database"] for each in shown} == {10}
    assert {each["consulting_holds live"] for each in shown} == {measured(there)["consulting_holds live"]}
    assert measured(there).get(lives, 0) < 20


def measured(machine: Machine) -> dict[str, float]:
    text = httpx.get(f"{machine.url}/metrics", trust_env=False, timeout=PATIENCE).raise_for_status().text
    return {
        " ".join([sample.name, *(value for label, value in sample.labels.items() if label != "worker")]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_when_a_machine_ends_in_good_order_the_other_goes_on_and_the_books_agree(two: Fleet) -> None:
    here, there = two.machines

    statuses = here.stop()

    assert statuses == [0, 0], here.log
    with there.client("ada") as client:
        assert client.get("/api/sessions").raise_for_status().json()["sessions"] != []
    assert there.is_ready()
    audited = there.command("audit", "--provider")
    assert audited.returncode == 0, audited.stdout + audited.stderr
