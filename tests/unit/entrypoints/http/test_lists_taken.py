"""The bounds of lists that callers send: the contract names those that the API goes by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from consulting.entrypoints.http.document import openapi_document
from tests.unit.entrypoints.http.frontend import Frontend
from tests.unit.entrypoints.http.test_admin import ADA_MARSH

DOCUMENT: dict[str, Any] = json.loads(openapi_document())
SHAPES: dict[str, dict[str, Any]] = DOCUMENT["components"]["schemas"]
CURIE = "researcher-curie"
OVERRIDES = "/api/researcher/availability/overrides"
OVERRIDE = {"date": "2026-12-10", "slot_minutes": 10, "gap_minutes": 0}


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["$ref"].rpartition("/")[2]] if "$ref" in value else []
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def taken() -> set[str]:
    """Name the shapes of all that is sent, whole bodies and what is inside them."""
    bodies = [each.get("requestBody") for item in DOCUMENT["paths"].values() for each in item.values()]
    found: set[str] = set()
    left = set(references(bodies))
    while left:
        found |= left
        left = {name for each in left for name in references(SHAPES[each])} - found
    return found


LISTS = {
    f"{name} {field}": schema
    for name in sorted(taken())
    for field, schema in SHAPES[name].get("properties", {}).items()
    if schema.get("type") == "array"
}
TEXTS = {name: schema for name, schema in LISTS.items() if schema["items"].get("type") == "string"}
BOUND = [name for name, schema in LISTS.items() if "maxItems" in schema]


def test_every_list_of_texts_that_is_taken_has_bounds_as_have_its_texts() -> None:
    assert len(TEXTS) == 5
    for name, schema in TEXTS.items():
        assert "maxItems" in schema, name
        assert {"maxLength", "pattern"} <= schema["items"].keys(), name


def sent(frontend: Frontend, name: str, given: list[Any]) -> int:
    """Send a list where it is taken; give the status of the answer."""
    shape, field = name.split()
    calls = {
        "NewResearcher": ("POST", "/api/admin/researchers", ADA_MARSH, "admin"),
        "ProfileChanges": ("PATCH", "/api/researcher/profile", {}, CURIE),
        "NewOverride": ("POST", OVERRIDES, OVERRIDE, CURIE),
        "OverrideChanges": ("PATCH", f"{OVERRIDES}/{override(frontend)}", {}, CURIE),
    }
    method, path, body, who = calls[shape]
    return int(frontend.call(method, path, by=who, json=body | {field: given}).status_code)


def override(frontend: Frontend) -> str:
    """Give the id of an override, made where there is none yet."""
    known = frontend.get(OVERRIDES, by=CURIE).json()["overrides"]
    made = known[:1] or [frontend.post(OVERRIDES, OVERRIDE | {"date": "2026-12-11"}, by=CURIE).json()]
    return str(made[0]["id"])


def many(count: int, items: dict[str, Any]) -> list[Any]:
    """Make so many members that are all different."""
    if "$ref" not in items:
        return [f"{number}" for number in range(count)]
    times = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in range(0, 10 * (count + 1), 10)]
    return [{"start": start, "end": end} for start, end in pairwise(times)]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_of_a_list_may_be_as_long_as_the_contract_says_and_no_longer(frontend: Frontend, name: str) -> None:
    frontend.researcher("curie")
    items = TEXTS[name]["items"]

    assert sent(frontend, name, ["x" * (items["maxLength"] + 1)]) == 400
    assert sent(frontend, name, ["x\x00"]) == 400
    assert sent(frontend, name, [""]) == 400 or "minLength" not in items
    assert sent(frontend, name, ["x" * items["maxLength"]]) in {200, 201}


@pytest.mark.parametrize("name", BOUND)
def test_a_list_may_be_as_long_as_the_contract_says_and_no_longer(frontend: Frontend, name: str) -> None:
    frontend.researcher("curie")
    most, items = LISTS[name]["maxItems"], LISTS[name]["items"]

    assert sent(frontend, name, many(most + 1, items)) == 400
    assert sent(frontend, name, many(most, items)) in {200, 201}
