"""Stripe's webhook messages: who sent them is checked, what they say is only a hint."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import stripe

from consulting.application.ports.inbox import ProviderEvent
from consulting.application.ports.payment_gateway import WebhookSignatureInvalid

OLDEST_SECONDS: Final = 300
UNKNOWN_KIND: Final = "unknown"

_SIGNATURE: Final = "stripe-signature"
_UNREADABLE: Final = (TypeError, ValueError, RecursionError)
_WORD: Final = re.compile("[!-~]{1,255}")

_log: Final = logging.getLogger(__name__)


def read_event(*, body: bytes, headers: Mapping[str, str], secret: str) -> ProviderEvent:
    """Check the signature over the raw bytes and its age, and read what the message is about.

    A signed message that isn't an event, or not one that we understand, is an event about nothing: it is kept by its
    digest where it has no id, so that the provider doesn't send it again for days. Raises WebhookSignatureInvalid.
    """
    try:
        stripe.WebhookSignature.verify_header(body, headers.get(_SIGNATURE), secret, OLDEST_SECONDS)
    except (stripe.SignatureVerificationError, *_UNREADABLE):
        # The SDK lets a header outside ASCII and a body outside UTF-8 fall through.
        raise WebhookSignatureInvalid from None
    return _read(body)


def _read(body: bytes) -> ProviderEvent:
    content = _content(body)
    thing = _object(_object(content.get("data")).get("object"))
    kind = thing.get("object")
    event = ProviderEvent(
        source="stripe",
        external_id=_word(content.get("id")) or f"sha256:{sha256(body).hexdigest()}",
        kind=_word(content.get("type")) or UNKNOWN_KIND,
        intent_id=_word(thing.get("id") if kind == "payment_intent" else thing.get("payment_intent")),
        refund_id=_word(thing.get("id")) if kind == "refund" else None,
    )
    if not thing:
        _log.warning("stripe: the signed message %s is about nothing that we know", event.external_id)
    return event


def _content(body: bytes) -> Mapping[str, Any]:
    try:
        return _object(json.loads(body))
    except _UNREADABLE:
        return {}


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str | None:
    """Take what can be an id or a type; anything else can't be kept, and would lead nowhere."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None
