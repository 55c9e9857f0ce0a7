"""The account's books: what payments keep, and the events that tell of each change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.faults import FaultBoard
from consulting.entrypoints.sandbox.identifiers import new_id
from consulting.entrypoints.sandbox.options import SandboxOptions
from consulting.entrypoints.sandbox.store import Document, Store
from consulting.entrypoints.sandbox.stripe.refusals import missing
from consulting.entrypoints.sandbox.webhooks import Webhooks

API_VERSION: Final = "2026-10-28.endive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The request that led to a change; both None for a change that came about by itself."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Everything that an operation on payments works with."""

    store: Store
    faults: FaultBoard
    webhooks: Webhooks
    options: SandboxOptions
    cause: Cause = Cause()

    def find(self, kind: str, key: str, *, param: str = "id") -> Document:
        """Return an object by its id. Raises Refusal (404) if there is none."""
        found = self.store.find(kind, key)
        if found is None:
            raise missing(kind, key, param=param)
        return found

    def keep(self, thing: Document, *, family: str | None = None) -> None:
        """Keep an object; its family is the payment intent that it belongs to."""
        of = family if family is not None else thing.get("payment_intent") or ""
        self.store.put(thing["object"], thing["id"], thing, family=of)

    def tell(self, type_: str, thing: Document) -> None:
        """Record an event about an object as it is now and has it delivered (docs.stripe.com/api/events/object)."""
        event: Document = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": clock.whole_second(),
            "data": {"object": thing},
            "livemode": False,
            "pending_webhooks": 0 if self.options.webhook_url is None else 1,
            "request": {"id": self.cause.request_id, "idempotency_key": self.cause.idempotency_key},
            "type": type_,
        }
        is_intent = thing["object"] == "payment_intent"
        payment: str = thing["id"] if is_intent else thing.get("payment_intent") or ""
        self.store.put("event", event["id"], event, family=payment)
        self.webhooks.enqueue(event, payment=payment or thing["id"])
