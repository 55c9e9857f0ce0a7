from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from consulting.entrypoints.http import (
    admin_wire,
    booking_shapes,
    calendar_shapes,
    calendar_trials,
    earning_shapes,
    expertise,
    explanation_shapes,
    health,
    one_off_shapes,
    privacy_wire,
    problems,
    profile_shapes,
    review_bodies,
    slot_bodies,
    weeks,
    wire,
)
from consulting.entrypoints.http.document import openapi_document
from consulting.entrypoints.http.examples import EXAMPLES
from consulting.entrypoints.http.query_examples import QUERY_EXAMPLES

BODIES = (
    wire,
    admin_wire,
    privacy_wire,
    review_bodies,
    booking_shapes,
    calendar_shapes,
    calendar_trials,
    earning_shapes,
    expertise,
    explanation_shapes,
    one_off_shapes,
    profile_shapes,
    slot_bodies,
    weeks,
    problems,
    health,
)
DOCUMENT: dict[str, Any] = json.loads(openapi_document())
SHAPES: dict[str, dict[str, Any]] = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}


def everywhere(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for each in value.values() for found in everywhere(each))]
    if isinstance(value, list):
        return [found for each in value for found in everywhere(each)]
    return []


def test_it_describes_every_call_of_the_contract() -> None:
    assert set(OPERATIONS) == {
        "GET /api/researchers",
        "GET /api/researchers/search",
        "GET /api/researchers/{id}",
        "GET /api/expertise",
        "GET /api/time-slots",
        "GET /api/time-slots/{id}",
        "GET /api/researchers/{id}/next-slots",
        "POST /api/sessions",
        "GET /api/sessions",
        "GET /api/sessions/{id}",
        "PATCH /api/sessions/{id}/cancel",
        "GET /api/sessions/{id}/cancellation",
        "PATCH /api/sessions/{id}/reschedule",
        "GET /api/sessions/{id}/calendar.ics",
        "GET /api/admin/researchers",
        "POST /api/admin/researchers",
        "GET /api/admin/researchers/{id}",
        "PATCH /api/admin/researchers/{id}",
        "PATCH /api/admin/sessions/{id}/cancel",
        "POST /api/admin/sessions/{id}/refund",
        "GET /api/admin/outbox",
        "POST /api/admin/outbox/{id}/retry",
        "GET /api/admin/audit",
        "POST /api/sessions/{id}/review",
        "PATCH /api/sessions/{id}/review",
        "GET /api/sessions/{id}/review",
        "GET /api/researchers/{id}/reviews",
        "POST /api/researcher/reviews/{id}/answer",
        "PATCH /api/admin/reviews/{id}/hide",
        "PATCH /api/admin/reviews/{id}/show",
        "POST /api/calendar-token",
        "DELETE /api/calendar-token",
        "GET /api/calendar/{token}.ics",
        "GET /api/admin/users/{id}/export",
        "POST /api/admin/users/{id}/erase",
        "GET /api/admin/api-keys",
        "POST /api/admin/api-keys",
        "GET /api/admin/api-keys/{id}",
        "DELETE /api/admin/api-keys/{id}",
        "GET /api/researcher/availability/patterns",
        "POST /api/researcher/availability/patterns",
        "GET /api/researcher/availability/patterns/{id}",
        "PATCH /api/researcher/availability/patterns/{id}",
        "DELETE /api/researcher/availability/patterns/{id}",
        "GET /api/researcher/availability/overrides",
        "POST /api/researcher/availability/overrides",
        "GET /api/researcher/availability/overrides/{id}",
        "PATCH /api/researcher/availability/overrides/{id}",
        "DELETE /api/researcher/availability/overrides/{id}",
        "GET /api/researcher/availability/slots",
        "POST /api/researcher/availability/slots",
        "GET /api/researcher/availability/slots/{id}",
        "PATCH /api/researcher/availability/slots/{id}",
        "DELETE /api/researcher/availability/slots/{id}",
        "GET /api/researcher/availability/blocks",
        "POST /api/researcher/availability/blocks",
        "GET /api/researcher/availability/blocks/{id}",
        "PATCH /api/researcher/availability/blocks/{id}",
        "DELETE /api/researcher/availability/blocks/{id}",
        "POST /api/researcher/availability/copy-week",
        "POST /api/researcher/availability/preview",
        "GET /api/researcher/availability/explain",
        "GET /api/researcher/profile",
        "PATCH /api/researcher/profile",
        "GET /api/researcher/bookings",
        "GET /api/researcher/earnings",
        "GET /api/researcher/earnings.csv",
        "GET /api/researcher/bookings/{id}",
        "PATCH /api/researcher/bookings/{id}/cancel",
        "PATCH /api/researcher/bookings/{id}/no-show",
        "PATCH /api/researcher/bookings/{id}/notes",
        "GET /api/researcher/bookings/{id}/start-link",
        "POST /api/payment/intent",
        "POST /api/payment/confirm",
        "POST /api/payment/webhook",
        "GET /health/live",
        "GET /health/ready",
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_what_it_does_and_how_it_can_fail(name: str) -> None:
    operation = OPERATIONS[name]
    failures = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}

    assert operation["summary"]
    assert len(operation["description"]) > len(operation["summary"])
    assert re.fullmatch(r"[a-z][A-Za-z]+", operation["operationId"])
    assert "500" in failures
    for answer in failures.values():
        content = answer["content"]["application/json"]
        assert content["schema"] == {"$ref": "#/components/schemas/ErrorEnvelope"}
        for code, example in content["examples"].items():
            assert example["value"]["error"]["code"] == code
            assert f"`{code}`" in answer["description"]


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if "properties" in shape])
def test_every_body_has_an_example_that_is_one(name: str) -> None:
    shape = next(found for module in BODIES if (found := getattr(module, name, None)))

    assert SHAPES[name]["additionalProperties"] is False
    assert SHAPES[name]["examples"] == [EXAMPLES[name]]
    assert msgspec.convert(EXAMPLES[name], shape)
    assert set(SHAPES[name].get("required", ())) <= set(EXAMPLES[name])


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_fits_its_shape_as_the_document_has_it(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SHAPES}}
    validator = OAS31Validator(schema, format_checker=oas31_format_checker)

    assert [error.message for error in validator.iter_errors(EXAMPLES[name])] == []


def test_no_choice_of_shapes_has_an_empty_one_that_everything_fits() -> None:
    assert [each for each in everywhere(DOCUMENT) if {} in each.get("oneOf", ())] == []


def test_there_is_no_example_of_what_does_not_exist() -> None:
    assert set(EXAMPLES) <= set(SHAPES)


def test_every_reference_leads_somewhere() -> None:
    for each in everywhere(DOCUMENT):
        if "$ref" in each:
            found: Any = DOCUMENT
            for part in each["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            assert found


def test_exact_decimals_are_numbers_and_parameters_are_never_null() -> None:
    assert SHAPES["Researcher"]["properties"]["rate"]["type"] == "number"
    assert {"type": "number"} in SHAPES["Rating"]["properties"]["average"]["oneOf"]
    for operation in OPERATIONS.values():
        for parameter in operation.get("parameters", ()):
            assert {"type": "null"} not in everywhere(parameter)


QUERY_PARAMETERS = {
    f"{name} {parameter['name']}": parameter
    for name, operation in OPERATIONS.items()
    for parameter in operation.get("parameters", ())
    if parameter.get("in") == "query"
}


@pytest.mark.parametrize("name", QUERY_PARAMETERS)
def test_every_query_parameter_says_what_it_is_and_gives_an_example_that_fits(name: str) -> None:
    parameter = QUERY_PARAMETERS[name]

    assert parameter["description"].endswith(".")
    assert parameter["description"] != "As an answer gave it.", "say what it is for, where the handler declares it"
    assert "example" in parameter, "give one in query_examples.py"
    schema = parameter["schema"] | {"components": {"schemas": SHAPES}}
    assert list(OAS31Validator(schema, format_checker=oas31_format_checker).iter_errors(parameter["example"])) == []


def test_there_is_no_example_of_a_parameter_that_does_not_exist() -> None:
    assert set(QUERY_EXAMPLES) == {parameter["name"] for parameter in QUERY_PARAMETERS.values()}


def test_a_body_that_may_be_left_out_is_not_required() -> None:
    assert OPERATIONS["PATCH /api/sessions/{id}/cancel"]["requestBody"]["required"] is False
    assert OPERATIONS["POST /api/sessions"]["requestBody"]["required"] is True


def test_a_new_thing_tells_where_it_is_and_a_busy_answer_how_long_to_wait() -> None:
    answers = OPERATIONS["POST /api/sessions"]["responses"]

    assert "Location" in answers["201"]["headers"]
    assert "Retry-After" in answers["503"]["headers"]
    assert "WWW-Authenticate" in answers["401"]["headers"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_write_of_a_callers_can_be_repeated(name: str) -> None:
    operation = OPERATIONS[name]
    described = {"$ref": "#/components/parameters/Idempotency-Key"} in operation.get("parameters", ())

    assert described == (name.startswith(("POST", "PATCH")) and name != "POST /api/payment/webhook")
    if described:
        assert {"IDEMPOTENCY_KEY_REUSED", "REQUEST_IN_PROGRESS"} <= set(
            operation["responses"]["409"]["content"]["application/json"]["examples"]
        )
