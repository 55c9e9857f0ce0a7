"""Cursors that know their list: one of another order, filter or query would lead astray, so it is refused."""

from __future__ import annotations

import hashlib
from typing import Final

from consulting.domain.errors import ValidationFailed

_LENGTH: Final = 10


def mark(*asked: object) -> str:
    """Give a short mark of everything that decides what a list holds and how it goes."""
    return hashlib.sha256(repr(asked).encode(errors="backslashreplace")).hexdigest()[:_LENGTH]


def write(cursor: str, *, asked: str) -> str:
    """Write a cursor of the list with this mark."""
    return f"{asked}{cursor}"


def read(cursor: str | None, *, asked: str) -> str | None:
    """Read what `write` wrote for this list. Raises ValidationFailed (field `cursor`) for any other."""
    if cursor is None:
        return None
    if not cursor.startswith(asked):
        raise ValidationFailed.of("cursor", "give the `next_cursor` of the page before, with the same parameters")
    return cursor.removeprefix(asked)
