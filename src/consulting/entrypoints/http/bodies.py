"""Reading JSON bodies: strictly, and never with a 500."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException

from consulting.application.callers import Caller
from consulting.domain.errors import FieldProblem, ValidationFailed
from consulting.entrypoints.http.limits import READS
from consulting.entrypoints.http.refusals import BodyMalformed, RequestMalformed, UnsupportedMediaType
from consulting.entrypoints.http.validation import problem_of, problems_of, repeated_names


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """The body of an operation that takes none."""


_NOTHING = msgspec.json.Decoder(Nothing)


class ApiRequest(Request[Caller | None, Any, Any]):
    """A request whose JSON body is decoded once, straight into what its handler takes."""

    async def body(self) -> bytes:
        """Give the whole body. Raises RequestMalformed if the client breaks off before its end."""
        try:
            return await super().body()
        except InternalServerException:  # the framework's name for it; nothing of ours has failed
            raise RequestMalformed from None

    async def json(self) -> Any:
        """Give the body as the handler's `data`; None for no body at all.

        Raises RequestMalformed, UnsupportedMediaType, BodyMalformed and ValidationFailed.
        """
        body = await self.body()
        if not body and _optional(self.route_handler):
            return None
        if self.content_type[0] != "application/json":
            raise UnsupportedMediaType
        return read_json(body, _decoder(self.route_handler))


async def check_body(request: Request[Any, Any, Any]) -> None:
    """Refuse what is sent to a write that takes no body, `{}` aside: whoever sends it believes that it counts.

    Runs before each handler. Raises RequestMalformed, BodyMalformed and ValidationFailed.
    """
    if request.method in READS or _takes_body(request.route_handler):
        return
    body = await request.body()
    if body:
        read_json(body, _NOTHING)


def read_json(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    """Decode a body. Raises BodyMalformed, and ValidationFailed with every problem that can be told at once."""
    try:
        found = decoder.decode(body)
        problems = repeated_names(body)
    except msgspec.ValidationError as error:
        raise ValidationFailed(_all_problems(body, decoder, error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BodyMalformed from None
    if problems:
        raise ValidationFailed(problems)
    return found


def _all_problems(
    body: bytes, decoder: msgspec.json.Decoder[Any], first: msgspec.ValidationError
) -> Sequence[FieldProblem]:
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # it was given up before its end
        return [problem_of(first)]
    return list(dict.fromkeys(problems_of(raw, decoder.type))) or [problem_of(first)]


@lru_cache(maxsize=256)
def _takes_body(handler: Any) -> bool:
    """Tell whether it reads a JSON body, or the raw one."""
    return handler.parsed_data_field is not None or "body" in handler.parsed_fn_signature.parameters


@lru_cache(maxsize=256)
def _decoder(handler: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(handler.parsed_data_field.annotation)


@lru_cache(maxsize=256)
def _optional(handler: Any) -> bool:
    return bool(handler.parsed_data_field.is_optional)
