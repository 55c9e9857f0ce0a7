"""Booking backend for paid one-to-one sessions with researchers."""
