"""Server-to-server OAuth: one token for all threads, renewed before it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import requests

from consulting.application.ports.meeting_rooms import MeetingRoomsMisconfigured, MeetingRoomsUnavailable

EARLY_SECONDS: Final = 300.0
SHORTEST_ASK: Final = 0.1
"""Whoever waited for their turn until the last moment still asks, for this many seconds."""

_ASK_LATER: Final = 429


@dataclass(slots=True)
class _Held:
    token: str = ""
    renew_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The token of one account. Nothing is asked of Zoom before the first token is needed."""

    oauth_url: str
    account_id: str
    client_id: str
    client_secret: str = field(repr=False)
    _held: _Held = field(default_factory=_Held, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def current(self, *, timeout: float) -> str:
        """Give a token that is still good. Raises MeetingRoomsUnavailable or MeetingRoomsMisconfigured."""
        with self._turn(timeout) as left:
            if time.monotonic() >= self._held.renew_at:
                self._renew(left)
            return self._held.token

    def instead_of(self, rejected: str, *, timeout: float) -> str:
        """Give another token than the one that Zoom rejected; of many threads that ask, one renews it."""
        with self._turn(timeout) as left:
            if self._held.token == rejected:
                self._renew(left)
            return self._held.token

    @contextmanager
    def _turn(self, timeout: float) -> Iterator[float]:
        """Wait for the thread that is renewing it, and give the seconds left of one's own time for doing so."""
        until = time.monotonic() + timeout
        if not self._lock.acquire(timeout=timeout):
            raise MeetingRoomsUnavailable
        try:
            yield max(until - time.monotonic(), SHORTEST_ASK)
        finally:
            self._lock.release()

    def _renew(self, timeout: float) -> None:
        self._held.renew_at = 0.0
        asked_at = time.monotonic()
        token, lasts = _read(self._ask(timeout))
        self._held.token = token
        self._held.renew_at = asked_at + lasts - min(EARLY_SECONDS, lasts / 2)

    def _ask(self, timeout: float) -> requests.Response:
        try:
            response = requests.post(
                self.oauth_url,
                data={"grant_type": "account_credentials", "account_id": self.account_id},
                auth=(self.client_id, self.client_secret),
                timeout=timeout,
            )
        except requests.RequestException:
            raise MeetingRoomsUnavailable from None
        if response.status_code >= 500 or response.status_code == _ASK_LATER:
            raise MeetingRoomsUnavailable
        if not response.ok:
            raise MeetingRoomsMisconfigured
        return response


def _read(response: requests.Response) -> tuple[str, float]:
    try:
        given = response.json()
        token, lasts = given["access_token"], float(given["expires_in"])
    except (ValueError, KeyError, TypeError):
        raise MeetingRoomsUnavailable from None
    if not isinstance(token, str) or not token:
        raise MeetingRoomsUnavailable
    return token, lasts
