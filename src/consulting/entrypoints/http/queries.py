"""Reading query strings: every problem found, together, and nothing passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec
from litestar import Request
from litestar.params import QueryParameter
from litestar.types import Empty

from consulting.domain.errors import FieldProblem, ValidationFailed
from consulting.entrypoints.http.validation import NO_NUL, one_of, problem_of

LONGEST_REMEMBERED: Final = 512
"""In bytes: a longer query is looked at each time."""

# The framework reads 1 as true, numbers and local times as instants, and digits of any script; the contract doesn't.
_SPELLINGS: Final[Mapping[type, tuple[re.Pattern[str], str]]] = {
    bool: (re.compile("true|false"), "give true or false"),
    int: (re.compile(r"-?[0-9]{1,18}"), "give a whole number"),
    Decimal: (re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?"), "give a plain number"),
    datetime: (
        re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"),
        "give a date and time with its offset from UTC, as 2026-04-20T09:00:00Z; a + in a query is written %2B",
    ),
}


def text_parameter(*, description: str, name: str | None = None, max_length: int = 255) -> QueryParameter:
    """Describe a text parameter: of bounded length, and without the character that no database keeps."""
    return QueryParameter(name=name, description=description, max_length=max_length, pattern=NO_NUL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query parameter of a handler: the type that it is read as, and how it must be spelled, if that matters."""

    type: Any
    required: bool
    spelling: tuple[re.Pattern[str], str] | None


def check_query(request: Request[Any, Any, Any]) -> None:
    """Raise ValidationFailed for whatever is wrong with the query; runs before each handler."""
    raw = request.scope["query_string"]
    look = _look if len(raw) <= LONGEST_REMEMBERED else _look.__wrapped__
    look(raw, request.route_handler)


@lru_cache(maxsize=1024)
def _look(raw: bytes, handler: Any) -> None:
    """Look at a query, and remember it if nothing is wrong: many ask for the same."""
    known = _parameters(handler)
    if not raw and not any(parameter.required for parameter in known.values()):
        return
    _require_text(raw)
    given = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)
    if _fits(given, handler):
        return
    problems = list(_problems(given, known))
    if problems:
        raise ValidationFailed(problems)


def _fits(given: list[tuple[str, str]], handler: Any) -> bool:
    """Tell whether all is well, as it is most often; False where that takes a closer look."""
    together, shape = dict(given), _shape(handler)
    if shape is None or len(together) < len(given):
        return False
    try:
        msgspec.convert(together, shape, strict=False)
    except msgspec.ValidationError:
        return False
    return True


def _require_text(raw: bytes) -> None:
    try:
        unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise ValidationFailed.of("query", "this is not UTF-8") from None


def _problems(given: list[tuple[str, str]], known: Mapping[str, Parameter]) -> Iterator[FieldProblem]:
    names = [name for name, _ in given]
    for name in dict.fromkeys(names):
        if name not in known:
            yield FieldProblem(name, "there is no such parameter")
        elif names.count(name) > 1:
            yield FieldProblem(name, "give this once")
    for name, parameter in known.items():
        if parameter.required and name not in names:
            yield FieldProblem(name, "this is required")
    for name, value in given:
        if name in known and names.count(name) == 1:
            yield from _problem_of(name, value, known[name])


def _problem_of(name: str, value: str, parameter: Parameter) -> Iterator[FieldProblem]:
    if parameter.spelling is not None and not parameter.spelling[0].fullmatch(value):
        yield FieldProblem(name, parameter.spelling[1])
        return
    try:
        msgspec.convert(value, parameter.type, strict=False)
    except msgspec.ValidationError as error:
        yield problem_of(error, within=name)


@lru_cache(maxsize=256)
def _parameters(handler: Any) -> Mapping[str, Parameter]:
    """Read a handler's query parameters off its signature."""
    found = {}
    for field in handler.parsed_fn_signature.parameters.values():
        hint = field.raw
        marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        mark = next((each for each in marks if isinstance(each, QueryParameter)), None)
        if mark is not None:
            plain = _given_type(get_args(hint)[0])
            found[mark.name or field.name] = Parameter(
                type=_constrained(plain, mark),
                required=field.default is Empty,
                spelling=_spelling(plain),
            )
    return found


@lru_cache(maxsize=256)
def _shape(handler: Any) -> type[msgspec.Struct] | None:
    """Put a handler's query parameters into one type, but for those that must be spelled in some way.

    None where one of those is required.
    """
    if any(each.required and each.spelling for each in _parameters(handler).values()):
        return None
    known = {name: each for name, each in _parameters(handler).items() if each.spelling is None}
    fields = [(f"given_{number}", each) for number, each in enumerate(known.values())]
    return msgspec.defstruct(
        "Query",
        [(field, each.type) if each.required else (field, each.type, None) for field, each in fields],
        rename={field: name for (field, _), name in zip(fields, known, strict=True)},
        kw_only=True,
        forbid_unknown_fields=True,
    )


def _spelling(kind: Any) -> tuple[re.Pattern[str], str] | None:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return re.compile("|".join(map(re.escape, kind))), one_of(kind)
    return _SPELLINGS.get(kind)


def _constrained(kind: Any, mark: QueryParameter) -> Any:
    stated = {name: getattr(mark, name) for name in ("ge", "le", "max_length", "pattern")}
    return Annotated[kind, msgspec.Meta(**{name: bound for name, bound in stated.items() if bound is not None})]


def _given_type(hint: Any) -> Any:
    """Take None away: a parameter that is given is never None, whatever it says."""
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    kinds = [each for each in get_args(hint) if each is not type(None)]
    return Union[tuple(kinds)]  # noqa: UP007 -- there is no other way to write one of several types in a list
