"""What msgspec finds wrong with a value, in words for the caller."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec

from consulting.domain.earnings import MONTH
from consulting.domain.errors import FieldProblem

NO_NUL: Final = r"^[^\x00]*$"
"""The pattern of every text that we take: no database keeps the character U+0000."""

NOT_BLANK: Final = r"^\s*[^\x00\s][^\x00]*$"
"""The pattern of a text that must say something."""

MOST_PROBLEMS: Final = 50
LONGEST_NAME: Final = 100

_MISSING: Final = "this is required"
_UNKNOWN: Final = "there is no such field"
_AT: Final = re.compile(r"^(?P<said>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_NAMED: Final = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>.*)`", re.DOTALL)
_KINDS: Final = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
    "date": "a date",
    "datetime": "a date and time",
    "uuid": "an id",
    "null": "null",
}
_EXPECTED: Final = re.compile(r"^Expected `(?P<kind>[^`]+)`(?P<rest>.*)$", re.DOTALL)


def one_of(words: Iterable[str]) -> str:
    """Say which words there are to choose from."""
    return f"give one of {', '.join(words)}"


def problem_of(error: msgspec.ValidationError, *, within: str = "") -> FieldProblem:
    """Name the field that is wrong, `a.b[0].c` style and below `within`, and say how to mend it."""
    found = _AT.match(str(error))
    said, path = (found["said"], found["path"] or "") if found else (str(error), "")
    if named := _NAMED.fullmatch(said):
        problem = _MISSING if named["what"] == "missing required" else _UNKNOWN
        return FieldProblem(_joined(within, path, named["name"]), problem)
    return FieldProblem(_joined(within, path) or "body", _in_words(said))


def problems_of(raw: object, kind: Any, *, within: str = "") -> Iterator[FieldProblem]:
    """Name everything that is wrong with what was read from JSON, each field of an object by itself."""
    structs = [each for each in _kinds(kind) if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    if isinstance(raw, dict) and len(structs) == 1:
        yield from _problems_of_fields(raw, structs[0], within=within)
        return
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        yield problem_of(error, within=within)


def _problems_of_fields(raw: dict[str, object], struct: type[msgspec.Struct], *, within: str) -> Iterator[FieldProblem]:
    known = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for name in list(raw)[:MOST_PROBLEMS]:
        if name not in known:
            yield FieldProblem(_joined(within, name[:LONGEST_NAME]) or "body", _UNKNOWN)
    for name, field in known.items():
        if name in raw:
            yield from problems_of(raw[name], field.type, within=_joined(within, name))
        elif field.required:
            yield FieldProblem(_joined(within, name), _MISSING)


def _kinds(kind: Any) -> Iterator[Any]:
    """Give what a value may be: the parts of a union, without what is annotated to them."""
    if get_origin(kind) is Annotated:
        yield from _kinds(get_args(kind)[0])
    elif get_origin(kind) in {Union, UnionType}:
        for each in get_args(kind):
            yield from _kinds(each)
    else:
        yield kind


def repeated_names(body: bytes) -> Sequence[FieldProblem]:
    """Name the fields that an object of a JSON document has twice: readers differ on which one counts.

    Where there are as many colons as fields nothing is repeated, which spares most bodies a second look. Raises
    RecursionError.
    """
    if body.count(b":") == _fields_in(msgspec.json.decode(body)):
        return ()
    repeated: dict[str, None] = {}

    def note(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            repeated.update((name[:LONGEST_NAME], None) for name, count in Counter(names).items() if count > 1)

    json.loads(body, object_pairs_hook=note, parse_int=str, parse_float=str)
    return [FieldProblem(name or "body", "give this once") for name in list(repeated)[:MOST_PROBLEMS]]


def _fields_in(value: object) -> int:
    """Count the fields of all objects in a value that was read from JSON."""
    if isinstance(value, dict):
        return len(value) + sum(map(_fields_in, value.values()))
    return sum(map(_fields_in, value)) if isinstance(value, list) else 0


def _joined(*parts: str) -> str:
    return ".".join(part.strip(".") for part in parts if part.strip(".")).replace(".[", "[")


def _in_words(said: str) -> str:
    if "matching regex" in said:
        return next((words for pattern, words in _PATTERNS.items() if said.endswith(repr(pattern))), said)
    if said == "Number out of range":
        return "this number is too long"
    if said.startswith("Invalid RFC3339 encoded date") or "timezone" in said:
        return _DATES.get(said.removeprefix("Invalid RFC3339 encoded "), _DATES["datetime"])
    expected = _EXPECTED.match(said)
    if expected is None:
        return said
    kinds = " or ".join(_KINDS.get(kind, kind) for kind in expected["kind"].split(" | "))
    rest = re.sub(r", got `.*`$", "", expected["rest"], flags=re.DOTALL)
    return f"give {kinds}{rest}"


_PATTERNS: Final = {
    NO_NUL: "this must not contain the character U+0000",
    NOT_BLANK: "give a text, without the character U+0000",
    MONTH: "give a month as 2026-04",
}
_DATES: Final = {
    "date": "give a date as 2026-04-20",
    "datetime": "give a date and time with its offset from UTC, as 2026-04-20T09:00:00Z",
}
