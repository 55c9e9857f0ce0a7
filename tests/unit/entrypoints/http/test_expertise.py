"""Fields of expertise to choose from, for whoever looks for a researcher and for researchers themselves."""

from __future__ import annotations

from typing import Any

import pytest

from consulting.domain.researchers import Researcher
from tests.unit.entrypoints.http.frontend import Frontend, problems

FIELDS = {
    "curie": ("Physics", "Radioactivity"),
    "bohr": ("physics", "Quantum mechanics"),
    "noether": ("physics", "Algèbre"),
}


@pytest.fixture
def researchers(frontend: Frontend) -> list[Researcher]:
    return [frontend.researcher(name, expertise=fields) for name, fields in FIELDS.items()]


def tags(frontend: Frontend, **query: Any) -> list[tuple[str, int]]:
    answer = frontend.get("/api/expertise", **query)
    assert answer.status_code == 200, answer.text
    return [(each["tag"], each["researchers"]) for each in answer.json()["expertise"]]


def test_the_most_used_fields_come_first(frontend: Frontend, researchers: list[Researcher]) -> None:
    found = tags(frontend)

    assert found == [("physics", 3), ("Algèbre", 1), ("Quantum mechanics", 1), ("Radioactivity", 1)]
    assert tags(frontend, limit=1) == found[:1]


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("phy", [("physics", 3)]),
        ("PHY", [("physics", 3)]),
        ("alge", [("Algèbre", 1)]),
        ("  ÀLG", [("Algèbre", 1)]),
        ("quantum m", [("Quantum mechanics", 1)]),
        ("mechanics", []),
        ("%", []),
        ("+", []),
    ],
)
def test_case_and_accents_of_the_letters_do_not_matter(
    frontend: Frontend, researchers: list[Researcher], prefix: str, found: list[tuple[str, int]]
) -> None:
    assert tags(frontend, prefix=prefix) == found


def test_a_field_leads_to_those_who_have_it(frontend: Frontend, researchers: list[Researcher]) -> None:
    for tag, number in tags(frontend):
        assert len(frontend.get("/api/researchers", expertise=tag).json()["researchers"]) == number


def test_it_follows_the_profile_and_goes_with_whoever_is_deactivated(
    frontend: Frontend, researchers: list[Researcher]
) -> None:
    curie = researchers[0]

    frontend.call("PATCH", "/api/researcher/profile", by="researcher-curie", json={"expertise": ["Chemistry"]})
    changed = tags(frontend, prefix="c")
    frontend.call("PATCH", f"/api/admin/researchers/{curie.id}", by="admin", json={"active": False})

    assert changed == [("Chemistry", 1)]
    assert tags(frontend, prefix="c") == []


def test_nothing_is_sent_again_to_whoever_has_it(frontend: Frontend, researchers: list[Researcher]) -> None:
    first = frontend.get("/api/expertise")

    again = frontend.call("GET", "/api/expertise", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"prefix": "x" * 101}, "prefix"),
        ({"prefix": "\0"}, "prefix"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(anybody: Frontend, query: dict[str, Any], field: str) -> None:
    assert list(problems(anybody.get("/api/expertise", **query))) == [field]
