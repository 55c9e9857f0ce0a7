"""Which researchers to list, and what a list shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consulting.domain.money import Money
from consulting.domain.researchers import Researcher
from consulting.domain.time_slots import TimeSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryFilter:
    """Which researchers to list; None asks for nothing.

    Rates compare only within their currency, which is the same for both. `affiliation` is the whole of it, in any case
    and without regard to accents. `available_before`: a slot that could be booked now starts before this instant.
    """

    expertise: str | None = None
    verified: bool | None = None
    lowest_rate: Money | None = None
    highest_rate: Money | None = None
    affiliation: str | None = None
    available_before: datetime | None = None


EVERYBODY: Final = DirectoryFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A researcher in a list: the next slot that could be booked now, and where the list goes on after this one."""

    researcher: Researcher
    next_available: TimeSlot | None
    cursor: str
