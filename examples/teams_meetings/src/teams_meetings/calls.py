"""Calls to the provider over HTTP, and what their failures mean in the words of the port."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from consulting.ports import MeetingRoomsMisconfigured, MeetingRoomsUnavailable

Json = dict[str, Any]


class NotThere(Exception):
    """The provider has no such meeting."""


class HostBusy(Exception):
    """The host has as many meetings as they may have."""


class Teams:
    """The provider's API; safe to share between threads."""

    def __init__(self, *, url: str, token: str, timeout_seconds: float) -> None:
        """Prepare connections; nobody is called yet."""
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_seconds, trust_env=False)

    def call(self, method: str, path: str, *, query: dict[str, str] | None = None, body: Json | None = None) -> Json:
        """Call. Raises NotThere and HostBusy besides the port's errors."""
        try:
            response = self._http.request(method, path, params=query, json=body)
        except httpx.TransportError as error:
            raise MeetingRoomsUnavailable from error
        if response.is_success:
            answered: Json = response.json()
            return answered
        raise _failure(response)

    def ask(self) -> None:
        """Ask for something that changes nothing, with our credentials."""
        self.call("GET", "/me")

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()


def _failure(response: httpx.Response) -> Exception:
    match response.status_code:
        case 404:
            return NotThere()
        case 409:
            return HostBusy()
        case 429:
            wait = response.headers.get("Retry-After", "")
            return MeetingRoomsUnavailable(retry_after=timedelta(seconds=int(wait)) if wait.isdigit() else None)
        case status if status >= 500:
            return MeetingRoomsUnavailable()
    return MeetingRoomsMisconfigured()
