"""The transaction that a use case begins and ends."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from consulting.application.ports.admin_acts import AdminActs
from consulting.application.ports.api_keys import ApiKeys
from consulting.application.ports.calendar_tokens import CalendarTokens
from consulting.application.ports.expertise import Expertise
from consulting.application.ports.inbox import Inbox
from consulting.application.ports.outbox import Outbox
from consulting.application.ports.personal_data import PersonalData
from consulting.application.ports.records import (
    Availability,
    Ledger,
    Notifications,
    Payments,
    Refunds,
    Researchers,
    Sessions,
    TimeSlots,
)
from consulting.application.ports.reviews import Reviews
from consulting.domain.errors import ConsultingError


class StorageUnavailable(ConsultingError):
    """The database can't be reached at the moment: look whether it was done, and try again shortly."""

    code = "STORAGE_UNAVAILABLE"


class TransactionConflict(ConsultingError):
    """Another transaction was in the way, nothing was changed: try again."""

    code = "CONFLICT_TRY_AGAIN"


class Transaction(Protocol):
    """Everything that is kept, as this transaction sees it."""

    @property
    def researchers(self) -> Researchers:
        """The experts."""

    @property
    def expertise(self) -> Expertise:
        """What the experts say they know."""

    @property
    def availability(self) -> Availability:
        """Their patterns, overrides, one-off slots and blocks."""

    @property
    def time_slots(self) -> TimeSlots:
        """Their published slots."""

    @property
    def sessions(self) -> Sessions:
        """The booked consultations."""

    @property
    def payments(self) -> Payments:
        """The attempts to pay them."""

    @property
    def refunds(self) -> Refunds:
        """The money that goes back."""

    @property
    def ledger(self) -> Ledger:
        """The movements of money."""

    @property
    def reviews(self) -> Reviews:
        """What clients said."""

    @property
    def notifications(self) -> Notifications:
        """What was sent to whom."""

    @property
    def calendar_tokens(self) -> CalendarTokens:
        """The secrets under which calendar programs read somebody's sessions."""

    @property
    def outbox(self) -> Outbox:
        """What must still be done outside."""

    @property
    def inbox(self) -> Inbox:
        """What providers told us."""

    @property
    def admin_acts(self) -> AdminActs:
        """What admins did."""

    @property
    def api_keys(self) -> ApiKeys:
        """The keys of partners' backends."""

    @property
    def personal_data(self) -> PersonalData:
        """What is kept of people, to be forgotten."""


class Transactions(Protocol):
    """Where transactions come from; safe to share between threads."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """Open a transaction: leaving the block commits, an exception undoes everything.

        Raises TransactionConflict when the database chose this one as the victim of a deadlock (nothing was changed,
        the caller may run the block again), StorageUnavailable when it can't be reached in time, and the domain's own
        errors where a constraint names one (an overlap of sessions: SlotUnavailable). StorageUnavailable leaves doubt:
        nothing was changed, unless it was the answer to the commit that was lost.
        """

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a block that only reads; whatever changes or locks something raises RuntimeError.

        Each look sees what was committed before it, as in a transaction, but none has to be begun or ended. Raises
        StorageUnavailable.
        """
