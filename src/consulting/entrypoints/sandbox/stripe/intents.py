"""PaymentIntents: create, retrieve, update, list, cancel (docs.stripe.com/api/payment_intents)."""

from __future__ import annotations

import hmac
from typing import Final

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.identifiers import new_id, random_text
from consulting.entrypoints.sandbox.store import Document
from consulting.entrypoints.sandbox.stripe.attempts import attempt
from consulting.entrypoints.sandbox.stripe.books import Books
from consulting.entrypoints.sandbox.stripe.calls import Call, listed
from consulting.entrypoints.sandbox.stripe.currencies import check_amount, checked_currency
from consulting.entrypoints.sandbox.stripe.method_types import PARAMETERS as METHOD_PARAMETERS
from consulting.entrypoints.sandbox.stripe.method_types import automatic_types, chosen_types
from consulting.entrypoints.sandbox.stripe.parameters import Parameters
from consulting.entrypoints.sandbox.stripe.payment_methods import attach, from_card_details
from consulting.entrypoints.sandbox.stripe.refusals import invalid, unexpected_state

_CREATE: Final = (
    "amount", "currency", "metadata", "automatic_payment_methods", "description", "confirm", "payment_method",
    "payment_method_data", "receipt_email", "capture_method", "return_url", "statement_descriptor_suffix",
    "off_session", "use_stripe_sdk", *METHOD_PARAMETERS,
)  # fmt: skip
_UPDATE: Final = (
    "amount", "currency", "metadata", "description", "payment_method", "receipt_email", *METHOD_PARAMETERS,
)  # fmt: skip
_CONFIRM: Final = (
    "client_secret", "payment_method", "payment_method_data", "return_url", "receipt_email", "off_session",
    "use_stripe_sdk", "expected_payment_method_type", "mandate_data", *METHOD_PARAMETERS,
)  # fmt: skip
_OPEN: Final = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE: Final = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action")
_REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
_BROWSER_SEES: Final = (
    "id", "object", "amount", "automatic_payment_methods", "canceled_at", "cancellation_reason", "capture_method",
    "client_secret", "confirmation_method", "created", "currency", "description", "last_payment_error", "livemode",
    "next_action", "payment_method", "payment_method_types", "processing", "receipt_email", "setup_future_usage",
    "shipping", "source", "status",
)  # fmt: skip


def create(call: Call) -> Document:
    """Return a new intent; with `confirm=true` it is confirmed at once."""
    parameters = call.parameters(*_CREATE)
    amount = _amount(parameters)
    currency = checked_currency(parameters.required("currency"))
    check_amount(amount, currency)
    types = chosen_types(parameters, currency=currency, version=call.version)
    accepts = types or automatic_types(parameters, currency=currency)
    intent = {**_new_intent(parameters, amount=amount, currency=currency), **accepts}
    confirmed = parameters.flag("confirm") or False
    intent = _with_method(call.books, intent, parameters)
    call.books.keep(intent)
    call.books.tell("payment_intent.created", intent)
    return _confirmed(call, intent, parameters) if confirmed else intent


def retrieve(call: Call) -> Document:
    """Return the intent; a browser proves with the client secret that it may see it, and sees less."""
    parameters = call.parameters("client_secret")
    return shown_to(call, _entrusted(call, parameters))


def update(call: Call) -> Document:
    """Change an intent that isn't finished; metadata and description may change at any time."""
    parameters = call.parameters(*_UPDATE)
    intent = call.books.find("payment_intent", call.id, param="intent")
    for name in ("amount", "currency", "payment_method", *METHOD_PARAMETERS):
        if name in parameters and intent["status"] not in _OPEN:
            message = (
                f"This PaymentIntent's {name} could not be updated because it has a status of {intent['status']}. You "
                f"may only update the {name} of a PaymentIntent with one of the following statuses: {', '.join(_OPEN)}."
            )
            raise unexpected_state(message, intent)
    changed = _with_method(call.books, {**intent, **_changes(call, intent)}, parameters)
    check_amount(changed["amount"], changed["currency"])
    call.books.keep(changed)
    return changed


def list_all(call: Call) -> Document:
    """Intents, newest first."""
    return listed(call, url="/v1/payment_intents", things=call.books.store.newest_first("payment_intent"))


def confirm(call: Call) -> Document:
    """Confirm with the secret key, or as a browser does, with the publishable key and the client secret.

    Agrees with docs.stripe.com/api/payment_intents/confirm.
    """
    parameters = call.parameters(*_CONFIRM)
    intent = _entrusted(call, parameters)
    if intent["status"] not in _OPEN:
        already = {"succeeded": "it has already succeeded after being previously confirmed"}
        why = already.get(intent["status"], f"it has a status of {intent['status']}")
        raise unexpected_state(f"You cannot confirm this PaymentIntent because {why}.", shown_to(call, intent))
    accepts = chosen_types(parameters, currency=intent["currency"], version=call.version)
    intent = _with_method(call.books, {**intent, **accepts}, parameters)
    return shown_to(call, _confirmed(call, intent, parameters))


def cancel(call: Call) -> Document:
    """Cancel an intent whose money isn't on its way (docs.stripe.com/api/payment_intents/cancel)."""
    parameters = call.parameters("cancellation_reason")
    reason = parameters.choice("cancellation_reason", _REASONS)
    intent = call.books.find("payment_intent", call.id, param="intent")
    if intent["status"] not in _CANCELABLE:
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(_CANCELABLE)}."
        )
        raise unexpected_state(message, intent)
    canceled = {
        **intent,
        "status": "canceled",
        "canceled_at": clock.whole_second(),
        "cancellation_reason": reason,
        "next_action": None,
    }
    call.books.keep(canceled)
    call.books.tell("payment_intent.canceled", canceled)
    return canceled


def shown_to(call: Call, intent: Document) -> Document:
    """Return the whole intent, or to a browser what Stripe.js gets to see of it."""
    if call.key == "secret":
        return intent
    return {name: intent[name] for name in _BROWSER_SEES}


def _amount(parameters: Parameters) -> int:
    parameters.required("amount")
    amount = parameters.integer("amount")
    assert amount is not None
    return amount


def _new_intent(parameters: Parameters, *, amount: int, currency: str) -> Document:
    key = new_id("pi")
    parameters.choice("capture_method", ("automatic", "automatic_async"))
    return {
        "id": key,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "allowed_payment_method_types": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": parameters.text("capture_method") or "automatic_async",
        "client_secret": f"{key}_secret_{random_text(25)}",
        "confirmation_method": "automatic",
        "created": clock.whole_second(),
        "currency": currency,
        "customer": None,
        "description": parameters.text("description"),
        "last_payment_error": None,
        "excluded_payment_method_types": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": parameters.metadata({}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": [],
        "processing": None,
        "receipt_email": parameters.text("receipt_email"),
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": parameters.text("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def _changes(call: Call, intent: Document) -> Document:
    """Return what an update sets besides the payment method."""
    parameters = call.parameters(*_UPDATE)
    currency = checked_currency(parameters.text("currency") or intent["currency"])
    types = chosen_types(parameters, currency=currency, version=call.version)
    changes: Document = {"metadata": parameters.metadata(intent["metadata"]), **types}
    if "amount" in parameters:
        changes["amount"] = parameters.integer("amount") or intent["amount"]
    for name in ("description", "receipt_email"):
        if name in parameters:
            changes[name] = parameters.text(name)
    return {**changes, "currency": currency}


def _with_method(books: Books, intent: Document, parameters: Parameters) -> Document:
    """Return the intent with the payment method that the request names, or as it was if it names none."""
    data = parameters.group("payment_method_data", allowed={"type", "card", "billing_details", "allow_redisplay"})
    name = parameters.text("payment_method")
    if data is None and name is None:
        return intent
    method = from_card_details(books.store, data) if data is not None else attach(books.store, name or "")
    if method["type"] not in intent["payment_method_types"]:
        message = (
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent. Please attach a "
            f"PaymentMethod of one of the following types: {', '.join(intent['payment_method_types'])}."
        )
        raise invalid(message, code="payment_intent_incompatible_payment_method", param="payment_method")
    return {**intent, "payment_method": method["id"], "status": "requires_confirmation"}


def _confirmed(call: Call, intent: Document, parameters: Parameters) -> Document:
    if intent["payment_method"] is None:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken."
        )
        raise unexpected_state(message, shown_to(call, intent))
    declined = call.books.faults.take(at="stripe", operation=call.operation, kinds={"decline"}) is not None
    return attempt(
        call.books,
        intent,
        declined=declined,
        return_url=parameters.text("return_url"),
        shown=lambda failed: shown_to(call, failed),
    )


def _entrusted(call: Call, parameters: Parameters) -> Document:
    """Return the intent, if the caller may touch it: by secret key, or with its client secret."""
    secret = parameters.required("client_secret") if call.key == "publishable" else parameters.text("client_secret")
    intent = call.books.find("payment_intent", call.id, param="intent")
    if secret is not None and not hmac.compare_digest(secret.encode(), intent["client_secret"].encode()):
        message = "The client_secret provided does not match the client_secret associated with the PaymentIntent."
        raise invalid(message, code="payment_intent_invalid_parameter", param="client_secret")
    return intent
