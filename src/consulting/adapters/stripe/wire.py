"""The connection to Stripe: bounded in time, silent about secrets, and aware of what it doesn't know."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any, Final

import httpx
import stripe

RETRIES: Final = 2
"""How often the SDK repeats a request that broke off or was answered by a server error, under the same key."""

_LONGEST_CONNECT: Final = 3.0
_NOTHING_WAS_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class Wire(stripe.HTTPClient):
    """Requests for the SDK over httpx; it remembers whether a try of the call in hand may have taken effect.

    The SDK repeats a request and shows only its last failure. A refused connection after a lost answer must not look
    like "nothing was done", so each thread keeps the doubt of all tries of its call.
    """

    name = "httpx"

    def __init__(self, *, timeout_seconds: float) -> None:
        """Bound each try: connecting by three seconds at most, every other wait by `timeout_seconds`."""
        super().__init__()
        timeout = httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, _LONGEST_CONNECT))
        self._http = httpx.Client(timeout=timeout)
        self._call = threading.local()

    def begin(self) -> None:
        """Begin a call, free of doubt."""
        self._call.doubtful = False

    @property
    def doubtful(self) -> bool:
        """Tell whether some try of this thread's call may have taken effect without our knowing."""
        return bool(getattr(self._call, "doubtful", False))

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Try once. A try that ran out of time isn't repeated: the whole call has to end within seconds."""
        try:
            answer = self._http.request(method, url, headers=headers, content=post_data)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if not isinstance(error, _NOTHING_WAS_SENT):
                self._call.doubtful = True
            raise _broken_off(error) from error
        if answer.status_code >= 500 or answer.status_code == 409:
            self._call.doubtful = True
        return answer.content, answer.status_code, answer.headers

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _broken_off(error: Exception) -> stripe.APIConnectionError:
    broken: stripe.APIConnectionError = stripe.APIConnectionError(  # type: ignore[no-untyped-call] # the SDK's is untyped
        type(error).__name__, should_retry=not isinstance(error, httpx.TimeoutException)
    )
    return broken


def keep_quiet() -> None:
    """Keep the SDK from logging answers, which hold client secrets, and from reporting on this machine to Stripe."""
    logging.getLogger("stripe").setLevel(logging.WARNING)
    stripe.enable_telemetry = False
