"""How much waits to be done, for those who look after an instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class WorkState(StrEnum):
    """How an errand or a message stands at one instant: its time has come or not, somebody has it, or it is over.

    BEHIND waits for another one before it, whatever its own time.
    """

    DUE = "due"
    LATER = "later"
    BEHIND = "behind"
    LEASED = "leased"
    DEAD = "dead"
    DONE = "done"


OPEN = (WorkState.DUE, WorkState.LATER, WorkState.BEHIND, WorkState.LEASED, WorkState.DEAD)
"""What somebody or something must still see to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How many there are in each open state, and since when the oldest that isn't given up waits, in UTC."""

    counts: Mapping[WorkState, int] = field(default_factory=dict)
    oldest: datetime | None = None

    def __getitem__(self, state: WorkState) -> int:
        """Give the number in this state; none is 0."""
        return self.counts.get(state, 0)
