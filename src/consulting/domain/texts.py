"""What people write for others to read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from consulting.domain.errors import FieldProblem

_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def unreadable(field: str, *texts: str | None) -> Iterator[FieldProblem]:
    """Say that a field holds characters that are none to read: they could hide or reorder what stands beside them."""
    if any(_controls(letter) for text in texts if text is not None for letter in text):
        yield FieldProblem(field, "this must not contain control characters but line breaks and tabs")


def _controls(letter: str) -> bool:
    return letter in _REORDERING or (unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\r\t")
