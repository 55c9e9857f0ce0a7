"""A payment provider that hangs for half a minute: whatever doesn't need it goes on as if nothing were wrong."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.integration.instance import eventually
from tests.integration.operating.machines import Fleet, fleet

HANG_SECONDS = 30
HANGERS = 12
"""More clients than there are threads for calls to providers, so that each of those threads hangs."""

SOON = 3.0
WINDOW_SECONDS = 6.0
ROUNDS = 4


@pytest.fixture(scope="module")
def prepared(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    settings = {"CONSULTING_PROCESSES": "1", "CONSULTING_HOLDS_PER_USER": "10000"}
    with fleet(
        tmp_path_factory.mktemp("hanging"), database_url=module_database_url, machines=1, **settings
    ) as prepared:
        [machine] = prepared.machines
        machine.start("serve", "worker")
        machine.wait_until_ready()
        yield prepared


@contextmanager
def hanging(prepared: Fleet, slots: Iterator[str]) -> Iterator[None]:
    """Let Stripe hang, and more clients ask for it than there are threads that could wait."""
    [machine] = prepared.machines
    stop, asked = threading.Event(), []
    prepared.fault("stripe", "hang", value=HANG_SECONDS)

    def ask(number: int, session_id: str) -> None:
        with machine.client(f"hanger-{number}") as client:
            while not stop.is_set():
                asked.append(client.post("/api/payment/intent", json={"session_id": session_id}).status_code)

    threads = []
    for number in range(HANGERS):
        with machine.client(f"hanger-{number}") as client:
            session = client.post("/api/sessions", json={"time_slot_id": next(slots)}).raise_for_status().json()
        threads.append(threading.Thread(target=ask, args=[number, session["id"]]))
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: busy(prepared) >= 5, seconds=15)
        yield
    finally:
        stop.set()
        prepared.clear_faults()
        for thread in threads:
            thread.join(HANG_SECONDS)
    assert set(asked) <= {200, 409, 503}


def busy(prepared: Fleet) -> float:
    """Ask how many of the threads for providers are at work."""
    [machine] = prepared.machines
    shown = httpx.get(f"{machine.url}/metrics", trust_env=False, timeout=10).text
    [line] = [line for line in shown.splitlines() if line.startswith('consulting_threads_busy{pool="provider"}')]
    return float(line.split()[-1])


def test_while_every_call_to_the_provider_hangs_slots_are_shown_and_booked(prepared: Fleet) -> None:
    [machine] = prepared.machines
    slots = iter(prepared.slots)
    with hanging(prepared, slots), machine.client("ada") as ada:
        for _ in range(10):
            began = time.monotonic()
            slot = next(slots)
            assert ada.get(f"/api/time-slots/{slot}").status_code == 200
            assert ada.post("/api/sessions", json={"time_slot_id": slot}).status_code == 201
            assert time.monotonic() - began < SOON
        assert busy(prepared) >= 5


@pytest.mark.proof
def test_while_the_provider_hangs_slots_are_shown_and_booked_at_four_fifths_of_their_rate_or_more(
    prepared: Fleet,
) -> None:
    slots = iter(prepared.slots[100:])
    shown, booked = [], []
    for _ in range(ROUNDS):
        before = rates(prepared, slots)
        with hanging(prepared, slots):
            during = rates(prepared, slots)
        after = rates(prepared, slots)
        shown.append(2 * during[0] / (before[0] + after[0]))
        booked.append(2 * during[1] / (before[1] + after[1]))

    told = f"shown {shown}, booked {booked}"
    assert statistics.median(shown) >= 0.8, told
    assert statistics.median(booked) >= 0.8, told


def rates(prepared: Fleet, slots: Iterator[str]) -> tuple[float, float]:
    """Measure, in turn, how many slots are shown a second, and how many are booked; a few at most are booked."""
    [machine] = prepared.machines
    with machine.client("racer") as racer:
        shown = rate(lambda: racer.get(f"/api/time-slots/{prepared.slots[0]}").raise_for_status(), most=100_000)
        booked = rate(
            lambda: racer.post("/api/sessions", json={"time_slot_id": next(slots)}).raise_for_status(), most=15
        )
    return shown, booked


def rate(act: object, *, most: int) -> float:
    assert callable(act)
    began, done = time.monotonic(), 0
    for done in itertools.count(1):
        act()
        if done >= most or time.monotonic() - began > WINDOW_SECONDS:
            break
    return done / (time.monotonic() - began)
