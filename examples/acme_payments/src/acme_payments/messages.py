"""Acme's messages: `Acme-Signature: t=<seconds>,s=<HMAC-SHA256 over the seconds, a dot and the body>`."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from consulting.ports import ProviderEvent, WebhookSignatureInvalid

OLDEST = timedelta(minutes=5)

_SIGNATURE = re.compile(r"t=([0-9]{1,12}),s=([0-9a-f]{64})")


def signature(body: bytes, *, secret: str, seconds: int) -> str:
    """Give the header's value for a message that is sent at this time."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest()
    return f"t={seconds},s={digest}"


def read(*, body: bytes, headers: Mapping[str, str], secret: str, at: datetime) -> ProviderEvent:
    """Check signature and age, and read what the message is about. Raises WebhookSignatureInvalid."""
    given = headers.get("acme-signature", "")
    found = _SIGNATURE.fullmatch(given)
    if found is None or not hmac.compare_digest(signature(body, secret=secret, seconds=int(found[1])), given):
        raise WebhookSignatureInvalid
    if abs(at.timestamp() - int(found[1])) > OLDEST.total_seconds():
        raise WebhookSignatureInvalid
    message = json.loads(body)
    return ProviderEvent(
        source="acme",
        external_id=message["event"],
        kind=message["kind"],
        intent_id=message["order"],
        refund_id=message["reversal"],
    )
