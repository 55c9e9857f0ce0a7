"""What msgspec finds wrong with a value, in words for the caller."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from consulting.domain.errors import FieldProblem

NO_NUL: Final = r"^[^\x00]*$"
"""The pattern of every text that we take: no database keeps the character U+0000."""

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
        problem = "this is required" if named["what"] == "missing required" else "there is no such field"
        return FieldProblem(_joined(within, path, named["name"]), problem)
    return FieldProblem(_joined(within, path) or "body", _in_words(said))


def _joined(*parts: str) -> str:
    return ".".join(part.strip(".") for part in parts if part.strip("."))


def _in_words(said: str) -> str:
    if "matching regex" in said:
        return "this must not contain the character U+0000"
    if said.startswith("Invalid RFC3339 encoded date") or "timezone" in said:
        return _DATES.get(said.removeprefix("Invalid RFC3339 encoded "), _DATES["datetime"])
    expected = _EXPECTED.match(said)
    if expected is None:
        return said
    kinds = " or ".join(_KINDS.get(kind, kind) for kind in expected["kind"].split(" | "))
    rest = re.sub(r", got `.*`$", "", expected["rest"], flags=re.DOTALL)
    return f"give {kinds}{rest}"


_DATES: Final = {
    "date": "give a date as 2026-04-20",
    "datetime": "give a date and time with its offset from UTC, as 2026-04-20T09:00:00Z",
}
