"""Whether to trace, and whether that can be."""

from __future__ import annotations

from consulting.entrypoints.settings import Settings
from consulting.entrypoints.tracing.untraced import UNTRACED, Tracing


def open_tracing(settings: Settings) -> Tracing:
    """Prepare tracing where the settings name a collector; nobody is called before there is something to tell."""
    if not settings.tracing_url:
        return UNTRACED
    from consulting.entrypoints.tracing.collector import spans_to  # noqa: PLC0415 -- an extra, and heavy

    return spans_to(settings.tracing_url, share=settings.tracing_share)
