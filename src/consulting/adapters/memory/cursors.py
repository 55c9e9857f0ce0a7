"""Where a list goes on: the sort key of the last one seen, as text that means nothing to the caller."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode

from consulting.domain.directory import DirectorySort, Place
from consulting.domain.errors import ValidationFailed

ByMatch = tuple[int, str, str]
"""How well it matches, negated so that the best comes first; then name and id."""


def write(key: Place | ByMatch) -> str:
    """Write the key as a cursor."""
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


def read_place(cursor: str, *, sort: DirectorySort) -> Place:
    """Read a cursor of a list in this order; raise ValidationFailed (field `cursor`) for any other text."""
    match _content(cursor), sort:
        case [str(name), str(id)], DirectorySort.NAME:
            return name, id
        case [str(currency), int(amount), str(name), str(id)], (DirectorySort.RATE | DirectorySort.RATE_DOWN):
            return currency, amount, name, id
        case [int(standing), int(count), str(name), str(id)], DirectorySort.RATING:
            return standing, count, name, id
        case [int(start), str(id)], DirectorySort.NEXT_AVAILABLE:
            return start, id
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
