"""The committed contract is the one that the code keeps, and a change that breaks clients is named.

After a change of the API write it anew: `make openapi` (or `.venv/bin/python scripts/contract.py write`), also where a
merge of docs/openapi.json conflicts.
"""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from consulting.entrypoints.http.document import openapi_document
from consulting.entrypoints.http.examples import EXAMPLES
from consulting.entrypoints.http.links import LINKS

ROOT = Path(__file__).parents[4]
DOCUMENT: dict[str, Any] = json.loads(openapi_document())
OPERATIONS = {each["operationId"]: each for item in DOCUMENT["paths"].values() for each in item.values()}


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    spec = importlib.util.spec_from_file_location("contract", ROOT / "scripts" / "contract.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[str] = module.breaking_changes(old, new)
    return found


def test_the_committed_document_is_current() -> None:
    committed = (ROOT / "docs" / "openapi.json").read_bytes()

    assert committed == openapi_document() + b"\n", "docs/openapi.json is old: run `make openapi` and commit it"


def test_the_document_is_valid_by_the_standard() -> None:
    assert [str(each)[:500] for each in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_parameter_is_described_and_every_body_has_an_example() -> None:
    for name, operation in OPERATIONS.items():
        assert operation["security"], name
        for parameter in parameters(operation):
            assert parameter["description"], (name, parameter["name"])
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert name == "receiveProviderEvent" or "$ref" in json.dumps(content["schema"]), name


def parameters(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Give an operation's parameters, those that the document describes once included."""
    known = DOCUMENT["components"].get("parameters", {})
    found = operation.get("parameters", ())
    return [known[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in found]


def leads_to(body: Any, pointer: str) -> Any:
    for part in pointer.split("/"):
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body


@pytest.mark.parametrize("name", LINKS)
def test_links_lead_from_what_is_answered_to_what_is_taken(name: str) -> None:
    answer = next(each for status, each in OPERATIONS[name]["responses"].items() if status.startswith("2"))
    schema = answer["content"]["application/json"]["schema"]
    shape = schema.get("oneOf", [schema])[0]["$ref"].rpartition("/")[2]  # of several the one that comes unasked

    assert len(answer["links"]) == len(LINKS[name])
    for link in LINKS[name]:
        target = OPERATIONS[link.to]
        assert set(link.parameters) <= {each["name"] for each in parameters(target)}
        for value in (*link.parameters.values(), *(link.body or {}).values()):
            where, _, pointer = value.partition("#/")
            assert where in {"$response.body", "$request.body"}
            if where == "$response.body":
                assert leads_to(EXAMPLES[shape], pointer) is not ...


def test_a_document_breaks_nothing_of_itself() -> None:
    assert breaking_changes(DOCUMENT, copy.deepcopy(DOCUMENT)) == []


def session(document: dict[str, Any]) -> Any:
    return document["components"]["schemas"]["Session"]


def new_session(document: dict[str, Any]) -> Any:
    return document["components"]["schemas"]["NewSession"]


def booking(document: dict[str, Any]) -> Any:
    return document["paths"]["/api/sessions"]["post"]


def researchers(document: dict[str, Any]) -> Any:
    return document["paths"]["/api/researchers"]["get"]


BREAKING: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a path": (lambda d: d["paths"].pop("/api/researchers/search"), "GET /api/researchers/search is gone"),
    "a method": (lambda d: d["paths"]["/api/sessions"].pop("post"), "POST /api/sessions is gone"),
    "a field": (lambda d: session(d)["properties"].pop("zoom_link"), "answer 201.zoom_link is gone"),
    "a certain field": (lambda d: session(d)["required"].remove("zoom_link"), "answer 201.zoom_link may be absent now"),
    "a certain value": (
        lambda d: session(d)["properties"]["no_show"].update(oneOf=[{"type": "boolean"}, {"type": "null"}]),
        "answer 201.no_show may be null now",
    ),
    "an input": (lambda d: new_session(d)["properties"].pop("paper_id"), "body.paper_id is not taken any more"),
    "a choice": (
        lambda d: new_session(d).update(required=["time_slot_id", "questions"]),
        "body.questions is required now",
    ),
    "length": (
        lambda d: new_session(d)["properties"]["time_slot_id"].update(maxLength=5),
        "body.time_slot_id: maxLength is 5 now",
    ),
    "a parameter": (lambda d: researchers(d)["parameters"].clear(), "query parameter limit is not taken any more"),
    "leaving out": (
        lambda d: researchers(d)["parameters"][0].update(required=True),
        "query parameter expertise is required now",
    ),
    "openness": (lambda d: researchers(d).update(security=[{"token": []}]), "it needs a token now"),
    "a code": (
        lambda d: booking(d)["responses"]["409"]["content"]["application/json"]["examples"].pop("SLOT_UNAVAILABLE"),
        "the code SLOT_UNAVAILABLE of answer 409 is gone",
    ),
}


@pytest.mark.parametrize(("change", "told"), BREAKING.values(), ids=BREAKING.keys())
def test_what_a_client_would_stumble_over_is_named(change: Callable[[dict[str, Any]], object], told: str) -> None:
    changed = copy.deepcopy(DOCUMENT)
    change(changed)

    assert [each for each in breaking_changes(DOCUMENT, changed) if told in each]


def test_what_is_added_breaks_nothing() -> None:
    changed = copy.deepcopy(DOCUMENT)
    changed["paths"]["/api/new"] = changed["paths"]["/api/sessions"]
    session(changed)["properties"]["new"] = {"type": "string"}
    session(changed)["required"].append("new")
    new_session(changed)["properties"]["new"] = {"type": "string"}
    researchers(changed)["parameters"].append({"name": "new", "in": "query", "schema": {"type": "string"}})

    assert breaking_changes(DOCUMENT, changed) == []
