"""What is built from what: the one place that knows every adapter.

Nothing is built before it is asked for, so a test that hands in ports of its own (`Container(transactions=…)`) never
touches the adapters that it replaced.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from email.utils import parseaddr
from operator import attrgetter
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from dependency_injector.containers import DeclarativeContainer
from dependency_injector.providers import Dependency, Factory, Provider, Singleton, ThreadSafeSingleton
from sqlalchemy import Engine

from consulting.adapters.postgres.clock import DatabaseClock
from consulting.adapters.postgres.fibers import Fibers
from consulting.adapters.postgres.heartbeats import WorkerHeartbeats
from consulting.adapters.postgres.identifiers import TimeOrderedIdentities
from consulting.adapters.postgres.inspection import PostgresInspection
from consulting.adapters.postgres.open_business import OpenBusiness
from consulting.adapters.postgres.pruning import Pruning
from consulting.adapters.postgres.rate_limits import PostgresRateLimits
from consulting.adapters.postgres.retries import PostgresRetries
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.adapters.postgres.wake_ups import WakeUps
from consulting.adapters.smtp.addresses import ascii_domain
from consulting.application.admin_outbox import ListErrands, RetryErrand
from consulting.application.api_keys import CreateApiKey, GetApiKey, ListApiKeys, RecognizeApiKey, RevokeApiKey
from consulting.application.audit import Audit, CompareWithProvider
from consulting.application.availability import Calendars, ListRules, RemoveRule, SaveRule
from consulting.application.booking import BookSession, GetSession, ListSessions, SweepSession
from consulting.application.bookings import CancelBooking, GetBooking, ListBookings, NoteNoShow, WriteNotes
from consulting.application.calendar_feeds import CreateCalendarToken, GetCalendarFeed, RevokeCalendarToken
from consulting.application.calendars import GetCalendar
from consulting.application.calling_off import CancelAnySession
from consulting.application.cancellation import CancelSession, QuoteCancellation
from consulting.application.copying import CopyWeek
from consulting.application.directory import (
    GetResearcher,
    GetTimeSlot,
    ListNextSlots,
    ListResearchers,
    ListTimeSlots,
    SearchResearchers,
    SuggestExpertise,
)
from consulting.application.earnings import ReadEarnings
from consulting.application.errands import CarryOutErrands, ErrandRunner
from consulting.application.explaining import ExplainTime
from consulting.application.goodwill import GiveGoodwillRefund
from consulting.application.hiding import HideReview, ShowReview
from consulting.application.meetings import CreateMeeting, DeleteMeeting, GetStartLink, MeetingErrands, MoveMeeting
from consulting.application.money_errands import CancelIntentErrand, RefundErrand
from consulting.application.notifications import Notify
from consulting.application.payments import CancelIntent, ConfirmPayment, CreatePaymentIntent, SettlePayment
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.inspection import Inspection
from consulting.application.ports.mailer import Letters, Mailer
from consulting.application.ports.meeting_rooms import MeetingRooms
from consulting.application.ports.outbox import Errand
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.application.ports.provider_books import ProviderBooks
from consulting.application.ports.rate_limits import RateLimits
from consulting.application.ports.retries import Retries
from consulting.application.ports.transactions import Transactions
from consulting.application.privacy import EraseUser, ExportUser
from consulting.application.profiles import EditProfile, GetProfile
from consulting.application.provider_events import ReceiveProviderEvent, SettleProviderEvents
from consulting.application.publishing import PublishSlots
from consulting.application.reconciliation import ReconcilePayments
from consulting.application.refunds import CarryOutRefund
from consulting.application.register import AddResearcher, ChangeResearcher, GetRegistered, ListRegister
from consulting.application.reminders import SendReminders
from consulting.application.rescheduling import RescheduleSession
from consulting.application.reviewing import AnswerReview, EditReview, GetReview, ListReviews, WriteReview
from consulting.application.sweeping import SettleOpenings, SweepSessions, TopUpSlots
from consulting.application.trail import ListAdminActs
from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.connections import open_engine
from consulting.entrypoints.http.places import Calls, Threads
from consulting.entrypoints.plugin_declaration import Mails, Meetings, Payments, Surroundings
from consulting.entrypoints.plugins import Port, open_plugin
from consulting.entrypoints.readiness import ReadinessCheck, checks_of
from consulting.entrypoints.settings import Mode, Settings
from consulting.entrypoints.tracing import UNTRACED, Tracing, open_tracing

WEBHOOK_PATH = "/api/payment/webhook"


def surroundings_of(settings: Settings, clock: Clock) -> Surroundings:
    """Say what every plugin may know of this instance."""
    return Surroundings(
        clock=clock,
        public_url=settings.public_url,
        webhook_url=f"{settings.public_url}{WEBHOOK_PATH}",
        sender=settings.smtp_from,
        production=settings.mode is Mode.PRODUCTION,
    )


def open_chosen(settings: Settings, port: Port, surroundings: Surroundings, tracing: Tracing = UNTRACED) -> Any:
    """Build what the settings chose: Payments, Meetings or Mails. Raises PluginError where that fails."""
    chosen = settings.plugins[port]
    return tracing.of_provider(open_plugin(chosen, surroundings), name=chosen.offer.name)


def open_letters(settings: Settings) -> Letters:
    """Load the templates of the mails. Raises CannotStart where one of the partner's own can't be used."""
    from consulting.adapters import letters as letters_adapter  # noqa: PLC0415 -- templates and calendars are heavy

    name, address = parseaddr(settings.smtp_from)
    try:
        return letters_adapter.open_letters(
            public_url=settings.public_url,
            sender_name=name,
            sender_address=address,
            uid_domain=domain_of_sender(settings),
            templates=Path(settings.templates).expanduser().absolute() if settings.templates else None,
        )
    except letters_adapter.TemplateFault as fault:
        raise CannotStart(f"CONSULTING_TEMPLATES: {fault}") from None


def domain_of_sender(settings: Settings) -> str:
    """Give the domain that names our mails and calendar entries: that of their sender, as it is written in ASCII."""
    return ascii_domain(parseaddr(settings.smtp_from)[1])


def name_worker(identities: Identities) -> str:
    """Give this process's worker a name that no other worker ever had."""
    return f"{socket.gethostname()}:{os.getpid()}:{identities.new()}"


def ahead_of_now(settings: Settings) -> timedelta:
    """Give how far ahead slots are published."""
    return timedelta(days=settings.publish_days)


def calls_of(transactions: Transactions) -> Callable[[str, int], Calls]:
    """Say how use cases are called: as fibers where the adapter knows how these wait, else in threads."""
    return Fibers if isinstance(transactions, PostgresTransactions) else Threads


def runners_of_errands(
    meetings: MeetingErrands, notify: Notify, refund: RefundErrand, cancel_intent: CancelIntentErrand
) -> Mapping[Errand, ErrandRunner]:
    """Say who does which errand."""
    return {
        Errand.CREATE_MEETING: CreateMeeting(meetings),
        Errand.MOVE_MEETING: MoveMeeting(meetings),
        Errand.DELETE_MEETING: DeleteMeeting(meetings),
        Errand.NOTIFY: notify,
        Errand.REFUND: refund,
        Errand.CANCEL_INTENT: cancel_intent,
    }


class Container(DeclarativeContainer):
    """Everything that a process of the product is made of: adapters once, use cases as often as they are asked for."""

    settings: Provider[Settings] = Dependency(instance_of=Settings)

    publish_ahead: Provider[timedelta] = Singleton(ahead_of_now, settings)
    mail_domain: Provider[str] = Singleton(domain_of_sender, settings)

    tracing: Provider[Tracing] = ThreadSafeSingleton(open_tracing, settings)

    # Adapters
    engine: Provider[Engine] = ThreadSafeSingleton(open_engine, settings)
    transactions: Provider[Transactions] = ThreadSafeSingleton(PostgresTransactions, engine)
    calls: Provider[Callable[[str, int], Calls]] = Factory(calls_of, transactions)
    retries: Provider[Retries] = ThreadSafeSingleton(PostgresRetries, transactions)
    clock: Provider[Clock] = ThreadSafeSingleton(DatabaseClock, engine)
    identities: Provider[Identities] = ThreadSafeSingleton(TimeOrderedIdentities)
    random: Provider[Random] = ThreadSafeSingleton(SystemRandom)
    letters: Provider[Letters] = ThreadSafeSingleton(open_letters, settings)

    # Adapters that the settings choose by name
    surroundings: Provider[Surroundings] = Singleton(surroundings_of, settings, clock)
    payments: Provider[Payments] = ThreadSafeSingleton(
        open_chosen, settings, Port.PAYMENT_GATEWAY, surroundings, tracing
    )
    meetings: Provider[Meetings] = ThreadSafeSingleton(open_chosen, settings, Port.MEETING_ROOMS, surroundings, tracing)
    mails: Provider[Mails] = ThreadSafeSingleton(open_chosen, settings, Port.MAILER, surroundings, tracing)
    payment_gateway: Provider[PaymentGateway] = Factory(attrgetter("gateway"), payments)
    provider_books: Provider[ProviderBooks] = Factory(attrgetter("books"), payments)
    meeting_rooms: Provider[MeetingRooms] = Factory(attrgetter("rooms"), meetings)
    meeting_hosts: Provider[tuple[str, ...]] = Factory(attrgetter("hosts"), meetings)
    mailer: Provider[Mailer] = Factory(attrgetter("mailer"), mails)

    # Looking after the instance itself
    rate_limits: Provider[RateLimits] = ThreadSafeSingleton(PostgresRateLimits, engine)
    heartbeats: Provider[WorkerHeartbeats] = ThreadSafeSingleton(WorkerHeartbeats, engine)
    open_business: Provider[OpenBusiness] = ThreadSafeSingleton(OpenBusiness, engine)
    prune: Provider[Pruning] = ThreadSafeSingleton(Pruning, engine)
    inspection: Provider[Inspection] = ThreadSafeSingleton(PostgresInspection, engine)
    audit: Provider[Audit] = Factory(Audit, inspection, clock)
    compare_with_provider: Provider[CompareWithProvider] = Factory(CompareWithProvider, transactions, provider_books)
    readiness_checks: Provider[Sequence[ReadinessCheck]] = Factory(
        checks_of, settings, engine, transactions, heartbeats, clock
    )

    # Finding researchers and slots
    list_researchers: Provider[ListResearchers] = Factory(ListResearchers, transactions, clock)
    search_researchers: Provider[SearchResearchers] = Factory(SearchResearchers, transactions, clock)
    suggest_expertise: Provider[SuggestExpertise] = Factory(SuggestExpertise, transactions)
    get_researcher: Provider[GetResearcher] = Factory(GetResearcher, transactions, clock)
    list_time_slots: Provider[ListTimeSlots] = Factory(ListTimeSlots, transactions, clock)
    list_next_slots: Provider[ListNextSlots] = Factory(ListNextSlots, transactions, clock)
    get_time_slot: Provider[GetTimeSlot] = Factory(GetTimeSlot, transactions, clock)

    # Booking
    book_session: Provider[BookSession] = Factory(
        BookSession,
        transactions,
        clock,
        identities,
        hold_for=settings.provided.hold,
        holds_per_user=settings.provided.holds_per_user,
        free_sessions_per_user=settings.provided.free_sessions_per_user,
    )
    list_sessions: Provider[ListSessions] = Factory(ListSessions, transactions, clock)
    get_session: Provider[GetSession] = Factory(GetSession, transactions, clock)
    get_start_link: Provider[GetStartLink] = Factory(GetStartLink, transactions, meeting_rooms, clock)
    get_calendar: Provider[GetCalendar] = Factory(GetCalendar, transactions, letters, clock)
    create_calendar_token: Provider[CreateCalendarToken] = Factory(CreateCalendarToken, transactions, clock, random)
    revoke_calendar_token: Provider[RevokeCalendarToken] = Factory(RevokeCalendarToken, transactions)
    get_calendar_feed: Provider[GetCalendarFeed] = Factory(GetCalendarFeed, transactions, letters, clock)
    sweep_session: Provider[SweepSession] = Factory(SweepSession, transactions, clock, identities)
    cancel_session: Provider[CancelSession] = Factory(CancelSession, transactions, clock, identities)
    quote_cancellation: Provider[QuoteCancellation] = Factory(QuoteCancellation, transactions, clock)
    reschedule_session: Provider[RescheduleSession] = Factory(RescheduleSession, transactions, clock, identities)

    # Reviews
    write_review: Provider[WriteReview] = Factory(WriteReview, transactions, clock, identities)
    edit_review: Provider[EditReview] = Factory(EditReview, transactions, clock)
    get_review: Provider[GetReview] = Factory(GetReview, transactions)
    list_reviews: Provider[ListReviews] = Factory(ListReviews, transactions)
    answer_review: Provider[AnswerReview] = Factory(AnswerReview, transactions, clock)
    hide_review: Provider[HideReview] = Factory(HideReview, transactions, clock, identities)
    show_review: Provider[ShowReview] = Factory(ShowReview, transactions, clock, identities)

    # Paying
    settle_payment: Provider[SettlePayment] = Factory(SettlePayment, transactions, payment_gateway, clock, identities)
    create_payment_intent: Provider[CreatePaymentIntent] = Factory(
        CreatePaymentIntent, transactions, payment_gateway, clock, identities, settle=settle_payment
    )
    confirm_payment: Provider[ConfirmPayment] = Factory(ConfirmPayment, transactions, clock, settle=settle_payment)
    cancel_intent: Provider[CancelIntent] = Factory(
        CancelIntent, transactions, payment_gateway, settle=settle_payment, create=create_payment_intent
    )
    carry_out_refund: Provider[CarryOutRefund] = Factory(
        CarryOutRefund, transactions, payment_gateway, clock, identities, settle=settle_payment
    )
    give_goodwill_refund: Provider[GiveGoodwillRefund] = Factory(GiveGoodwillRefund, transactions, clock, identities)
    receive_provider_event: Provider[ReceiveProviderEvent] = Factory(
        ReceiveProviderEvent, transactions, payment_gateway, clock, identities
    )

    # A researcher's own calendar
    publish_slots: Provider[PublishSlots] = Factory(PublishSlots, transactions, clock, identities, ahead=publish_ahead)
    calendars: Provider[Calendars] = Factory(Calendars, transactions, clock, identities, ahead=publish_ahead)
    list_rules: Provider[ListRules] = Factory(ListRules, transactions)
    save_rule: Provider[SaveRule] = Factory(SaveRule, calendars, payment_gateway)
    edit_profile: Provider[EditProfile] = Factory(EditProfile, calendars, payment_gateway)
    get_profile: Provider[GetProfile] = Factory(GetProfile, transactions)
    copy_week: Provider[CopyWeek] = Factory(CopyWeek, calendars, payment_gateway)
    explain_time: Provider[ExplainTime] = Factory(ExplainTime, transactions, clock)
    list_bookings: Provider[ListBookings] = Factory(ListBookings, transactions, clock)
    get_booking: Provider[GetBooking] = Factory(GetBooking, transactions, clock)
    cancel_booking: Provider[CancelBooking] = Factory(CancelBooking, transactions, clock, identities)
    note_no_show: Provider[NoteNoShow] = Factory(NoteNoShow, transactions, clock, identities)
    read_earnings: Provider[ReadEarnings] = Factory(ReadEarnings, transactions, clock)
    write_notes: Provider[WriteNotes] = Factory(WriteNotes, transactions, clock)
    remove_rule: Provider[RemoveRule] = Factory(RemoveRule, calendars)

    # Running the place
    list_register: Provider[ListRegister] = Factory(ListRegister, transactions)
    get_registered: Provider[GetRegistered] = Factory(GetRegistered, transactions)
    add_researcher: Provider[AddResearcher] = Factory(AddResearcher, transactions, clock, identities)
    change_researcher: Provider[ChangeResearcher] = Factory(
        ChangeResearcher, transactions, clock, identities, ahead=publish_ahead
    )
    list_errands: Provider[ListErrands] = Factory(ListErrands, transactions, clock)
    retry_errand: Provider[RetryErrand] = Factory(RetryErrand, transactions, clock, identities)
    create_api_key: Provider[CreateApiKey] = Factory(CreateApiKey, transactions, clock, identities, random)
    list_api_keys: Provider[ListApiKeys] = Factory(ListApiKeys, transactions)
    get_api_key: Provider[GetApiKey] = Factory(GetApiKey, transactions)
    revoke_api_key: Provider[RevokeApiKey] = Factory(RevokeApiKey, transactions, clock, identities)
    recognize_api_key: Provider[RecognizeApiKey] = Factory(RecognizeApiKey, transactions, clock)
    cancel_any_session: Provider[CancelAnySession] = Factory(CancelAnySession, transactions, clock, identities)
    export_user: Provider[ExportUser] = Factory(ExportUser, transactions, clock, identities)
    erase_user: Provider[EraseUser] = Factory(EraseUser, transactions, clock, identities)
    list_admin_acts: Provider[ListAdminActs] = Factory(ListAdminActs, transactions)

    # The worker
    wake_ups: Provider[WakeUps] = Factory(WakeUps, url=settings.provided.wake_up_url)
    worker_name: Provider[str] = ThreadSafeSingleton(name_worker, identities)
    meeting_errands: Provider[MeetingErrands] = Factory(
        MeetingErrands, transactions, meeting_rooms, clock, identities, hosts=meeting_hosts
    )
    notify: Provider[Notify] = Factory(
        Notify, transactions, letters, mailer, clock, identities, mail_domain=mail_domain
    )
    refund_errand: Provider[RefundErrand] = Factory(RefundErrand, carry_out_refund)
    cancel_intent_errand: Provider[CancelIntentErrand] = Factory(CancelIntentErrand, cancel_intent)
    errand_runners: Provider[Mapping[Errand, ErrandRunner]] = Factory(
        runners_of_errands,
        meetings=meeting_errands,
        notify=notify,
        refund=refund_errand,
        cancel_intent=cancel_intent_errand,
    )
    carry_out_errands: Provider[CarryOutErrands] = Factory(
        CarryOutErrands, transactions, clock, errand_runners, worker=worker_name, random=random
    )
    settle_provider_events: Provider[SettleProviderEvents] = Factory(
        SettleProviderEvents,
        transactions,
        payment_gateway,
        settle=settle_payment,
        carry_out=carry_out_refund,
        clock=clock,
        worker=worker_name,
        random=random,
    )
    send_reminders: Provider[SendReminders] = Factory(
        SendReminders,
        transactions,
        letters,
        mailer,
        clock,
        mail_domain=mail_domain,
        leads=settings.provided.reminder_hours,
    )
    sweep_sessions: Provider[SweepSessions] = Factory(SweepSessions, transactions, clock, sweep=sweep_session)
    settle_openings: Provider[SettleOpenings] = Factory(SettleOpenings, transactions, clock)
    top_up_slots: Provider[TopUpSlots] = Factory(TopUpSlots, transactions, publish=publish_slots)
    reconcile_payments: Provider[ReconcilePayments] = Factory(
        ReconcilePayments,
        transactions,
        clock,
        settle=settle_payment,
        cancel=cancel_intent,
        carry_out=carry_out_refund,
        books=provider_books,
    )


def build_container(settings: Settings) -> Container:
    """Build the container of a process of the product."""
    return Container(settings=settings)


def open_plugins(container: Container) -> None:
    """Build the three adapters that the settings choose, of which none is called. Raises PluginError."""
    for opened in (container.payments, container.meetings, container.mails):
        opened()
