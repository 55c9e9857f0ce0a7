"""What one setting's declaration says, and how values are read by it."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

PREFIX: Final = "CONSULTING_"
REQUIRED: Final = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One environment variable: its reader, its default in each mode, and what it means."""

    name: str
    read: Callable[[str], Any]
    default: str
    sandbox: str
    secret: bool
    meaning: str


def variable(
    read: Callable[[str], Any], *, default: str, meaning: str, sandbox: str | None = None, secret: bool = False
) -> Any:
    """Declare a dataclass field as a setting, whose text `read` makes a value of; it raises ValueError where it can't.

    `default` holds in production and, unless `sandbox` says otherwise, in the sandbox; REQUIRED means that there is
    none. Braces in a default name an earlier setting, whose value goes there. What is secret is shown nowhere.
    """
    said = {"read": read, "default": default, "sandbox": sandbox if sandbox is not None else default}
    return dataclasses.field(repr=not secret, metadata={**said, "secret": secret, "meaning": meaning})


def declared(settings: type[Any], *, prefix: str = PREFIX) -> Iterator[tuple[str, Variable]]:
    """Go through the settings of the class: each field's name with its variable, whose name begins with the prefix."""
    for field in dataclasses.fields(settings):
        if field.metadata:
            yield field.name, Variable(name=prefix + field.name.upper(), **field.metadata)


def read_all(
    settings: type[Any],
    environ: Mapping[str, str],
    *,
    sandbox: bool,
    given: Mapping[str, Any],
    prefix: str = PREFIX,
    needed_by: str = "",
) -> tuple[dict[str, Any], list[str]]:
    """Read every setting of the class; return the values, and one line for each problem.

    An empty variable counts as unset. `given` has further values that a default may name, and `needed_by` says what
    asks for these settings, if not every instance does.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    because = f" (needed by {needed_by})" if needed_by else ""
    for field, known in declared(settings, prefix=prefix):
        default = known.sandbox if sandbox else known.default
        value = environ.get(known.name) or default
        if value == REQUIRED:
            problems.append(f"{known.name} is not set: {known.meaning}{because}")
        elif value or default:
            try:
                values[field] = known.read(value.format_map({**given, **values}) if value == default else value)
            except ValueError as problem:
                problems.append(_refusal(known, value, problem))
            except KeyError:
                continue  # the default builds on a setting whose problem is named already
        else:
            values[field] = value
    return values, problems


def _refusal(known: Variable, value: str, problem: ValueError) -> str:
    shown = "the value" if known.secret else repr(value)
    return f"{known.name}: {shown} will not do; {problem}"


def unknown(environ: Mapping[str, str], *, names: Collection[str], foreign: Collection[str]) -> Iterator[str]:
    """Say which variables nobody has declared, each with the nearest of the names.

    What begins with one of the foreign prefixes is the business of somebody who isn't asked.
    """
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in names and not name.startswith(tuple(foreign)):
            near = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0)
            yield f"{name} is no setting of this program; the nearest is {near[0]}"
