"""Card payments through Stripe."""

from __future__ import annotations

from consulting.adapters.stripe.books import StripeBooks
from consulting.adapters.stripe.gateway import StripeGateway, open_gateway

__all__ = ["StripeBooks", "StripeGateway", "open_gateway"]
