"""Finding a researcher, and their time slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.ports.clock import Clock
from consulting.application.ports.directory import EVERYBODY, DirectoryFilter, Listed
from consulting.application.ports.expertise import ExpertiseTag
from consulting.application.ports.records import Offers
from consulting.application.ports.transactions import Transactions
from consulting.application.showing import OfferedSlot, Shown, shown_as_free, shown_to
from consulting.domain.directory import DirectorySort, SearchSort, topic
from consulting.domain.errors import ResearcherNotFound, SlotNotFound, ValidationFailed
from consulting.domain.local_days import local_days
from consulting.domain.researchers import Researcher
from consulting.domain.time_slots import TimeSlot

LONGEST_RANGE_DAYS = 62
MOST_NEXT_SLOTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ResearcherProfile:
    """A researcher, and the next slot that could be booked now."""

    researcher: Researcher
    next_available: TimeSlot | None


@dataclass(frozen=True, slots=True)
class ListResearchers:
    """List researchers.

    - Only active researchers are listed: by name, by rate (each currency by itself), the best rated first, or by the
      start of the next slot that could be booked now; then whoever has none comes last.
    - The list goes on from the cursor that the page before gave.
    """

    transactions: Transactions
    clock: Clock

    def __call__(
        self, *, wanted: DirectoryFilter, after: str | None, limit: int, sort: DirectorySort = DirectorySort.NAME
    ) -> Sequence[Listed]:
        """Give one page. Raises ValidationFailed for a cursor that no page of this order gave."""
        with self.transactions.reading() as tx:
            return tx.researchers.page(wanted=wanted, sort=sort, after=after, limit=limit, at=self.clock.now())


@dataclass(frozen=True, slots=True)
class SearchResearchers:
    """Search researchers by name, expertise, affiliation and bio.

    - Every word has to match; a word of five letters or more may have one edit; case and accents don't matter.
    - The best matches come first, unless another order is asked for; filters and orders are those of the list.
    """

    transactions: Transactions
    clock: Clock

    def __call__(
        self,
        *,
        query: str,
        after: str | None,
        limit: int,
        wanted: DirectoryFilter = EVERYBODY,
        sort: SearchSort = SearchSort.RELEVANCE,
    ) -> Sequence[Listed]:
        """Give one page. Raises ValidationFailed for a cursor that no page of this order gave."""
        with self.transactions.reading() as tx:
            return tx.researchers.search(
                query=query, wanted=wanted, sort=sort, after=after, limit=limit, at=self.clock.now()
            )


@dataclass(frozen=True, slots=True)
class SuggestExpertise:
    """Suggest fields of expertise that begin with some letters; without letters, those that most researchers have.

    - Those of active researchers are counted, and the most used come first; case and accents don't matter.
    - Two ways to write one field are one, in the spelling that most use; each is a filter of the list of researchers.
    """

    transactions: Transactions

    def __call__(self, *, prefix: str, limit: int) -> Sequence[ExpertiseTag]:
        """Give so many at most; none for a prefix that has signs but neither letter nor digit."""
        beginning = topic(prefix)
        if prefix.strip() and not beginning:
            return ()
        with self.transactions.reading() as tx:
            return tx.expertise.beginning_with(beginning, limit=limit)


@dataclass(frozen=True, slots=True)
class GetResearcher:
    """Show one researcher; one who was deactivated is still shown to those who have the id."""

    transactions: Transactions
    clock: Clock

    def __call__(self, id: UUID) -> ResearcherProfile:
        """Give the researcher. Raises ResearcherNotFound."""
        with self.transactions.reading() as tx:
            researcher = tx.researchers.get(id)
            if researcher is None:
                raise ResearcherNotFound
            slot = tx.researchers.next_available(id, at=self.clock.now())
            return ResearcherProfile(researcher=researcher, next_available=slot)


@dataclass(frozen=True, slots=True)
class ListTimeSlots:
    """Show a researcher's time slots of one or several calendar days.

    - The days are those of the zone asked for; a slot belongs to the day that its start falls on.
    - All slots are shown; `available` says whether the slot could be booked at this moment.
    """

    transactions: Transactions
    clock: Clock

    def __call__(self, *, researcher_id: UUID, first: date, last: date, timezone: str, caller: Caller | None) -> Shown:
        """Give the slots of the local dates first to last, both included, by start.

        Raises ResearcherNotFound, and ValidationFailed (fields `from`, `to`, `timezone`) for more than 62 days, an
        end before the start, and an unknown zone.
        """
        if not 0 <= (last - first).days < LONGEST_RANGE_DAYS:
            raise ValidationFailed.of("to", f"give a date from `from` on, at most {LONGEST_RANGE_DAYS} days in all")
        during = local_days(first=first, last=last, timezone=timezone)
        with self.transactions.reading() as tx:
            offers = Offers() if during is None else tx.time_slots.starting(researcher_id=researcher_id, during=during)
            if not offers and tx.researchers.get(researcher_id) is None:
                raise ResearcherNotFound
        return shown_to(caller, offers, at=self.clock.now())


@dataclass(frozen=True, slots=True)
class ListNextSlots:
    """Show a researcher's next time slots that could be booked at this moment, the soonest first."""

    transactions: Transactions
    clock: Clock

    def __call__(self, researcher_id: UUID, *, limit: int) -> Sequence[OfferedSlot]:
        """Give so many at most. Raises ResearcherNotFound."""
        with self.transactions.reading() as tx:
            researcher = tx.researchers.get(researcher_id)
            if researcher is None:
                raise ResearcherNotFound
            slots = tx.researchers.next_slots(researcher_id, at=self.clock.now(), limit=limit)
        return [shown_as_free(slot, researcher) for slot in slots]


@dataclass(frozen=True, slots=True)
class GetTimeSlot:
    """Show one time slot, withdrawn ones too."""

    transactions: Transactions
    clock: Clock

    def __call__(self, id: UUID, *, caller: Caller | None) -> OfferedSlot:
        """Give the slot. Raises SlotNotFound."""
        with self.transactions.reading() as tx:
            offer = tx.time_slots.get(id)
        if offer is None:
            raise SlotNotFound
        return shown_to(caller, Offers([offer]), at=self.clock.now())[0]
