"""The whole way of a client who books, from the hold over the intent and the payment to the confirmed session."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bench.load import Line, Timings, Visit, form, request, visit
from bench.servers import Server
from consulting.entrypoints.demo.people import SANDBOX_SECRET_KEY
from consulting.entrypoints.settings import Settings
from consulting.entrypoints.tokens import issue_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The API and the sandbox's Stripe, which both run on this machine and share it."""

    settings: Settings
    api: Server
    sandbox: Server

    def run(self, slots: Iterable[UUID], *, name: str, connections: int) -> Timings:
        """Book, pay and confirm all these slots, each as somebody new."""
        return visit(self.api.port, self._visits(slots, name), connections=connections)

    def _visits(self, slots: Iterable[UUID], name: str) -> Iterator[Visit]:
        for number, slot in enumerate(slots):
            yield self._visit(slot, user=f"{name}-{number}")

    def _visit(self, slot: UUID, *, user: str) -> Visit:
        token = issue_token(self.settings, user=user, email=f"{user}@clients.example", name="B. Ooker")

        async def way(line: Line) -> None:
            async def post(path: str, body: Any, *, status: int = 200) -> Any:
                asked = request("POST", path, token=token, body=body, key=f"{user}-{path}", status=status)
                return json.loads(await line.expect(asked))

            session = await post("/api/sessions", {"time_slot_id": str(slot)}, status=201)
            intent = await post("/api/payment/intent", {"session_id": session["id"]})
            await self._pay(intent["payment_intent_id"])
            told = {"session_id": session["id"], "payment_intent_id": intent["payment_intent_id"]}
            confirmed = await post("/api/payment/confirm", told)
            assert confirmed["payment_status"] == "completed", confirmed

        return way

    async def _pay(self, intent: str) -> None:
        """Do what the client's browser does at Stripe."""
        line = await Line.to(self.sandbox.port)
        path, secret = f"/stripe/v1/payment_intents/{intent}/confirm", SANDBOX_SECRET_KEY
        await line.expect(form(path, {"payment_method": "pm_card_visa"}, token=secret))
        line.close()
