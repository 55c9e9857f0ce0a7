"""Calls to Zoom's API through zoomus, with what that library leaves open.

zoomus asks for its token without a timeout as soon as a client is built, never passes its timeout on, returns refusals
as if they were answers, and doesn't renew a token. So its component for meetings is used alone, one for each call.
"""

from __future__ import annotations

import logging
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import requests

from consulting.adapters.zoom.refusals import Refused
from consulting.adapters.zoom.tokens import Tokens
from consulting.application.ports.clock import Clock
from consulting.application.ports.meeting_rooms import MeetingRoomsUnavailable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a docstring of zoomus has an escape that newer Pythons warn of
    from zoomus.components.meeting import MeetingComponentV2

_log: Final = logging.getLogger(__name__)
_API_VERSION: Final = 2
_TOKEN_REJECTED: Final = 401

Work = Callable[[Any], requests.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long all the calls that make up one promise of the port may take together, in seconds."""

    until: float
    longest: float

    @classmethod
    def of(cls, *, each: float, together: float) -> Patience:
        """Begin to wait now."""
        return cls(until=time.monotonic() + together, longest=each)

    def left(self) -> int:
        """Give the next call's time, in the whole seconds that zoomus knows. Raises MeetingRoomsUnavailable."""
        seconds = min(self.longest, self.until - time.monotonic())
        if seconds <= 0:
            raise MeetingRoomsUnavailable
        return math.ceil(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls with a token that is renewed when it is rejected."""

    api_url: str
    tokens: Tokens
    clock: Clock

    def ask(self, work: Work, patience: Patience) -> Any:
        """Give the answer's JSON, None for an empty one. Raises Refused, and the port's errors for all the rest."""
        token = self.tokens.current(timeout=patience.left())
        response = self._send(work, token, patience)
        if response.status_code == _TOKEN_REJECTED:
            token = self.tokens.instead_of(token, timeout=patience.left())
            response = self._send(work, token, patience)
        return self._answer(response)

    def _send(self, work: Work, token: str, patience: Patience) -> requests.Response:
        component = MeetingComponentV2(
            base_uri=self.api_url, config={"version": _API_VERSION, "token": token}, timeout=patience.left()
        )
        try:
            return work(component)
        except requests.RequestException as error:
            _log.warning("zoom: %s", type(error).__name__)
            raise MeetingRoomsUnavailable from None

    def _answer(self, response: requests.Response) -> Any:
        if not response.ok:
            _log.warning("zoom: status %s, trace %s", response.status_code, response.headers.get("X-Zm-Trackingid"))
            raise Refused(response, at=self.clock.now())
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError:
            raise MeetingRoomsUnavailable from None
