"""Delivering events to the webhook endpoint: signed, in order per payment, retried for a bounded while.

A retried delivery doesn't hold up the ones after it, as Stripe doesn't either. Deliveries wait in the store, so that
a restarted sandbox still delivers them. Signature: `t=..,v1=..` over `t.body` with HMAC-SHA256
(docs.stripe.com/webhooks#verify-manually).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from typing import Final

import httpx

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.faults import Fault, FaultBoard
from consulting.entrypoints.sandbox.options import SandboxOptions
from consulting.entrypoints.sandbox.store import Document, Store

_log: Final = logging.getLogger(__name__)
_LONGEST_PAUSE: Final = 30.0
_AT_ONCE: Final = 8
_BURST_SECONDS: Final = 0.5


def signature(body: bytes, secret: str, at: int) -> str:
    """Return the `Stripe-Signature` header of a body that is sent at that second."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Webhooks:
    """The queue of deliveries and the loop that works it off."""

    def __init__(self, *, store: Store, faults: FaultBoard, options: SandboxOptions) -> None:
        self._store = store
        self._faults = faults
        self._options = options
        self._wake = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._waiting = {delivery["event"]: delivery for delivery in store.newest_first("delivery")}

    def enqueue(self, event: Document, *, payment: str) -> None:
        """Put an event in the queue; `payment` names the line within which order is kept."""
        if self._options.webhook_url is None:
            return
        fault = self._faults.take(at="webhook", operation=event["type"], kinds={"duplicate", "delay", "reorder"})
        delivery = {
            "event": event["id"],
            "type": event["type"],
            "payment": payment,
            "order": time.time_ns(),
            "due": clock.now(),
            "attempts": 0,
            "copies": 1,
            "burst": False,
        }
        self._keep(self._misled(delivery, fault))
        self._wake.set()

    def _misled(self, delivery: Document, fault: Fault | None) -> Document:
        if fault is None:
            return delivery
        if fault.kind == "duplicate":
            return {**delivery, "copies": 2}
        if fault.kind == "delay":
            return {**delivery, "due": clock.now() + fault.seconds}
        ends = [other["due"] for other in self._waiting.values() if other["burst"]]
        end = ends[0] if ends else clock.now() + (_BURST_SECONDS if fault.value is None else fault.seconds)
        return {**delivery, "burst": True, "due": end, "order": -delivery["order"]}

    async def deliver_for_ever(self) -> None:
        """Works the queue off until it is cancelled."""
        async with httpx.AsyncClient(timeout=self._options.webhook_timeout_seconds, trust_env=False) as client:
            try:
                while True:
                    self._wake.clear()
                    pause = self._start_due(client)
                    await _wait(self._wake, pause)
            finally:
                for task in self._busy.values():
                    task.cancel()
                await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _start_due(self, client: httpx.AsyncClient) -> float:
        """Start what is due and says how long nothing else will be."""
        pause = 1.0
        for delivery in sorted(self._waiting.values(), key=lambda waiting: waiting["order"]):
            wait = delivery["due"] - clock.now()
            if wait > 0:
                pause = min(pause, wait)
            elif delivery["payment"] not in self._busy and len(self._busy) < _AT_ONCE:
                self._start(client, delivery)
        return pause

    def _start(self, client: httpx.AsyncClient, delivery: Document) -> None:
        payment = delivery["payment"]
        task = asyncio.create_task(self._attempt(client, delivery))
        self._busy[payment] = task
        task.add_done_callback(lambda _: self._finished(payment))

    def _finished(self, payment: str) -> None:
        del self._busy[payment]
        self._wake.set()

    async def _attempt(self, client: httpx.AsyncClient, delivery: Document) -> None:
        event = self._store.find("event", delivery["event"])
        if event is None:
            self._forget(delivery)  # the request that told of it was undone
            return
        if await self._posted(client, delivery, json.dumps(event, indent=2).encode()):
            self._forget(delivery)
        else:
            self._postpone(delivery)

    async def _posted(self, client: httpx.AsyncClient, delivery: Document, body: bytes) -> bool:
        fault = self._faults.take(at="webhook", operation=delivery["type"], kinds={"refuse", "drop_answer"})
        if fault is not None and fault.kind == "refuse":
            return False
        posts = (self._post(client, body) for _ in range(delivery["copies"]))
        answers = await asyncio.gather(*posts)
        return all(answers) and fault is None

    async def _post(self, client: httpx.AsyncClient, body: bytes) -> bool:
        signed = signature(body, self._options.webhook_secret, clock.whole_second())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signed,
            "User-Agent": "Stripe/1.0",
        }
        try:
            answer = await client.post(str(self._options.webhook_url), content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return answer.is_success

    def _postpone(self, delivery: Document) -> None:
        attempts = delivery["attempts"] + 1
        if attempts >= self._options.webhook_attempts:
            _log.warning("gave up delivering %s %s after %s attempts", delivery["type"], delivery["event"], attempts)
            self._forget(delivery)
            return
        pause = min(_LONGEST_PAUSE, self._options.webhook_first_retry_seconds * 2 ** (attempts - 1))
        self._keep({**delivery, "attempts": attempts, "due": clock.now() + pause, "burst": False})

    def _keep(self, delivery: Document) -> None:
        self._store.put("delivery", delivery["event"], delivery)
        self._waiting[delivery["event"]] = delivery

    def _forget(self, delivery: Document) -> None:
        self._store.remove("delivery", delivery["event"])
        del self._waiting[delivery["event"]]


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
