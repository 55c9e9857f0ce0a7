"""What one setting's declaration says, and how values are read by it."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterator, Mapping
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
    needed_by: tuple[str, str] | None

    def is_needed(self, values: Mapping[str, Any]) -> bool:
        """Tell whether these settings, read before it, make use of it."""
        return self.needed_by is None or values.get(self.needed_by[0]) == self.needed_by[1]

    def reason(self) -> str:
        """Say which choice makes use of it, if one does."""
        return f"{PREFIX}{self.needed_by[0].upper()}={self.needed_by[1]}" if self.needed_by else ""


def variable(
    read: Callable[[str], Any],
    *,
    default: str,
    meaning: str,
    sandbox: str | None = None,
    secret: bool = False,
    needed_by: tuple[str, str] | None = None,
) -> Any:
    """Declare a dataclass field as a setting. Braces in a default name an earlier setting, whose value goes there.

    `default` holds in production and, unless `sandbox` says otherwise, in the sandbox; REQUIRED means that there is
    none. With `needed_by`, the field and value of an earlier setting, it is required only under that choice, and
    otherwise empty.
    """
    said = {"read": read, "default": default, "sandbox": sandbox if sandbox is not None else default}
    return dataclasses.field(
        repr=not secret, metadata={**said, "secret": secret, "meaning": meaning, "needed_by": needed_by}
    )


def declared(settings: type[Any]) -> Iterator[tuple[str, Variable]]:
    """Go through the settings of the class: each field's name with its variable."""
    for field in dataclasses.fields(settings):
        yield field.name, Variable(name=PREFIX + field.name.upper(), **field.metadata)


def read_all(
    settings: type[Any], environ: Mapping[str, str], *, sandbox: bool, given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Read every setting; return the values, and one line for each problem, unknown variables included.

    An empty variable counts as unset. `given` has further values that a default may name.
    """
    values: dict[str, Any] = {}
    problems = list(_unknown(settings, environ))
    for field, known in declared(settings):
        default = known.sandbox if sandbox else known.default
        value = environ.get(known.name) or default
        if value == REQUIRED and known.is_needed(values):
            because = f" (needed by {known.reason()})" if known.needed_by else ""
            problems.append(f"{known.name} is not set: {known.meaning}{because}")
        elif value == REQUIRED:
            values[field] = ""
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


def _unknown(settings: type[Any], environ: Mapping[str, str]) -> Iterator[str]:
    names = [known.name for _, known in declared(settings)]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0)
            yield f"{name} is no setting of this program; the nearest is {near[0]}"
