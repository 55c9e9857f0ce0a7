"""Ids on the wire: opaque strings, of which those that can't be ours name nothing."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from consulting.domain.errors import ConsultingError, ValidationFailed

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def read_id_cursor(cursor: str | None) -> UUID | None:
    """Read the cursor of a list that goes by id. Raises ValidationFailed for any other string."""
    if cursor is not None and not _UUID.fullmatch(cursor):
        raise ValidationFailed.of("cursor", "give the `next_cursor` of the page before")
    return None if cursor is None else UUID(cursor)


def read_id(text: str, missing: type[ConsultingError]) -> UUID:
    """Read an id as we write it; raise `missing` for any other string."""
    if not _UUID.fullmatch(text):
        raise missing
    return UUID(text)
