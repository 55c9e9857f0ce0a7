"""What a key check and an audit read: the account, its balance, its events, a browser's payment methods."""

from __future__ import annotations

from dataclasses import replace

from consulting.entrypoints.sandbox.store import Document
from consulting.entrypoints.sandbox.stripe.calls import Call, listed
from consulting.entrypoints.sandbox.stripe.payment_methods import from_card_details


def retrieve(call: Call) -> Document:
    """Return the account that the key belongs to (docs.stripe.com/api/accounts/object)."""
    call.parameters()
    return {
        "id": "acct_sandbox", "object": "account", "charges_enabled": True, "country": "US", "default_currency": "usd",
        "details_submitted": True, "email": "owner@sandbox.invalid", "payouts_enabled": True, "type": "standard",
    }  # fmt: skip


def balance(call: Call) -> Document:
    """Return what was charged less what was given back, by currency (docs.stripe.com/api/balance)."""
    call.parameters()
    totals: dict[str, int] = {}
    for charge in call.books.store.newest_first("charge"):
        kept = charge["amount_captured"] - charge["amount_refunded"] if charge["status"] == "succeeded" else 0
        totals[charge["currency"]] = totals.get(charge["currency"], 0) + kept
    available = [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in totals.items()
    ]
    return {"object": "balance", "available": available, "livemode": False, "pending": []}


def retrieve_event(call: Call) -> Document:
    """One event."""
    call.parameters()
    return call.books.find("event", call.id)


def list_events(call: Call) -> Document:
    """Events, newest first, all or of one type (docs.stripe.com/api/events/list)."""
    things = call.books.store.newest_first("event")
    wanted = call.given.get("types")
    if isinstance(wanted, list):
        things = [event for event in things if event["type"] in wanted]
    without_types = {name: value for name, value in call.given.items() if name != "types"}
    page = replace(call, given=without_types)
    return listed(page, url="/v1/events", things=things, filters=("type",))


def create_payment_method(call: Call) -> Document:
    """Make a payment method of a test card's number, as Stripe.js does (docs.stripe.com/api/payment_methods/create)."""
    return from_card_details(call.books.store, call.parameters("type", "card", "billing_details", "metadata"))


def retrieve_payment_method(call: Call) -> Document:
    """One payment method."""
    call.parameters()
    return call.books.find("payment_method", call.id, param="payment_method")
