"""The experts, listed and found as the port promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from consulting.adapters.memory import cursors
from consulting.adapters.memory.kept import ForbiddenRecord, Kept, put_again, put_new
from consulting.adapters.memory.time_slots import MemoryTimeSlots
from consulting.application.ports.directory import EVERYBODY, DirectoryFilter, Listed
from consulting.domain.directory import DirectorySort, Place, SearchSort, place, score, topic
from consulting.domain.errors import AccountLinked
from consulting.domain.money import Money
from consulting.domain.researchers import Researcher
from consulting.domain.time_slots import Terms, TimeSlot, obstacle


class MemoryResearchers:
    """The experts."""

    def __init__(self, kept: Kept) -> None:
        """Work on this state."""
        self._kept = kept

    def get(self, id: UUID) -> Researcher | None:
        """Give the researcher, deactivated ones too."""
        return self._kept.researchers.get(id)

    def of_user(self, user_id: str) -> Researcher | None:
        """Give the researcher whose account this is."""
        return next((each for each in self._kept.researchers.values() if each.user_id == user_id), None)

    def lock(self, id: UUID) -> Researcher | None:
        """Give the researcher; as transactions take turns here, nobody else is at work anyway."""
        return self.get(id)

    def add(self, researcher: Researcher) -> None:
        """Keep a new researcher."""
        self._require_possible(researcher)
        put_new(self._kept.researchers, researcher.id, researcher)

    def save(self, researcher: Researcher) -> None:
        """Keep a known researcher's new values."""
        self._require_possible(researcher)
        put_again(self._kept.researchers, researcher.id, researcher)

    def page(
        self,
        *,
        wanted: DirectoryFilter,
        after: str | None,
        limit: int,
        at: datetime,
        sort: DirectorySort = DirectorySort.NAME,
    ) -> Sequence[Listed]:
        """List active researchers in the order asked for. Raises ValidationFailed (field `cursor`)."""
        chosen = [each for each in self._active() if self._fits(each, wanted, at=at)]
        return self._in_order(chosen, sort, after=after, limit=limit, at=at)

    def search(
        self,
        *,
        query: str,
        after: str | None,
        limit: int,
        at: datetime,
        wanted: DirectoryFilter = EVERYBODY,
        sort: SearchSort = SearchSort.RELEVANCE,
    ) -> Sequence[Listed]:
        """List active researchers that match. Raises ValidationFailed (field `cursor`)."""
        scores = {each: score(each, query=query) for each in self._active() if self._fits(each, wanted, at=at)}
        found = [each for each, points in scores.items() if points]
        if sort.as_listed is not None:
            return self._in_order(found, sort.as_listed, after=after, limit=limit, at=at)
        last = None if after is None else cursors.read_by_match(after)
        ranked = sorted((-scores[each], each.name, str(each.id)) for each in found)
        return [self._listed(key, at=at) for key in ranked if last is None or key > last][:limit]

    def next_available(self, id: UUID, *, at: datetime) -> TimeSlot | None:
        """Give the researcher's earliest slot that could be booked at this instant."""
        return next(iter(self.next_slots(id, at=at, limit=1)), None)

    def next_slots(self, id: UUID, *, at: datetime, limit: int) -> Sequence[TimeSlot]:
        """Give the researcher's slots that could be booked at this instant, the soonest first."""
        return list(islice(self._bookable(id, at=at), limit))

    def _bookable(self, id: UUID, *, at: datetime) -> Iterator[TimeSlot]:
        for offer in MemoryTimeSlots(self._kept).from_on(researcher_id=id, at=at):
            who = offer.researcher
            terms = Terms(active=who.active, notice=who.notice, horizon=who.horizon)
            if obstacle(slot=offer.slot, terms=terms, claims=offer.claims, at=at) is None:
                yield offer.slot

    def register(self, *, after: UUID | None, limit: int) -> Sequence[Researcher]:
        """List all researchers, deactivated ones too, by id; those after the one of this id."""
        found = sorted(self._kept.researchers.values(), key=lambda each: each.id)
        return [each for each in found if after is None or each.id > after][:limit]

    def active_ids(self, *, after: UUID | None, limit: int) -> Sequence[UUID]:
        """List the ids of active researchers in order of id."""
        return sorted(each.id for each in self._active() if after is None or each.id > after)[:limit]

    def settle_openings(self, *, at: datetime, limit: int) -> int:
        """Note nothing: the slots themselves are looked at each time."""
        del at, limit
        return 0

    def _in_order(
        self, chosen: Iterable[Researcher], sort: DirectorySort, *, after: str | None, limit: int, at: datetime
    ) -> Sequence[Listed]:
        last = None if after is None else cursors.read_place(after, sort=sort)
        found = sorted(self._place(each, sort, at=at) for each in chosen)
        return [self._listed(key, at=at) for key in found if last is None or key > last][:limit]

    def _place(self, researcher: Researcher, sort: DirectorySort, *, at: datetime) -> Place:
        if sort is not DirectorySort.NEXT_AVAILABLE:
            return place(researcher, sort=sort)
        slot = self.next_available(researcher.id, at=at)
        return place(researcher, sort=sort) if slot is None else place(researcher, sort=sort, soonest=slot.period.start)

    def _fits(self, researcher: Researcher, wanted: DirectoryFilter, *, at: datetime) -> bool:
        return _wanted(researcher, wanted) and self._has_time(researcher, wanted, at=at)

    def _has_time(self, researcher: Researcher, wanted: DirectoryFilter, *, at: datetime) -> bool:
        if wanted.available_before is None:
            return True
        soonest = self.next_available(researcher.id, at=at)
        return soonest is not None and soonest.period.start < wanted.available_before

    def _active(self) -> Iterable[Researcher]:
        return (each for each in self._kept.researchers.values() if each.active)

    def _listed(self, key: Place | cursors.ByMatch, *, at: datetime) -> Listed:
        listed = UUID(str(key[-1]))
        return Listed(
            researcher=self._kept.researchers[listed],
            next_available=self.next_available(listed, at=at),
            cursor=cursors.write(key),
        )

    def _require_possible(self, researcher: Researcher) -> None:
        if not researcher.name or not researcher.timezone:
            raise ForbiddenRecord(f"researcher {researcher.id} has no name or no time zone")
        holder = None if researcher.user_id is None else self.of_user(researcher.user_id)
        if holder is not None and holder.id != researcher.id:
            raise AccountLinked


def _wanted(researcher: Researcher, wanted: DirectoryFilter) -> bool:
    return (
        (wanted.expertise is None or topic(wanted.expertise) in map(topic, researcher.expertise))
        and (wanted.verified is None or researcher.verified is wanted.verified)
        and (wanted.lowest_rate is None or _at_most(wanted.lowest_rate, researcher.rate))
        and (wanted.highest_rate is None or _at_most(researcher.rate, wanted.highest_rate))
        and (wanted.affiliation is None or _same(researcher.affiliation, wanted.affiliation))
    )


def _at_most(one: Money, other: Money) -> bool:
    return one.currency == other.currency and one.amount <= other.amount


def _same(affiliation: str | None, wanted: str) -> bool:
    return affiliation is not None and topic(affiliation) == topic(wanted)
