"""Stripe's protocol, as far as payments of one-to-one sessions need it."""
