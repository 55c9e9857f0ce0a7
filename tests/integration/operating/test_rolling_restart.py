"""A new version of the program takes over process by process, while requests come in as always."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from consulting.entrypoints.http.unreadable import LEAVING_SECONDS
from tests.integration.instance import PATIENCE, eventually
from tests.integration.operating.machines import Fleet, Machine, fleet


@pytest.fixture(scope="module")
def prepared(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("rolling")
    (folder / "templates").mkdir()
    settings = {"CONSULTING_HOLDS_PER_USER": "10000", "CONSULTING_TEMPLATES": str(folder / "templates")}
    with fleet(folder, database_url=module_database_url, machines=1, **settings) as prepared:
        prepared.machines[0].start("serve")
        prepared.machines[0].wait_until_live()
        yield prepared


@dataclass
class Load:
    """Clients who read and book without a pause, over connections that are kept and over new ones."""

    machine: Machine
    slots: list[str]
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        acts = (self._read_on_one_connection, self._read_on_one_connection, self._read_on_new_ones, self._book)
        threads = [threading.Thread(target=self._go_on, args=[act]) for act in acts]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(PATIENCE)

    def _go_on(self, act: object) -> None:
        assert callable(act)
        try:
            act()
        except Exception as failure:  # noqa: BLE001 -- told by the test, whatever it is
            self.failures.append(repr(failure))

    def _read_on_one_connection(self) -> None:
        with self.machine.client() as client:
            while not self.stop.is_set():
                self.statuses[client.get(f"/api/time-slots/{self.slots[0]}").status_code] += 1

    def _read_on_new_ones(self) -> None:
        while not self.stop.is_set():
            url = f"{self.machine.url}/api/time-slots/{self.slots[0]}"
            self.statuses[httpx.get(url, trust_env=False, timeout=PATIENCE).status_code] += 1

    def _book(self) -> None:
        with self.machine.client("booker") as client:
            for slot in self.slots:
                if self.stop.wait(0.05):
                    return
                self.statuses[client.post("/api/sessions", json={"time_slot_id": slot}).status_code] += 1
        self._read_on_one_connection()


def processes(machine: Machine) -> set[int]:
    return {each.pid for each in psutil.Process(machine.running["serve"].pid).children()}


def said(machine: Machine, words: str) -> int:
    """Count how often the API said this; under load its last lines are all about requests."""
    return (machine.home / "serve.log").read_text(errors="replace").count(words)


def test_a_rolling_restart_under_load_fails_no_request(prepared: Fleet) -> None:
    [machine] = prepared.machines
    load, before = Load(machine, prepared.slots[::2]), processes(machine)
    with load.running():
        eventually(lambda: load.statuses.total() > 50)
        machine.running["serve"].send_signal(signal.SIGUSR1)
        eventually(lambda: said(machine, "all processes are new") == 1, told=lambda: machine.log)
        time.sleep(0.5)

    assert load.failures == []
    assert set(load.statuses) == {200, 201}, load.statuses
    assert len(processes(machine)) == len(before) == 2
    assert processes(machine).isdisjoint(before)


def test_a_version_that_does_not_get_to_work_leaves_the_old_one_in_place(prepared: Fleet) -> None:
    [machine] = prepared.machines
    before = processes(machine)
    supervisor = machine.running["serve"]
    broken = Path(machine.environ["CONSULTING_TEMPLATES"]) / "receipt.jinja"
    broken.write_text("{% extends layout %}{% block subject %}{{ oh }}{% endblock %}")

    supervisor.send_signal(signal.SIGUSR1)
    eventually(lambda: said(machine, "the old ones go on") == 1, told=lambda: machine.log)
    broken.unlink()

    assert processes(machine) == before
    assert machine.is_ready(path="/health/live")


def test_a_machine_that_is_stopped_under_load_answers_whatever_it_was_asked(prepared: Fleet) -> None:
    [machine] = prepared.machines
    load = Load(machine, prepared.slots[1::2])
    with load.running():
        eventually(lambda: load.statuses.total() > 50)
        assert machine.stop() == [0]
        eventually(lambda: len(load.failures) == 4)  # everybody has found the door closed in the end

    assert set(load.statuses) == {200, 201}, load.statuses
    assert [each for each in load.failures if not each.startswith("ConnectError")] == []
    machine.start("serve")
    machine.wait_until_live()


def test_a_machine_that_is_stopped_answers_what_it_has_in_hand_and_what_is_on_its_way(prepared: Fleet) -> None:
    [machine] = prepared.machines
    while (late := asked_while_it_stops(machine, prepared.slots[0])) is None:
        machine.start("serve")
        machine.wait_until_live()
    assert late == 200


def asked_while_it_stops(machine: Machine, slot: str) -> int | None:
    """Ask over a connection that is kept when the machine is stopping; None where it had stopped to listen by then."""
    with machine.client() as kept:
        for _ in range(4):
            assert kept.get(f"/api/time-slots/{slot}").status_code == 200
        told = time.monotonic()
        machine.running["serve"].terminate()
        time.sleep(0.3)
        status = None
        try:
            status = kept.get(f"/api/time-slots/{slot}").status_code
        except httpx.TransportError:
            assert time.monotonic() - told > LEAVING_SECONDS, "it was asked in time"
    assert machine.stop() == [0]
    return status
