"""Schemathesis over the whole contract, as everybody who may call: no 5xx, no answer that the document doesn't know."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.http.test_broken_requests import serving
from tests.integration.http.test_over_postgres import on_database
from tests.unit.entrypoints.http.frontend import Frontend, token

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CALLERS = ("anonymous", "ada", "researcher-curie", "admin", "api key")
PHASES = "examples,coverage,fuzzing,stateful"
WITHOUT_COVERAGE = "examples,fuzzing,stateful"
KEY = {"name": "Portal", "scopes": ["read", "book", "calendar", "act:users"]}
SECRET = "what grace alone may read"
SECONDS = 240
# Whether a zone or a currency exists is no matter of shape: what fits the document may still be refused.
# All else is checked by default; `--checks all` would check it even where the configuration says otherwise.
NOT_CHECKED = "positive_data_acceptance"
CONFIGURATION = """\
[dictionaries]
researchers = {{ values = {researchers} }}
sessions = {{ values = {sessions} }}
slots = {{ values = {slots} }}
days = {{ values = {days} }}

[[operations]]
include-operation-id = "listTimeSlots"
parameters = {{ "query.researcher_id" = {{ dictionary = "researchers", probability = 0.9 }}, \
"query.date" = {{ dictionary = "days", probability = 0.9 }} }}

[[operations]]
include-path-regex = "^/api/researchers/.id"
parameters = {{ "path.id" = {{ dictionary = "researchers", probability = 0.8 }} }}

[[operations]]
include-operation-id = "getTimeSlot"
parameters = {{ "path.id" = {{ dictionary = "slots", probability = 0.8 }} }}

[[operations]]
include-path-regex = "^/api/(admin/|researcher/bookings/)?(sessions/)?.id"
parameters = {{ "path.id" = {{ dictionary = "sessions", probability = 0.8 }} }}

# A session that was just booked has no review yet: not found is what the contract says.
[[operations]]
include-operation-id = "getReview"
checks = {{ ensure_resource_availability = {{ enabled = false }} }}
"""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The API at an address, with something in it to be found, and everything that it answered."""

    url: str
    configuration: str
    key: str
    answered: list[bytes]

    def headers(self, caller: str) -> list[str]:
        """Give what this caller sends along; the API key acts for ada."""
        if caller == "anonymous":
            return []
        if caller != "api key":
            return [f"Authorization: Bearer {token(caller)}"]
        return [f"Authorization: Bearer {self.key}", "Consulting-User: ada", "Consulting-User-Email: ada@example.org"]


@contextmanager
def stage(database_url: str) -> Iterator[Stage]:
    with on_database(database_url) as market, serving(market=market) as served:
        front, answered = served.front, served.answered
        configuration = _peopled(front)
        key = front.post("/api/admin/api-keys", KEY, by="admin").json()["key"]
        answered.clear()
        yield Stage(url=f"http://127.0.0.1:{served.port}", configuration=configuration, key=key, answered=answered)


def _peopled(front: Frontend) -> str:
    """Add researchers, slots, and sessions of two clients; name them for the fuzzer."""
    researchers = [front.researcher(name) for name in ("curie", "bohr")]
    slots = [slot["id"] for each in researchers for slot in front.slots(each)]
    own = front.post("/api/sessions", {"time_slot_id": slots.pop(0)}, by="ada").json()["id"]
    foreign = front.post("/api/sessions", {"time_slot_id": slots.pop(), "questions": SECRET}, by="grace").json()["id"]
    return CONFIGURATION.format(
        researchers=_toml([str(each.id) for each in researchers]),
        sessions=_toml([own, foreign]),
        slots=_toml(slots),
        days=_toml(["2026-12-02", "2026-12-03"]),
    )


def _toml(values: list[str]) -> str:
    return str(values).replace("'", '"')


def fuzz(on: Stage, caller: str, folder: Path, *, cases: int, seed: int, phases: str = PHASES) -> str:
    """Try so many cases of each operation, in these phases; give what was found. Fails where anything was."""
    (folder / "fuzzing.toml").write_text(on.configuration)
    signed_in = [f"--header={header}" for header in on.headers(caller)]
    done = subprocess.run(
        [
            *(SCHEMATHESIS, "--config-file", "fuzzing.toml", "run", f"{on.url}/schema/openapi.json"),
            *signed_in,
            *("--exclude-checks", NOT_CHECKED, "--phases", phases),
            *("--max-examples", str(cases), "--seed", str(seed), "--continue-on-failure", "--no-color"),
        ],
        cwd=folder,
        env={"LC_ALL": "C.UTF-8"},  # each request looks all of it through for proxies, which were a sixth of the time
        capture_output=True,
        text=True,
        timeout=SECONDS * 10,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return done.stdout


# Coverage tries the same bodies and parameters on everybody. Here those do who get further with them than others:
# what ada may do the key does for her, and anonymous may do less. `make fuzz` has everybody try everything.
@pytest.mark.parametrize(
    ("caller", "phases", "cases"),
    [
        ("anonymous", WITHOUT_COVERAGE, 4),
        ("ada", WITHOUT_COVERAGE, 4),
        ("researcher-curie", PHASES, 2),
        ("admin", PHASES, 2),
        ("api key", PHASES, 2),
    ],
)
def test_whatever_fits_or_does_not_fit_the_contract_is_answered_by_it(
    database_url: str, tmp_path: Path, caller: str, phases: str, cases: int
) -> None:
    with stage(database_url) as on:
        fuzz(on, caller, tmp_path, cases=cases, seed=1, phases=phases)

        assert len(on.answered) > 300
        seen = any(SECRET.encode() in answer for answer in on.answered)
        assert not seen or caller in {"admin", "researcher-curie"}


@pytest.mark.proof
@pytest.mark.parametrize("caller", CALLERS)
def test_thousands_of_cases_are_answered_by_the_contract(
    database_url: str, tmp_path: Path, caller: str, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    seed: Any = pytestconfig.getoption("--hypothesis-seed")
    with stage(database_url) as on:
        told = fuzz(on, caller, tmp_path, cases=150, seed=int(seed or 1))
    with capsys.disabled():
        sys.stdout.write(f"\n{caller}: {told[told.rindex('Test cases:') :]}")
