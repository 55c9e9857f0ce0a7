"""The payment methods that Stripe documents for tests, and how each behaves.

Names and behaviour: docs.stripe.com/testing (cards, declined payments, refunds, disputes, 3D Secure),
docs.stripe.com/payments/ach-direct-debit/accept-a-payment (`pm_usBankAccount_...`) and
docs.stripe.com/payments/sepa-debit/accept-a-payment (`pm_..._de`). Card numbers stand for the same behaviours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from consulting.entrypoints.sandbox import clock
from consulting.entrypoints.sandbox.identifiers import new_id
from consulting.entrypoints.sandbox.store import Document, Store
from consulting.entrypoints.sandbox.stripe.parameters import Parameters
from consulting.entrypoints.sandbox.stripe.refusals import Refusal, invalid, missing

CURRENCY_OF: Final = {"us_bank_account": "usd", "sepa_debit": "eur"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What happens when a test payment method is charged and refunded.

    `outcome` is what confirming leads to; `code` and `decline_code` say why a charge fails, at once or after
    `processing`. `settles` False leaves a processing payment open until it is told how it ends.
    """

    type: str = "card"
    outcome: Literal["succeeds", "declines", "authenticates", "processes"] = "succeeds"
    code: str | None = None
    decline_code: str | None = None
    settles: bool = True
    refund: Literal["succeeds", "pends", "fails"] = "succeeds"
    disputed: bool = False

    @property
    def failure_message(self) -> str:
        """What Stripe tells the payer."""
        return _MESSAGES.get(self.decline_code or "") or _MESSAGES.get(self.code or "", "Your card was declined.")


_MESSAGES: Final = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "account_closed": "The customer's bank account has been closed.",
    "no_account": "The customer's bank account could not be located.",
    "bank_insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
    "debit_not_authorized": "The customer has notified their bank that this payment was unauthorized.",
    "payment_intent_payment_attempt_failed": "The payment failed.",
}


def _declines(decline_code: str, *, code: str = "card_declined") -> Behaviour:
    return Behaviour(outcome="declines", code=code, decline_code=decline_code)


def _debit(kind: str, *, code: str | None = None, settles: bool = True) -> Behaviour:
    return Behaviour(type=kind, outcome="processes", code=code, settles=settles)


DECLINED: Final = _declines("generic_decline")
_INSUFFICIENT: Final = _declines("insufficient_funds")
_EXPIRED: Final = Behaviour(outcome="declines", code="expired_card")
_WRONG_CVC: Final = Behaviour(outcome="declines", code="incorrect_cvc")
_PROCESSING_ERROR: Final = Behaviour(outcome="declines", code="processing_error")
_AUTHENTICATES: Final = Behaviour(outcome="authenticates")

TEST_METHODS: Final[dict[str, Behaviour]] = {
    **{
        f"pm_card_{brand}": Behaviour()
        for brand in ("visa", "visa_debit", "mastercard", "amex", "discover", "bypassPending")
    },
    **{
        f"pm_card_{prefix}chargeDeclined{suffix}": behaviour
        for prefix in ("", "visa_")
        for suffix, behaviour in {
            "": DECLINED,
            "InsufficientFunds": _INSUFFICIENT,
            "LostCard": _declines("lost_card"),
            "StolenCard": _declines("stolen_card"),
            "ExpiredCard": _EXPIRED,
            "IncorrectCvc": _WRONG_CVC,
            "ProcessingError": _PROCESSING_ERROR,
        }.items()
    },
    "pm_card_chargeCustomerFail": DECLINED,
    "pm_card_authenticationRequired": _AUTHENTICATES,
    "pm_card_threeDSecure2Required": _AUTHENTICATES,
    "pm_card_pendingRefund": Behaviour(refund="pends"),
    "pm_card_refundFail": Behaviour(refund="fails"),
    "pm_card_createDispute": Behaviour(disputed=True),
    "pm_usBankAccount_success": _debit("us_bank_account"),
    "pm_usBankAccount_processing": _debit("us_bank_account", settles=False),
    "pm_usBankAccount_accountClosed": _debit("us_bank_account", code="account_closed"),
    "pm_usBankAccount_noAccount": _debit("us_bank_account", code="no_account"),
    "pm_usBankAccount_insufficientFunds": _debit("us_bank_account", code="bank_insufficient_funds"),
    "pm_usBankAccount_debitNotAuthorized": _debit("us_bank_account", code="debit_not_authorized"),
    "pm_success_de": _debit("sepa_debit"),
    "pm_successDelayed_de": _debit("sepa_debit"),
    "pm_failed_de": _debit("sepa_debit", code="payment_intent_payment_attempt_failed"),
    "pm_failedDelayed_de": _debit("sepa_debit", code="payment_intent_payment_attempt_failed"),
}
_CARD_NUMBERS: Final = {
    "4242424242424242": "pm_card_visa",
    "5555555555554444": "pm_card_mastercard",
    "4000000000000002": "pm_card_chargeDeclined",
    "4000000000009995": "pm_card_chargeDeclinedInsufficientFunds",
    "4000000000000069": "pm_card_chargeDeclinedExpiredCard",
    "4000000000000127": "pm_card_chargeDeclinedIncorrectCvc",
    "4000000000000119": "pm_card_chargeDeclinedProcessingError",
    "4000002500003155": "pm_card_authenticationRequired",
    "4000000000007726": "pm_card_pendingRefund",
    "4000000000005126": "pm_card_refundFail",
    "4000000000000259": "pm_card_createDispute",
}


def attach(store: Store, name: str) -> Document:
    """Return the payment method of that id; a test name becomes a new one with an id of its own, as at Stripe.

    Raises Refusal (404) if there is none.
    """
    kept = store.find("payment_method", name)
    if kept is not None:
        return kept
    if name not in TEST_METHODS:
        raise missing("PaymentMethod", name, param="payment_method")
    return _keep(store, name)


def behaviour_of(store: Store, method_id: str) -> Behaviour:
    """How the payment method behaves."""
    kept = store.find("payment_method_behaviour", method_id)
    return TEST_METHODS["pm_card_visa" if kept is None else kept["name"]]


def from_card_details(store: Store, data: Parameters) -> Document:
    """Return a payment method from `type=card` and a test card's number, as Stripe.js sends what the payer typed.

    The number is compared and forgotten. Raises Refusal for a number that isn't a test card's.
    """
    if data.required("type") != "card":
        raise invalid("The sandbox makes payment methods of type card only.", param="type")
    card = data.group("card", allowed={"number", "exp_month", "exp_year", "cvc", "token"})
    if card is None:
        raise invalid("Missing required param: card.", code="parameter_missing", param="card")
    number = card.required("number").replace(" ", "")
    if number not in _CARD_NUMBERS:
        error = {
            "code": "incorrect_number",
            "message": "Your card number is incorrect.",
            "param": "number",
            "type": "card_error",
        }
        raise Refusal(402, error)
    return _keep(store, _CARD_NUMBERS[number])


def _keep(store: Store, name: str) -> Document:
    behaviour = TEST_METHODS[name]
    method: Document = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "created": clock.whole_second(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": behaviour.type,
        behaviour.type: details(behaviour.type, name),
    }
    store.put("payment_method", method["id"], method)
    store.put("payment_method_behaviour", method["id"], {"name": name})
    return method


def details(kind: str, name: str) -> dict[str, Any]:
    """Return what may be shown of a card or account."""
    if kind != "card":
        return {"last4": "6789", "fingerprint": "sandbox", "bank_name": "STRIPE TEST BANK"}
    brand = next((brand for brand in ("mastercard", "amex", "discover") if brand in name), "visa")
    return {"brand": brand, "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit", "last4": "4242"}
