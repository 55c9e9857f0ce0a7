"""The fields of expertise that are in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertiseTag:
    """A field of expertise as most of those write it who have it, and how many these are."""

    tag: str
    researchers: int


class Expertise(Protocol):
    """What active researchers say they know."""

    def beginning_with(self, prefix: str, *, limit: int) -> Sequence[ExpertiseTag]:
        """List fields whose `directory.topic` begins with the prefix, which is one itself; all for an empty one.

        Those that most active researchers have come first; of equals the lesser topic by code points. Fields of one
        topic are one, in the spelling that most use, of equals the lesser one. A field without a word is none.
        """
