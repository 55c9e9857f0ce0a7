"""Providers that came as plugins, under the whole program: API, worker and the operator's commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from litestar.testing import TestClient

from consulting.adapters.memory import MemoryMeetingRooms, MemoryPaymentGateway, MemoryRateLimits
from consulting.entrypoints.container import Container
from consulting.entrypoints.http.app import create_app
from tests.unit.application.marketplace import in_memory
from tests.unit.entrypoints.http.frontend import Frontend, refusal, retries_of, settings
from tests.unit.entrypoints.packages import site

WALLET = """
from dataclasses import dataclass

from consulting.adapters.memory import MemoryMailer, MemoryMeetingRooms, MemoryPaymentGateway
from consulting.ports import Mails, Meetings, Payments, Plugin, text, variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    signing_secret: str = variable(text, default="required", sandbox="whsec_wallet", secret=True, meaning="a secret")


def open_it(settings, surroundings):
    gateway = MemoryPaymentGateway(webhook_secret=settings.signing_secret, clock=surroundings.clock)
    return {opened}


plugin = Plugin(port_version=1, settings=Settings, open=open_it)
"""
OPENED = {
    "consulting.payment_gateways": "Payments(gateway=gateway, books=gateway.books())",
    "consulting.meeting_rooms": "Meetings(rooms=MemoryMeetingRooms(), hosts=('tea', 'coffee'))",
    "consulting.mailers": "Mails(mailer=MemoryMailer())",
}


@contextmanager
def plugged_in() -> Iterator[tuple[Frontend, Container]]:
    """Open the API over records in memory, with everything outside being a plugin's."""
    market = in_memory()
    chosen = dict.fromkeys(("PAYMENT_GATEWAY", "MEETING_ROOMS", "MAILER"), "wallet")
    container = Container(
        settings=settings(**{f"CONSULTING_{port}": name for port, name in chosen.items()}),
        transactions=market.transactions,
        retries=retries_of(market.transactions),
        rate_limits=MemoryRateLimits(),
        clock=market.clock,
        identities=market.ids,
        letters=market.letters,
    )
    with TestClient(create_app(container), raise_server_exceptions=False) as http:
        yield Frontend(http=http, market=market), container


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Frontend, Container]]:
    with site(tmp_path, monkeypatch) as installer:
        for number, (group, opened) in enumerate(OPENED.items()):
            module = WALLET.replace("{opened}", opened)
            installer.install(module, package=f"wallet-{number}", name="wallet", group=group)
        with plugged_in() as found:
            yield found


def work(container: Container) -> None:
    """Let a worker do all that there is to do."""
    while container.settle_provider_events()(limit=10) + container.carry_out_errands()(limit=10):
        pass


def test_a_session_is_paid_met_and_refunded_through_plugins(front: tuple[Frontend, Container]) -> None:
    api, container = front
    gateway, rooms = container.payment_gateway(), container.meeting_rooms()
    assert isinstance(gateway, MemoryPaymentGateway)
    assert isinstance(rooms, MemoryMeetingRooms)
    session = api.held(api.researcher("curie", rate=9_000))
    path = f"/api/sessions/{session['id']}"

    intent = api.post("/api/payment/intent", {"session_id": session["id"]}, by="ada").json()
    gateway.client_pays(intent["payment_intent_id"])
    message = gateway.messages[-1]
    forged = api.call("POST", "/api/payment/webhook", content=message.body, headers={"Memory-Signature": "?"})
    taken = api.call("POST", "/api/payment/webhook", content=message.body, headers=dict(message.headers))
    work(container)
    confirmed = api.get(path, by="ada").json()

    assert intent["publishable_key"] == "pk_memory"
    assert refusal(forged) == (400, "WEBHOOK_SIGNATURE_INVALID")
    assert taken.status_code == 200
    assert (confirmed["status"], confirmed["payment_status"]) == ("scheduled", "completed")
    assert confirmed["zoom_link"] in {each.meeting.join_link for each in rooms.open_meetings}
    assert container.meeting_errands().hosts == ("tea", "coffee")

    api.call("PATCH", f"{path}/cancel", by="ada")
    work(container)

    refunded = api.get(path, by="ada").json()
    assert (refunded["payment_status"], refunded["refund"]["status"]) == ("refunded", "succeeded")
    assert not rooms.open_meetings


def test_reconciliation_and_audit_read_the_plugins_books(front: tuple[Frontend, Container]) -> None:
    api, container = front
    gateway = container.payment_gateway()
    assert isinstance(gateway, MemoryPaymentGateway)
    session = api.held(api.researcher("curie", rate=9_000))
    intent = api.post("/api/payment/intent", {"session_id": session["id"]}, by="ada").json()

    gateway.client_pays(intent["payment_intent_id"])  # and every message about it is lost

    assert [str(each.fault) for each in container.compare_with_provider()()] == ["charge_differs"]
    container.reconcile_payments()()
    assert list(container.compare_with_provider()()) == []
    assert api.get(f"/api/sessions/{session['id']}", by="ada").json()["payment_status"] == "completed"
