"""Disputes: a bank takes a payment back, the account wins or loses (docs.stripe.com/disputes)."""

from __future__ import annotations

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.identifiers import new_id
from consulting.entrypoints.sandbox.store import Document
from consulting.entrypoints.sandbox.stripe.books import Books
from consulting.entrypoints.sandbox.stripe.calls import Call, listed
from consulting.entrypoints.sandbox.stripe.refusals import invalid


def open_dispute(books: Books, charge: Document, *, reason: str, amount: int | None = None) -> Document:
    """Return the payer's bank disputes a charge, or a part of it.

    Raises Refusal if it wasn't paid, is disputed already, or that little of it is left.
    """
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise invalid("Only a paid charge without a dispute can be disputed.", param="charge")
    left = charge["amount"] - charge["amount_refunded"]
    if amount is not None and not 0 < amount <= left:
        raise invalid("A dispute is about something that was paid and not given back.", param="amount")
    dispute = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": left if amount is None else amount,
        "charge": charge["id"],
        "created": clock.whole_second(),
        "currency": charge["currency"],
        "evidence_details": {"due_by": clock.whole_second() + 7 * 86400, "has_evidence": False, "submission_count": 0},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }
    books.keep({**charge, "disputed": True})
    books.keep(dispute)
    books.tell("charge.dispute.created", dispute)
    return dispute


def close_dispute(books: Books, dispute: Document, *, won: bool) -> Document:
    """Return the bank's verdict. Raises Refusal if there was one already."""
    if dispute["status"] in ("won", "lost"):
        raise invalid("This dispute is already closed.", param="dispute")
    closed = {**dispute, "status": "won" if won else "lost"}
    books.keep(closed)
    books.tell("charge.dispute.closed", closed)
    return closed


def charged_back(books: Books, charge: Document) -> bool:
    """Tell whether the bank has, or may yet keep, money of the charge: a dispute of it is open or was lost."""
    disputes = books.store.newest_first("dispute") if charge["disputed"] else []
    return any(each["charge"] == charge["id"] and each["status"] != "won" for each in disputes)


def retrieve(call: Call) -> Document:
    """One dispute."""
    call.parameters()
    return call.books.find("dispute", call.id, param="dispute")


def list_all(call: Call) -> Document:
    """Disputes, newest first, all or of one payment or charge."""
    things = call.books.store.newest_first("dispute")
    return listed(call, url="/v1/disputes", things=things, filters=("payment_intent", "charge"))
