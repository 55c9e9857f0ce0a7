"""Acme itself, as far as this example needs it: a small HTTP server with books of its own. It charges nobody.

    acme-provider --port 8100 --api-key ... --signing-secret ...

The API, for whoever has the key: /orders, /orders/ID, /orders/ID/void, /orders/ID/reversals, /reversals/ID, and
/journal. For browsers, without it: POST /checkout/TOKEN {"card": "good"}. For whoever sits at Acme's console: /console.
"""

from __future__ import annotations

import argparse
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from acme_payments.messages import signature

Json = dict[str, Any]
PAGE = 50
SMALLEST = {"EUR": Decimal(1), "GBP": Decimal(1), "JPY": Decimal(100), "USD": Decimal(1)}


class Refusal(Exception):
    """What Acme won't do."""

    def __init__(self, status: int, code: str) -> None:
        """Name the HTTP status and Acme's word for it."""
        super().__init__(code)
        self.status, self.code = status, code


class Books:
    """Orders and reversals, in memory; whoever calls holds the lock."""

    def __init__(self) -> None:
        """Begin with empty books."""
        self.orders: dict[str, Json] = {}
        self.reversals: dict[str, Json] = {}
        self.answers: dict[str, tuple[Json, str]] = {}
        self.events: list[Json] = []

    def once(self, request_id: str | None, asked: Json, answer: Any) -> Json:
        """Answer a known request id as the first time; refuse one that was used for something else."""
        if request_id is None:
            return dict(answer())
        if request_id not in self.answers:
            self.answers[request_id] = (asked, answer()["id"])
        known, id = self.answers[request_id]
        if known != asked:
            raise Refusal(409, "request_id_was_used")
        return self.orders.get(id) or self.reversals[id]

    def open_order(self, asked: Json) -> Json:
        """Open an order."""
        if asked["currency"] not in SMALLEST or Decimal(asked["amount"]) < SMALLEST[asked["currency"]]:
            raise Refusal(422, "amount_will_not_do")
        order = {
            "id": f"ord_{secrets.token_hex(8)}",
            "state": "open",
            "received": "0",
            "reversed": "0",
            "pay_token": secrets.token_hex(16),
            "at": time.time(),
            **asked,
        }
        self.orders[order["id"]] = order
        return order

    def reverse(self, id: str, asked: Json, request_id: str | None) -> Json:
        """Give back a part of what an order received."""
        order = self.order(id)
        if order["state"] != "paid" or asked["currency"] != order["currency"]:
            raise Refusal(409, "not_paid")
        gone = Decimal(order["reversed"]) + Decimal(asked["amount"])
        if gone > Decimal(order["received"]):
            raise Refusal(409, "too_little_left")
        made = {"id": f"rev_{secrets.token_hex(8)}", "order": id, "request_id": request_id, "at": time.time(), **asked}
        order["reversed"] = str(gone)
        self.reversals[made["id"]] = made
        self.tell("reversal.done", order, reversal=made["id"])
        return made

    def check_out(self, token: str, card: str) -> Json:
        """Let a browser pay."""
        order = next((each for each in self.orders.values() if each["pay_token"] == token), None)
        if order is None or order["state"] in {"paid", "void"}:
            raise Refusal(409, "cannot_be_paid")
        order["state"] = "paid" if card == "good" else "declined"
        order["received"] = order["amount"] if card == "good" else "0"
        self.tell(f"order.{order['state']}", order)
        return order

    def void(self, id: str) -> Json:
        """Let an order never be paid any more; a paid one stays as it is."""
        order = self.order(id)
        order["state"] = "paid" if order["state"] == "paid" else "void"
        return order

    def order(self, id: str) -> Json:
        """Find an order."""
        if id not in self.orders:
            raise Refusal(404, "no_such_order")
        return self.orders[id]

    def tell(self, kind: str, order: Json, *, reversal: str | None = None) -> None:
        """Note what the merchant is to hear of."""
        event = f"evt_{secrets.token_hex(8)}"
        self.events.append({"event": event, "kind": kind, "order": order["id"], "reversal": reversal})


class AcmeProvider:
    """Acme at 127.0.0.1. `trouble` is what goes wrong with every call meanwhile; each lasts as long as its block."""

    def __init__(self, *, api_key: str, signing_secret: str, port: int = 0) -> None:
        """Prepare it; `start` lets it listen."""
        self.api_key, self.signing_secret, self.port = api_key, signing_secret, port
        self.books, self.lock = Books(), threading.RLock()
        self.trouble, self.webhook_url = "", ""
        self._over = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        handler = type("Bound", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Let nobody listen."""
        self.trouble = "gone"  # for connections that are open already
        self.stop()
        yield
        self.trouble = ""
        self.start()

    @contextmanager
    def suffering(self, trouble: str) -> Iterator[None]:
        """Let every call meet `silent`, `answer_lost` or `credentials_refused`."""
        self.trouble, self._over = trouble, threading.Event()
        yield
        self.trouble = ""
        self._over.set()

    def answer(self, method: str, path: str, query: Json, headers: Any, body: Json) -> Json:
        """Do what is asked. Raises Refusal."""
        match (method, *path.strip("/").split("/")):
            case ("POST", "checkout", token):
                return self.books.check_out(token, body["card"])
            case ("POST", "console", "webhook"):
                self.webhook_url = body["url"]
                return {}
            case ("POST", "console", "orders", id, "reversals"):
                return self.books.reverse(id, body, None)
        if headers.get("Authorization") != f"Acme {self.api_key}" or self.trouble == "credentials_refused":
            raise Refusal(401, "who_are_you")
        return self._for_merchants(method, path, query, headers.get("Acme-Request-Id"), body)

    def _for_merchants(self, method: str, path: str, query: Json, request_id: str | None, body: Json) -> Json:
        books = self.books
        match (method, *path.strip("/").split("/")):
            case ("POST", "orders"):
                return books.once(request_id, body, lambda: books.open_order(body))
            case ("GET", "orders"):
                return {"items": [each for each in books.orders.values() if each["memo"] == query["memo"]]}
            case ("GET", "orders", id):
                return books.order(id)
            case ("POST", "orders", id, "void"):
                return books.void(id)
            case ("POST", "orders", id, "reversals"):
                asked = {**body, "order": id}
                return books.once(request_id, asked, lambda: books.reverse(id, body, request_id))
            case ("GET", "orders", id, "reversals"):
                mine = [each for each in books.reversals.values() if each["order"] == books.order(id)["id"]]
                return _page(mine, query)
            case ("GET", "reversals", id) if id in books.reversals:
                return books.reversals[id]
            case ("GET", "journal", "orders"):
                return _page([each for each in books.orders.values() if each["state"] == "paid"], query)
            case ("GET", "journal", "reversals"):
                return _page(list(books.reversals.values()), query)
        raise Refusal(404, "nothing_there")

    def deliver(self) -> None:
        """Send what the merchant hasn't heard of yet, and again where that wasn't answered with 200."""
        with self.lock:
            waiting, self.books.events = self.books.events, []
        for event in waiting if self.webhook_url else ():
            body = json.dumps(event).encode()
            signed = {"Acme-Signature": signature(body, secret=self.signing_secret, seconds=int(time.time()))}
            try:
                httpx.post(
                    self.webhook_url, content=body, headers=signed, timeout=5, trust_env=False
                ).raise_for_status()
            except httpx.HTTPError:
                with self.lock:
                    self.books.events.append(event)

    def meets_trouble(self, *, asked: bool) -> bool:
        """Tell whether the connection breaks now: before a call is carried out (`asked`), or after it."""
        if self.trouble == "silent" and asked:
            self._over.wait(20)
            return True
        return self.trouble == "gone" or (self.trouble == "answer_lost" and not asked)


class _Handler(BaseHTTPRequestHandler):
    provider: AcmeProvider
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece

    def do_GET(self) -> None:
        self._do()

    def do_POST(self) -> None:
        self._do()

    def _do(self) -> None:
        parts = urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        self.close_connection = self.provider.meets_trouble(asked=True)
        if self.close_connection:
            return
        try:
            with self.provider.lock:
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                status, answer = 200, self.provider.answer(self.command, parts.path, query, self.headers, body)
        except Refusal as refusal:
            status, answer = refusal.status, {"error": refusal.code}
        self.close_connection = self.provider.meets_trouble(asked=False)
        if not self.close_connection:
            self._send(status, json.dumps(answer).encode())

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _page(things: list[Json], query: Json) -> Json:
    since, after = float(query.get("since", 0)), int(query["after"] or 0)
    recent = [each for each in things if each["at"] >= since]
    following = after + PAGE
    return {"items": recent[after:following], "next": str(following) if following < len(recent) else ""}


def main() -> None:
    """Run Acme until it is interrupted."""
    parser = argparse.ArgumentParser(description="Acme Payments, which charges nobody")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--api-key", default="sandbox-key")
    parser.add_argument("--signing-secret", default="sandbox-secret")
    given = parser.parse_args()
    provider = AcmeProvider(api_key=given.api_key, signing_secret=given.signing_secret, port=given.port)
    provider.start()
    print(f"ready {provider.url}", flush=True)
    try:
        while True:
            provider.deliver()
            time.sleep(0.1)
    except KeyboardInterrupt:
        provider.stop()
