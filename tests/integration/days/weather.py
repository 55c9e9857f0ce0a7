"""Zoom and the mail server in trouble at random: the faults that the sandbox is told to have."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.integration.instance import PATIENCE

HANG = 1.4
"""Longer than the workers wait for an answer (a second), so that what was asked for happens after they gave it up."""

ZOOM: tuple[dict[str, Any], ...] = (
    {"kind": "status", "value": 500},
    {"kind": "status", "value": 503},
    {"kind": "status", "value": 429},
    {"kind": "hang", "value": HANG},
    {"kind": "hang", "value": HANG, "operation": "meetings.create"},
    {"kind": "drop_answer"},
    {"kind": "drop_answer", "operation": "meetings.create"},
    {"kind": "drop_answer", "operation": "meetings.delete"},
    {"kind": "drop_answer", "operation": "meetings.update"},
    {"kind": "refuse"},
)
SMTP: tuple[dict[str, Any], ...] = (
    {"kind": "refuse"},
    {"kind": "refuse", "value": 421, "operation": "connect"},
    {"kind": "refuse", "value": 451, "operation": "rcpt"},
    {"kind": "refuse", "value": 452, "operation": "data"},
    {"kind": "hang", "value": HANG, "operation": "data"},
    {"kind": "drop_answer", "operation": "data"},
)
PAUSE = (0.1, 0.6)
"""How many seconds pass between one fault and the next."""

MOST_WAITING = 3
"""Faults that nobody has met yet: more of them would be an outage, in which nothing succeeds."""


@dataclass
class Weather:
    """Makes faults, and counts them."""

    sandbox_url: str
    random: Random
    seen: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def rough(self) -> Iterator[None]:
        """Let one fault follow the other for as long as the block lasts; then all is well."""
        stop = threading.Event()
        thread = threading.Thread(target=self._blow_until, args=[stop], name="weather")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(PATIENCE)
            with self._client() as sandbox:
                sandbox.delete("/faults").raise_for_status()

    def _blow_until(self, stop: threading.Event) -> None:
        with self._client() as sandbox:
            while not stop.wait(self.random.uniform(*PAUSE)):
                if len(sandbox.get("/faults").json()["faults"]) >= MOST_WAITING:
                    continue
                place, faults = self.random.choice([("zoom", ZOOM), ("smtp", SMTP)])
                fault = self.random.choice(faults)
                sandbox.post("/faults", json={"at": place, **fault}).raise_for_status()
                self.seen[f"{place} {fault['kind']}"] += 1

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.sandbox_url, timeout=PATIENCE, trust_env=False)
