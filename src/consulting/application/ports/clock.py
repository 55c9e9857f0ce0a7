"""Time and names, the two things that no rule may make up by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """The one source of the present."""

    def now(self) -> datetime:
        """Give the present instant, in UTC, with at most microseconds."""


class Identities(Protocol):
    """The one source of new ids."""

    def new(self) -> UUID:
        """Give an id never given before; ids of one process rise with time (UUID version 7)."""
