"""What the operations work with: the use cases, resolved once when the API starts, and places to run them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from consulting.application.admin_outbox import ListErrands, RetryErrand
from consulting.application.api_keys import CreateApiKey, GetApiKey, ListApiKeys, RevokeApiKey
from consulting.application.availability import ListRules, RemoveRule, SaveRule
from consulting.application.booking import BookSession, GetSession, ListSessions
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
from consulting.application.explaining import ExplainTime
from consulting.application.goodwill import GiveGoodwillRefund
from consulting.application.hiding import HideReview, ShowReview
from consulting.application.meetings import GetStartLink
from consulting.application.payments import ConfirmPayment, CreatePaymentIntent
from consulting.application.privacy import EraseUser, ExportUser
from consulting.application.profiles import EditProfile, GetProfile
from consulting.application.provider_events import ReceiveProviderEvent
from consulting.application.register import AddResearcher, ChangeResearcher, GetRegistered, ListRegister
from consulting.application.rescheduling import RescheduleSession
from consulting.application.reviewing import AnswerReview, EditReview, GetReview, ListReviews, WriteReview
from consulting.application.trail import ListAdminActs
from consulting.entrypoints.http.measurements import Metrics
from consulting.entrypoints.http.places import Places
from consulting.entrypoints.http.retries import Work
from consulting.entrypoints.http.watching import Watchers
from consulting.entrypoints.http.work_measurements import WorkMeasurements
from consulting.entrypoints.readiness import ReadinessCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """Each under its name in the container."""

    list_researchers: ListResearchers
    search_researchers: SearchResearchers
    suggest_expertise: SuggestExpertise
    get_researcher: GetResearcher
    list_time_slots: ListTimeSlots
    list_next_slots: ListNextSlots
    get_time_slot: GetTimeSlot
    book_session: BookSession
    list_sessions: ListSessions
    get_session: GetSession
    cancel_session: CancelSession
    quote_cancellation: QuoteCancellation
    reschedule_session: RescheduleSession
    get_calendar: GetCalendar
    write_review: WriteReview
    edit_review: EditReview
    get_review: GetReview
    list_reviews: ListReviews
    answer_review: AnswerReview
    hide_review: HideReview
    show_review: ShowReview
    create_calendar_token: CreateCalendarToken
    revoke_calendar_token: RevokeCalendarToken
    get_calendar_feed: GetCalendarFeed
    list_rules: ListRules
    save_rule: SaveRule
    remove_rule: RemoveRule
    copy_week: CopyWeek
    explain_time: ExplainTime
    get_profile: GetProfile
    edit_profile: EditProfile
    list_bookings: ListBookings
    get_booking: GetBooking
    cancel_booking: CancelBooking
    note_no_show: NoteNoShow
    write_notes: WriteNotes
    read_earnings: ReadEarnings
    get_start_link: GetStartLink
    create_payment_intent: CreatePaymentIntent
    confirm_payment: ConfirmPayment
    give_goodwill_refund: GiveGoodwillRefund
    receive_provider_event: ReceiveProviderEvent
    list_register: ListRegister
    get_registered: GetRegistered
    add_researcher: AddResearcher
    change_researcher: ChangeResearcher
    list_errands: ListErrands
    retry_errand: RetryErrand
    list_admin_acts: ListAdminActs
    create_api_key: CreateApiKey
    list_api_keys: ListApiKeys
    get_api_key: GetApiKey
    revoke_api_key: RevokeApiKey
    cancel_any_session: CancelAnySession
    export_user: ExportUser
    erase_user: EraseUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All that an operation may need.

    `database` has the places for what waits for nobody but the database, `provider` those for calls which wait for a
    payment provider too: in a write that must be the handler's first work, since no transaction is open then. `looking`
    is the pool of the health checks; `public_url` has no slash at its end.
    """

    use: UseCases
    database: Work
    provider: Work
    looking: Places
    metrics: Metrics
    work: WorkMeasurements
    checks: Sequence[ReadinessCheck]
    watchers: Watchers
    public_url: str


AtDesk = NamedDependency[SkipValidation[Desk]]
"""How handlers ask for the desk; one thing only, since the framework starts a task for each of several."""


def at_desk(desk: Desk | None) -> dict[str, Provide]:
    """Hand the desk to the handlers; None to those that are only described and never called."""

    def give() -> Desk | None:
        return desk

    return {"desk": Provide(give, sync_to_thread=False)}
