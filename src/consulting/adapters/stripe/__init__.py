"""Card payments through Stripe."""

from __future__ import annotations

from consulting.adapters.stripe.gateway import StripeGateway, open_gateway

__all__ = ["StripeGateway", "open_gateway"]
