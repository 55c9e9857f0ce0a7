"""Stripe's errors: `{"error": {...}}` with a type, mostly a code, and an HTTP status (docs.stripe.com/api/errors)."""

from __future__ import annotations

from typing import Any

from consulting.entrypoints.sandbox.store import Document


class Refusal(Exception):
    """An answer that isn't a success.

    `began` says that the endpoint had begun its work, so that an idempotency key replays this answer
    (docs.stripe.com/api/idempotent_requests: failures of validation aren't saved).
    """

    def __init__(self, status: int, error: Document, *, began: bool = False) -> None:
        super().__init__(error.get("message"))
        self.status = status
        self.error = error
        self.began = began


def invalid(
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    status: int = 400,
    began: bool = False,
    **more: Any,
) -> Refusal:
    """Return an `invalid_request_error`; absent fields are left out, as Stripe does."""
    error = {"code": code, "message": message, "param": param, "type": "invalid_request_error", **more}
    if code is not None:
        error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
    return Refusal(status, {name: value for name, value in error.items() if value is not None}, began=began)


def missing(kind: str, key: str, *, param: str) -> Refusal:
    """404 `resource_missing`: `No such payment_intent: 'pi_1'`."""
    return invalid(f"No such {kind}: '{key}'", code="resource_missing", param=param, status=404)


def unauthenticated(message: str) -> Refusal:
    """401 without a code, for a key that is absent or unknown."""
    return invalid(message, status=401)


def unexpected_state(message: str, intent: Document) -> Refusal:
    """Return the intent's status doesn't allow it; the intent travels in the error (docs.stripe.com/error-codes)."""
    return invalid(message, code="payment_intent_unexpected_state", began=True, payment_intent=intent)


def card_error(error: Document, intent: Document) -> Refusal:
    """402: the bank said no; the intent travels in the error (docs.stripe.com/declines)."""
    return Refusal(402, {**error, "payment_intent": intent}, began=True)


def idempotency_error(message: str) -> Refusal:
    """400: the key was used for something else before."""
    return Refusal(400, {"message": message, "type": "idempotency_error"})


def api_error(message: str, *, status: int = 500) -> Refusal:
    """Return a fault on Stripe's side; 429 is the rate limiter's."""
    if status == 429:
        return invalid(message, code="rate_limit", status=429)
    kind = "api_error" if status >= 500 else "invalid_request_error"
    return Refusal(status, {"message": message, "type": kind})
