"""The SDK's errors, told apart as the port tells them apart."""

from __future__ import annotations

import logging
from typing import Final

import stripe

from consulting.application.ports.payment_gateway import (
    PaymentDeclined,
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
    PaymentOutcomeUnknown,
)
from consulting.domain.errors import ConsultingError

_log: Final = logging.getLogger(__name__)

_REFUND_REFUSED: Final = frozenset({"charge_already_refunded", "charge_disputed", "refund_disputed_payment"})
_ABOUT_THE_CHARGE: Final = frozenset({"amount", "charge", "payment_intent"})


def port_error(error: stripe.StripeError, *, doubtful: bool) -> ConsultingError:
    """Translate; `doubtful` says that some try of a write may have taken effect.

    Stripe's own words go nowhere: they can quote keys and people. The log names kind, code, parameter and request.
    """
    _log.warning(
        "stripe: %s, status %s, code %s, parameter %s, request %s",
        type(error).__name__,
        error.http_status,
        error.code,
        getattr(error, "param", None),
        error.request_id,
    )
    if isinstance(error, stripe.CardError):
        return PaymentDeclined()
    if _final(error):
        return PaymentGatewayMisconfigured()
    return PaymentOutcomeUnknown() if doubtful else PaymentGatewayUnavailable()


def _final(error: stripe.StripeError) -> bool:
    kinds = (stripe.AuthenticationError, stripe.PermissionError, stripe.InvalidRequestError, stripe.IdempotencyError)
    return isinstance(error, kinds)


def is_missing(error: stripe.InvalidRequestError) -> bool:
    """Tell whether Stripe has no such object."""
    return error.code == "resource_missing"


def is_unexpected_state(error: stripe.InvalidRequestError) -> bool:
    """Tell whether the intent has gone on, so that the request no longer fits."""
    return error.code == "payment_intent_unexpected_state"


def refuses_refund(error: stripe.InvalidRequestError) -> bool:
    """Tell whether Stripe refuses this refund for good: nothing left, too much, disputed, or never charged.

    For an amount over the rest Stripe sends no code, only the name of the parameter.
    """
    if error.code in _REFUND_REFUSED or is_unexpected_state(error):
        return True
    return error.code is None and error.param in _ABOUT_THE_CHARGE
