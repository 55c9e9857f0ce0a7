"""Limits raced over several API processes: whoever is asked, there is one limit for all of them."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import pytest

from tests.integration.http.api_processes import ApiProcesses, api_processes
from tests.integration.instance import PATIENCE, insisting
from tests.unit.entrypoints.http.frontend import NOWHERE, refusal

PROCESSES: Final = 2
BURST: Final = 20
"""Small enough that each process settles every request with the bucket of all."""

HOLDS: Final = 5
CROWD: Final = 24
RATES: Final = {
    f"CONSULTING_{what}_{bound}": str(value)
    for what in ("WRITES", "KEY_WRITES", "STRANGERS")
    for bound, value in (("PER_MINUTE", 1), ("BURST", BURST))
}
"""What comes back within a test is less than one request, on a machine that needs less than a minute for it."""


@pytest.fixture(scope="module")
def limited(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcesses]:
    folder = tmp_path_factory.mktemp("limited")
    with api_processes(PROCESSES, database_url=module_database_url, folder=folder, **RATES) as processes:
        yield processes


def raced(call: Callable[[int, int], httpx.Response], *, times: int) -> list[httpx.Response]:
    """Call so many times at once, each process in its turn; the call gets its process and its own number."""
    together = threading.Barrier(CROWD)

    def one_of_the_crowd(place: int) -> list[httpx.Response]:
        together.wait(PATIENCE)
        return [call(number % PROCESSES, number) for number in range(place, times, CROWD)]

    with ThreadPoolExecutor(CROWD) as crowd:
        return list(itertools.chain.from_iterable(crowd.map(one_of_the_crowd, range(CROWD))))


def outcomes(answers: list[httpx.Response]) -> Counter[tuple[int, str]]:
    return Counter((answer.status_code, "") if answer.is_success else refusal(answer) for answer in answers)


TOO_MANY: Final = (429, "TOO_MANY_REQUESTS")
OVERLOADED: Final = (503, "OVERLOADED")
BODY: Final = {"time_slot_id": NOWHERE}


def as_one_user(limited: ApiProcesses) -> Callable[[int, int], httpx.Response]:
    return lambda process, _: limited.ask(process, "POST", "/api/sessions", by="ada", json=BODY)


def as_a_key_for_many_users(limited: ApiProcesses) -> Callable[[int, int], httpx.Response]:
    wanted = {"name": "Portal", "scopes": ["book", "act:users"]}
    key: Any = limited.ask(0, "POST", "/api/admin/api-keys", by="admin", json=wanted).json()["key"]

    def call(process: int, number: int) -> httpx.Response:
        named = {"Consulting-User": f"user-{number}", "Consulting-User-Email": "somebody@example.org"}
        return limited.ask(
            process, "POST", "/api/sessions", headers={"Authorization": f"Bearer {key}"} | named, json=BODY
        )

    return call


def as_nobody(limited: ApiProcesses) -> Callable[[int, int], httpx.Response]:
    return lambda process, _: limited.ask(process, "POST", "/api/sessions", json=BODY)


@pytest.mark.parametrize(
    ("somebody", "refused"),
    [
        (as_one_user, (404, "SLOT_NOT_FOUND")),
        (as_a_key_for_many_users, (404, "SLOT_NOT_FOUND")),
        (as_nobody, (401, "UNAUTHORIZED")),
    ],
)
def test_no_more_get_through_than_one_process_would_let(
    limited: ApiProcesses,
    somebody: Callable[[ApiProcesses], Callable[[int, int], httpx.Response]],
    refused: tuple[int, str],
) -> None:
    call, began = somebody(limited), time.monotonic()
    answers = raced(call, times=72)
    came_back = int((time.monotonic() - began) / 60)  # one a minute, on a machine that takes so long

    found = outcomes(answers)
    overloaded = found.pop(OVERLOADED, 0)
    assert set(found) <= {refused, TOO_MANY}
    assert BURST - overloaded <= found[refused] <= BURST + came_back
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers if answer.status_code == 429)


def test_no_user_holds_more_than_the_limit_whichever_processes_they_ask(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("holds")
    with api_processes(
        PROCESSES, database_url=database_url, folder=folder, CONSULTING_HOLDS_PER_USER=str(HOLDS)
    ) as processes:
        slots = processes.free_slots()
        for user in ("ada", "bob", "eve"):
            wanted = [slots.pop() for _ in range(CROWD)]

            def book(process: int, number: int, *, by: str = user, of: list[str] = wanted) -> httpx.Response:
                body = {"time_slot_id": of[number]}
                return insisting(lambda: processes.ask(process, "POST", "/api/sessions", by=by, json=body))

            found = outcomes(raced(book, times=len(wanted)))
            held = processes.ask(0, "GET", "/api/sessions?limit=100", by=user).json()["sessions"]

            assert found == {(201, ""): HOLDS, (409, "HOLD_LIMIT_REACHED"): len(wanted) - HOLDS}
            assert len(held) == HOLDS
