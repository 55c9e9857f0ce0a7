"""Calls to Acme over HTTP, and what their failures mean in the words of the port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from consulting.ports import PaymentGatewayMisconfigured, PaymentGatewayUnavailable, PaymentOutcomeUnknown

Json = dict[str, Any]

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_NOT_DONE = frozenset({429, 503})


class Refused(Exception):
    """Acme understood us, and won't."""

    def __init__(self, code: str) -> None:
        """Take over Acme's own word for why."""
        super().__init__(code)
        self.code = code


class Acme:
    """Acme's API; safe to share between threads."""

    def __init__(self, *, url: str, api_key: str, timeout_seconds: float) -> None:
        """Prepare connections; nobody is called yet."""
        headers = {"Authorization": f"Acme {api_key}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_seconds, trust_env=False)

    def read(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Ask for something; a failure leaves nothing behind."""
        try:
            return _answer(self._http.get(path, params=query))
        except httpx.TransportError as error:
            raise PaymentGatewayUnavailable from error

    def write(self, path: str, body: Json, *, request_id: str | None = None) -> Json:
        """Have something done, at most once for each request id. Raises Refused where Acme won't."""
        headers = {} if request_id is None else {"Acme-Request-Id": request_id}
        try:
            return _answer(self._http.post(path, json=body, headers=headers))
        except _NOT_SENT as error:
            raise PaymentGatewayUnavailable from error
        except httpx.TransportError as error:
            raise PaymentOutcomeUnknown from error

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Json]:
        """Go through a list to its end, page by page."""
        after = ""
        while True:
            page = self.read(path, {**(query or {}), "after": after})
            yield from page["items"]
            after = page["next"]
            if not after:
                return

    def ask(self) -> None:
        """Ask for something that changes nothing, with our credentials."""
        self.read("/orders", {"memo": "nothing"})

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()


def _answer(response: httpx.Response) -> Json:
    if response.is_success:
        answered: Json = response.json()
        return answered
    if response.status_code in {401, 403}:
        raise PaymentGatewayMisconfigured
    if response.status_code in _NOT_DONE:
        raise PaymentGatewayUnavailable
    if response.is_server_error:
        raise PaymentOutcomeUnknown  # Acme fell over, and nobody knows how far it got
    raise Refused(response.json()["error"])
