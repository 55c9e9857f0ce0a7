"""Acme Payments for consulting, chosen by CONSULTING_PAYMENT_GATEWAY=acme."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consulting.ports import (
    REQUIRED,
    Payments,
    Plugin,
    Surroundings,
    left_from_sandbox,
    seconds,
    text,
    unencrypted,
    variable,
    web_address,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeSettings:
    """What Acme needs; each field is a variable that begins with CONSULTING_ACME_."""

    api_key: str = variable(text, default=REQUIRED, sandbox="sandbox-key", secret=True, meaning="Acme's API key")
    publishable_key: str = variable(
        text, default=REQUIRED, sandbox="sandbox-pub", meaning="the key that Acme's checkout has in browsers"
    )
    signing_secret: str = variable(
        text, default=REQUIRED, sandbox="sandbox-secret", secret=True, meaning="secret that Acme signs messages with"
    )
    api_url: str = variable(
        web_address, default="https://api.acme.example", sandbox="http://127.0.0.1:8100", meaning="where Acme's API is"
    )
    timeout_seconds: float = variable(seconds, default="5", meaning="longest wait for Acme")

    def refusals(self, *, production: bool) -> Iterator[tuple[str, str]]:
        """Refuse in production what is the sandbox's, and an address without https."""
        if production:
            yield from left_from_sandbox(
                self, dict.fromkeys(("api_key", "publishable_key", "signing_secret"), "sandbox-")
            )
            yield from unencrypted(self, "api_url")


def open_payments(settings: AcmeSettings, surroundings: Surroundings) -> Payments:
    """Prepare Acme; nothing is asked of it yet."""
    from acme_payments.books import AcmeBooks
    from acme_payments.calls import Acme
    from acme_payments.gateway import AcmeGateway

    acme = Acme(url=settings.api_url, api_key=settings.api_key, timeout_seconds=settings.timeout_seconds)
    gateway = AcmeGateway(
        acme=acme,
        publishable_key=settings.publishable_key,
        signing_secret=settings.signing_secret,
        clock=surroundings.clock,
    )
    return Payments(gateway=gateway, books=AcmeBooks(acme=acme), ask=acme.ask)


plugin = Plugin(port_version=1, settings=AcmeSettings, open=open_payments)
