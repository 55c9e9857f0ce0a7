"""What providers told us, kept before anything is done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from consulting.application.ports.backlog import Depth


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """A signed message of a provider: only a hint where to look, never the source of what is true there."""

    source: str
    external_id: str
    kind: str
    intent_id: str | None
    refund_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """A message that waits to be settled; `attempt` counts from 1."""

    id: UUID
    event: ProviderEvent
    attempt: int
    leased_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadMessage:
    """A message that was given up, with how often it was tried and what went wrong last."""

    id: UUID
    event: ProviderEvent
    received_at: datetime
    attempts: int
    error: str | None


class Inbox(Protocol):
    """The list of messages; each is kept once, however often it is delivered."""

    def receive(self, event: ProviderEvent, *, id: UUID, at: datetime) -> bool:
        """Keep the message and wake the workers at commit; False if (source, external_id) is known already."""

    def lease(self, *, worker: str, limit: int, lease: timedelta, at: datetime) -> Sequence[InboxEntry]:
        """Take up to `limit` waiting messages, the oldest first, passing over what another worker has."""

    def finish(self, entry: InboxEntry, *, at: datetime) -> bool:
        """Mark it settled; False if the lease has passed to somebody else."""

    def postpone(self, entry: InboxEntry, *, until: datetime, error: str) -> bool:
        """Give it back until then; False as in finish."""

    def bury(self, entry: InboxEntry, *, error: str, at: datetime) -> bool:
        """Give it up; it stays listed as dead. False as in finish."""

    def dead(self, *, limit: int) -> Sequence[DeadMessage]:
        """List messages that were given up, the oldest first."""

    def revive(self, id: UUID, *, at: datetime) -> bool:
        """Make a dead message due now, its tries counted anew; False if there is no such dead message."""

    def drop(self, id: UUID) -> bool:
        """Be done with a dead message, unsettled; it stays known. False if there is no such dead message."""

    def depth(self, *, at: datetime) -> Depth:
        """Count the open messages."""
