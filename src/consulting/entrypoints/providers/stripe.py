"""Stripe as a plugin: its settings, and how gateway and books are built from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consulting.entrypoints.plugin_declaration import Payments, Plugin, Surroundings
from consulting.entrypoints.settings_dangers import left_from_sandbox, unencrypted
from consulting.entrypoints.settings_declaration import REQUIRED, variable
from consulting.entrypoints.settings_values import seconds, text, web_address, words


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSettings:
    """What Stripe needs."""

    secret_key: str = variable(
        text, default=REQUIRED, sandbox="sk_test_sandbox", secret=True, meaning="Stripe's secret key"
    )
    publishable_key: str = variable(
        text, default=REQUIRED, sandbox="pk_test_sandbox", meaning="Stripe's publishable key, handed to frontends"
    )
    webhook_secret: str = variable(
        text,
        default=REQUIRED,
        sandbox="whsec_sandbox",
        secret=True,
        meaning="secret that Stripe signs its events with, which go to `/api/payment/webhook`",
    )
    api_url: str = variable(
        web_address,
        default="https://api.stripe.com",
        sandbox="http://127.0.0.1:{sandbox_port}/stripe",
        meaning="where Stripe's API is",
    )
    api_version: str = variable(
        text, default="", meaning="version of Stripe's API; empty: the one that its SDK was made for"
    )
    timeout_seconds: float = variable(seconds, default="5", meaning="longest wait for Stripe")
    payment_method_types: tuple[str, ...] = variable(
        words, default="card", meaning="payment methods offered; bank debits stay unsettled for days"
    )

    def refusals(self, *, production: bool) -> Iterator[tuple[str, str]]:
        """Refuse in production the sandbox's keys, and an address that anybody on the way could answer for."""
        if production:
            starts = {
                "secret_key": "sk_test_sandbox",
                "publishable_key": "pk_test_sandbox",
                "webhook_secret": "whsec_sandbox",
            }
            yield from left_from_sandbox(self, starts)
            yield from unencrypted(self, "api_url")


def open_payments(settings: StripeSettings, surroundings: Surroundings) -> Payments:  # noqa: ARG001 -- a plugin's shape
    """Prepare Stripe; nothing is asked of it yet."""
    from consulting.adapters import stripe  # noqa: PLC0415 -- the SDK is heavy, and reading settings needs none

    gateway = stripe.open_gateway(
        secret_key=settings.secret_key,
        publishable_key=settings.publishable_key,
        webhook_secret=settings.webhook_secret,
        api_url=settings.api_url,
        api_version=settings.api_version or None,
        timeout_seconds=settings.timeout_seconds,
        payment_method_types=settings.payment_method_types,
    )
    return Payments(gateway=gateway, books=gateway.books())


plugin = Plugin(port_version=1, settings=StripeSettings, open=open_payments)
