"""What Zoom refuses, and how long it asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import requests

LONGEST_WAIT: Final = timedelta(days=1)

_TOO_MANY: Final = 429
_DAILY: Final = "daily rate limit"
_UNFIT_HOST: Final = frozenset({1001, 1010, 3161})
"""Zoom's codes for a user that isn't there, is in another account, or may not hold meetings."""


class Refused(Exception):
    """An answer of Zoom's that is no success; it stays inside this package."""

    def __init__(self, response: requests.Response, *, at: datetime) -> None:
        """Keep what decides on what to do: nothing of it names a person."""
        super().__init__(f"status {response.status_code}")
        self.status = response.status_code
        self.of_the_day = self.status == _TOO_MANY and _is_daily(response)
        self.of_the_host = self.status == 404 or (self.status == 400 and _code(response) in _UNFIT_HOST)
        self.about_timezone = self.status == 400 and "timezone" in response.text.lower()
        self.retry_after = retry_after(response, at=at)


def _is_daily(response: requests.Response) -> bool:
    """Tell a limit that lasts until midnight, by the header that Zoom documents or by its message alone."""
    return "daily" in response.headers.get("X-RateLimit-Type", "").lower() or _DAILY in response.text.lower()


def _code(response: requests.Response) -> object:
    try:
        given = response.json()
    except ValueError:
        return None
    return given.get("code") if isinstance(given, dict) else None


def retry_after(response: requests.Response, *, at: datetime) -> timedelta | None:
    """Read Retry-After: seconds, or the instant at which a daily limit ends, as Zoom writes it; a day at most."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(timedelta(seconds=int(asked[:9])), LONGEST_WAIT)
    until = _instant(asked)
    return None if until is None else min(max(until - at, timedelta(0)), LONGEST_WAIT)


def _instant(text: str) -> datetime | None:
    """Read both ways of writing: `2026-11-02T00:00:00Z`, and HTTP's own."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            instant = read(text)
        except ValueError:
            continue
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return None
