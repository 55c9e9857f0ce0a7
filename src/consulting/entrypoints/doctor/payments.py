"""Whether Stripe's keys belong together and may do what they must, and whether Stripe's messages reach us."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from consulting.application.ports.payment_gateway import WebhookSignatureInvalid
from consulting.entrypoints.doctor import adapters, laptop
from consulting.entrypoints.doctor.findings import Check, Finding, careful, well, wrong
from consulting.entrypoints.doctor.outside import Unanswered, ask, content
from consulting.entrypoints.providers.stripe import StripeSettings
from consulting.entrypoints.settings import Mode, Port, Settings, chosen_settings, own_settings

WEBHOOK: Final = "/api/payment/webhook"
KEY_PAGE: Final = "Stripe's dashboard, Developers → API keys"
RIGHTS: Final = {
    "payment_intents": "write for PaymentIntents",
    "refunds": "write for Charges and Refunds",
    "disputes": "read for Disputes",
}
EVENTS: Final = frozenset(
    {
        *(f"payment_intent.{what}" for what in ("succeeded", "payment_failed", "canceled", "processing")),
        *("charge.refunded", "refund.created", "refund.updated", "refund.failed"),
        *("charge.dispute.created", "charge.dispute.closed"),
    }
)
GREETING: Final[Mapping[str, Any]] = {
    "id": "evt_consulting_doctor",
    "type": "consulting.doctor",
    "data": {"object": {"object": "consulting.doctor"}},
}
"""A message about nothing: it is kept once, and leads to nothing."""

_SECRET_KEY: Final = re.compile(r"(?:sk|rk)_(live|test)_\w+")
_PUBLISHABLE_KEY: Final = re.compile(r"pk_(live|test)_\w+")


def stripe_of(settings: Settings) -> StripeSettings:
    """Give the settings of Stripe."""
    return own_settings(settings, StripeSettings)


def is_stripe(settings: Settings) -> bool:
    """Tell whether Stripe is the provider."""
    return chosen_settings(settings, StripeSettings) is not None


def checks(settings: Settings) -> Sequence[Check]:
    """List the checks of payments; of somebody else's provider we know what every plugin tells."""
    if not is_stripe(settings):
        return [
            *adapters.checks(settings, Port.PAYMENT_GATEWAY),
            Check(name="webhook", look=lambda: _webhook(settings)),
        ]
    return [
        Check(name="stripe keys", look=lambda: _keys(settings)),
        Check(name="stripe", look=lambda: _answers(settings)),
        Check(name="webhook", look=lambda: _webhook(settings)),
        *(
            [Check(name="stripe events", look=lambda: _endpoint(settings), after="stripe")]
            if settings.mode is Mode.PRODUCTION
            else []
        ),
    ]


def _keys(settings: Settings) -> Iterator[Finding]:
    secret = _SECRET_KEY.fullmatch(stripe_of(settings).secret_key)
    publishable = _PUBLISHABLE_KEY.fullmatch(stripe_of(settings).publishable_key)
    if secret is None:
        yield wrong("CONSULTING_STRIPE_SECRET_KEY is no secret key", advice=f"copy sk_… or rk_… from {KEY_PAGE}")
    if publishable is None:
        yield wrong("CONSULTING_STRIPE_PUBLISHABLE_KEY is no publishable key", advice=f"copy pk_… from {KEY_PAGE}")
    if not stripe_of(settings).webhook_secret.startswith("whsec_"):
        advice = "copy whsec_… from Stripe's dashboard, Developers → Webhooks, our endpoint, Signing secret"
        yield wrong("CONSULTING_STRIPE_WEBHOOK_SECRET is no signing secret", advice=advice)
    if secret and publishable:
        yield _modes(secret[1], publishable[1], settings)


def _modes(mode: str, publishable: str, settings: Settings) -> Finding:
    if mode != publishable:
        says = f"the secret key is of {mode} mode, the publishable key of {publishable} mode"
        return wrong(says, advice=f"copy both from the same page of {KEY_PAGE}")
    if mode == "test" and settings.mode is Mode.PRODUCTION:
        advice = "before going live take the live keys, with an empty database (docs/payments.md)"
        return careful("test keys: nobody is charged", advice=advice)
    return well(f"{mode} keys that belong together")


def _answers(settings: Settings) -> Iterator[Finding]:
    """Ask for one of each kind of thing that we handle: that needs the right to see it, which writing includes."""
    for what, right in RIGHTS.items():
        try:
            answer = _ask_stripe(settings, f"/v1/{what}", limit=1)
        except Unanswered as failure:
            advice = "let this machine reach CONSULTING_STRIPE_API_URL over https"
            silent = laptop.sandbox_silent(settings, "payments", at=stripe_of(settings).api_url, why=str(failure))
            yield silent or wrong(f"it doesn't answer ({failure})", advice=advice)
            return
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            yield wrong("it doesn't know the secret key", advice=f"copy it anew from {KEY_PAGE}")
            return
        if not answer.is_success:
            code = content(answer).get("error", {}).get("code", "no code")
            yield wrong(f"it refuses to show {what} ({answer.status_code}, {code})", advice=f"give the key {right}")
            return
    yield well("it answers, and the key may see payments, refunds and disputes")


def _endpoint(settings: Settings) -> Iterator[Finding]:
    answer = _ask_stripe(settings, "/v1/webhook_endpoints", limit=100)
    address = settings.public_url + WEBHOOK
    if answer.status_code == HTTPStatus.FORBIDDEN:
        yield well("the key may not list Stripe's endpoints, so they aren't compared")
        return
    endpoints = [each for each in content(answer).get("data", []) if each.get("url") == address]
    if not endpoints:
        yield wrong(f"no endpoint leads to {address}", advice="add it: Stripe's dashboard, Developers → Webhooks")
    elif not any(each.get("status") == "enabled" for each in endpoints):
        yield wrong("the endpoint is disabled", advice="enable it in Stripe's dashboard, Developers → Webhooks")
    else:
        yield from _events({event for each in endpoints for event in each.get("enabled_events", [])})


def _events(sent: set[str]) -> Iterator[Finding]:
    missing = set() if "*" in sent else EVENTS - sent
    if missing:
        yield careful(f"not sent: {', '.join(sorted(missing))}", advice="choose these events at the endpoint, too")
    else:
        yield well("the endpoint sends all events that matter")


def _webhook(settings: Settings) -> Iterator[Finding]:
    """Post a message of our own to the public address, first unsigned and then signed with our secret."""
    address = settings.public_url + WEBHOOK
    try:
        unsigned = _post(settings, address, signature="none")
        signed = _post(settings, address, signature=None) if is_stripe(settings) else None
    except Unanswered as failure:
        advice = "start the API, and see that CONSULTING_PUBLIC_URL leads to it (DNS, certificate, proxy)"
        silent = laptop.api_silent(settings, why=str(failure))
        yield silent or wrong(f"{address} can't be reached ({failure})", advice=advice)
        return
    if unsigned != (HTTPStatus.BAD_REQUEST, WebhookSignatureInvalid.code):
        advice = "have the proxy pass this path on to the API, body and headers untouched"
        yield wrong(f"{address} isn't answered by our API ({unsigned[0]})", advice=advice)
    elif signed is None:
        yield well(f"{address} refuses what isn't signed")
    elif signed[0] != HTTPStatus.OK:
        advice = (
            "start the API with the same CONSULTING_STRIPE_WEBHOOK_SECRET, and have the proxy keep bodies as they are"
        )
        yield wrong(f"the API refuses a message signed with our secret ({signed[0]})", advice=advice)
    else:
        yield well(f"{address} takes in what is signed with our secret, and refuses the rest")


def _post(settings: Settings, address: str, *, signature: str | None) -> tuple[int, str]:
    body = json.dumps(GREETING).encode()
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature or _signature(body, settings)}
    answer = ask(settings, "POST", address, content=body, headers=headers)
    error = content(answer).get("error")
    return answer.status_code, str(error.get("code", "")) if isinstance(error, dict) else ""


def _signature(body: bytes, settings: Settings) -> str:
    """Sign as Stripe does: HMAC-SHA256 over the second and the body (docs.stripe.com/webhooks#verify-manually)."""
    at = str(int(time.time()))
    key = stripe_of(settings).webhook_secret.encode()
    return f"t={at},v1={hmac.new(key, at.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def _ask_stripe(settings: Settings, path: str, **query: int) -> Any:
    headers = {"Stripe-Version": stripe_of(settings).api_version} if stripe_of(settings).api_version else {}
    auth = (stripe_of(settings).secret_key, "")
    return ask(settings, "GET", stripe_of(settings).api_url + path, params=query, auth=auth, headers=headers)
