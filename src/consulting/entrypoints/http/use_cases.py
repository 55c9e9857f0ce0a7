"""The use cases that the API calls, resolved once when it starts."""

from __future__ import annotations

from dataclasses import dataclass

from consulting.application.booking import BookSession, GetSession, ListSessions
from consulting.application.calendars import GetCalendar
from consulting.application.cancellation import CancelSession, QuoteCancellation
from consulting.application.directory import (
    GetResearcher,
    GetTimeSlot,
    ListResearchers,
    ListTimeSlots,
    SearchResearchers,
)
from consulting.application.payments import ConfirmPayment, CreatePaymentIntent
from consulting.application.provider_events import ReceiveProviderEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """Each under the name by which handlers ask for it, which is the container's name too."""

    list_researchers: ListResearchers
    search_researchers: SearchResearchers
    get_researcher: GetResearcher
    list_time_slots: ListTimeSlots
    get_time_slot: GetTimeSlot
    book_session: BookSession
    list_sessions: ListSessions
    get_session: GetSession
    cancel_session: CancelSession
    quote_cancellation: QuoteCancellation
    get_calendar: GetCalendar
    create_payment_intent: CreatePaymentIntent
    confirm_payment: ConfirmPayment
    receive_provider_event: ReceiveProviderEvent
