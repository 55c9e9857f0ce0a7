"""Charges: what an attempt took, and how much of it was given back (docs.stripe.com/api/charges)."""

from __future__ import annotations

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.identifiers import new_id
from consulting.entrypoints.sandbox.store import Document
from consulting.entrypoints.sandbox.stripe.calls import Call, listed
from consulting.entrypoints.sandbox.stripe.payment_methods import Behaviour


def new_charge(intent: Document, *, method: Document, behaviour: Behaviour, status: str) -> Document:
    """Return a charge of the whole intent; `status` is succeeded, pending or failed."""
    paid, failed = status == "succeeded", status == "failed"
    return {
        "id": new_id("ch" if method["type"] == "card" else "py"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "balance_transaction": new_id("txn") if paid else None,
        "billing_details": method["billing_details"],
        "captured": not failed,
        "created": clock.whole_second(),
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_code": behaviour.code if failed else None,
        "failure_message": behaviour.failure_message if failed else None,
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": _outcome(behaviour, failed=failed),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": method["type"], method["type"]: method[method["type"]]},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "status": status,
    }


def retrieve(call: Call) -> Document:
    """One charge."""
    call.parameters()
    return call.books.find("charge", call.id, param="charge")


def list_all(call: Call) -> Document:
    """Charges, newest first, all or of one `payment_intent`."""
    things = call.books.store.newest_first("charge")
    return listed(call, url="/v1/charges", things=things, filters=("payment_intent",))


def _outcome(behaviour: Behaviour, *, failed: bool) -> Document:
    if failed:
        reason = behaviour.decline_code or behaviour.code
        return {"network_status": "declined_by_network", "reason": reason, "type": "issuer_declined"}
    return {"network_status": "approved_by_network", "reason": None, "type": "authorized"}
