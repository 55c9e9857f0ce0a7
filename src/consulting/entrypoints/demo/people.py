"""Who takes part in the tour: people with a token at the API, and the sandbox's providers beside it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import httpx

from consulting.entrypoints.demo import telling
from consulting.entrypoints.demo.promises import NotAsPromised

TIMEOUT_SECONDS: Final = 20.0
SANDBOX_SECRET_KEY: Final = "sk_test_sandbox"  # noqa: S105 -- a published sandbox value


class TokenMaker(Protocol):
    """Makes tokens that the instance accepts."""

    def __call__(self, *, user: str, email: str, name: str, zone: str) -> str:
        """Give a signed token for this person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A signed-in user of the API, as their browser calls it."""

    name: str
    email: str
    zone: str
    token: str = field(repr=False)
    http: httpx.Client

    def get(self, path: str, query: Mapping[str, str] | None = None, *, quietly: bool = False) -> httpx.Response:
        """Read; `quietly` without showing it, where it is one look of many."""
        return self._call("GET", path, query=query, quietly=quietly)

    def post(self, path: str, body: Any) -> httpx.Response:
        """Write; every write carries a key of its own, so that a browser could repeat it."""
        return self._call("POST", path, body=body)

    def patch(self, path: str, body: Any) -> httpx.Response:
        """Change."""
        return self._call("PATCH", path, body=body)

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        quietly: bool = False,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        if method != "GET":
            headers["Idempotency-Key"] = secrets.token_hex(16)
        call = self.http.build_request(method, path, json=body, params=query, headers=headers)
        if not quietly:
            telling.request(method, _shown(call.url), who=self.name, body=body)
        response = _sent(self.http, call)
        if not quietly:
            telling.answer(response)
        return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """Stripe, Zoom and the mail server, as the sandbox plays them."""

    http: httpx.Client

    def pay(self, intent: Mapping[str, Any], *, card: str, who: str) -> httpx.Response:
        """Confirm a card payment as Stripe.js does it in the client's browser: with the client secret."""
        form = {
            "key": intent["publishable_key"],
            "client_secret": intent["client_secret"],
            "payment_method": card,
        }
        path = f"/stripe/v1/payment_intents/{intent['payment_intent_id']}/confirm"
        call = self.http.build_request("POST", path, data=form)
        telling.request("POST", _shown(call.url), who=f"{who}'s browser, to Stripe", form=form)
        response = _sent(self.http, call)
        telling.answer(response)
        return response

    def refunds(self, intent_id: str) -> list[Any]:
        """List what Stripe has given back of an intent."""
        headers = {"Authorization": f"Bearer {SANDBOX_SECRET_KEY}"}
        call = self.http.build_request(
            "GET", "/stripe/v1/refunds", params={"payment_intent": intent_id}, headers=headers
        )
        return list(_read(self.http, call)["data"])

    def meeting(self, link: str) -> Any | None:
        """Find the meeting of this link at Zoom, deleted ones too."""
        meetings = _read(self.http, self.http.build_request("GET", "/zoom/meetings"))["meetings"]
        return next((each for each in meetings if each["join_url"] == link), None)

    def mails(self, address: str) -> list[Any]:
        """List the mails to an address, the newest first."""
        call = self.http.build_request("GET", "/mail", params={"to": address})
        return list(_read(self.http, call)["mails"])


def _read(http: httpx.Client, call: httpx.Request) -> Any:
    response = _sent(http, call)
    if not response.is_success:
        raise NotAsPromised(f"The sandbox answers {call.method} {call.url} with {response.status_code}.")
    return response.json()


def _sent(http: httpx.Client, call: httpx.Request) -> httpx.Response:
    try:
        return http.send(call)
    except httpx.ConnectError:
        raise NotAsPromised(f"Nothing answers at {http.base_url}: start it with `consulting run`.") from None
    except httpx.HTTPError as failure:
        raise NotAsPromised(f"{call.method} {call.url} was not answered: {failure!r}.") from None


def _shown(address: httpx.URL) -> str:
    return f"{address.path}?{address.query.decode()}" if address.query else address.path
