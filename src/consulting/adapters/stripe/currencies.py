"""Stripe's amounts: which currencies it takes, in which unit, and from which amount on (docs.stripe.com/currencies).

Our minor units are ISO 4217's. Stripe's are the same but for the krona of Iceland and the shilling of Uganda: both have
no decimals in ISO 4217, and Stripe writes them with two, always 00. Two kinds of currencies are refused, since our
prices could not be charged exactly: those with three decimals, where Stripe takes only multiples of ten, and the ariary
of Madagascar, whose two decimals Stripe doesn't have.
"""

from __future__ import annotations

from typing import Final

from consulting.domain.errors import ValidationFailed
from consulting.domain.money import EXPONENTS, Money

_STRIPE_WRITES_TWO_DECIMALS: Final = frozenset({"isk", "ugx"})

_PUBLISHED: Final = {
    "usd": 50, "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200,
    "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
"""Stripe's smallest charges in minor units, as it publishes them."""

_ABOUT_A_DOLLAR: Final = {
    5: "ang awg azn bam bbd bmd bnd bsd byn bzd fjd fkp gel gip ils kyd pab pen pgk qar sar shp top wst xcd",
    25: "bob bwp cny gtq lsl mad mdl mop mvr nad sbd scr szl tjs ttd zar",
    100: "afn all dop egp gmd hnl kgs mkd mur mzn nio php rub sle srd try twd uah uyu zmw",
    500: "amd bdt cve djf dzd etb gyd htg isk jmd kes kmf lkr lrd npr pkr rsd vuv xpf",
    2500: "aoa clp crc krw kzt mmk mwk ngn rwf sos xaf xof yer",
    10_000: "ars bif cdf cop gnf khr mnt pyg tzs ugx",
    50_000: "idr lak stn uzs vnd",
    250_000: "lbp",
}
"""For other currencies Stripe asks for what the account's own smallest charge is worth, about half a dollar.

These whole units are worth at least about a dollar each, so that an exchange rate may halve before a price fails.
"""

_OTHERS: Final = {currency: whole for whole, currencies in _ABOUT_A_DOLLAR.items() for currency in currencies.split()}


def smallest_charge(currency: str) -> Money:
    """Give the least amount that Stripe charges; raise ValidationFailed (field `currency`) where it can't charge."""
    if currency in _PUBLISHED:
        return Money(_PUBLISHED[currency], currency)
    if currency in _OTHERS:
        return Money(_OTHERS[currency] * 10 ** EXPONENTS[currency], currency)
    raise ValidationFailed.of("currency", f"prices in {currency} can't be charged by card: choose another currency")


def stripe_amount(money: Money) -> int:
    """Write the money as Stripe wants it."""
    smallest_charge(money.currency)
    return money.amount * 100 if money.currency in _STRIPE_WRITES_TWO_DECIMALS else money.amount


def money_of(amount: int, currency: str) -> Money:
    """Read an amount of Stripe's."""
    return Money(amount // 100 if currency in _STRIPE_WRITES_TWO_DECIMALS else amount, currency)
