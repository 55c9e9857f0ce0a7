"""What is kept. Every list comes in the order its docstring names; every write is undone with its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from consulting.application.ports.directory import EVERYBODY, DirectoryFilter, Listed
from consulting.domain.availability import Block, OneOffSlot, Override, Pattern, Rules
from consulting.domain.directory import DirectorySort, SearchSort
from consulting.domain.earnings import Movement
from consulting.domain.ledger import Entry
from consulting.domain.payments import Payment
from consulting.domain.period import Period
from consulting.domain.publishing import Publication, PublishedSlot
from consulting.domain.refunds import Refund
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import Status
from consulting.domain.sessions import Session
from consulting.domain.time_slots import Claim, TimeSlot
from consulting.domain.values import made_quickly


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A slot with all that decides on whether it can be booked: its researcher, and the claims that overlap it."""

    slot: TimeSlot
    researcher: Researcher
    claims: tuple[Claim, ...]


class Offers(tuple[Offer, ...]):  # noqa: SLOT001 -- it has more than its members
    """Offers of one researcher that were read together, by start.

    Storage may give the same object again while nothing has changed that it was made of. Whoever works something out
    of it may keep that in `kept`: it goes when the offers go.
    """

    kept: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferToClient:
    """An offer, and the deadlines of all that its client holds unpaid: both decide on whether they can book it."""

    offer: Offer
    deadlines: tuple[datetime, ...]

    def live_holds(self, *, at: datetime) -> int:
        """Count the client's holds that haven't expired at this instant."""
        return sum(at < deadline for deadline in self.deadlines)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFilter:
    """Which of a researcher's sessions to list; None asks for nothing. `status` is the effective one.

    ended: those whose time is over (True) or still to come or under way (False); starting: by their start.
    """

    ended: bool | None = None
    status: Status | None = None
    user_id: str | None = None
    starting: Period | None = None


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a session stands in a researcher's list: by start, then by id."""

    start: datetime
    id: UUID


class Researchers(Protocol):
    """The experts."""

    def get(self, id: UUID) -> Researcher | None:
        """Give the researcher, deactivated ones too."""

    def of_user(self, user_id: str) -> Researcher | None:
        """Give the researcher whose account this is."""

    def lock(self, id: UUID) -> Researcher | None:
        """Give the researcher and let nobody else lock them until the transaction ends: the lock of their calendar."""

    def add(self, researcher: Researcher) -> None:
        """Keep a new researcher. Raises AccountLinked if another one has the same account."""

    def save(self, researcher: Researcher) -> None:
        """Keep a known researcher's new values. Raises as `add`."""

    def page(
        self,
        *,
        wanted: DirectoryFilter,
        after: str | None,
        limit: int,
        at: datetime,
        sort: DirectorySort = DirectorySort.NAME,
    ) -> Sequence[Listed]:
        """List active researchers in the order of `directory.place`; `after` is the cursor of the last one seen.

        In the order of the next slot, those whom nobody can book come last.
        Raises ValidationFailed (field `cursor`) for a cursor that no list gave.
        """

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
        """List active researchers by how well name, expertise, affiliation and bio match every word of the query.

        Case and accents don't matter; a word of five letters or more may differ by one edit. A query without a word
        finds nobody. `wanted` chooses among them; another `sort` puts them in the order of `page`. Cursor as there.
        """

    def next_available(self, id: UUID, *, at: datetime) -> TimeSlot | None:
        """Give the researcher's earliest slot that could be booked at this instant."""

    def register(self, *, after: UUID | None, limit: int) -> Sequence[Researcher]:
        """List all researchers, deactivated ones too, by id; those after the one of this id."""

    def next_slots(self, id: UUID, *, at: datetime, limit: int) -> Sequence[TimeSlot]:
        """Give the researcher's slots that could be booked at this instant, the soonest first."""

    def settle_openings(self, *, at: datetime, limit: int) -> int:
        """Note anew when some can next be booked, whose note may have run out at this instant; give their number.

        Nothing is shown otherwise for it: it makes lists by the next slot quick. 0 when there is nothing to note.
        """

    def active_ids(self, *, after: UUID | None, limit: int) -> Sequence[UUID]:
        """List the ids of active researchers in order of id."""


class Availability(Protocol):
    """Patterns, overrides, one-off slots and blocks."""

    def rules(self, researcher_id: UUID) -> Rules:
        """Give all of a researcher's rules."""

    def save_pattern(self, pattern: Pattern) -> None:
        """Keep a pattern, new or changed."""

    def save_override(self, override: Override) -> None:
        """Keep an override, new or changed."""

    def save_one_off(self, slot: OneOffSlot) -> None:
        """Keep a one-off slot, new or changed."""

    def save_block(self, block: Block) -> None:
        """Keep a block, new or changed."""

    def remove(self, id: UUID, *, researcher_id: UUID) -> bool:
        """Forget the researcher's rule of this id, of whichever kind; False if there is none."""


class TimeSlots(Protocol):
    """The published slots."""

    def get(self, id: UUID) -> Offer | None:
        """Give the slot with its researcher and claims, without a lock."""

    def lock(self, id: UUID) -> Offer | None:
        """Give the slot as it stands once nobody else holds its lock, and keep the lock until the transaction ends.

        Researcher and claims are read after the lock was won, so they show what the former holder committed.
        """

    def lock_for(self, id: UUID, *, user_id: str) -> OfferToClient | None:
        """Give the slot as `lock` does, with what this client holds.

        Nobody else is told what the client holds until the transaction ends, so two bookings can't both be the last
        allowed.
        """

    def starting(self, *, researcher_id: UUID, during: Period) -> Offers:
        """List the slots that start in the period, by start: published ones, and withdrawn ones that have a claim.

        Raises nothing for an unknown researcher: the list is empty.
        """

    def lock_published(self, *, researcher_id: UUID, overlapping: Period) -> Sequence[PublishedSlot]:
        """Lock and list, by id, all slots that overlap the period, withdrawn ones too; `booked` where a claim stands.

        Every claim counts as booked here, expired holds too: expire those first.
        """

    def publish(self, publication: Publication, *, researcher_id: UUID, ids: Sequence[UUID]) -> None:
        """Carry out a difference: withdraw and retire, then revive, restore and add.

        `ids` names the added slots, in order.
        """


class Sessions(Protocol):
    """The booked consultations."""

    def get(self, id: UUID) -> Session | None:
        """Give the session as it was last saved; ask `effective` for how it stands now."""

    def lock(self, id: UUID) -> Session | None:
        """Give the session and keep its lock until the transaction ends. Lock its slot first."""

    def add(self, session: Session) -> None:
        """Keep a new session.

        Raises SlotUnavailable, at the transaction's end at the latest, if it overlaps another of its researcher's.
        """

    def add_free(self, session: Session, *, at: datetime) -> int:
        """Keep a new free session as `add` does, and count its client's other free ones that start later than this.

        Canceled ones don't count. Nobody else can add one for this client until the transaction ends, so two bookings
        can't both be the last allowed; whoever finds too many leaves the transaction by an exception.
        """

    def save(self, session: Session) -> None:
        """Keep a known session's new values. Raises as `add`."""

    def of_researcher(self, researcher_id: UUID, *, overlapping: Period) -> Sequence[Session]:
        """List the researcher's sessions that aren't canceled and overlap the period, by start; expired holds too."""

    def of_client(
        self,
        user_id: str,
        *,
        status: Status | None,
        starting: Period | None,
        after: UUID | None,
        limit: int,
        at: datetime,
    ) -> Sequence[Session]:
        """List the client's sessions, the newest first (by id); `status` is the effective one at this instant."""

    def of_person(self, user_id: str, *, researcher_id: UUID | None, since: datetime, limit: int) -> Sequence[Session]:
        """List sessions of this client and of this researcher together, the latest start first.

        Only those that start at this instant or later and that were confirmed once, canceled ones too.
        """

    def booked(
        self, researcher_id: UUID, *, wanted: BookingFilter, after: Place | None, limit: int, at: datetime
    ) -> Sequence[Session]:
        """List the researcher's sessions by start, then id: the earliest first where `wanted.ended` is False.

        Otherwise the latest first. `after` is the place of the last one seen; everything is judged at this instant.
        """

    def notes(self, id: UUID) -> str | None:
        """Give what the session's researcher noted for themselves."""

    def keep_notes(self, id: UUID, notes: str | None) -> None:
        """Keep the researcher's notes on a known session, None for none at all."""

    def claims(self, *, researcher_id: UUID, overlapping: Period) -> Sequence[Claim]:
        """List the claims of the researcher's sessions that overlap the period, expired holds too, by start."""

    def expired(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        """List holds whose deadline has passed, the oldest first."""

    def ended(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        """List confirmed sessions that have ended, the oldest first."""

    def starting(self, *, during: Period, limit: int, after: UUID | None = None) -> Sequence[Session]:
        """List confirmed sessions that start in the period, ended ones too, by id."""


class Payments(Protocol):
    """The attempts to pay."""

    def of_session(self, session_id: UUID) -> Sequence[Payment]:
        """List a session's attempts, the first one first."""

    def of_intent(self, intent_id: str) -> Payment | None:
        """Give the attempt that this intent of the provider belongs to."""

    def add(self, payment: Payment) -> None:
        """Keep a new attempt. Raises TransactionConflict if the session has another one that is alive."""

    def save(self, payment: Payment) -> None:
        """Keep an attempt's new values."""

    def alive(self, *, after: UUID | None, limit: int) -> Sequence[Payment]:
        """List attempts that may still be charged, by id."""

    def disputed(self, *, after: UUID | None, limit: int) -> Sequence[Payment]:
        """List attempts whose charge is under dispute, by id."""


class Refunds(Protocol):
    """The money that goes back."""

    def of_session(self, session_id: UUID) -> Sequence[Refund]:
        """List a session's refunds, the oldest first."""

    def of_sessions(self, session_ids: Sequence[UUID]) -> Sequence[Refund]:
        """List the refunds of several sessions at once, the oldest first."""

    def get(self, id: UUID) -> Refund | None:
        """Give the refund as it was last saved."""

    def of_provider(self, provider_id: str) -> Refund | None:
        """Give the refund by the provider's id."""

    def lock(self, id: UUID) -> Refund | None:
        """Give the refund and keep its lock until the transaction ends."""

    def add(self, refund: Refund) -> None:
        """Keep a new refund."""

    def save(self, refund: Refund) -> None:
        """Keep a refund's new values."""

    def unsettled(self, *, before: datetime, after: UUID | None, limit: int) -> Sequence[Refund]:
        """List refunds that are on their way and haven't changed since an instant, by id."""


class Ledger(Protocol):
    """Every movement of money; nothing in it is ever changed or taken out."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Write entries; one whose reference is in the ledger already is a fault of the caller."""

    def of_session(self, session_id: UUID) -> Sequence[Entry]:
        """List a session's entries in the order in which they were written."""

    def of_researcher(self, researcher_id: UUID, *, during: Period) -> Sequence[Movement]:
        """List what was recorded of all of a researcher's sessions in the period, by when, then as written."""


class Outcome(StrEnum):
    """What became of a mail; one that is being sent for long was dropped by a worker that died.

    WAITING is known not to have arrived and is tried again; whether an UNCERTAIN one arrived nobody knows, so it isn't.
    """

    SENDING = "sending"
    SENT = "sent"
    WAITING = "waiting"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A mail that was sent, is about to be, or is never going to be: one per session, kind, recipient and `about`.

    `about` tells repeats of one kind apart: the start time for reminders, the entry's id elsewhere. `reason` says why
    it waits, is uncertain, failed or was skipped, and is None otherwise.
    """

    session_id: UUID
    kind: str
    recipient: str
    about: str
    message_id: str
    marked_at: datetime
    outcome: Outcome = Outcome.SENT
    reason: str | None = None


class Notifications(Protocol):
    """The record of what was sent to whom."""

    def mark(self, notification: Notification) -> bool:
        """Record it; False, and nothing changed, if it is recorded already and isn't waiting to be tried again."""

    def conclude(self, notification: Notification) -> None:
        """Keep what became of a mail that is recorded; of one that isn't, nothing."""

    def marked(self, *, session_id: UUID, kind: str, recipient: str, about: str) -> bool:
        """Tell whether it is recorded."""

    def of_session(self, session_id: UUID) -> Sequence[Notification]:
        """List what is recorded of a session, the oldest first."""

    def of_sessions(self, session_ids: Sequence[UUID]) -> Sequence[Notification]:
        """List what is recorded of several sessions at once, the oldest first."""
