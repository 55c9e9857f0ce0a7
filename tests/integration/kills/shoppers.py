"""Clients who book, pay and change their minds over HTTP, while the API dies under their hands."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx

GOOD, BAD = "pm_card_visa", "pm_card_chargeDeclined"
PATIENCE: Final = 60.0
"""How many seconds a client goes on asking for what can be asked for twice."""

PLANS: Final = (
    *["confirms"] * 4,
    *["leaves after paying"] * 3,
    "is declined first",
    "is declined for good",
    "never pays",
    *["cancels"] * 2,
    *["cancels while paying"] * 2,
    "gives up the hold, then pays",
    *["pays late"] * 2,
)


class Unanswered(Exception):
    """Nobody said whether it was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A write that we answered: what the client was told of the session, and of the intent if there is one."""

    user: str
    session: dict[str, Any]
    intent_id: str | None = None
    last_wish: bool = True


@dataclass
class Shoppers:
    """Several clients at once, one visit after the other, each visit as somebody new."""

    api: httpx.Client
    sandbox: httpx.Client
    token: Callable[[str], str]
    slots: Sequence[str]
    hold_seconds: float
    seed: int
    answered: list[Answered] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def shopping(self, number: int) -> Iterator[None]:
        """Let so many shop for as long as the block lasts, and finish what they have begun."""
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._shop, args=[each, stop], name=f"shopper-{each}") for each in range(number)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(4 * PATIENCE)
        assert not any(thread.is_alive() for thread in threads)

    def met_everything(self) -> bool:
        """Tell whether somebody has kept a session that they paid, and somebody has given one up."""
        told = {(each.session.get("status"), each.session.get("payment_status")) for each in [*self.answered]}
        kept = any(each.last_wish and each.session.get("payment_status") == "completed" for each in [*self.answered])
        return kept and ("canceled", "refunded") in told

    def lose_messages(self, number: int) -> None:
        """Let the next messages of Stripe get lost: who relies on them alone will never hear of those payments."""
        try:
            self.sandbox.post("/faults", json={"at": "webhook", "kind": "refuse", "count": number}).raise_for_status()
        except httpx.TransportError:
            return  # nobody is there, so nothing is sent either
        self.seen["messages lost"] += number

    def _shop(self, number: int, stop: threading.Event) -> None:
        random, visits = Random(f"{self.seed}:{number}"), 0
        while not stop.wait(random.uniform(0.02, 0.3)):
            visits += 1
            plan = random.choice(PLANS)
            self.seen[plan] += 1
            try:
                Visit(self, user=f"shopper-{number}-{visits}", random=random).make(plan)
            except Unanswered:
                self.seen["never answered"] += 1
            except Exception as failure:  # noqa: BLE001 -- told by the test, whatever it is
                self.failures.append(f"{plan}: {failure!r}")


@dataclass
class Visit:
    """One client's way through the shop."""

    shop: Shoppers
    user: str
    random: Random

    def make(self, plan: str) -> None:
        slot = self.random.choice(self.shop.slots)
        session = self._hold(slot)
        if session is None:
            return
        if plan == "never pays" and self.random.random() < 0.5:
            return
        intent = self._open(session)
        if intent is None or plan == "never pays":
            return
        if plan in {"is declined first", "is declined for good"}:
            self._pay(intent, BAD)
            self._confirm(session, intent)
            intent = None if plan.endswith("good") else self._open(session)
        if plan == "gives up the hold, then pays":
            self._cancel(session)
        if plan == "pays late":
            self._outlast_the_hold(slot)
        if intent is None or not self._pay(intent, GOOD):
            return
        if plan not in {"leaves after paying", "cancels while paying", "gives up the hold, then pays"}:
            self._confirm(session, intent, last_wish=plan != "cancels")
        if plan.startswith("cancels"):
            self._cancel(session)

    def _outlast_the_hold(self, slot: str) -> None:
        """Come back when the hold is over; half of the time somebody else took the slot meanwhile."""
        time.sleep(self.shop.hold_seconds + self.random.uniform(-0.5, 1.0))
        if self.random.random() < 0.5:
            rival = Visit(self.shop, user=f"{self.user}-rival", random=self.random)
            session = rival._hold(slot)
            intent = None if session is None else rival._open(session)
            if session is not None and intent is not None and rival._pay(intent, GOOD):
                rival._confirm(session, intent)

    def _hold(self, slot: str) -> dict[str, Any] | None:
        """Book once; where nobody answers look whether it was booked, as a client does who comes back."""
        try:
            answer = self._ask("POST", "/api/sessions", body={"time_slot_id": slot})
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == 201:
            return self._note(answer.json())
        if answer is not None and answer.status_code == 409:
            return None
        assert answer is None or answer.status_code == 503, answer.text
        found = self._until_answered("GET", "/api/sessions").json()["sessions"]
        return self._note(found[0]) if found else None

    def _open(self, session: dict[str, Any]) -> dict[str, Any] | None:
        answer = self._until_answered("POST", "/api/payment/intent", body={"session_id": session["id"]})
        if answer.status_code == 409:
            return None  # too late for this one
        intent: dict[str, Any] = answer.raise_for_status().json()
        self.shop.answered.append(
            Answered(user=self.user, session={"id": session["id"]}, intent_id=intent["payment_intent_id"])
        )
        return intent

    def _confirm(self, session: dict[str, Any], intent: dict[str, Any], *, last_wish: bool = True) -> None:
        body = {"session_id": session["id"], "payment_intent_id": intent["payment_intent_id"]}
        answer = self._until_answered("POST", "/api/payment/confirm", body=body)
        if answer.status_code != 409:
            self._note(answer.raise_for_status().json(), last_wish=last_wish)

    def _cancel(self, session: dict[str, Any]) -> None:
        answer = self._until_answered("PATCH", f"/api/sessions/{session['id']}/cancel")
        self._note(answer.raise_for_status().json())

    def _note(self, session: dict[str, Any], *, last_wish: bool = True) -> dict[str, Any]:
        self.shop.answered.append(Answered(user=self.user, session=session, last_wish=last_wish))
        return session

    def _pay(self, intent: dict[str, Any], card: str) -> bool:
        """Enter a card at Stripe, again where nobody answered; tell whether Stripe said that it was charged."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                answer = self.shop.sandbox.post(
                    f"/stripe/v1/payment_intents/{intent['payment_intent_id']}/confirm",
                    data={"client_secret": intent["client_secret"], "payment_method": card},
                    headers={"Authorization": f"Bearer {intent['publishable_key']}"},
                )
            except httpx.TransportError:
                self.shop.seen["cut off by Stripe"] += 1
                time.sleep(0.1)
                continue
            charged: bool = answer.json().get("status") == "succeeded"
            self.shop.seen["charged" if charged else "not charged"] += 1
            return charged
        raise Unanswered("Stripe")

    def _until_answered(self, method: str, path: str, *, body: Any = None) -> httpx.Response:
        """Ask for something that can be asked for twice, until somebody answers."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                answer = self._ask(method, path, body=body)
            except httpx.TransportError:
                self.shop.seen["cut off"] += 1
            else:
                if answer.status_code != 503:
                    return answer
            time.sleep(0.1)
        raise Unanswered(path)

    def _ask(self, method: str, path: str, *, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.shop.token(self.user)}"}
        answer = self.shop.api.request(method, path, json=body, headers=headers)
        self.shop.answers += 1
        return answer
