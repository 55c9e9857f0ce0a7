"""Repeated writes against a real database: nothing is done without its answer being kept, nor the other way round."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.integration.http.test_over_postgres import on_database
from tests.integration.instance import PATIENCE, Instance, eventually, running_instance
from tests.integration.postgres.gate import BUSY, waiting_for_locks
from tests.unit.entrypoints.http.frontend import Frontend, opened, refusal, signed_in

IN_PROGRESS = (409, "REQUEST_IN_PROGRESS")
OVERLOADED = (503, "OVERLOADED")
"""What a machine says that has too much to do just now; nothing was done then."""


@pytest.fixture
def frontend(database_url: str) -> Iterator[Frontend]:
    with on_database(database_url, patience=BUSY) as market, opened(market=market) as front:
        yield front


def post(frontend: Frontend, path: str, body: Any, *, key: str) -> httpx.Response:
    return frontend.http.post(path, json=body, headers={**signed_in("ada"), "Idempotency-Key": key})


def sessions_in(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM sessions").fetchone()
        assert row is not None
        return int(row[0])


def test_the_first_answer_comes_again_and_no_secret_lies_in_the_table(frontend: Frontend, database_url: str) -> None:
    body = {"time_slot_id": frontend.slots(frontend.researcher("curie"))[0]["id"]}
    first, again = (post(frontend, "/api/sessions", body, key="k") for _ in range(2))
    intent = {"session_id": first.json()["id"]}
    opened_, opened_again = (post(frontend, "/api/payment/intent", intent, key="i") for _ in range(2))

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Location"] == first.headers["Location"]
    assert opened_again.json() == opened_.json()
    assert [answer.headers.get("Idempotent-Replayed") for answer in (again, opened_again)] == ["true", "true"]
    with psycopg.connect(database_url) as connection:
        [*rows] = connection.execute("SELECT headers::text, body FROM idempotency_keys").fetchall()
    assert len(rows) == 2
    assert not any(opened_.json()["client_secret"] in f"{headers}{bytes(body)!r}" for headers, body in rows)


def test_the_record_commits_with_the_work(frontend: Frontend, database_url: str) -> None:
    """An answer that can't be kept is of work that isn't done."""
    body = {"time_slot_id": frontend.slots(frontend.researcher("curie"))[0]["id"]}
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE idempotency_keys ADD CONSTRAINT broken CHECK (caller <> 'ada')")
        failed = post(frontend, "/api/sessions", body, key="k")
        assert sessions_in(database_url) == 0
        connection.execute("ALTER TABLE idempotency_keys DROP CONSTRAINT broken")

    assert refusal(failed) == (500, "INTERNAL_ERROR")
    assert post(frontend, "/api/sessions", body, key="k").status_code == 201


def test_a_repeated_request_does_not_wait_for_the_first_one(frontend: Frontend, database_url: str) -> None:
    body = {"time_slot_id": (slot := frontend.slots(frontend.researcher("curie"))[0]["id"])}
    with psycopg.connect(database_url) as blocker, ThreadPoolExecutor(1) as other:
        blocker.execute("SELECT FROM time_slots WHERE id = %s FOR UPDATE", [slot])
        first = other.submit(post, frontend, "/api/sessions", body, key="k")
        eventually(lambda: waiting_for_locks(database_url) == 1)
        meanwhile = post(frontend, "/api/sessions", body, key="k")
        blocker.rollback()

    assert refusal(meanwhile) == IN_PROGRESS
    assert first.result().status_code == 201


# With real processes


@pytest.fixture(scope="module")
def instance(module_home: Path) -> Iterator[Instance]:
    with running_instance(module_home, CONSULTING_PROCESSES="2", CONSULTING_HOLDS_PER_USER="1000") as running:
        yield running


def free_slots(instance: Instance) -> list[str]:
    """List what can be booked, each slot of another researcher or time."""
    with httpx.Client(base_url=instance.url, timeout=PATIENCE, trust_env=False) as anybody:
        found = anybody.get("/api/researchers", params={"limit": 100}).json()["researchers"]
        now = time.time()
        days = {
            "from": time.strftime("%Y-%m-%d", time.gmtime(now)),
            "to": time.strftime("%Y-%m-%d", time.gmtime(now + 20 * 86400)),
        }
        shown = [
            slot
            for researcher in found
            for slot in anybody.get("/api/time-slots", params={"researcher_id": researcher["id"], **days}).json()[
                "time_slots"
            ]
        ]
    return [slot["id"] for slot in shown if slot["available"]]


def book(instance: Instance, slot: str, *, key: str, user: str = "ada") -> httpx.Response:
    """Book over a connection of its own, which any of the processes may take."""
    headers = {"Authorization": f"Bearer {instance.token(user)}", "Idempotency-Key": key}
    url = f"{instance.url}/api/sessions"
    return httpx.post(url, json={"time_slot_id": slot}, headers=headers, timeout=PATIENCE, trust_env=False)


def booked(instance: Instance, user: str) -> list[str]:
    """List the slots that a user has booked."""
    with instance.client(user) as browser:
        return [each["time_slot_id"] for each in browser.get("/api/sessions?limit=100").json()["sessions"]]


def test_of_equal_requests_to_several_processes_one_is_done(instance: Instance) -> None:
    for slot in free_slots(instance)[-56:-48]:
        key, user = uuid4().hex, f"equal-{uuid4().hex[:8]}"
        with ThreadPoolExecutor(12) as crowd:
            answers = list(crowd.map(lambda _, s=slot, k=key, u=user: book(instance, s, key=k, user=u), range(12)))
        done = [answer for answer in answers if answer.status_code == 201]

        assert {refusal(answer) for answer in answers if answer not in done} <= {IN_PROGRESS, OVERLOADED}
        assert len({answer.content for answer in done}) == 1
        assert Counter("Idempotent-Replayed" in answer.headers for answer in done)[False] == 1
        assert booked(instance, user) == [slot]
        assert book(instance, slot, key=key, user=user).content == done[0].content


def test_two_keys_in_one_request_are_none(instance: Instance) -> None:
    headers = [("Authorization", f"Bearer {instance.token('ada')}"), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = httpx.post(f"{instance.url}/api/sessions", json={}, headers=headers, timeout=PATIENCE, trust_env=False)

    assert refusal(answer) == (400, "VALIDATION_FAILED")
    assert answer.json()["error"]["details"]["fields"][0]["field"] == "Idempotency-Key"


def test_whoever_repeats_until_there_is_an_answer_has_booked_once_though_processes_are_killed(
    instance: Instance,
) -> None:
    """Twice: all processes are killed in the middle of many bookings, and others take their place."""
    user = f"killed-{uuid4().hex[:8]}"
    slots = free_slots(instance)[-48:]
    answers: list[httpx.Response] = []
    for half in (slots[:24], slots[24:]):
        with ThreadPoolExecutor(6) as crowd:
            bookings = [crowd.submit(_insist, instance, slot, key=f"of {slot}", user=user) for slot in half]
            wait(bookings, return_when=FIRST_COMPLETED, timeout=PATIENCE)
            for process in instance.processes("--socket"):
                process.kill()
            answers += [booking.result() for booking in bookings]

    assert Counter(answer.status_code for answer in answers) == {201: len(slots)}
    assert sorted(booked(instance, user)) == sorted(slots)
    again = [_insist(instance, slot, key=f"of {slot}", user=user) for slot in slots]
    assert [answer.content for answer in again] == [answer.content for answer in answers]
    assert all("Idempotent-Replayed" in answer.headers for answer in again)


def _insist(instance: Instance, slot: str, *, key: str, user: str) -> httpx.Response:
    """Repeat a request until it has an answer, as a careful client does."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            answer = book(instance, slot, key=key, user=user)
            if answer.status_code < 500 and not (answer.status_code == 409 and refusal(answer) == IN_PROGRESS):
                return answer
        time.sleep(0.05)
    raise TimeoutError(instance.output())
