"""Ids on the wire: opaque strings, of which those that can't be ours name nothing."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from consulting.domain.errors import ConsultingError

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def read_id(text: str, missing: type[ConsultingError]) -> UUID:
    """Read an id as we write it; raise `missing` for any other string."""
    if not _UUID.fullmatch(text):
        raise missing
    return UUID(text)
