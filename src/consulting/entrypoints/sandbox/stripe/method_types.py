"""Which payment methods an intent accepts (docs.stripe.com/payments/payment-methods/dynamic-payment-methods)."""

from __future__ import annotations

from typing import Final

from consulting.entrypoints.sandbox.store import Document
from consulting.entrypoints.sandbox.stripe.parameters import Parameters
from consulting.entrypoints.sandbox.stripe.payment_methods import CURRENCY_OF
from consulting.entrypoints.sandbox.stripe.refusals import invalid

PARAMETERS: Final = ("payment_method_types", "allowed_payment_method_types", "excluded_payment_method_types")
_KNOWN: Final = ("card", *CURRENCY_OF)
_FIRST_WITHOUT_TYPES: Final = "2026-09-30"


def chosen_types(parameters: Parameters, *, currency: str, version: str | None) -> Document:
    """Return the intent's fields on payment methods for what the request says; empty if it says nothing.

    From API version 2026-09-30.endive on `payment_method_types` is refused and `allowed_payment_method_types`, which
    leaves out what doesn't suit the currency, takes its place: docs.stripe.com/changelog/endive/2026-09-30,
    docs.stripe.com/changelog/dahlia/2026-07-29/allowed-payment-method-types-parameter.
    """
    _check_exclusive(parameters)
    if "payment_method_types" in parameters:
        types = _listed(parameters, "payment_method_types")
        _check_version(version)
        _check_currency(types, currency)
        return {"automatic_payment_methods": None, "payment_method_types": types}
    if "allowed_payment_method_types" in parameters:
        allowed = _listed(parameters, "allowed_payment_method_types")
        suiting = _suiting(allowed, currency)
        return {
            "automatic_payment_methods": None,
            "allowed_payment_method_types": allowed,
            "payment_method_types": suiting,
        }
    if "excluded_payment_method_types" in parameters:
        excluded = _listed(parameters, "excluded_payment_method_types")
        left = [kind for kind in _KNOWN if kind not in excluded]
        return {"excluded_payment_method_types": excluded, "payment_method_types": _suiting(left, currency)}
    return {}


def automatic_types(parameters: Parameters, *, currency: str) -> Document:
    """Return the fields of an intent that leaves the choice to Stripe, as one does that says nothing."""
    automatic = parameters.group("automatic_payment_methods", allowed={"enabled", "allow_redirects"})
    redirects = None if automatic is None else automatic.choice("allow_redirects", ("always", "never"))
    if automatic is not None and automatic.flag("enabled") is None:
        name = "automatic_payment_methods[enabled]"
        raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return {
        "automatic_payment_methods": {"allow_redirects": redirects or "always", "enabled": True},
        "payment_method_types": _suiting(list(_KNOWN), currency),
    }


def _check_exclusive(parameters: Parameters) -> None:
    named = [name for name in (*PARAMETERS, "automatic_payment_methods") if name in parameters]
    # leaving some out is compatible with Stripe's own choice, everything else is not
    if len(named) > 1 and set(named) != {"excluded_payment_method_types", "automatic_payment_methods"}:
        raise invalid(f"You may only specify one of these parameters: {', '.join(named)}.", param=named[0])


def _check_version(version: str | None) -> None:
    if version is not None and version[:10] >= _FIRST_WITHOUT_TYPES:
        message = "payment_method_types is no longer supported on this API version. Use allowed_payment_method_types."
        raise invalid(message, code="payment_method_types_no_longer_supported", param="payment_method_types")


def _listed(parameters: Parameters, name: str) -> list[str]:
    kinds = parameters.texts(name) or []
    for kind in kinds:
        if kind not in _KNOWN:
            raise invalid(f"The payment method type provided: {kind} is invalid.", param=name)
    return kinds


def _check_currency(types: list[str], currency: str) -> None:
    for kind in types:
        if CURRENCY_OF.get(kind, currency) != currency:
            message = f"The currency provided ({currency}) is invalid for PaymentIntents with {kind}."
            raise invalid(message, param="currency")


def _suiting(types: list[str], currency: str) -> list[str]:
    suiting = [kind for kind in types if CURRENCY_OF.get(kind, currency) == currency]
    if not suiting:
        raise invalid("No valid payment method types for this PaymentIntent.", code="payment_intent_invalid_parameter")
    return suiting
