"""Keys and client secrets stay out of logs, errors, representations and the database, whatever goes wrong."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest

from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.adapters.stripe import StripeGateway, open_gateway
from consulting.application.payments import OpenIntent
from consulting.entrypoints.container import build_container
from consulting.entrypoints.sandbox import SandboxOptions, running_sandbox
from consulting.entrypoints.settings import Mode, load_settings
from tests.integration.instance import PATIENCE
from tests.unit.application.marketplace import Marketplace, client, in_memory

KEY, WEBHOOK_SECRET = "sk_test_thiskeyissecret", "whsec_thistooissecret"
ADA = client("ada")
FAULTS = (("status", 500), ("status", 401), ("drop_answer", None), ("refuse", None), ("hang", 120))


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[str]:
    options = SandboxOptions(folder=tmp_path / "sandbox", secret_key=KEY, webhook_secret=WEBHOOK_SECRET)
    with running_sandbox(options) as sandbox:
        yield sandbox.url


@contextmanager
def gateway_at(provider: str, *, seconds: float) -> Iterator[StripeGateway]:
    gateway = open_gateway(
        secret_key=KEY,
        publishable_key="pk_test_sandbox",
        webhook_secret=WEBHOOK_SECRET,
        api_url=f"{provider}/stripe",
        timeout_seconds=seconds,
    )
    yield gateway
    gateway.close()


@pytest.fixture
def gateway(provider: str) -> Iterator[StripeGateway]:
    with gateway_at(provider, seconds=PATIENCE) as gateway:
        yield gateway


@pytest.fixture
def hasty(provider: str) -> Iterator[StripeGateway]:
    """One that gives the provider up after a second."""
    with gateway_at(provider, seconds=1) as gateway:
        yield gateway


@pytest.fixture
def market(database_url: str, gateway: StripeGateway) -> Iterator[Marketplace]:
    engine = open_engine(url=database_url, pool_size=2)
    yield replace(in_memory(), transactions=PostgresTransactions(engine), gateway=gateway)  # type: ignore[arg-type]
    engine.dispose()


def everything_kept(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [connection.execute(f"SELECT t::text FROM {name} t".encode()).fetchall() for (name,) in tables]
    return str(rows)


def test_no_secret_is_told_to_anybody_whatever_goes_wrong(
    market: Marketplace,
    gateway: StripeGateway,
    hasty: StripeGateway,
    provider: str,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    opened = _opened(market)
    for kind, value in FAULTS:
        fault = {"at": "stripe", "kind": kind, "count": 3, "value": value}
        httpx.post(f"{provider}/faults", json=fault, trust_env=False, timeout=PATIENCE).raise_for_status()
        told += _complaints(replace(market, gateway=hasty) if kind == "hang" else market, opened)
        httpx.delete(f"{provider}/faults", trust_env=False, timeout=PATIENCE)
    market.reconcile()

    secret = opened.intent.client_secret
    assert secret is not None
    kept = everything_kept(database_url)
    assert opened.intent.id in kept
    for text in (caplog.text, *told, repr(opened), repr(opened.intent), repr(gateway), repr(market.settle), kept):
        assert [each for each in (KEY, WEBHOOK_SECRET, secret) if each in text] == []


def _opened(market: Marketplace) -> OpenIntent:
    researcher = market.add_researcher("lise")
    market.set_hours(researcher, "09:00", "17:00", pattern_ids=lambda _: market.ids.new())
    slot = next(each.slot for each in market.offered(researcher) if each.available)
    session = market.book(caller=ADA, time_slot_id=slot.id).session
    return market.open_intent(session.id, caller=ADA)


def _complaints(market: Marketplace, opened: OpenIntent) -> list[str]:
    """Have everything that talks to the provider fail, and tell what it complains of."""
    session_id, intent_id = opened.intent.session_id, opened.intent.id
    assert session_id is not None
    attempts = (
        lambda: market.open_intent(session_id, caller=ADA),
        lambda: market.confirm(session_id, intent_id=intent_id, caller=ADA),
        lambda: market.gateway.cancel_intent(f"{intent_id}x"),
        lambda: market.gateway.refund(key="r:1", intent_id=intent_id, amount=opened.intent.amount),
        lambda: market.gateway.read_event(body=b"{}", headers={"stripe-signature": WEBHOOK_SECRET}),
    )
    return [told for attempt in attempts for told in _told(attempt)]


def _told(attempt: object) -> Iterator[str]:
    assert callable(attempt)
    try:
        yield repr(attempt())
    except Exception as error:  # noqa: BLE001 -- whatever it is, it must not tell
        yield repr(error)
        yield "".join(traceback.format_exception(error))


def test_settings_and_container_show_no_secret(tmp_path: Path) -> None:
    environ = {
        "CONSULTING_HOME": str(tmp_path),
        "CONSULTING_STRIPE_SECRET_KEY": KEY,
        "CONSULTING_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    settings = load_settings(environ, mode=Mode.SANDBOX)
    container = build_container(settings)

    shown = f"{settings!r} {settings} {container!r} {container.payment_gateway()!r} {container.provider_books()!r}"
    assert KEY not in shown
    assert WEBHOOK_SECRET not in shown
