"""Every refusal, named: a class with a stable `code` whose docstring is the sentence that the caller reads."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class ConsultingError(Exception):
    """The request can't be carried out."""

    code: ClassVar[str]

    def __init__(self, message: str | None = None, **details: Any) -> None:
        """Take the class's own sentence unless another `message` is given; `details` goes to the caller as it is."""
        self.message = message or inspect.cleandoc(type(self).__doc__ or "").replace("\n", " ")
        self.details: Mapping[str, Any] = details
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field, in words that say how to mend it."""

    field: str
    problem: str


class ValidationFailed(ConsultingError):
    """Some fields are not valid; `details.fields` says which, and why."""

    code = "VALIDATION_FAILED"

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        """Report every problem found, together."""
        super().__init__(None, fields=[{"field": each.field, "problem": each.problem} for each in problems])
        self.problems = tuple(problems)

    @classmethod
    def of(cls, field: str, problem: str) -> ValidationFailed:
        """Build the error for a single field."""
        return cls([FieldProblem(field, problem)])


# Not found


class ResearcherNotFound(ConsultingError):
    """There is no such researcher."""

    code = "RESEARCHER_NOT_FOUND"


class SlotNotFound(ConsultingError):
    """There is no such time slot."""

    code = "SLOT_NOT_FOUND"


class SessionNotFound(ConsultingError):
    """There is no such session among yours."""

    code = "SESSION_NOT_FOUND"


class CalendarNotFound(ConsultingError):
    """No calendar is here, or no longer: make a new address in your account."""

    code = "CALENDAR_NOT_FOUND"


class NotYourSession(ConsultingError):
    """Only the client of this session can do this."""

    code = "NOT_YOUR_SESSION"


# Booking


class SlotUnavailable(ConsultingError):
    """This time slot is no longer available."""

    code = "SLOT_UNAVAILABLE"


class OwnSlot(ConsultingError):
    """Researchers can't book their own time slots."""

    code = "OWN_SLOT"


class EmailRequired(ConsultingError):
    """Booking needs the caller's e-mail address: sign in with a token that carries `email`."""

    code = "EMAIL_REQUIRED"


class HoldLimitReached(ConsultingError):
    """You hold as many unpaid sessions as allowed: pay or cancel one of them first."""

    code = "HOLD_LIMIT_REACHED"


class FreeSessionLimitReached(ConsultingError):
    """You have as many free sessions still to come as allowed: cancel one of them, or wait until one has begun."""

    code = "FREE_SESSION_LIMIT_REACHED"


# The session's life


class HoldExpired(ConsultingError):
    """The time to pay for this session is over: book a time slot again."""

    code = "HOLD_EXPIRED"


class SessionCanceled(ConsultingError):
    """This session is canceled."""

    code = "SESSION_CANCELED"


class SessionStarted(ConsultingError):
    """This session has already begun, it can't be canceled any more."""

    code = "SESSION_STARTED"


class SessionCompleted(ConsultingError):
    """This session is over."""

    code = "SESSION_COMPLETED"


class SessionNotConfirmed(ConsultingError):
    """This session is not a confirmed one."""

    code = "SESSION_NOT_CONFIRMED"


class NotStartedYet(ConsultingError):
    """A no-show can be noted from the session's start on."""

    code = "SESSION_NOT_STARTED"


class RescheduleTooLate(ConsultingError):
    """A session can be moved only while canceling it would give back the whole price."""

    code = "RESCHEDULE_TOO_LATE"


class PriceDiffers(ConsultingError):
    """A session can be moved only to a time slot of the same researcher, length and price."""

    code = "PRICE_DIFFERS"


# Running the place


class AccountLinked(ConsultingError):
    """This account belongs to another researcher: unlink it there first."""

    code = "ACCOUNT_LINKED"


class ErrandNotFound(ConsultingError):
    """There is no such errand in the outbox."""

    code = "ERRAND_NOT_FOUND"


class ErrandNotDead(ConsultingError):
    """This errand was not given up: there is nothing to retry."""

    code = "ERRAND_NOT_DEAD"


class ApiKeyNotFound(ConsultingError):
    """There is no such API key."""

    code = "API_KEY_NOT_FOUND"


class LiveSessions(ConsultingError):
    """Sessions or payments of this user are under way, `details.sessions` names them: cancel them or wait."""

    code = "LIVE_SESSIONS"


class UserIsResearcher(ConsultingError):
    """This user is a researcher, whom `details.researcher_id` names: unlink the account first."""

    code = "USER_IS_RESEARCHER"


class UserNotFound(ConsultingError):
    """Nothing is kept of such a user."""

    code = "USER_NOT_FOUND"


# The researcher's own calendar


class NotAResearcher(ConsultingError):
    """This is open to researchers only, and no researcher is linked to your account."""

    code = "NOT_A_RESEARCHER"


class RuleNotFound(ConsultingError):
    """There is no such pattern, override, one-off slot or block among yours."""

    code = "RULE_NOT_FOUND"


class TooManyRules(ConsultingError):
    """You have as many of these rules still to come as allowed, `details.most`: take one back first."""

    code = "TOO_MANY_RULES"


class OverrideExists(ConsultingError):
    """There is an override for this date already, `details.id`: change that one."""

    code = "OVERRIDE_EXISTS"


class TimeIsBooked(ConsultingError):
    """Sessions are booked in this time; `details.sessions` names them, ask to cancel them if that is meant."""

    code = "TIME_IS_BOOKED"


class TimeIsTaken(ConsultingError):
    """This time isn't free: `details.rules` names what gives slots in it, `details.sessions` what is booked in it."""

    code = "TIME_IS_TAKEN"


# Money


class AlreadyPaid(ConsultingError):
    """This session is already paid."""

    code = "ALREADY_PAID"


class NothingToPay(ConsultingError):
    """This session is free of charge, there is nothing to pay."""

    code = "NOTHING_TO_PAY"


class PaymentIntentUnknown(ConsultingError):
    """This payment intent doesn't belong to this session."""

    code = "PAYMENT_INTENT_UNKNOWN"


class PaymentIncomplete(ConsultingError):
    """The payment is not complete yet; `details.status` says where it stands."""

    code = "PAYMENT_INCOMPLETE"


class PaymentMismatch(ConsultingError):
    """The payment's amount or currency differs from this session's price; what was charged is returned."""

    code = "PAYMENT_MISMATCH"


class RefundExceedsPayment(ConsultingError):
    """A refund can't be more than what is left of the payment; `details.left` says how much that is."""

    code = "REFUND_EXCEEDS_PAYMENT"


# Reviews


class ReviewRefused(ConsultingError):
    """Only a completed, not fully refunded session can be reviewed, by its client, within 60 days."""

    code = "REVIEW_REFUSED"


class ReviewNotFound(ConsultingError):
    """There is no such review."""

    code = "REVIEW_NOT_FOUND"


class ReviewExists(ConsultingError):
    """This session has a review already."""

    code = "REVIEW_EXISTS"


class ReviewAnswered(ConsultingError):
    """You have answered this review already."""

    code = "REVIEW_ANSWERED"
