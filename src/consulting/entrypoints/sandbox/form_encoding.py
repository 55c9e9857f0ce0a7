"""Stripe's form encoding: brackets for nesting, `metadata[order]=7`, `expand[]=a`, `payment_method_types[0]=card`."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl

_NAME: Final = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_DEEPEST: Final = 10
_MOST_FIELDS: Final = 1000


class MalformedForm(ValueError):
    """The body or query isn't a form as Stripe reads it."""


def parse_form(text: str) -> dict[str, Any]:
    """Return a form or query as nested dictionaries, lists and strings.

    Raises MalformedForm if a name is written wrongly, nests too deeply or contradicts another.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise MalformedForm("The form cannot be read.") from error
    form: dict[str, Any] = {}
    for name, value in pairs:
        _place(form, _path(name), value)
    return {name: _with_lists(value) for name, value in form.items()}


def _path(name: str) -> list[str]:
    match = _NAME.match(name)
    if match is None:
        raise MalformedForm(f"Invalid parameter name: {name}")
    path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(path) > _DEEPEST:
        raise MalformedForm(f"Parameter nests too deeply: {match[1]}")
    return path


def _place(form: dict[str, Any], path: list[str], value: str) -> None:
    holder = form
    for step in path[:-1]:
        holder = holder.setdefault(step or str(len(holder)), {})
        if not isinstance(holder, dict):
            raise MalformedForm(f"Parameter is both a value and a group: {path[0]}")
    last = path[-1] or str(len(holder))
    if isinstance(holder.get(last), dict):
        raise MalformedForm(f"Parameter is both a value and a group: {path[0]}")
    holder[last] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if list(value) == [str(index) for index in range(len(value))]:
        return [_with_lists(item) for item in value.values()]
    return {name: _with_lists(item) for name, item in value.items()}
