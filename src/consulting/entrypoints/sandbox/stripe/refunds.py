"""Refunds: never more than was paid and not yet given back (docs.stripe.com/api/refunds, docs.stripe.com/refunds)."""

from __future__ import annotations

from typing import Final

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.identifiers import new_id
from consulting.entrypoints.sandbox.store import Document
from consulting.entrypoints.sandbox.stripe.books import Books
from consulting.entrypoints.sandbox.stripe.calls import Call, listed
from consulting.entrypoints.sandbox.stripe.currencies import in_words
from consulting.entrypoints.sandbox.stripe.disputes import charged_back
from consulting.entrypoints.sandbox.stripe.parameters import Parameters
from consulting.entrypoints.sandbox.stripe.payment_methods import behaviour_of
from consulting.entrypoints.sandbox.stripe.refusals import invalid

_REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")
_GIVEN_BACK: Final = ("pending", "succeeded", "requires_action")


def create(call: Call) -> Document:
    """Give back `amount` of a charge or payment intent; without an amount, all that is left."""
    parameters = call.parameters("payment_intent", "charge", "amount", "reason", "metadata", "currency")
    amount = parameters.integer("amount")
    reason = parameters.choice("reason", _REASONS)
    metadata = parameters.metadata({})
    charge = _paid_charge(call.books, parameters)
    if charged_back(call.books, charge):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise invalid(message, code="charge_disputed", began=True)
    checked = _checked_amount(charge, amount)
    return _give_back(call.books, charge, amount=checked, reason=reason, metadata=metadata)


def retrieve(call: Call) -> Document:
    """One refund."""
    call.parameters()
    return call.books.find("refund", call.id, param="refund")


def list_all(call: Call) -> Document:
    """Refunds, newest first, all or of one payment or charge."""
    things = call.books.store.newest_first("refund", family=_family(call))
    return listed(call, url="/v1/refunds", things=things, filters=("payment_intent", "charge"))


def settle(books: Books, refund: Document, *, succeed: bool) -> Document:
    """How a refund ends: pending ones succeed or fail, a succeeded one may still fail at the payer's bank."""
    if refund["status"] != "pending" and not (refund["status"] == "succeeded" and not succeed):
        raise invalid(f"This refund has a status of {refund['status']}.", param="refund")
    books.store.remove("settlement", refund["id"])
    failure = {} if succeed else {"failure_reason": "unknown", "failure_balance_transaction": new_id("txn")}
    settled = {**refund, "status": "succeeded" if succeed else "failed", **failure}
    books.keep(settled)
    _recount(books, refund["charge"])
    books.tell("refund.updated", settled)
    if not succeed:
        books.tell("refund.failed", settled)
    return settled


def order_next(books: Books, *, status: str, count: int) -> None:
    """Let the next `count` refunds begin as `status`: pending ones wait to be told how they end, failed ones fail."""
    books.store.put("refund_order", "next", {"status": status, "count": count})


def _family(call: Call) -> str | None:
    wanted = call.given.get("payment_intent")
    return wanted if isinstance(wanted, str) and wanted else None


def _paid_charge(books: Books, parameters: Parameters) -> Document:
    charge_id, intent_id = parameters.text("charge"), parameters.text("payment_intent")
    if charge_id is None and intent_id is None:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise invalid(message, code="parameter_missing")
    if intent_id is None:
        return books.find("charge", charge_id or "", param="charge")
    intent = books.find("payment_intent", intent_id, param="payment_intent")
    if charge_id not in (None, intent["latest_charge"]):
        raise invalid("The charge doesn't belong to the PaymentIntent.", param="charge")
    if intent["status"] != "succeeded":
        message = f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
        raise invalid(message, param="payment_intent", began=True)
    return books.find("charge", intent["latest_charge"])


def _checked_amount(charge: Document, amount: int | None) -> int:
    """Return the amount to give back. Stripe sends no code when it is too much, only when nothing is left."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} was not paid.", param="charge", began=True)
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise invalid(message, code="charge_already_refunded", began=True)
    if amount is not None and amount > left:
        limit = "charge amount" if left == charge["amount"] else "unrefunded amount on charge"
        wanted, most = (in_words(value, charge["currency"]).split()[0] for value in (amount, left))
        message = f"Refund amount ({wanted}) is greater than {limit} ({most})"
        raise invalid(message, param="amount", began=True)
    return left if amount is None else amount


def _give_back(
    books: Books, charge: Document, *, amount: int, reason: str | None, metadata: dict[str, str]
) -> Document:
    status, ends = _course(books, charge)
    refund: Document = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": new_id("txn"),
        "charge": charge["id"],
        "created": clock.whole_second(),
        "currency": charge["currency"],
        "destination_details": {"type": charge["payment_method_details"]["type"]},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
    books.keep(refund)
    books.tell("refund.created", refund)
    books.tell("charge.refunded", _recount(books, charge["id"]))
    if ends is not None:
        due = clock.now() + books.options.settle_after_seconds
        books.store.put("settlement", refund["id"], {"kind": "refund", "id": refund["id"], "due": due, "succeed": ends})
    return refund


def _course(books: Books, charge: Document) -> tuple[str, bool | None]:
    """Return a new refund's first status, and how it will end by itself (None: it doesn't)."""
    order = books.store.find("refund_order", "next")
    if order is not None and order["count"] > 0:
        books.store.put("refund_order", "next", {**order, "count": order["count"] - 1})
        return ("pending", False) if order["status"] == "failed" else (order["status"], None)
    course = behaviour_of(books.store, charge["payment_method"]).refund
    return {"succeeds": ("succeeded", None), "pends": ("pending", True), "fails": ("succeeded", False)}[course]


def _recount(books: Books, charge_id: str) -> Document:
    """Return the charge with what its refunds, failed ones aside, add up to."""
    charge = books.find("charge", charge_id)
    refunds = books.store.newest_first("refund", family=charge["payment_intent"])
    mine = [refund for refund in refunds if refund["charge"] == charge_id and refund["status"] in _GIVEN_BACK]
    total = sum(refund["amount"] for refund in mine)
    counted = {**charge, "amount_refunded": total, "refunded": total == charge["amount_captured"]}
    books.keep(counted)
    return counted
