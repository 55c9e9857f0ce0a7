"""A price, the Stripe gateway that asks for it in tests, and a client who pays it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from consulting.adapters.stripe import StripeGateway, open_gateway
from consulting.domain.money import Money
from consulting.domain.payments import Intent
from tests.integration.instance import PATIENCE

SESSION = UUID("0192f0c1-0000-7000-8000-000000000001")
PRICE = Money(5000, "usd")
IMPATIENT = 1.0
"""Where a test has Stripe hang; all others wait for as long as a busy machine may take."""


def gateway_at(
    url: str,
    *,
    key: str = "sk_test_sandbox",
    methods: tuple[str, ...] = ("card",),
    version: str | None = None,
    seconds: float = PATIENCE,
) -> StripeGateway:
    return open_gateway(
        secret_key=key,
        publishable_key="pk_test_sandbox",
        webhook_secret="whsec_sandbox",
        api_url=url,
        timeout_seconds=seconds,
        api_version=version,
        payment_method_types=methods,
    )


def paid(gateway: StripeGateway, outside: Any, *, method: str = "pm_card_visa", amount: Money = PRICE) -> Intent:
    intent = gateway.create_intent(key=f"{SESSION}:{method}", amount=amount, session_id=SESSION)
    outside.pay(intent.id, intent.client_secret, method)
    shown = gateway.retrieve_intent(intent.id)
    assert shown is not None
    return shown
