"""What must be done outside because of what was decided inside, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from consulting.application.ports.backlog import Depth, WorkState


class Errand(StrEnum):
    """The kinds of things to do outside."""

    CREATE_MEETING = "create_meeting"
    MOVE_MEETING = "move_meeting"
    DELETE_MEETING = "delete_meeting"
    CANCEL_INTENT = "cancel_intent"
    REFUND = "refund"
    NOTIFY = "notify"


class Lane(StrEnum):
    """Errands of one session in one lane are done one after the other; lanes don't wait for each other.

    Mails to one person of a session don't wait for those to the other: `role` in an entry's data says to whom it goes.
    """

    MEETING = "meeting"
    MONEY = "money"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """One errand: plain data with a version, so that it can be read after an upgrade; `due_at` is in UTC."""

    id: UUID
    errand: Errand
    lane: Lane
    session_id: UUID
    data: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    due_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedEntry:
    """An errand that this worker may carry out until `leased_until`; `attempt` counts from 1 and fences the finish."""

    entry: OutboxEntry
    attempt: int
    leased_by: str
    leased_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """An errand as somebody sees it who looks: how it stands, how often it was tried, and what went wrong last.

    `next_try` is when it may be tried (again), in UTC; `leased_by` is who has it in hand.
    """

    entry: OutboxEntry
    state: WorkState
    attempts: int
    next_try: datetime
    leased_by: str | None = None
    error: str | None = None


class Outbox(Protocol):
    """The list of errands."""

    def add(self, entries: Sequence[OutboxEntry]) -> None:
        """Record errands; workers are woken when the transaction commits."""

    def lease(
        self, *, worker: str, limit: int, lease: timedelta, at: datetime, lane: Lane | None = None
    ) -> Sequence[LeasedEntry]:
        """Take up to `limit` due errands of this lane, or of all, the oldest first, one per session, lane and role.

        Never one behind an unfinished older one of its session, lane and role. What another worker has leased is passed
        over, unless its lease ran out. Each lease counts one attempt.
        """

    def finish(self, leased: LeasedEntry, *, at: datetime) -> bool:
        """Mark it done, whatever went wrong before; False, and nothing changed, if its lease has passed to another."""

    def note(self, leased: LeasedEntry, *, data: Mapping[str, str]) -> bool:
        """Keep other data for the tries to come; False, and nothing changed, as in finish."""

    def postpone(self, leased: LeasedEntry, *, until: datetime, error: str | None, counts: bool = True) -> bool:
        """Give it back until then, with what went wrong; `counts=False` takes the attempt back. False as in finish."""

    def bury(self, leased: LeasedEntry, *, error: str, at: datetime) -> bool:
        """Give it up: it stays listed as dead, and its lane goes on without it. False as in finish."""

    def revive(self, id: UUID, *, at: datetime) -> bool:
        """Make a dead errand due now, its attempts counted anew; False if there is no such dead errand."""

    def listed(
        self, *, state: WorkState | None, limit: int, at: datetime, after: tuple[datetime, UUID] | None = None
    ) -> Sequence[ListedEntry]:
        """List errands in this state, or all open ones, the oldest first; those after this `recorded_at` and id."""

    def show(self, id: UUID, *, at: datetime) -> ListedEntry | None:
        """Give the errand as it stands, done ones too as long as they are kept."""

    def drop(self, id: UUID, *, at: datetime) -> bool:
        """Forget an errand that waits or is dead, so that its lane goes on; False if there is none or it is leased."""

    def depth(self, *, at: datetime) -> Depth:
        """Count the open errands."""
