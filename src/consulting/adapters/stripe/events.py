"""Stripe's webhook messages: who sent them is checked, what they say is only a hint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import stripe

from consulting.application.ports.inbox import ProviderEvent
from consulting.application.ports.payment_gateway import WebhookSignatureInvalid

OLDEST_SECONDS: Final = 300

_SIGNATURE: Final = "stripe-signature"
_UNREADABLE: Final = (AttributeError, KeyError, TypeError, ValueError, RecursionError)


def read_event(client: stripe.StripeClient, *, body: bytes, headers: Mapping[str, str], secret: str) -> ProviderEvent:
    """Check the signature over the raw bytes and its age, and read what the message is about.

    Raises WebhookSignatureInvalid, also for a signed message that isn't an event.
    """
    try:
        event = client.construct_event(body, headers.get(_SIGNATURE), secret, OLDEST_SECONDS)
        return _read(event)
    except stripe.SignatureVerificationError:
        raise WebhookSignatureInvalid from None
    except _UNREADABLE:
        # The SDK lets a header outside ASCII, a body outside UTF-8, and signed bytes that are no event fall through.
        raise WebhookSignatureInvalid("The message isn't an event of the payment provider.") from None


def _read(event: stripe.Event) -> ProviderEvent:
    thing = event.to_dict()["data"]["object"]
    kind = thing.get("object")
    return ProviderEvent(
        source="stripe",
        external_id=_text(event.id),
        kind=_text(event.type),
        intent_id=_name(thing.get("id") if kind == "payment_intent" else thing.get("payment_intent")),
        refund_id=_name(thing.get("id")) if kind == "refund" else None,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("an event has an id and a type")
    return value


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
