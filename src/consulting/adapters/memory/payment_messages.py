"""The signed messages of the payment provider in memory: HMAC-SHA256 over their time and their raw bytes."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from consulting.application.ports.inbox import ProviderEvent
from consulting.application.ports.payment_gateway import WebhookSignatureInvalid

SOURCE = "memory"
OLDEST = timedelta(minutes=5)

_SIGNATURE, _TIME = "memory-signature", "memory-time"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage:
    """A message as it goes over the wire; header names are lower-case."""

    body: bytes
    headers: Mapping[str, str]


def sign(event: ProviderEvent, *, secret: str, at: datetime) -> SignedMessage:
    """Write the event as a message sent at this instant."""
    content = {"id": event.external_id, "kind": event.kind, "intent": event.intent_id, "refund": event.refund_id}
    body = json.dumps(content).encode()
    time = at.astimezone(UTC).isoformat()
    return SignedMessage(body=body, headers={_TIME: time, _SIGNATURE: _signature(body, secret=secret, time=time)})


def read(*, body: bytes, headers: Mapping[str, str], secret: str, at: datetime) -> ProviderEvent:
    """Check signature and age, and read the message. Raises WebhookSignatureInvalid."""
    time = headers.get(_TIME, "")
    expected = _signature(body, secret=secret, time=time)
    if not hmac.compare_digest(expected.encode(), headers.get(_SIGNATURE, "").encode(errors="replace")):
        raise WebhookSignatureInvalid
    if abs(at - datetime.fromisoformat(time)) > OLDEST:
        raise WebhookSignatureInvalid
    content = json.loads(body)
    return ProviderEvent(
        source=SOURCE,
        external_id=content["id"],
        kind=content["kind"],
        intent_id=content["intent"],
        refund_id=content["refund"],
    )


def _signature(body: bytes, *, secret: str, time: str) -> str:
    return hmac.new(secret.encode(), time.encode() + b"." + body, sha256).hexdigest()
