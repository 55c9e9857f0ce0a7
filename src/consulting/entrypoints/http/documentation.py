"""What handlers say of themselves for the OpenAPI document: the rules, and every error answer."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Final

from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, SecurityRequirement

from consulting.application.ports.retries import IdempotencyKeyReused, RequestInProgress
from consulting.application.ports.transactions import StorageUnavailable
from consulting.domain.errors import ConsultingError, FieldProblem, ValidationFailed
from consulting.entrypoints.http import refusals
from consulting.entrypoints.http.problems import RETRY_AFTER, ErrorEnvelope, status_of

BEARER: Final = "token"
WITH_TOKEN: Final[list[SecurityRequirement]] = [{BEARER: []}]
OPEN: Final[list[SecurityRequirement]] = [{}, {BEARER: []}]
NO_TOKEN: Final[list[SecurityRequirement]] = [{}]
LOCATION: Final = [ResponseHeader(name="Location", description="Where it is now.", value="", documentation_only=True)]

OF_ADMINS: Final = (refusals.SignInRequired, refusals.Forbidden)
"""What whoever is no admin is told at operations for admins."""

_ANYWHERE: Final = (ValidationFailed, refusals.RequestMalformed, refusals.InternalError, refusals.Overloaded)
_RECOGNIZING: Final = (
    refusals.TokenInvalid,
    refusals.ActingRefused,
    refusals.ScopeMissing,
    refusals.UserMissing,
    refusals.TooManyRequests,
    refusals.SignInUnavailable,
    StorageUnavailable,
)
_WITH_BODY: Final = (refusals.BodyMalformed, refusals.BodyTooLarge, refusals.UnsupportedMediaType)
UNDER_A_KEY: Final = (IdempotencyKeyReused, RequestInProgress)
_HEADINGS: Final = {
    400: "The request isn't valid.",
    401: "There is no valid token.",
    403: "The caller may not do this.",
    404: "There is no such thing.",
    409: "It can't be done as things stand.",
    413: "The body is too long.",
    415: "The body isn't JSON.",
    429: "Too much was asked for in too short a time.",
    500: "Something went wrong here.",
    503: f"It can't be done at the moment: try again after `Retry-After` ({RETRY_AFTER}) seconds.",
}
_DETAILS: Final[Mapping[str, dict[str, Any]]] = {
    "PAYMENT_INCOMPLETE": {"status": "processing"},
    "TOO_MANY_REQUESTS": {"retry_after": 3},
    "NOT_READY": {"checks": {"database": "ok", "worker": "no heartbeat for 30 s"}},
}


def story(use_case: type) -> str:
    """Give the business rules that a use case states."""
    return inspect.getdoc(use_case) or ""


def errors(*kinds: type[ConsultingError]) -> dict[int, ResponseSpec]:
    """Describe the error answers of an operation under /api: those named, and those that any of them can give."""
    return only_errors(*kinds, *_RECOGNIZING)


def errors_of_writing(*kinds: type[ConsultingError]) -> dict[int, ResponseSpec]:
    """Describe those of a an operation that takes a JSON body too."""
    return errors(*kinds, *_WITH_BODY)


def only_errors(*kinds: type[ConsultingError]) -> dict[int, ResponseSpec]:
    """Describe the error answers of an operation to whom it doesn't matter who calls."""
    by_status: dict[int, list[type[ConsultingError]]] = {}
    for kind in dict.fromkeys((*kinds, *_ANYWHERE)):
        by_status.setdefault(status_of(_sample(kind)), []).append(kind)
    return {status: _spec(status, by_status[status]) for status in sorted(by_status)}


def add_refusal(answers: dict[str, Any], kind: type[ConsultingError]) -> None:
    """Describe one more error among an operation's answers, where they are written out already."""
    error, status = _sample(kind), str(status_of(_sample(kind)))
    media = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}, "examples": {}}}
    answer = answers.setdefault(status, {"description": f"{_HEADINGS[int(status)]}\n", "content": media})
    answer["content"]["application/json"]["examples"][error.code] = {"value": _shown(error)}
    answer["description"] += f"\n- `{error.code}`: {error.message}"


def _spec(status: int, kinds: list[type[ConsultingError]]) -> ResponseSpec:
    lines = [f"- `{kind.code}`: {_sample(kind).message}" for kind in kinds]
    return ResponseSpec(
        ErrorEnvelope,
        generate_examples=False,
        description="\n".join([_HEADINGS[status], "", *lines]),
        examples=[Example(id=kind.code, value=_shown(_sample(kind))) for kind in kinds],
    )


def _sample(kind: type[ConsultingError]) -> ConsultingError:
    if issubclass(kind, ValidationFailed):
        return ValidationFailed([FieldProblem("timezone", "give the name of an IANA time zone, such as Europe/Berlin")])
    return kind(**_DETAILS.get(kind.code, {}))


def _shown(error: ConsultingError) -> dict[str, Any]:
    return {"error": {"code": error.code, "message": error.message, "details": dict(error.details)}}
