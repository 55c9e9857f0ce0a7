"""Reading JSON bodies: strictly, and never with a 500."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from consulting.application.callers import Caller
from consulting.domain.errors import FieldProblem, ValidationFailed
from consulting.entrypoints.http.limits import READS
from consulting.entrypoints.http.refusals import BodyMalformed, RequestMalformed, UnsupportedMediaType
from consulting.entrypoints.http.validation import problem_of, problems_of, repeated_names

_BODY: Final = "consulting_body"


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """The body of an operation that takes none."""


_NOTHING = msgspec.json.Decoder(Nothing)


class ApiRequest(Request[Caller | None, Any, Any]):
    """A request whose JSON body is decoded once, straight into what its handler takes."""

    async def body(self) -> bytes:
        """Give the whole body, which is read once; the framework's own way does it by a generator.

        Raises RequestMalformed if the client breaks off before its end, and RequestEntityTooLarge.
        """
        kept = self.scope["state"]
        if _BODY not in kept:
            kept[_BODY] = await self._read(most=self.route_handler.resolve_request_max_body_size() or math.inf)
        found: bytes = kept[_BODY]
        return found

    async def _read(self, *, most: float) -> bytes:
        if (self.content_length or 0) > most:
            raise RequestEntityTooLarge
        parts: list[bytes] = []
        length, more = 0, True
        while more:
            message = await self.receive()
            if message["type"] != "http.request":
                raise RequestMalformed
            parts.append(message.get("body", b""))
            length, more = length + len(parts[-1]), message.get("more_body", False)
            if length > most:
                raise RequestEntityTooLarge
        return b"".join(parts)

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
