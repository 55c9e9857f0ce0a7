"""The one place where an error becomes an HTTP answer, and the one shape that all of them have."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from consulting.application import refunds
from consulting.application.ports import mailer, meeting_rooms, payment_gateway, retries, transactions
from consulting.domain import errors
from consulting.domain.errors import ConsultingError
from consulting.entrypoints.http import refusals
from consulting.entrypoints.http.answers import Answer

log = logging.getLogger(__name__)

STATUSES: Final[Mapping[type[ConsultingError], int]] = {
    errors.ValidationFailed: 400,
    errors.EmailRequired: 400,
    payment_gateway.WebhookSignatureInvalid: 400,
    refusals.BodyMalformed: 400,
    refusals.RequestMalformed: 400,
    refusals.SignInRequired: 401,
    refusals.TokenInvalid: 401,
    refusals.ActingRefused: 400,
    refusals.Forbidden: 403,
    refusals.ScopeMissing: 403,
    refusals.UserMissing: 403,
    errors.OwnSlot: 403,
    errors.NotAResearcher: 403,
    errors.NotYourSession: 403,
    refusals.PathNotFound: 404,
    errors.ResearcherNotFound: 404,
    errors.SlotNotFound: 404,
    errors.SessionNotFound: 404,
    errors.CalendarNotFound: 404,
    errors.RuleNotFound: 404,
    errors.ErrandNotFound: 404,
    errors.ApiKeyNotFound: 404,
    errors.UserNotFound: 404,
    errors.ReviewNotFound: 404,
    refusals.MethodNotAllowed: 405,
    errors.SlotUnavailable: 409,
    errors.HoldLimitReached: 409,
    errors.FreeSessionLimitReached: 409,
    errors.HoldExpired: 409,
    errors.SessionCanceled: 409,
    errors.SessionStarted: 409,
    errors.SessionCompleted: 409,
    errors.SessionNotConfirmed: 409,
    errors.NotStartedYet: 409,
    errors.RescheduleTooLate: 409,
    errors.PriceDiffers: 409,
    errors.TimeIsBooked: 409,
    errors.TimeIsTaken: 409,
    errors.TooManyRules: 409,
    errors.OverrideExists: 409,
    errors.AlreadyPaid: 409,
    errors.NothingToPay: 409,
    errors.PaymentIntentUnknown: 409,
    errors.PaymentIncomplete: 409,
    errors.PaymentMismatch: 409,
    errors.RefundExceedsPayment: 409,
    refunds.RefundDisputed: 409,
    refunds.RefundFailed: 409,
    errors.ReviewRefused: 409,
    errors.ReviewExists: 409,
    errors.ReviewAnswered: 409,
    errors.AccountLinked: 409,
    errors.ErrandNotDead: 409,
    errors.LiveSessions: 409,
    errors.UserIsResearcher: 409,
    payment_gateway.PaymentDeclined: 409,
    retries.IdempotencyKeyReused: 409,
    retries.RequestInProgress: 409,
    refusals.BodyTooLarge: 413,
    refusals.UnsupportedMediaType: 415,
    refusals.TooManyRequests: 429,
    refusals.InternalError: 500,
    # Our own set-up is at fault: the operator's to mend, and nothing that a caller should read about.
    payment_gateway.PaymentGatewayMisconfigured: 500,
    meeting_rooms.MeetingRoomsMisconfigured: 500,
    mailer.MailRefused: 500,
    mailer.MailUncertain: 500,
    # Nothing was changed and it may work at once, which a 409 that is kept for a repeated key would deny.
    transactions.TransactionConflict: 503,
    transactions.StorageUnavailable: 503,
    payment_gateway.PaymentGatewayUnavailable: 503,
    payment_gateway.PaymentOutcomeUnknown: 503,
    meeting_rooms.MeetingRoomsUnavailable: 503,
    meeting_rooms.NoFreeHost: 503,
    mailer.MailUnavailable: 503,
    mailer.SenderRefused: 503,
    refusals.Overloaded: 503,
    refusals.NotReady: 503,
    refusals.SignInUnavailable: 503,
}
"""The status of every error there is; one without a status would be a 500, and fails a test."""

RETRY_AFTER: Final = "2"
CHALLENGE: Final = 'Bearer realm="consulting"'

_BY_STATUS: Final[Mapping[int, type[ConsultingError]]] = {
    400: refusals.RequestMalformed,
    401: refusals.SignInRequired,
    403: refusals.Forbidden,
    404: refusals.PathNotFound,
    405: refusals.MethodNotAllowed,
    413: refusals.BodyTooLarge,
    415: refusals.UnsupportedMediaType,
    503: refusals.Overloaded,
}
"""What the framework answers by itself, in our words; any other of its errors is an internal one."""


class Problem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What went wrong: a stable word, a sentence that says what to do, and particulars."""

    code: str
    message: str
    details: dict[str, Any]


class ErrorEnvelope(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The shape of every 4xx and 5xx answer."""

    error: Problem


_encoder = msgspec.json.Encoder()


def status_of(error: ConsultingError) -> int:
    """Give the status of an error."""
    return STATUSES.get(type(error), 500)


def envelope(error: ConsultingError) -> bytes:
    """Write an error as every caller reads it; one of status 500 tells nothing of what it was."""
    shown = refusals.InternalError() if status_of(error) == 500 else error
    problem = Problem(code=shown.code, message=shown.message, details=dict(shown.details))
    return _encoder.encode(ErrorEnvelope(error=problem))


def headers_of(error: ConsultingError) -> dict[str, str]:
    """Give the headers that belong to an error's status."""
    status = status_of(error)
    if status == 401:
        invalid = isinstance(error, refusals.TokenInvalid)
        return {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"' if invalid else CHALLENGE}
    return {"Retry-After": str(error.details.get("retry_after", RETRY_AFTER))} if status in {429, 503} else {}


def answer_refusal(request: Request[Any, Any, Any], error: ConsultingError) -> Response[bytes]:
    """Answer one of our own errors."""
    if status_of(error) == 500:
        _log_failure(request, error)
    return _answer(error)


def answer_framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what the framework refuses by itself."""
    if isinstance(error, ValidationException):  # queries are checked before: what is left is a body that isn't there
        return _answer(errors.ValidationFailed.of("body", "this is required"))
    refusal = _BY_STATUS.get(error.status_code, refusals.InternalError)
    if refusal is refusals.InternalError:
        return answer_unexpected(request, error)
    allow = {name: _with_head(value) for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return _answer(refusal(), allow)


def _with_head(allowed: str) -> str:
    """Name HEAD beside GET: the doorway lets it in wherever GET is."""
    methods = [each.strip() for each in allowed.split(",")]
    return ", ".join(dict.fromkeys([*methods, "HEAD"] if "GET" in methods else methods))


def answer_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a fault of this program: the log has it all, the caller a request id."""
    _log_failure(request, error)
    return _answer(refusals.InternalError())


def _answer(error: ConsultingError, more: Mapping[str, str] | None = None) -> Response[bytes]:
    return Answer(
        envelope(error),
        status_code=status_of(error),
        headers=headers_of(error) | dict(more or {}),
        media_type="application/json",
    )


def _log_failure(request: Request[Any, Any, Any], error: Exception) -> None:
    log.error("%s %s failed", request.method, request.scope.get("path_template", "?"), exc_info=error)
