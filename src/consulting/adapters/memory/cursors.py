"""Where a list goes on: the sort key of the last one seen, as text that means nothing to the caller."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode

from consulting.domain.errors import ValidationFailed

ByName = tuple[str, str]
"""A researcher's name and id."""

ByMatch = tuple[int, str, str]
"""How well it matches, negated so that the best comes first; then name and id."""


def write(key: ByName | ByMatch) -> str:
    """Write the key as a cursor."""
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


def read_by_name(cursor: str) -> ByName:
    """Read a cursor of a list by name; raise ValidationFailed (field `cursor`) for any other text."""
    match _content(cursor):
        case [str(name), str(id)]:
            return name, id
    raise _unknown()


def read_by_match(cursor: str) -> ByMatch:
    """Read a cursor of a list by match; raise ValidationFailed (field `cursor`) for any other text."""
    match _content(cursor):
        case [int(rank), str(name), str(id)]:
            return rank, name, id
    raise _unknown()


def _content(cursor: str) -> object:
    try:
        return json.loads(b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        raise _unknown() from None


def _unknown() -> ValidationFailed:
    return ValidationFailed.of("cursor", "give the cursor that the page before ended with")
