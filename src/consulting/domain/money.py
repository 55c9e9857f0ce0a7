"""Money in integer minor units, hourly rates and prices. No float ever takes part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from consulting.domain.errors import ValidationFailed

HOUR: Final = timedelta(hours=1)
HIGHEST_HOURLY_RATE: Final = 10_000_000
"""The highest hourly rate in minor units, in any currency (100,000.00 USD)."""

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.IGNORECASE)

_TWO_DECIMALS = """
aed afn all amd aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf cny cop crc cup
cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl htg huf idr ils inr irr jmd kes kgs
khr kpw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd
pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt top
try ttd twd tzs uah usd uyu uzs ves wst xcd yer zar zmw zwg
"""
_NO_DECIMALS = "bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf"
_THREE_DECIMALS = "bhd iqd jod kwd lyd omr tnd"
EXPONENTS: Final[dict[str, int]] = {
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_NO_DECIMALS.split(), 0),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
}
"""The decimals of each currency's minor unit, by lower-case code (ISO 4217, list one: yen has none, dinar three)."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """A non-negative amount in the currency's minor units, the currency as its lower-case ISO 4217 code."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse negative amounts and currencies that don't exist."""
        if self.amount < 0:
            raise ValueError("an amount of money is never negative")
        if self.currency not in EXPONENTS:
            raise ValueError(f"no such currency: {self.currency!r}")

    def __add__(self, other: Money) -> Money:
        """Add money of the same currency; ValueError otherwise."""
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        """Take away money of the same currency; ValueError when nothing would be left to take it from."""
        return Money(self.amount - self._same(other), self.currency)

    def __bool__(self) -> bool:
        """Money is true when it is more than nothing."""
        return self.amount > 0

    def __str__(self) -> str:
        """Write the amount with the currency's decimals: `125.50 USD`."""
        return f"{self.in_major_units()} {self.currency.upper()}"

    def in_major_units(self) -> Decimal:
        """Give the exact amount in whole units of the currency: 12550 cents are 125.50."""
        return Decimal(self.amount).scaleb(-EXPONENTS[self.currency])

    def share(self, *, percent: int) -> Money:
        """Give 0 to 100 per cent of this, rounded half up to the minor unit."""
        if not 0 <= percent <= 100:
            raise ValueError("a share lies between 0 and 100 per cent")
        return Money((self.amount * percent * 2 + 100) // 200, self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} don't add up")
        return other.amount


def nothing(*, currency: str) -> Money:
    """Give no money at all, in this currency."""
    return Money(0, currency)


def parse_rate(number: Decimal | int | str, *, currency: str) -> Money:
    """Read an hourly rate given in whole units of the currency.

    Raises ValidationFailed (fields `rate`, `currency`) for an unknown currency, a rate below zero or above the
    bound, and more decimals than the currency has.
    """
    if currency not in EXPONENTS:
        raise ValidationFailed.of("currency", "give a lower-case ISO 4217 code, such as usd")
    exact = _decimal(number)
    minor = exact.scaleb(EXPONENTS[currency])
    if not 0 <= minor <= HIGHEST_HOURLY_RATE:
        raise ValidationFailed.of("rate", f"give a rate from 0 to {Money(HIGHEST_HOURLY_RATE, currency)} an hour")
    if minor != minor.to_integral_value():
        raise ValidationFailed.of("rate", f"{currency} has {EXPONENTS[currency]} decimals, give no more than that")
    return Money(int(minor), currency)


def _decimal(number: Decimal | int | str) -> Decimal:
    # Decimal() itself would also read 1_000 and the digits of other scripts; and True is a number to Python alone.
    if isinstance(number, bool) or not _NUMBER.fullmatch(str(number)):
        raise ValidationFailed.of("rate", "give a number")
    exact = Decimal(number)
    # The bound on the exponent comes before any arithmetic: 1e999999 must not be multiplied out.
    if not exact.is_finite() or not -12 <= exact.adjusted() <= 12 or len(exact.as_tuple().digits) > 24:
        raise ValidationFailed.of("rate", "give a plain number")
    return exact


def price(*, rate: Money, duration: timedelta) -> Money:
    """Give hourly rate × duration, rounded half up to the minor unit."""
    units = duration // timedelta(microseconds=1)
    hour = HOUR // timedelta(microseconds=1)
    return Money((rate.amount * units * 2 + hour) // (2 * hour), rate.currency)


def require_chargeable(*, rate: Money, durations: tuple[timedelta, ...], smallest: Money) -> None:
    """Raise ValidationFailed (field `rate`) if a price falls between nothing and the gateway's smallest charge."""
    for duration in durations:
        due = price(rate=rate, duration=duration)
        if rate and due < smallest:
            minutes = duration // timedelta(minutes=1)
            raise ValidationFailed.of(
                "rate", f"{minutes} minutes would cost {due}, less than the smallest charge of {smallest}"
            )
