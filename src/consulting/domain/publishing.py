"""What must change so that the published slots are those that the rules give."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from consulting.domain.offering import OfferedPeriod
from consulting.domain.period import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedSlot:
    """A slot as it stands: `booked` when a session that counts has it, `withdrawn` when it is no longer offered.

    `retired` when the rules no longer give it but a session had it: nobody can book it once that lets go of it.
    """

    id: UUID
    period: Period
    booked: bool = False
    withdrawn: bool = False
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The moves that make the published slots what the rules give; each field in the order of time.

    add: periods that need a new slot; revive: withdrawn slots to offer again; withdraw: slots to offer no more;
    keep: free slots that stay, with their ids; kept_booked: booked slots, whose sessions nothing here touches; among
    these, retire: those that the rules no longer give, so that nobody books them when their session's claim ends.
    restore: retired slots that the rules give again, booked or kept. What is withdrawn or revived is retired no more.
    """

    add: tuple[Period, ...] = ()
    revive: tuple[UUID, ...] = ()
    withdraw: tuple[UUID, ...] = ()
    keep: tuple[UUID, ...] = ()
    kept_booked: tuple[UUID, ...] = ()
    retire: tuple[UUID, ...] = ()
    restore: tuple[UUID, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """Tell whether the published slots already are what the rules give."""
        return not (self.add or self.revive or self.withdraw or self.retire or self.restore)


def difference(
    *, wanted: Iterable[OfferedPeriod | Period], published: Iterable[PublishedSlot], during: Period | None = None
) -> Publication:
    """Compare what the rules give with what is published, both of one researcher.

    - A slot keeps its id while its start and end stay; a withdrawn slot of the same period is revived before a new
      one is added.
    - A booked slot stays, even if the rules no longer give it, and nothing that overlaps it is published. But then it
      is retired: its session's claim may end by time alone, and its time must not be offered at that moment.
    - Every other slot that the rules don't give is withdrawn.
    - Of wanted periods that overlap, the one named first is published. No two published slots ever overlap.
    - With `during`, only slots that start in it are changed: free slots outside it stay, and keep their time taken.

    Withdraw and retire first, then revive, restore and add: so at no moment two published slots overlap. Applying the
    result and comparing again changes nothing.
    """
    plan = _Plan()
    free: list[PublishedSlot] = []
    for slot in sorted(published, key=lambda slot: (slot.period, slot.withdrawn, slot.id)):
        if slot.booked:
            plan.keep_booked(slot, judged=during is None or during.contains(slot.period.start))
        elif during is None or during.contains(slot.period.start):
            free.append(slot)
        elif not slot.withdrawn:
            plan.occupy(slot.period)
    for each in wanted:
        period = each.period if isinstance(each, OfferedPeriod) else each
        if during is None or during.contains(period.start):
            plan.want(period)
    return plan.carried_out_with(free)


class _Plan:
    """The time taken so far, and the periods chosen in it."""

    def __init__(self) -> None:
        self._booked: list[UUID] = []
        self._judged: list[PublishedSlot] = []
        self._wanted: set[Period] = set()
        self._chosen: set[Period] = set()
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        self._longest = timedelta(0)

    def keep_booked(self, slot: PublishedSlot, *, judged: bool) -> None:
        """Keep a booked slot; the rules say whether it can be booked again only where it is `judged`."""
        self.occupy(slot.period)
        self._booked.append(slot.id)
        if judged and not slot.withdrawn:
            self._judged.append(slot)

    def occupy(self, period: Period) -> None:
        """Take the period's time, whatever else has it."""
        place = bisect_left(self._starts, period.start)
        self._starts.insert(place, period.start)
        self._ends.insert(place, period.end)
        self._longest = max(self._longest, period.duration)

    def want(self, period: Period) -> None:
        """Choose the period for publication if its time is free."""
        self._wanted.add(period)
        first = bisect_left(self._starts, period.start - self._longest)
        last = bisect_left(self._starts, period.end)
        if all(end <= period.start for end in self._ends[first:last]):
            self.occupy(period)
            self._chosen.add(period)

    def carried_out_with(self, free: Iterable[PublishedSlot]) -> Publication:
        """Use the free slots for the chosen periods, the first of each period, and new ones for the rest."""
        keep: list[UUID] = []
        revive: list[UUID] = []
        withdraw: list[UUID] = []
        missing = set(self._chosen)
        for slot in free:
            if slot.period in missing:
                missing.remove(slot.period)
                (revive if slot.withdrawn else keep).append(slot.id)
                if slot.retired and not slot.withdrawn:
                    self._judged.append(slot)
            elif not slot.withdrawn:
                withdraw.append(slot.id)
        return Publication(
            add=tuple(sorted(missing)),
            revive=tuple(revive),
            withdraw=tuple(withdraw),
            keep=tuple(keep),
            kept_booked=tuple(self._booked),
            retire=tuple(each.id for each in self._judged if not each.retired and each.period not in self._wanted),
            restore=tuple(each.id for each in self._judged if each.retired and each.period in self._wanted),
        )
