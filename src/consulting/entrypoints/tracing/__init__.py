"""Spans of requests, errands and calls to providers, where the settings ask for them; else nothing of it is loaded."""

from __future__ import annotations

from consulting.entrypoints.tracing.opening import open_tracing
from consulting.entrypoints.tracing.untraced import UNTRACED, Tracing

__all__ = ["UNTRACED", "Tracing", "open_tracing"]
