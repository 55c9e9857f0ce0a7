"""The one place of the sandbox that reads the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> float:
    """Seconds since 1970 in UTC."""
    return time.time()


def whole_second() -> int:
    """Return the current second since 1970, as Stripe writes times."""
    return int(now())


def written(seconds: float) -> str:
    """Return an instant as `2026-01-31T09:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> str:
    """Return the current date in UTC, as `2026-01-31`."""
    return written(now())[:10]
