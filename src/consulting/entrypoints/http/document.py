"""The OpenAPI document: written from the handlers, and completed by what the framework doesn't see in them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

from consulting.entrypoints.http.answer_headers import OPEN_READS
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import at_desk
from consulting.entrypoints.http.documentation import BEARER, UNDER_A_KEY, add_refusal
from consulting.entrypoints.http.examples import EXAMPLES
from consulting.entrypoints.http.limits import READS
from consulting.entrypoints.http.links import links_of
from consulting.entrypoints.http.lists_taken import complete_lists
from consulting.entrypoints.http.query_examples import QUERY_EXAMPLES
from consulting.entrypoints.http.refusals import BodyMalformed, BodyTooLarge
from consulting.entrypoints.http.resources import routers
from consulting.entrypoints.http.retries import HEADER, REPLAYED, WRITES, kept

Json = dict[str, Any]

_NUMBERS: Final = (
    ("Researcher", "rate"),
    ("Rating", "average"),
    ("NewResearcher", "rate"),
    ("RegisteredResearcher", "rate"),
    ("Profile", "rate"),
    ("ProfileChanges", "rate"),
)
_WEBHOOK: Final = "/api/payment/webhook"
_FEED: Final = "/api/calendar/{token}"


@lru_cache(maxsize=1)
def openapi_document() -> bytes:
    """Write the document; nothing is built or asked for it."""
    app = Litestar(
        routers(),
        dependencies=at_desk(None),
        request_class=ApiRequest,
        openapi_config=_config(),
        logging_config=None,
    )
    document: Json = msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema()))
    _complete_shapes(document["components"]["schemas"])
    _complete_operations(document)
    document["components"]["headers"] = _HEADERS
    document["components"]["parameters"] = {HEADER: _KEY}
    _simplify(document)
    complete_lists(app, document["components"]["schemas"])
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def _complete_shapes(shapes: dict[str, Json]) -> None:
    """Say that no other fields are taken or given, that exact decimals are numbers, and give the examples."""
    for name, shape in shapes.items():
        _keep_ids_opaque(shape)
        if "properties" in shape:
            shape["additionalProperties"] = False
        if name in EXAMPLES:
            shape["examples"] = [EXAMPLES[name]]
    for name, field in _NUMBERS:
        _as_number(shapes[name]["properties"][field])
    shapes["Problem"]["properties"]["details"] = {"type": "object", "description": "Particulars, by code."}


def _keep_ids_opaque(part: Any) -> None:
    """Leave out that ids are UUIDs: that is no promise."""
    if isinstance(part, list):
        for each in part:
            _keep_ids_opaque(each)
    elif isinstance(part, dict):
        if part.get("format") == "uuid":
            del part["format"]
        for each in part.values():
            _keep_ids_opaque(each)


def _complete_operations(document: Json) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method.upper() in WRITES and path != _WEBHOOK:
                _complete_write(operation)
            if method.upper() not in READS and path != _WEBHOOK and "requestBody" not in operation:
                _complete_bodiless(operation)
    for operation in _operations(document):
        _complete_operation(operation)
    for path in document["paths"]:
        if path.startswith(OPEN_READS):
            _complete_open_read(document["paths"][path]["get"])
    document["paths"][_WEBHOOK]["post"] |= _SIGNED_MESSAGE
    document["paths"][f"{_FEED}.ics"] = document["paths"].pop(_FEED)  # the framework takes whole segments alone


def _complete_operation(operation: Json) -> None:
    for parameter in operation.get("parameters", ()):
        if "$ref" not in parameter:
            _complete_parameter(parameter)
    links = links_of(operation["operationId"])
    for status, answer in operation["responses"].items():
        _complete_answer(status, answer)
        if links and status.startswith("2"):
            answer["links"] = links
    if "requestBody" in operation:
        _complete_body(operation["requestBody"])


def _complete_write(operation: Json) -> None:
    """Say that it can be repeated under a key, and how the first answer shows when it comes again."""
    operation.setdefault("parameters", []).append({"$ref": f"#/components/parameters/{HEADER}"})
    for kind in UNDER_A_KEY:
        add_refusal(operation["responses"], kind)
    for status, answer in operation["responses"].items():
        if kept(int(status)):
            answer.setdefault("headers", {})[REPLAYED] = {"$ref": f"#/components/headers/{REPLAYED}"}


def _complete_bodiless(operation: Json) -> None:
    """Say how a body is refused that nobody asked for."""
    for kind in (BodyMalformed, BodyTooLarge):
        add_refusal(operation["responses"], kind)


def _complete_parameter(parameter: Json) -> None:
    parameter["schema"] = _never_null(parameter["schema"])
    parameter.setdefault("description", _PARAMETERS.get(parameter["name"], _GIVEN))
    if parameter["name"] in {"min_rate", "max_rate"}:
        _as_number(parameter["schema"])
    if parameter["in"] == "query" and parameter["name"] in QUERY_EXAMPLES:
        parameter["example"] = QUERY_EXAMPLES[parameter["name"]]


def _complete_open_read(operation: Json) -> None:
    """Say that the answer can be kept, and asked for again by its tag."""
    operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("ETag", "Vary", "X-Request-Id")}
    operation["responses"]["200"]["headers"] |= headers
    operation["responses"]["304"] = {"description": "The answer is the one that the caller has.", "headers": headers}


def _complete_answer(status: str, answer: Json) -> None:
    named = ["X-Request-Id", *_HEADERS_BY_STATUS.get(status, ())]
    answer.setdefault("headers", {}).update({name: {"$ref": f"#/components/headers/{name}"} for name in named})
    for content in answer.get("content", {}).values():
        for example in content.get("examples", {}).values():
            example.pop("id", None)  # the framework repeats the name inside, where the standard has no place for it


def _complete_body(body: Json) -> None:
    """Say that a body which may be null may as well be left out."""
    schemas = [content["schema"] for content in body["content"].values()]
    body["required"] = all({"type": "null"} not in schema.get("oneOf", ()) for schema in schemas)


def _operations(document: Json) -> Iterator[Json]:
    for path in document["paths"].values():
        yield from path.values()


def _as_number(schema: Json) -> None:
    for each in (schema, *schema.get("oneOf", ())):
        if each.get("type") == "string":
            each["type"] = "number"


def _never_null(schema: Json) -> Json:
    """Take null away: a parameter is left out instead."""
    if "oneOf" not in schema:
        return schema
    others = {key: value for key, value in schema.items() if key != "oneOf"}
    kept = [each for each in schema["oneOf"] if each != {"type": "null"}]
    return others | (kept[0] if len(kept) == 1 else {"oneOf": kept})


def _simplify(value: Any) -> None:
    """Write a choice of one as that one, and leave out what the framework makes of the dots of a tuple."""
    if isinstance(value, dict):
        if {} in value.get("oneOf", ()):
            value["oneOf"] = [each for each in value["oneOf"] if each]
        if len(value.get("oneOf", ())) == 1:
            value |= value.pop("oneOf")[0]
        for each in value.values():
            _simplify(each)
    elif isinstance(value, list):
        for each in value:
            _simplify(each)


def _config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="consulting",
        version="1",
        description=_INTRODUCTION,
        render_plugins=[JsonRenderPlugin()],
        operation_id_creator=_operation_id,
        components=Components(security_schemes={BEARER: _SCHEME}),
        tags=[Tag(name=name, description=said) for name, said in _TAGS.items()],
    )


def _operation_id(handler: Any, _: Method, __: list[str | PathParameterDefinition]) -> str:
    first, *others = str(handler.handler_name).rpartition(".")[2].split("_")
    return first + "".join(word.capitalize() for word in others)


_SCHEME: Final = SecurityScheme(
    type="http",
    scheme="bearer",
    bearer_format="JWT",
    description="A token of your issuer; for an instance of `consulting run`, one from `consulting token`.",
)
_TAGS: Final = {
    "Researchers": "Finding an expert.",
    "Time slots": "When they can be booked.",
    "Sessions": "Booking, looking at and canceling consultations.",
    "Reviews": "What clients say of their sessions.",
    "Calendar": "Subscribing to them by a calendar program.",
    "Payment": "Paying for them.",
    "Your calendar": "A researcher's own hours, and what they make of their slots.",
    "Your profile and bookings": "What a researcher says about themselves, and what was booked with them.",
    "Admin": "Running the place: for admins alone.",
    "Health": "For whoever runs this.",
}
_HEADERS: Final[dict[str, Json]] = {
    "X-Request-Id": {"description": "Names this request in our logs.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
    REPLAYED: {
        "description": f"`true` where this is the first answer to a request that was repeated under its `{HEADER}`.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "ETag": {"description": "Names this very answer; hand it in as `If-None-Match`.", "schema": {"type": "string"}},
    "Vary": {"description": "The answer depends on who asks: `Authorization`.", "schema": {"type": "string"}},
    "Allow": {"description": "The methods that this path takes.", "schema": {"type": "string"}},
}
_KEY: Final[Json] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A word of your own for this request, another one for every request: whoever repeats the request "
    "under the same word within a day gets the first answer again, and nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
_PARAMETERS: Final = {"token": "The secret part of the address, which was told once."}
_GIVEN: Final = "As an answer gave it."
_HEADERS_BY_STATUS: Final = {
    "401": ("WWW-Authenticate",),
    "405": ("Allow",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
_IF_NONE_MATCH: Final[Json] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of an answer that the caller has: 304 if it would be the same again.",
    "schema": {"type": "string"},
}
_SIGNED_MESSAGE: Final[Json] = {
    "parameters": [
        {
            "name": "Stripe-Signature",
            "in": "header",
            "required": True,
            "description": "The provider's signature of the body, byte for byte.",
            "schema": {"type": "string"},
        }
    ],
    "requestBody": {
        "required": True,
        "description": "The provider's own event.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}
_INTRODUCTION: Final = """\
Paid one-to-one sessions with researchers: find an expert, take a time slot, pay, meet, and cancel by rule.

- Ids are opaque strings, instants are RFC 3339 in UTC, exact amounts are integer minor units.
- Every 4xx and 5xx answer has one shape, `{"error": {"code", "message", "details"}}`; `code` is a stable word.
- Unknown fields and parameters are refused.
- Lists come in pages: hand `next_cursor` in as `cursor` until it is null.
- Repeat a write whose answer you never got under the same `Idempotency-Key`: it is done once, and answered again.
- Each answer carries `X-Request-Id`: name it when you report a problem.
"""
