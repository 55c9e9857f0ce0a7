"""Attempts to charge a payment method: how a confirmed intent goes on.

Agrees with docs.stripe.com/payments/paymentintents/lifecycle.
"""

from __future__ import annotations

from collections.abc import Callable

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.identifiers import new_id, random_text
from consulting.entrypoints.sandbox.store import Document
from consulting.entrypoints.sandbox.stripe.books import Books
from consulting.entrypoints.sandbox.stripe.charges import new_charge
from consulting.entrypoints.sandbox.stripe.disputes import open_dispute
from consulting.entrypoints.sandbox.stripe.payment_methods import DECLINED, Behaviour, behaviour_of
from consulting.entrypoints.sandbox.stripe.refusals import card_error, unexpected_state

Shown = Callable[[Document], Document]


def attempt(books: Books, intent: Document, *, declined: bool, return_url: str | None, shown: Shown) -> Document:
    """Charges the intent's payment method and returns the intent as it then is.

    `declined` lets the bank refuse whatever the method is. Raises Refusal (402) on a decline, after the intent
    has gone back to requires_payment_method; `shown` makes what the error may show of it.
    """
    behaviour = DECLINED if declined else behaviour_of(books.store, intent["payment_method"])
    if behaviour.outcome == "declines":
        failed = _fail(books, intent, _new_charge(books, intent, behaviour, "failed"), behaviour)
        raise card_error(failed["last_payment_error"], shown(failed))
    if behaviour.outcome == "authenticates":
        return _ask_for_authentication(books, intent, return_url)
    if behaviour.outcome == "processes":
        return _begin_processing(books, intent, behaviour)
    return _succeed(books, intent, _new_charge(books, intent, behaviour, "succeeded"), behaviour)


def authenticate(books: Books, intent: Document, *, succeed: bool) -> Document:
    """Return the payer's answer to 3D Secure. Raises Refusal if the intent doesn't wait for one."""
    if intent["status"] != "requires_action":
        raise unexpected_state(f"This PaymentIntent has a status of {intent['status']}.", intent)
    behaviour = behaviour_of(books.store, intent["payment_method"])
    if succeed:
        return _succeed(books, intent, _new_charge(books, intent, behaviour, "succeeded"), behaviour)
    message = (
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
        "PaymentMethod to attempt to fulfill this PaymentIntent again."
    )
    error = {
        "code": "payment_intent_authentication_failure",
        "message": message,
        "payment_method": books.store.find("payment_method", intent["payment_method"]),
        "type": "invalid_request_error",
    }
    return _back_to_start(books, intent, error)


def settle(books: Books, intent: Document, *, succeed: bool) -> Document:
    """Return the bank's late answer to a processing payment. Raises Refusal if the intent isn't processing."""
    if intent["status"] != "processing":
        raise unexpected_state(f"This PaymentIntent has a status of {intent['status']}.", intent)
    books.store.remove("settlement", intent["id"])
    behaviour = behaviour_of(books.store, intent["payment_method"])
    charge = books.find("charge", intent["latest_charge"])
    if succeed:
        paid = {**charge, "status": "succeeded", "paid": True, "amount_captured": charge["amount"]}
        return _succeed(books, intent, paid, behaviour)
    if behaviour.code is None:
        behaviour = Behaviour(type=behaviour.type, code="payment_intent_payment_attempt_failed")
    why = {"failure_code": behaviour.code, "failure_message": behaviour.failure_message}
    return _fail(books, intent, {**charge, "status": "failed", "paid": False, **why}, behaviour)


def _new_charge(books: Books, intent: Document, behaviour: Behaviour, status: str) -> Document:
    method = books.find("payment_method", intent["payment_method"])
    return new_charge(intent, method=method, behaviour=behaviour, status=status)


def _succeed(books: Books, intent: Document, charge: Document, behaviour: Behaviour) -> Document:
    paid = {
        **intent,
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
        "processing": None,
    }
    books.keep(charge)
    books.keep(paid)
    books.tell("charge.succeeded", charge)
    books.tell("payment_intent.succeeded", paid)
    if behaviour.disputed:
        open_dispute(books, charge, reason="fraudulent")
    return paid


def _fail(books: Books, intent: Document, charge: Document, behaviour: Behaviour) -> Document:
    error = {
        "charge": charge["id"],
        "code": behaviour.code,
        "decline_code": behaviour.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{(behaviour.code or '').replace('_', '-')}",
        "message": behaviour.failure_message,
        "payment_method": books.store.find("payment_method", intent["payment_method"]),
        "type": "card_error" if behaviour.type == "card" else "invalid_request_error",
    }
    books.keep(charge)
    books.tell("charge.failed", charge)
    known = {name: value for name, value in error.items() if value is not None}
    return _back_to_start(books, {**intent, "latest_charge": charge["id"]}, known)


def _back_to_start(books: Books, intent: Document, error: Document) -> Document:
    failed = {
        **intent,
        "status": "requires_payment_method",
        "last_payment_error": error,
        "next_action": None,
        "payment_method": None,
        "processing": None,
    }
    books.keep(failed)
    books.tell("payment_intent.payment_failed", failed)
    return failed


def _ask_for_authentication(books: Books, intent: Document, return_url: str | None) -> Document:
    if return_url is None:
        action = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "source": new_id("src")},
        }
    else:
        url = f"https://hooks.stripe.com/3d_secure_2/sandbox/{random_text(12)}"
        action = {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
    waiting = {**intent, "status": "requires_action", "next_action": action}
    books.keep(waiting)
    books.tell("payment_intent.requires_action", waiting)
    return waiting


def _begin_processing(books: Books, intent: Document, behaviour: Behaviour) -> Document:
    charge = _new_charge(books, intent, behaviour, "pending")
    processing = {
        **intent,
        "status": "processing",
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    books.keep(charge)
    books.keep(processing)
    books.tell("charge.pending", charge)
    books.tell("payment_intent.processing", processing)
    if behaviour.settles:
        due = clock.now() + books.options.settle_after_seconds
        settlement = {"kind": "payment_intent", "id": intent["id"], "due": due, "succeed": behaviour.code is None}
        books.store.put("settlement", intent["id"], settlement)
    return processing
