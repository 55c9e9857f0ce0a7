"""Which currencies and amounts can be charged (docs.stripe.com/currencies)."""

from __future__ import annotations

from typing import Final

from consulting.entrypoints.sandbox.stripe.refusals import invalid


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ZERO_DECIMAL: Final = _words("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
THREE_DECIMAL: Final = _words("bhd jod kwd omr tnd")
SMALLEST_CHARGE: Final = {
    "usd": 50, "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200,
    "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
_OTHERS: Final = _words(
    """afn all amd ang aoa ars awg azn bam bbd bdt bmd bnd bob bsd bwp byn bzd cdf cny cop crc cve dop dzd egp etb fjd
    fkp gel gip gmd gtq gyd hnl htg idr ils isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur
    mvr mwk mzn nad ngn nio npr pab pen pgk php pkr qar rsd rub sar sbd scr shp sle sos srd std szl tjs top try ttd twd
    tzs uah ugx uyu uzs wst xcd xcg yer zar zmw"""
)
SUPPORTED: Final = frozenset(SMALLEST_CHARGE) | ZERO_DECIMAL | THREE_DECIMAL | _OTHERS
_LARGEST: Final = 99_999_999
_LARGEST_OF: Final = {"idr": 999_999_999_999}


def checked_currency(currency: str) -> str:
    """Return the currency in lower case. Raises Refusal if Stripe doesn't know it."""
    if currency.lower() not in SUPPORTED:
        message = (
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {', '.join(sorted(SUPPORTED))}"
        )
        raise invalid(message, param="currency")
    return currency.lower()


def check_amount(amount: int, currency: str) -> None:
    """Raise Refusal if the amount (in minor units) is below the smallest or above the largest charge."""
    smallest, largest = SMALLEST_CHARGE.get(currency, 1), _LARGEST_OF.get(currency, _LARGEST)
    if amount < smallest:
        message = f"Amount must be at least {in_words(smallest, currency)}"
        raise invalid(message, code="amount_too_small", param="amount")
    if amount > largest:
        message = f"Amount must be no more than {in_words(largest, currency)}"
        raise invalid(message, code="amount_too_large", param="amount")
    if currency in THREE_DECIMAL and amount % 10:
        raise invalid("Amounts of three-decimal currencies must end in 0", param="amount")


def in_words(amount: int, currency: str) -> str:
    """`$0.50 usd`-like text of an amount in minor units."""
    decimals = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    sign = {"usd": "$", "eur": "€", "gbp": "£"}.get(currency, "")
    return f"{sign}{amount / 10**decimals:,.{decimals}f} {currency}"
