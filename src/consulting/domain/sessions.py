"""The life of a session: a verb for each move of the table in session_states.

A verb returns the session after the move and what happened; a move that isn't possible raises a named refusal. Every
verb first looks at the session's *effective* state, so an expired hold or an ended session is treated as such whether
or not the worker has swept it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consulting.domain import events
from consulting.domain.cancellation import CanceledBy, Cancellation, CancellationPolicy, CancellationReason
from consulting.domain.errors import (
    NotStartedYet,
    OwnSlot,
    PriceDiffers,
    RescheduleTooLate,
    SessionCompleted,
    SessionNotConfirmed,
    SessionStarted,
)
from consulting.domain.meetings import Meeting
from consulting.domain.money import Money, nothing, price
from consulting.domain.period import Period
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import (
    DC,
    DR,
    SC,
    SF,
    SP,
    TRANSITIONS,
    XC,
    XF,
    XP,
    XR,
    Move,
    PaymentStatus,
    State,
    Status,
)
from consulting.domain.time_slots import Claim, TimeSlot


class ImpossibleMove(RuntimeError):
    """A fault of this program: it tried a move that the table doesn't have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who books, as their token described them at that moment; `timezone` is an IANA name."""

    user_id: str
    email: str
    name: str | None
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A booked consultation. `price` and `policy` are frozen when it is held; all instants are UTC.

    `expires_at` is the payment deadline of a hold and None otherwise; `sequence` counts what the calendars must follow.
    """

    id: UUID
    client: Client
    researcher_id: UUID
    time_slot_id: UUID
    period: Period
    paper_id: str | None
    questions: str | None
    price: Money
    policy: CancellationPolicy
    status: Status
    payment_status: PaymentStatus
    expires_at: datetime | None
    meeting: Meeting | None = None
    cancellation: Cancellation | None = None
    no_show: bool = False
    sequence: int = 0
    confirmed_at: datetime | None = None
    rescheduled_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def state(self) -> State:
        """Status and payment status together."""
        return State(self.status, self.payment_status)

    @property
    def free(self) -> bool:
        """Tell whether there is nothing to pay."""
        return not self.price

    @property
    def hold_expired(self) -> bool:
        """Tell whether it ended because nobody paid in time."""
        return self.cancellation is not None and self.cancellation.reason is CancellationReason.HOLD_EXPIRED

    def claim(self) -> Claim | None:
        """Give its claim on the researcher's time; a canceled session has none."""
        if self.status is Status.CANCELED:
            return None
        return Claim(
            session_id=self.id,
            user_id=self.client.user_id,
            time_slot_id=self.time_slot_id,
            period=self.period,
            expires_at=self.expires_at,
        )

    def effective(self, *, at: datetime) -> Session:
        """Give the session as anybody reading it at this instant must see it."""
        return self.swept(at=at)[0]

    def swept(self, *, at: datetime) -> Moved:
        """Let time do its work: an unpaid hold expires at its deadline, a confirmed session completes at its end."""
        if self.expires_at is not None and at >= self.expires_at:
            return self._expire()
        if self.state == SC and at >= self.period.end:
            return self._complete()
        return self, ()

    def fail_payment(self, *, at: datetime) -> Moved:
        """Note that a payment attempt failed; anything but a living hold only records it."""
        session, before = self.swept(at=at)
        if session.state not in {SP, SF}:
            return session, before
        return session._to(Move.FAIL_PAYMENT, SF, at=at), (*before, events.PaymentFailed())

    def pay(self, *, at: datetime, slot_free: bool) -> Moved:
        """Take in the whole price, once. In time, it confirms; late, it retakes the slot if that is free.

        Otherwise it raises `PaymentReturned`, as an event: the money goes back in full.
        """
        session, before = self.swept(at=at)
        if session.state in {SP, SF}:
            return session._confirm(Move.PAY, at=at, before=before, late=False)
        if session.state in {XP, XF} and session.hold_expired and slot_free:
            return session._confirm(Move.RETAKE, at=at, before=before, late=True)
        if session.state in {XP, XF}:
            returned = session._to(Move.RETURN_PAYMENT, XR, at=at)
            return returned, (*before, events.PaymentReturned(late=session.hold_expired))
        return session, (*before, events.ChargedTwice())

    def cancel(self, *, by: CanceledBy, note: str | None, at: datetime) -> Moved:
        """Cancel it; a canceled one stays as it is.

        The client gets back what the policy gives and may cancel until the start, SessionStarted after it; researcher
        and admin give back everything and may cancel until the end. SessionCompleted once it is over.
        """
        session, before = self.swept(at=at)
        if session.status is Status.CANCELED:
            return session, before
        if session.status is Status.COMPLETED:
            raise SessionCompleted
        if by is CanceledBy.CLIENT and at >= session.period.start:
            raise SessionStarted
        refund = session.refund_if_canceled(by=by, at=at)
        canceled = session._end(Move.CANCEL, refund=refund, by=by, reason=_REASONS[by], note=note, at=at)
        return canceled, (*before, events.Canceled(by=by, refund=refund, was_confirmed=session.state == SC))

    def refund_if_canceled(self, *, by: CanceledBy, at: datetime) -> Money:
        """Quote what canceling at this instant gives back: nothing unless it is confirmed and paid."""
        if self.effective(at=at).state != SC:
            return nothing(currency=self.price.currency)
        if by is not CanceledBy.CLIENT:
            return self.price
        return self.policy.refund(price=self.price, start=self.period.start, at=at)

    def reschedule(self, *, time_slot_id: UUID, researcher_id: UUID, period: Period, at: datetime) -> Moved:
        """Move a confirmed session to another slot of the same researcher and length, hence of the same price.

        To the slot that it has already it moves however late, which changes nothing: so a move can be asked for again.
        Raises SessionNotConfirmed, PriceDiffers, and RescheduleTooLate once the policy gives less than everything.
        """
        session, before = self.swept(at=at)
        if session.state != SC:
            raise SessionNotConfirmed
        if time_slot_id == session.time_slot_id:
            return session, before
        if researcher_id != session.researcher_id or period.duration != session.period.duration:
            raise PriceDiffers
        if at >= session.period.start or session.policy.percent(start=session.period.start, at=at) < 100:
            raise RescheduleTooLate
        moved = session._to(
            Move.RESCHEDULE,
            SC,
            at=at,
            time_slot_id=time_slot_id,
            period=period,
            sequence=session.sequence + 1,
            rescheduled_at=at,
        )
        return moved, (*before, events.Rescheduled(before=session.period))

    def note_no_show(self, *, at: datetime) -> Moved:
        """Note, from the start on, that the client didn't come: it is completed, the money stays, no review."""
        session, before = self.swept(at=at)
        if session.state not in {SC, DC}:
            raise SessionNotConfirmed
        if at < session.period.start:
            raise NotStartedYet
        if session.no_show:
            return session, before
        return session._to(Move.NOTE_NO_SHOW, DC, at=at, no_show=True), (*before, events.NoShowNoted())

    def refund_further(self, *, at: datetime) -> Moved:
        """Mark that money of an ended session goes back: an admin's goodwill, or a refund made at the provider.

        SessionNotConfirmed where no money was kept, and for a scheduled session: that one is canceled instead.
        """
        session, before = self.swept(at=at)
        if session.status is Status.SCHEDULED:
            raise SessionNotConfirmed("This session is still to come or going on: cancel it instead.")
        if session.free or session.state not in {DC, DR, XC, XR}:
            raise SessionNotConfirmed("No money was kept of this session.")
        refunded = State(session.status, PaymentStatus.REFUNDED)
        return session._to(Move.REFUND, refunded, at=at), before

    def refunded_outside(self, *, at: datetime) -> Moved:
        """Take in that the whole price was given back at the provider: a session still to come is canceled by it.

        A free session has no price that could go back: it stays as it is.
        """
        session, before = self.swept(at=at)
        if session.free:
            return session, before
        if session.state != SC:
            return session.refund_further(at=at)
        reason = CancellationReason.REFUNDED_OUTSIDE
        canceled = session._end(
            Move.REFUND, refund=session.price, by=CanceledBy.SYSTEM, reason=reason, note=None, at=at
        )
        nothing_due = nothing(currency=session.price.currency)
        return canceled, (*before, events.Canceled(by=CanceledBy.SYSTEM, refund=nothing_due, was_confirmed=True))

    def linked(self, *, meeting: Meeting | None, at: datetime) -> Session:
        """Attach the meeting, or detach the one that was deleted.

        Another link is a change that calendars must follow; a canceled session shows none, so there it isn't.
        """
        if meeting == self.meeting:
            return self
        told = self.status is not Status.CANCELED and meeting is not None
        return replace(self, meeting=meeting, sequence=self.sequence + told, updated_at=at)

    def _expire(self) -> Moved:
        deadline = self.expires_at or self.period.start
        reason = CancellationReason.HOLD_EXPIRED
        expired = self._end(
            Move.EXPIRE,
            refund=nothing(currency=self.price.currency),
            by=CanceledBy.SYSTEM,
            reason=reason,
            note=None,
            at=deadline,
        )
        return expired, (events.HoldExpired(),)

    def _complete(self) -> Moved:
        return self._to(Move.COMPLETE, DC, at=self.period.end), (events.Completed(),)

    def _confirm(self, move: Move, *, at: datetime, before: Events, late: bool) -> Moved:
        confirmed = self._to(move, SC, at=at, expires_at=None, cancellation=None, confirmed_at=at)
        return confirmed, (*before, events.Confirmed(late=late))

    def _end(
        self,
        move: Move,
        *,
        refund: Money,
        by: CanceledBy,
        reason: CancellationReason,
        note: str | None,
        at: datetime,
    ) -> Session:
        payment = PaymentStatus.REFUNDED if refund else self.payment_status
        cancellation = Cancellation(by=by, reason=reason, note=note, at=at)
        return self._to(
            move,
            State(Status.CANCELED, payment),
            at=at,
            expires_at=None,
            cancellation=cancellation,
            sequence=self.sequence + 1,
        )

    def _to(self, move: Move, state: State, *, at: datetime, **changes: Any) -> Session:
        if state not in TRANSITIONS.get((move, self.state), ()):
            raise ImpossibleMove(f"{move}: {self.state} to {state}")
        return replace(self, status=state.status, payment_status=state.payment, updated_at=at, **changes)


Events = tuple[events.Event, ...]
Moved = tuple[Session, Events]
"""The session after a move, and what happened."""

_REASONS = {
    CanceledBy.CLIENT: CancellationReason.BY_CLIENT,
    CanceledBy.RESEARCHER: CancellationReason.BY_RESEARCHER,
    CanceledBy.ADMIN: CancellationReason.BY_ADMIN,
}


def hold(
    *,
    id: UUID,
    client: Client,
    researcher: Researcher,
    slot: TimeSlot,
    hold_for: timedelta,
    paper_id: str | None,
    questions: str | None,
    at: datetime,
) -> Moved:
    """Begin a session on a slot that was found bookable: a hold until paid for, or confirmed at once if it is free.

    The deadline is `hold_for` from now or the start, whichever comes first. Raises OwnSlot.
    """
    if researcher.user_id == client.user_id:
        raise OwnSlot
    due = price(rate=researcher.rate, duration=slot.period.duration)
    session = Session(
        id=id,
        client=client,
        researcher_id=researcher.id,
        time_slot_id=slot.id,
        period=slot.period,
        paper_id=paper_id,
        questions=questions,
        price=due,
        policy=researcher.policy,
        status=Status.SCHEDULED,
        payment_status=PaymentStatus.PENDING if due else PaymentStatus.COMPLETED,
        expires_at=min(at + hold_for, slot.period.start) if due else None,
        confirmed_at=None if due else at,
        created_at=at,
        updated_at=at,
    )
    return session, (events.Held() if due else events.Confirmed(),)
