"""All use cases over one set of ports, with people who use them: what tests and the diary play with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from random import Random
from uuid import UUID

from consulting.adapters.memory import (
    MemoryMailer,
    MemoryMeetingRooms,
    MemoryPaymentGateway,
    MemoryTransactions,
    MovingClock,
    PlainLetters,
    SequentialIdentities,
)
from consulting.application.availability import Calendars, ListRules, RemoveRule, SaveRule
from consulting.application.booking import BookSession, GetSession, ListSessions, SweepSession
from consulting.application.bookings import CancelBooking, GetBooking, ListBookings, NoteNoShow, WriteNotes
from consulting.application.calendar_feeds import CreateCalendarToken, GetCalendarFeed, RevokeCalendarToken
from consulting.application.callers import Caller
from consulting.application.cancellation import CancelSession, QuoteCancellation
from consulting.application.copying import CopyWeek
from consulting.application.directory import GetTimeSlot, ListTimeSlots
from consulting.application.earnings import ReadEarnings
from consulting.application.errands import CarryOutErrands, ErrandRunner
from consulting.application.explaining import ExplainTime
from consulting.application.goodwill import GiveGoodwillRefund
from consulting.application.meetings import CreateMeeting, DeleteMeeting, MeetingErrands, MoveMeeting
from consulting.application.money_errands import CancelIntentErrand, RefundErrand
from consulting.application.notifications import Notify
from consulting.application.payments import CancelIntent, ConfirmPayment, CreatePaymentIntent, SettlePayment
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.mailer import Letters, Mailer
from consulting.application.ports.meeting_rooms import MeetingRooms
from consulting.application.ports.outbox import Errand
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.application.ports.provider_books import ProviderBooks
from consulting.application.ports.transactions import Transactions
from consulting.application.profiles import EditProfile
from consulting.application.publishing import PublishSlots
from consulting.application.reconciliation import ReconcilePayments
from consulting.application.refunds import CarryOutRefund
from consulting.application.reminders import SendReminders
from consulting.application.rescheduling import RescheduleSession
from consulting.application.reviewing import EditReview, WriteReview
from consulting.application.showing import OfferedSlot
from consulting.application.sweeping import SweepSessions, TopUpSlots
from consulting.domain.availability import Block, OneOffSlot, Override, Pattern
from consulting.domain.local_time import LocalWindow
from consulting.domain.money import Money
from consulting.domain.publishing import Publication
from consulting.domain.researchers import Researcher

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOLD = timedelta(minutes=15)
AHEAD = timedelta(days=4)
HOLDS_PER_USER = 2
FREE_SESSIONS_PER_USER = 5


ADMIN = Caller(user_id="admin", roles=frozenset({"admin"}))


def client(name: str) -> Caller:
    """Give somebody who books."""
    return Caller(user_id=name, email=f"{name}@example.org", name=name.title(), timezone="Europe/London")


@dataclass
class Marketplace:
    """The use cases, each made on first use from the ports."""

    transactions: Transactions
    clock: Clock
    ids: Identities
    gateway: PaymentGateway
    rooms: MeetingRooms
    mailer: Mailer
    letters: Letters
    random: Random = field(default_factory=lambda: Random(1))
    free_sessions_per_user: int = FREE_SESSIONS_PER_USER

    @cached_property
    def book(self) -> BookSession:
        return BookSession(self.transactions, self.clock, self.ids, HOLD, HOLDS_PER_USER, self.free_sessions_per_user)

    @cached_property
    def session(self) -> GetSession:
        return GetSession(self.transactions, self.clock)

    @cached_property
    def sessions(self) -> ListSessions:
        return ListSessions(self.transactions, self.clock)

    @cached_property
    def slots(self) -> ListTimeSlots:
        return ListTimeSlots(self.transactions, self.clock)

    @cached_property
    def slot(self) -> GetTimeSlot:
        return GetTimeSlot(self.transactions, self.clock)

    @cached_property
    def settle(self) -> SettlePayment:
        return SettlePayment(self.transactions, self.gateway, self.clock, self.ids)

    @cached_property
    def open_intent(self) -> CreatePaymentIntent:
        return CreatePaymentIntent(self.transactions, self.gateway, self.clock, self.ids, self.settle)

    @cached_property
    def confirm(self) -> ConfirmPayment:
        return ConfirmPayment(self.transactions, self.clock, self.settle)

    @cached_property
    def cancel(self) -> CancelSession:
        return CancelSession(self.transactions, self.clock, self.ids)

    @cached_property
    def give_goodwill(self) -> GiveGoodwillRefund:
        return GiveGoodwillRefund(self.transactions, self.clock, self.ids)

    @cached_property
    def quote(self) -> QuoteCancellation:
        return QuoteCancellation(self.transactions, self.clock)

    @cached_property
    def reschedule(self) -> RescheduleSession:
        return RescheduleSession(self.transactions, self.clock, self.ids)

    @cached_property
    def review(self) -> WriteReview:
        return WriteReview(self.transactions, self.clock, self.ids)

    @cached_property
    def edit_review(self) -> EditReview:
        return EditReview(self.transactions, self.clock)

    @cached_property
    def subscribe(self) -> CreateCalendarToken:
        return CreateCalendarToken(self.transactions, self.clock, self.random)

    @cached_property
    def unsubscribe(self) -> RevokeCalendarToken:
        return RevokeCalendarToken(self.transactions)

    @cached_property
    def feed(self) -> GetCalendarFeed:
        return GetCalendarFeed(self.transactions, self.letters, self.clock)

    @cached_property
    def calendars(self) -> Calendars:
        return Calendars(self.transactions, self.clock, self.ids, AHEAD)

    @cached_property
    def rules(self) -> ListRules:
        return ListRules(self.transactions)

    @cached_property
    def save_rule(self) -> SaveRule:
        return SaveRule(self.calendars, self.gateway)

    def save_pattern(self, pattern: Pattern, *, caller: Caller) -> Publication:
        """Set weekly hours."""
        return self.save_rule(lambda _: pattern, caller=caller).publication

    def save_override(self, override: Override, *, caller: Caller) -> Publication:
        """Set other hours on one date."""
        return self.save_rule(lambda _: override, caller=caller).publication

    def save_one_off(self, slot: OneOffSlot, *, caller: Caller) -> Publication:
        """Offer a single slot."""
        return self.save_rule(lambda _: slot, caller=caller).publication

    def block(self, block: Block, *, caller: Caller, cancel_sessions: bool = False) -> Publication:
        """Take time off."""
        return self.save_rule(lambda _: block, caller=caller, cancel_sessions=cancel_sessions).publication

    @cached_property
    def edit_profile(self) -> EditProfile:
        return EditProfile(self.calendars, self.gateway)

    @cached_property
    def explain(self) -> ExplainTime:
        return ExplainTime(self.transactions, self.clock)

    @cached_property
    def bookings(self) -> ListBookings:
        return ListBookings(self.transactions, self.clock)

    @cached_property
    def booking(self) -> GetBooking:
        return GetBooking(self.transactions, self.clock)

    @cached_property
    def cancel_booking(self) -> CancelBooking:
        return CancelBooking(self.transactions, self.clock, self.ids)

    @cached_property
    def no_show(self) -> NoteNoShow:
        return NoteNoShow(self.transactions, self.clock, self.ids)

    @cached_property
    def copy_week(self) -> CopyWeek:
        return CopyWeek(self.calendars, self.gateway)

    @cached_property
    def read_earnings(self) -> ReadEarnings:
        return ReadEarnings(self.transactions, self.clock)

    @cached_property
    def write_notes(self) -> WriteNotes:
        return WriteNotes(self.transactions, self.clock)

    @cached_property
    def remove_rule(self) -> RemoveRule:
        return RemoveRule(self.calendars)

    @cached_property
    def publish(self) -> PublishSlots:
        return PublishSlots(self.transactions, self.clock, self.ids, AHEAD)

    @cached_property
    def top_up(self) -> TopUpSlots:
        return TopUpSlots(self.transactions, self.publish)

    @cached_property
    def sweep(self) -> SweepSessions:
        sweep = SweepSession(self.transactions, self.clock, self.ids)
        return SweepSessions(self.transactions, self.clock, sweep)

    @cached_property
    def reconcile(self) -> ReconcilePayments:
        return ReconcilePayments(
            self.transactions, self.clock, self.settle, self.cancel_intent, self.refund, self.books
        )

    @cached_property
    def books(self) -> ProviderBooks:
        books: ProviderBooks = self.gateway.books()  # type: ignore[attr-defined] # the port doesn't ask for it
        return books

    @cached_property
    def cancel_intent(self) -> CancelIntent:
        return CancelIntent(self.transactions, self.gateway, self.settle, self.open_intent)

    @cached_property
    def refund(self) -> CarryOutRefund:
        return CarryOutRefund(self.transactions, self.gateway, self.clock, self.ids, self.settle)

    @cached_property
    def remind(self) -> SendReminders:
        return SendReminders(self.transactions, self.letters, self.mailer, self.clock, "example.org")

    @cached_property
    def errands(self) -> CarryOutErrands:
        meetings = MeetingErrands(self.transactions, self.rooms, self.clock, self.ids, ("host-1", "host-2"))
        runners: dict[Errand, ErrandRunner] = {
            Errand.CREATE_MEETING: CreateMeeting(meetings),
            Errand.MOVE_MEETING: MoveMeeting(meetings),
            Errand.DELETE_MEETING: DeleteMeeting(meetings),
            Errand.NOTIFY: Notify(self.transactions, self.letters, self.mailer, self.clock, self.ids, "example.org"),
            Errand.REFUND: RefundErrand(self.refund),
            Errand.CANCEL_INTENT: CancelIntentErrand(self.cancel_intent),
        }
        return CarryOutErrands(self.transactions, self.clock, runners, "worker", self.random)

    def add_researcher(
        self,
        name: str,
        *,
        rate: int = 12_000,
        timezone: str = "Europe/Berlin",
        expertise: tuple[str, ...] = ("physics",),
    ) -> Researcher:
        """Let somebody join, without hours yet."""
        now = self.clock.now()
        researcher = Researcher(
            id=self.ids.new(),
            user_id=f"researcher-{name}",
            name=name.title(),
            email=f"{name}@university.example",
            bio=None,
            expertise=expertise,
            achievements=(),
            rate=Money(rate, "usd"),
            timezone=timezone,
            verified=True,
            active=True,
            avatar_url=None,
            affiliation=None,
            papers=(),
            zoom_user=None,
            created_at=now,
            updated_at=now,
        )
        with self.transactions.begin() as tx:
            tx.researchers.add(researcher)
        return researcher

    def set_hours(self, researcher: Researcher, start: str, end: str, *, pattern_ids: Callable[[int], UUID]) -> None:
        """Give the researcher the same hours on every day of the week, in slots of an hour."""
        for weekday in range(7):
            pattern = Pattern(
                id=pattern_ids(weekday),
                researcher_id=researcher.id,
                weekday=weekday,
                window=LocalWindow.parse(start=start, end=end),
                timezone=researcher.timezone,
                slot_minutes=60,
                valid_from=date(2026, 1, 1),
            )
            self.save_pattern(pattern, caller=account_of(researcher))

    def offered(self, researcher: Researcher, *, days: int = 4) -> list[OfferedSlot]:
        """Show what everybody sees of the researcher's next days."""
        first = self.clock.now().date() - timedelta(days=1)
        return list(
            self.slots(
                researcher_id=researcher.id,
                first=first,
                last=first + timedelta(days=days + 1),
                timezone="UTC",
                caller=None,
            )
        )

    def work(self, *, rounds: int = 20) -> None:
        """Let the worker run until nothing is left that it could do now."""
        for _ in range(rounds):
            if not self.errands(limit=50):
                return


def account_of(researcher: Researcher) -> Caller:
    """Give the researcher as a caller."""
    assert researcher.user_id is not None
    return Caller(user_id=researcher.user_id, email=researcher.email, name=researcher.name)


@dataclass
class MemoryMarketplace(Marketplace):
    """A marketplace whose ports are the memory adapters, so that a test can see and steer the outside."""

    transactions: MemoryTransactions
    clock: MovingClock
    gateway: MemoryPaymentGateway
    rooms: MemoryMeetingRooms
    mailer: MemoryMailer


def in_memory(*, at: datetime = NOON) -> MemoryMarketplace:
    """Open a marketplace that lives in this process alone."""
    return MemoryMarketplace(
        transactions=MemoryTransactions(),
        clock=MovingClock(at),
        ids=SequentialIdentities(),
        gateway=MemoryPaymentGateway(),
        rooms=MemoryMeetingRooms(),
        mailer=MemoryMailer(),
        letters=PlainLetters(),
    )
