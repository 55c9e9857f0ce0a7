"""What providers told us."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from consulting.adapters.memory.kept import Kept, KeptMessage, Standing, put_new, state_of
from consulting.application.ports.backlog import OPEN, Depth, WorkState
from consulting.application.ports.inbox import DeadMessage, InboxEntry, ProviderEvent


class MemoryInbox:
    """The list of messages; each is kept once, however often it is delivered."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def receive(self, event: ProviderEvent, *, id: UUID, at: datetime) -> bool:
        """Keep the message; False if (source, external_id) is known already."""
        known = {(each.event.source, each.event.external_id) for each in self._kept.messages.values()}
        if (event.source, event.external_id) in known:
            return False
        put_new(self._kept.messages, id, KeptMessage(id=id, event=event, received_at=at, due_at=at))
        return True

    def lease(self, *, worker: str, limit: int, lease: timedelta, at: datetime) -> Sequence[InboxEntry]:
        """Take up to `limit` waiting messages, the oldest first, passing over what another worker has."""
        in_order = sorted(self._kept.messages.values(), key=lambda each: (each.received_at, each.id))
        due = [each for each in in_order if _due(each, at)]
        return [self._leased(each, worker=worker, until=at + lease) for each in due[:limit]]

    def finish(self, entry: InboxEntry, *, at: datetime) -> bool:
        """Mark it settled; False if the lease has passed to somebody else."""
        return self._give_back(entry, standing=Standing.DONE, ended_at=at)

    def postpone(self, entry: InboxEntry, *, until: datetime, error: str) -> bool:
        """Give it back until then; False as in finish."""
        return self._give_back(entry, due_at=until, error=error)

    def bury(self, entry: InboxEntry, *, error: str, at: datetime) -> bool:
        """Give it up; it stays listed as dead. False as in finish."""
        return self._give_back(entry, standing=Standing.DEAD, error=error, ended_at=at)

    def dead(self, *, limit: int) -> Sequence[DeadMessage]:
        """List messages that were given up, the oldest first."""
        dead = [each for each in self._kept.messages.values() if each.standing is Standing.DEAD]
        in_order = sorted(dead, key=lambda each: (each.received_at, each.id))
        return [
            DeadMessage(
                id=each.id,
                event=each.event,
                received_at=each.received_at,
                attempts=each.attempts,
                error=each.error,
            )
            for each in in_order[:limit]
        ]

    def revive(self, id: UUID, *, at: datetime) -> bool:
        """Make a dead message due now, its tries counted anew; False if there is no such dead message."""
        return self._rouse(id, standing=Standing.WAITING, due_at=at, attempts=0, ended_at=None)

    def drop(self, id: UUID) -> bool:
        """Be done with a dead message, unsettled; it stays known. False if there is no such dead message."""
        return self._rouse(id, standing=Standing.DONE)

    def depth(self, *, at: datetime) -> Depth:
        """Count the open messages."""
        messages = self._kept.messages.values()
        states = Counter(_state(each, at) for each in messages)
        waiting = [each.received_at for each in messages if each.standing is Standing.WAITING]
        return Depth(
            counts={state: states[state] for state in OPEN if states[state]}, oldest=min(waiting, default=None)
        )

    def _leased(self, message: KeptMessage, *, worker: str, until: datetime) -> InboxEntry:
        attempt = message.attempts + 1
        entry = InboxEntry(id=message.id, event=message.event, attempt=attempt, leased_by=worker)
        self._kept.messages[message.id] = replace(message, attempts=attempt, leased=entry, leased_until=until)
        return entry

    def _rouse(self, id: UUID, **changes: object) -> bool:
        message = self._kept.messages.get(id)
        if message is None or message.standing is not Standing.DEAD:
            return False
        self._kept.messages[id] = replace(message, **changes)  # type: ignore[arg-type] # by name
        return True

    def _give_back(self, entry: InboxEntry, **changes: object) -> bool:
        message = self._kept.messages.get(entry.id)
        if message is None or message.leased != entry:
            return False
        changed = replace(message, leased=None, leased_until=None, **changes)  # type: ignore[arg-type] # by name
        self._kept.messages[entry.id] = changed
        return True


def _taken(message: KeptMessage, at: datetime) -> bool:
    return message.leased_until is not None and at < message.leased_until


def _due(message: KeptMessage, at: datetime) -> bool:
    return _state(message, at) is WorkState.DUE


def _state(message: KeptMessage, at: datetime) -> WorkState:
    return state_of(message.standing, due_at=message.due_at, taken=_taken(message, at), at=at)
