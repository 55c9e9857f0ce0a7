"""Cursors: where a list of researchers goes on."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from consulting.domain.errors import ValidationFailed

LARGEST = 2**62
"""More than any search can score, and any rate or rating."""


def write_cursor(*key: int | str) -> str:
    """Write the sort key of the last one seen as text that means nothing to the caller."""
    return urlsafe_b64encode(json.dumps(key, ensure_ascii=False, separators=(",", ":")).encode()).decode()


def read_cursor(cursor: str, *, kinds: Sequence[type]) -> Sequence[Any]:
    """Read a cursor of parts of these kinds, the last of them an id; an instant is written in microseconds since 1970.

    Raises ValidationFailed (field `cursor`) for any other.
    """
    key = _content(cursor)
    if isinstance(key, list) and len(key) == len(kinds):
        with suppress(ValueError):
            return [_part(each, kind) for each, kind in zip(key, kinds, strict=True)]
    raise ValidationFailed.of("cursor", "give the cursor that the page before ended with")


def _content(cursor: str) -> object:
    try:
        return json.loads(b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode())
    except (ValueError, RecursionError):
        return None


def _part(part: object, kind: type) -> object:
    """Read one part of a sort key. Raises ValueError for what no list can have written."""
    if type(part) is int and abs(part) <= LARGEST:
        if kind is int:
            return part
        if kind is datetime:
            return _instant(part)
    if type(part) is str and "\0" not in part.encode().decode():
        if kind is str:
            return part
        if kind is UUID and str(UUID(part)) == part:
            return UUID(part)
    raise ValueError("this is no part of a place")


def _instant(microseconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
    except OverflowError as error:
        raise ValueError("there is no such instant") from error
