"""Misbehaviour on demand: which fault hits which operation, how often and for how long.

Faults live in memory only: a sandbox that is started again behaves well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.identifiers import new_id

Place = Literal["stripe", "webhook", "zoom", "smtp"]
Kind = Literal["decline", "status", "hang", "drop_answer", "duplicate", "delay", "reorder", "refuse"]

LONGEST_SECONDS: Final = 120.0

KINDS: Final[dict[Place, frozenset[Kind]]] = {
    "stripe": frozenset({"decline", "status", "hang", "drop_answer", "refuse"}),
    "zoom": frozenset({"status", "hang", "drop_answer", "refuse"}),
    "webhook": frozenset({"duplicate", "delay", "reorder", "refuse", "drop_answer"}),
    "smtp": frozenset({"refuse", "hang", "drop_answer"}),
}
OPERATIONS: Final[dict[Place, frozenset[str]]] = {
    "stripe": frozenset(
        f"{thing}.{verb}"
        for thing, verbs in {
            "payment_intents": ("create", "retrieve", "update", "confirm", "cancel", "list"),
            "refunds": ("create", "retrieve", "list"),
            "charges": ("retrieve", "list"),
            "disputes": ("retrieve", "list"),
            "events": ("retrieve", "list"),
            "payment_methods": ("create", "retrieve"),
            "balance": ("retrieve",),
            "account": ("retrieve",),
        }.items()
        for verb in verbs
    ),
    "zoom": frozenset(
        {"oauth.token", "users.get"} | {f"meetings.{v}" for v in ("create", "get", "list", "update", "delete")}
    ),
    "smtp": frozenset({"connect", "rcpt", "data"}),
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One misbehaviour. `remaining` None is without a count, `until` None without an end in time (UTC seconds)."""

    id: str
    at: Place
    operation: str | None
    kind: Kind
    value: float | None
    remaining: int | None
    until: float | None

    @property
    def seconds(self) -> float:
        """`value` as a time span: at most 120 s; 30 s for a hang and 1 s for a delay that names none."""
        return min(LONGEST_SECONDS, self.value if self.value is not None else 30.0 if self.kind == "hang" else 1.0)

    @property
    def status(self) -> int:
        """`value` as a status code; 500 if none was named."""
        return 500 if self.value is None else int(self.value)

    def as_json(self) -> dict[str, Any]:
        """Return the fault as `GET /faults` shows it."""
        left = None if self.until is None else max(0.0, round(self.until - clock.now(), 3))
        return {
            "id": self.id, "at": self.at, "operation": self.operation, "kind": self.kind,
            "value": self.value, "remaining": self.remaining, "seconds_left": left,
        }  # fmt: skip


class FaultBoard:
    """The faults that are waiting, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._let_go = asyncio.Event()
        self._closed = False

    def add(
        self,
        *,
        at: Place,
        operation: str | None,
        kind: Kind,
        value: float | None,
        count: int | None,
        seconds: float | None,
    ) -> Fault:
        """Arms a fault: for `count` times, for `seconds`, for whichever ends first, or once if neither is given."""
        fault = Fault(
            id=new_id("fault"),
            at=at,
            operation=operation,
            kind=kind,
            value=value,
            remaining=1 if count is None and seconds is None else count,
            until=None if seconds is None else clock.now() + seconds,
        )
        self._waiting.append(fault)
        return fault

    def waiting(self) -> list[Fault]:
        """Return the faults that can still hit."""
        self._waiting = [fault for fault in self._waiting if _is_live(fault)]
        return list(self._waiting)

    def take(self, *, at: Place, operation: str, kinds: Collection[Kind]) -> Fault | None:
        """Use up the oldest fault that fits, if there is one."""
        for fault in self.waiting():
            if fault.at == at and fault.operation in (None, operation) and fault.kind in kinds:
                if fault.remaining is not None:
                    fault.remaining -= 1
                return fault
        return None

    async def hold(self, fault: Fault) -> None:
        """Wait for as long as a hang wants it, or until all faults are forgotten or the sandbox closes."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._let_go.wait(), fault.seconds)

    def close(self) -> None:
        """Let everything go that is being held, now and from now on."""
        self._closed = True
        self._let_go.set()

    def clear(self) -> None:
        """Forgets all faults, and lets go whatever they hold."""
        self._waiting.clear()
        self._let_go.set()
        if not self._closed:
            self._let_go = asyncio.Event()

    def remove(self, fault_id: str) -> bool:
        """Forgets one fault; false if it isn't waiting."""
        before = len(self.waiting())
        self._waiting = [fault for fault in self._waiting if fault.id != fault_id]
        return len(self._waiting) < before


def _is_live(fault: Fault) -> bool:
    in_time = fault.until is None or clock.now() < fault.until
    return in_time and (fault.remaining is None or fault.remaining > 0)
