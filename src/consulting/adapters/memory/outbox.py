"""What must be done outside."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from consulting.adapters.memory.kept import Kept, KeptErrand, Standing, put_new, state_of
from consulting.application.ports.backlog import OPEN, Depth, WorkState
from consulting.application.ports.outbox import Lane, LeasedEntry, ListedEntry, OutboxEntry


class MemoryOutbox:
    """The list of errands."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def add(self, entries: Sequence[OutboxEntry]) -> None:
        """Record errands."""
        for entry in entries:
            put_new(self._kept.errands, entry.id, KeptErrand(entry=entry, due_at=entry.due_at))

    def lease(
        self, *, worker: str, limit: int, lease: timedelta, at: datetime, lane: Lane | None = None
    ) -> Sequence[LeasedEntry]:
        """Take up to `limit` due errands of this lane, or of all, the oldest first, one per session, lane and role."""
        firsts = (each for each in self._firsts(at) if lane in {None, each.entry.lane})
        due = [each for each in firsts if each.due_at <= at and not _taken(each, at)]
        return [self._leased(each, worker=worker, until=at + lease) for each in due[:limit]]

    def finish(self, leased: LeasedEntry, *, at: datetime) -> bool:
        """Mark it done, whatever went wrong before; False, and nothing changed, if its lease has passed to another."""
        return self._give_back(leased, standing=Standing.DONE, error=None, ended_at=at)

    def note(self, leased: LeasedEntry, *, data: Mapping[str, str]) -> bool:
        """Keep other data for the tries to come; False, and nothing changed, as in finish."""
        errand = self._kept.errands.get(leased.entry.id)
        if errand is None or errand.leased is None or not _same_lease(errand.leased, leased):
            return False
        self._kept.errands[leased.entry.id] = replace(errand, entry=replace(errand.entry, data=dict(data)))
        return True

    def postpone(self, leased: LeasedEntry, *, until: datetime, error: str | None, counts: bool = True) -> bool:
        """Give it back until then, with what went wrong; `counts=False` takes the attempt back."""
        attempts = leased.attempt if counts else leased.attempt - 1
        return self._give_back(leased, due_at=until, error=error, attempts=attempts)

    def bury(self, leased: LeasedEntry, *, error: str, at: datetime) -> bool:
        """Give it up: it stays listed as dead, and its lane goes on without it."""
        return self._give_back(leased, standing=Standing.DEAD, error=error, ended_at=at)

    def revive(self, id: UUID, *, at: datetime) -> bool:
        """Make a dead errand due now, its attempts counted anew; False if there is no such dead errand."""
        errand = self._kept.errands.get(id)
        if errand is None or errand.standing is not Standing.DEAD:
            return False
        self._kept.errands[id] = replace(errand, standing=Standing.WAITING, due_at=at, attempts=0, ended_at=None)
        return True

    def listed(
        self, *, state: WorkState | None, limit: int, at: datetime, after: tuple[datetime, UUID] | None = None
    ) -> Sequence[ListedEntry]:
        """List errands in this state, or all open ones, the oldest first; those after this `recorded_at` and id."""
        free = {each.entry.id for each in self._firsts(at)}
        found = (_listed(each, at, free) for each in self._in_order())
        wanted = OPEN if state is None else (state,)
        listed = [each for each in found if each.state in wanted]
        return [each for each in listed if after is None or (each.entry.recorded_at, each.entry.id) > after][:limit]

    def show(self, id: UUID, *, at: datetime) -> ListedEntry | None:
        """Give the errand as it stands, done ones too."""
        errand = self._kept.errands.get(id)
        free = {each.entry.id for each in self._firsts(at)}
        return None if errand is None else _listed(errand, at, free)

    def drop(self, id: UUID, *, at: datetime) -> bool:
        """Forget an errand that waits or is dead; False if there is none or it is leased."""
        errand = self._kept.errands.get(id)
        if errand is None or errand.standing is Standing.DONE or _taken(errand, at):
            return False
        del self._kept.errands[id]
        return True

    def depth(self, *, at: datetime) -> Depth:
        """Count the open errands."""
        free = {each.entry.id for each in self._firsts(at)}
        states = Counter(_listed(each, at, free).state for each in self._kept.errands.values())
        waiting = (each for each in self._in_order() if each.standing is Standing.WAITING)
        oldest = next((each.entry.recorded_at for each in waiting), None)
        return Depth(counts={state: states[state] for state in OPEN if states[state]}, oldest=oldest)

    def _in_order(self) -> list[KeptErrand]:
        return sorted(self._kept.errands.values(), key=lambda each: (each.entry.recorded_at, each.entry.id))

    def _firsts(self, at: datetime) -> Iterator[KeptErrand]:
        """Give the unfinished errands that no other of their session, lane and role is before, the oldest first."""
        lines: dict[object, list[KeptErrand]] = defaultdict(list)
        for errand in self._in_order():
            if errand.standing is Standing.WAITING:
                entry = errand.entry
                lines[entry.session_id, entry.lane, entry.data.get("role")].append(errand)
        return (first for first, *rest in lines.values() if not any(_taken(each, at) for each in rest))

    def _leased(self, errand: KeptErrand, *, worker: str, until: datetime) -> LeasedEntry:
        attempt = errand.attempts + 1
        leased = LeasedEntry(entry=errand.entry, attempt=attempt, leased_by=worker, leased_until=until)
        self._kept.errands[errand.entry.id] = replace(errand, attempts=attempt, leased=leased)
        return leased

    def _give_back(self, leased: LeasedEntry, **changes: object) -> bool:
        errand = self._kept.errands.get(leased.entry.id)
        if errand is None or errand.leased is None or not _same_lease(errand.leased, leased):
            return False
        self._kept.errands[leased.entry.id] = replace(errand, leased=None, **changes)  # type: ignore[arg-type] # by name
        return True


def _same_lease(one: LeasedEntry, other: LeasedEntry) -> bool:
    return replace(one, entry=other.entry) == other


def _taken(errand: KeptErrand, at: datetime) -> bool:
    return errand.leased is not None and at < errand.leased.leased_until


def _listed(errand: KeptErrand, at: datetime, free: Collection[UUID]) -> ListedEntry:
    taken = errand.leased if _taken(errand, at) else None
    return ListedEntry(
        entry=errand.entry,
        state=state_of(
            errand.standing, due_at=errand.due_at, taken=taken is not None, behind=errand.entry.id not in free, at=at
        ),
        attempts=errand.attempts,
        next_try=errand.due_at,
        leased_by=None if taken is None else taken.leased_by,
        error=errand.error,
    )
