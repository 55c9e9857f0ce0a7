"""A whole instance whose provider never calls, and whose clients close their browsers as soon as they have paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.instance import PATIENCE, Instance, eventually, running_instance

TICK_SECONDS = 3
BUSY_MACHINE_SECONDS = 40
"""On top of two ticks; one that nobody has hastened comes once a minute."""


@pytest.fixture
def instance(home: Path) -> Iterator[Instance]:
    with running_instance(home, CONSULTING_RECONCILE_SECONDS=str(TICK_SECONDS)) as running:
        yield running


def some_slot(client: httpx.Client) -> str:
    found = client.get("/api/researchers/search", params={"query": "machine learning"}).json()["researchers"]
    first = datetime.now(UTC).date() + timedelta(days=2)
    asked = {"researcher_id": found[0]["id"], "from": str(first), "to": str(first + timedelta(days=20))}
    slots = client.get("/api/time-slots", params=asked).json()["time_slots"]
    return str(next(slot["id"] for slot in slots if slot["available"]))


def test_a_paid_session_is_confirmed_within_two_ticks_and_the_audit_is_clean(instance: Instance) -> None:
    with (
        instance.client("leaver") as client,
        httpx.Client(base_url=instance.sandbox_url, timeout=PATIENCE, trust_env=False) as provider,
    ):
        assert provider.post("/faults", json={"at": "webhook", "kind": "refuse", "count": 1_000_000}).status_code == 201
        session = client.post("/api/sessions", json={"time_slot_id": some_slot(client)}).json()
        intent = client.post("/api/payment/intent", json={"session_id": session["id"]}).json()
        fields = {
            "key": intent["publishable_key"],
            "client_secret": intent["client_secret"],
            "payment_method": "pm_card_visa",
        }
        paid = provider.post(f"/stripe/v1/payment_intents/{intent['payment_intent_id']}/confirm", data=fields)
        assert paid.json()["status"] == "succeeded"

        def seen() -> dict[str, Any]:
            shown: dict[str, Any] = client.get(f"/api/sessions/{session['id']}").json()
            return shown

        within = 2 * TICK_SECONDS + BUSY_MACHINE_SECONDS
        eventually(lambda: seen()["payment_status"] == "completed", seconds=within, told=instance.output)
        eventually(lambda: seen().get("zoom_link"), told=instance.output)

    audited = instance.command("audit", "--provider")
    assert audited.returncode == 0, audited.stdout + audited.stderr
