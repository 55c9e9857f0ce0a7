"""The states of a session and the one table of the moves between them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Status(StrEnum):
    """Where the session stands, in the wire's words."""

    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    CANCELED = "canceled"


class PaymentStatus(StrEnum):
    """Where its payment stands, in the wire's words."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    REFUNDED = "refunded"


class State(NamedTuple):
    """Both together; S/R, D/P and D/F never exist."""

    status: Status
    payment: PaymentStatus


SP = State(Status.SCHEDULED, PaymentStatus.PENDING)
SF = State(Status.SCHEDULED, PaymentStatus.FAILED)
SC = State(Status.SCHEDULED, PaymentStatus.COMPLETED)
DC = State(Status.COMPLETED, PaymentStatus.COMPLETED)
DR = State(Status.COMPLETED, PaymentStatus.REFUNDED)
XP = State(Status.CANCELED, PaymentStatus.PENDING)
XF = State(Status.CANCELED, PaymentStatus.FAILED)
XC = State(Status.CANCELED, PaymentStatus.COMPLETED)
XR = State(Status.CANCELED, PaymentStatus.REFUNDED)
STATES: Final = (SP, SF, SC, DC, DR, XP, XF, XC, XR)


class Move(StrEnum):
    """The moves there are."""

    FAIL_PAYMENT = "fail payment"
    PAY = "pay"
    EXPIRE = "expire"
    RETAKE = "retake the slot by a late payment"
    RETURN_PAYMENT = "return a late payment"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    COMPLETE = "complete"
    NOTE_NO_SHOW = "note a no-show"
    REFUND = "refund"


BEGINNINGS: Final = (SP, SC)
"""A hold begins unpaid; a free session begins confirmed."""

TRANSITIONS: Final[dict[tuple[Move, State], tuple[State, ...]]] = {
    (Move.FAIL_PAYMENT, SP): (SF,),
    (Move.FAIL_PAYMENT, SF): (SF,),
    (Move.PAY, SP): (SC,),
    (Move.PAY, SF): (SC,),
    (Move.EXPIRE, SP): (XP,),
    (Move.EXPIRE, SF): (XF,),
    (Move.RETAKE, XP): (SC,),
    (Move.RETAKE, XF): (SC,),
    (Move.RETURN_PAYMENT, XP): (XR,),
    (Move.RETURN_PAYMENT, XF): (XR,),
    (Move.CANCEL, SP): (XP,),
    (Move.CANCEL, SF): (XF,),
    (Move.CANCEL, SC): (XR, XC),
    (Move.RESCHEDULE, SC): (SC,),
    (Move.COMPLETE, SC): (DC,),
    (Move.NOTE_NO_SHOW, SC): (DC,),
    (Move.NOTE_NO_SHOW, DC): (DC,),
    (Move.REFUND, SC): (XR,),
    (Move.REFUND, DC): (DR,),
    (Move.REFUND, DR): (DR,),
    (Move.REFUND, XC): (XR,),
    (Move.REFUND, XR): (XR,),
}
"""Every move that exists, from the state before to the states it can lead to."""
