"""A payment provider that hangs: whatever doesn't need it goes on as if nothing were wrong."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from tests.integration.instance import PATIENCE, eventually
from tests.integration.operating.machines import Fleet, fleet

HANG_SECONDS = 100
"""How long every call to the provider takes, which is not given up any sooner here."""

HANGERS = 12
"""More clients than there are threads for calls to providers, so that each of those threads hangs."""

SOON = 50.0
"""However busy the machine is, whoever doesn't wait for the provider has an answer by then."""

ROUNDS, WINDOWS = 4, 6


@pytest.fixture(scope="module")
def prepared(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    settings = {
        "CONSULTING_PROCESSES": "1",
        "CONSULTING_HOLDS_PER_USER": "10000",
        "CONSULTING_STRIPE_TIMEOUT_SECONDS": str(HANG_SECONDS),
    }
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
    prepared.fault("stripe", "hang", value=HANG_SECONDS, seconds=600)  # every call from now on

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
        eventually(lambda: busy(prepared) >= 5)
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
    shown = httpx.get(f"{machine.url}/metrics", trust_env=False, timeout=PATIENCE).text
    [line] = [line for line in shown.splitlines() if line.startswith('consulting_places_busy{pool="provider"}')]
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
    """Short windows in turn; the best quarter of each kind is compared, since others may use this machine, too."""
    slots = iter(prepared.slots[30:])
    calm, hung = Rates(), Rates()
    for _ in range(ROUNDS):
        calm.measure(prepared, slots)
        with hanging(prepared, slots):
            hung.measure(prepared, slots)

    shown, booked = good(hung.shown) / good(calm.shown), good(hung.booked) / good(calm.booked)
    told = f"shown {shown:.2f}, booked {booked:.2f} of {calm} against {hung}"
    assert min(shown, booked) >= 0.8, told


@dataclass
class Rates:
    """How many slots were shown and booked a second, a number a window."""

    shown: list[float] = field(default_factory=list)
    booked: list[float] = field(default_factory=list)

    def measure(self, prepared: Fleet, slots: Iterator[str]) -> None:
        """Show and book in turn; of the slots that there are a few are booked in a window."""
        [machine] = prepared.machines
        shown = f"/api/time-slots/{prepared.slots[0]}"
        with machine.client("racer") as racer:
            for _ in range(WINDOWS):
                self.shown.append(rate(lambda: racer.get(shown), most=100))
                self.booked.append(
                    rate(lambda: racer.post("/api/sessions", json={"time_slot_id": next(slots)}), most=6)
                )


def good(rates: list[float]) -> float:
    return statistics.quantiles(rates, n=4)[2]


def rate(act: Callable[[], httpx.Response], *, most: int) -> float:
    began = time.monotonic()
    for _ in range(most):
        act().raise_for_status()
    return most / (time.monotonic() - began)
