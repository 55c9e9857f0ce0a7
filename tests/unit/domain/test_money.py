"""Money: exact, in minor units, rounded half up, in every currency's own decimals."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.domain.errors import ValidationFailed
from consulting.domain.money import EXPONENTS, HIGHEST_HOURLY_RATE, Money, parse_rate, price, require_chargeable

HALF_HOUR, HOUR = timedelta(minutes=30), timedelta(hours=1)
rates = st.builds(Money, st.integers(0, HIGHEST_HOURLY_RATE), st.sampled_from(sorted(EXPONENTS)))
durations = st.integers(1, 480).map(lambda minutes: timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("number", "currency", "minor"),
    [
        ("125.50", "usd", 12550),
        (Decimal("0.01"), "usd", 1),
        (0, "usd", 0),
        (15000, "jpy", 15000),
        ("12.345", "kwd", 12345),
        ("1e2", "usd", 10000),
    ],
)
def test_a_rate_is_read_in_the_currencys_own_decimals(number: Decimal | int | str, currency: str, minor: int) -> None:
    assert Money(minor, currency) == parse_rate(number, currency=currency)


@pytest.mark.parametrize(
    ("number", "currency", "field"),
    [
        ("0.001", "usd", "rate"),
        ("0.5", "jpy", "rate"),
        ("-1", "usd", "rate"),
        ("100000.01", "usd", "rate"),
        ("NaN", "usd", "rate"),
        ("Infinity", "usd", "rate"),
        ("1e999999999", "usd", "rate"),
        ("1e-999999999", "usd", "rate"),
        ("9" * 5000, "usd", "rate"),
        ("twelve", "usd", "rate"),
        ("1_000", "usd", "rate"),
        ("\u06610", "usd", "rate"),
        (" 10 ", "usd", "rate"),
        ("", "usd", "rate"),
        (True, "usd", "rate"),
        ("10", "USD", "currency"),
        ("10", "xyz", "currency"),
    ],
)
def test_a_rate_that_cannot_be_charged_is_refused_by_field(number: str | bool, currency: str, field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        parse_rate(number, currency=currency)

    assert [field] == [problem.field for problem in refused.value.problems]


@given(rate=rates, duration=durations)
def test_a_price_is_rate_times_duration_rounded_half_up(rate: Money, duration: timedelta) -> None:
    exact = Fraction(rate.amount) * Fraction(int(duration.total_seconds()), 3600)
    rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_UP)

    assert Money(int(rounded), rate.currency) == price(rate=rate, duration=duration)


@given(rate=rates, duration=durations)
def test_two_halves_cost_the_whole_up_to_one_minor_unit(rate: Money, duration: timedelta) -> None:
    twice = price(rate=rate, duration=duration) + price(rate=rate, duration=duration)
    whole = price(rate=rate, duration=2 * duration)

    assert abs(twice.amount - whole.amount) <= 1


@given(paid=rates, percent=st.integers(0, 100))
def test_a_share_and_its_rest_never_exceed_the_whole(paid: Money, percent: int) -> None:
    share = paid.share(percent=percent)

    assert share <= paid
    assert abs(share.amount * 100 - paid.amount * percent) <= 50


def test_half_a_cent_is_rounded_up() -> None:
    assert Money(1, "usd") == price(rate=Money(1, "usd"), duration=HALF_HOUR)
    assert Money(50, "usd") == Money(99, "usd").share(percent=50)


def test_yen_have_no_decimals_and_dinars_three() -> None:
    assert str(Money(12550, "jpy")) == "12550 JPY"
    assert str(Money(12550, "kwd")) == "12.550 KWD"
    assert str(Money(12550, "usd")) == "125.50 USD"


def test_currencies_never_mix() -> None:
    with pytest.raises(ValueError, match="don't add up"):
        Money(1, "usd") + Money(1, "eur")


def test_money_is_never_negative() -> None:
    with pytest.raises(ValueError, match="never negative"):
        Money(1, "usd") - Money(2, "usd")


def test_a_price_between_nothing_and_the_smallest_charge_is_refused_free_is_not() -> None:
    smallest = Money(50, "usd")
    require_chargeable(rate=Money(0, "usd"), durations=(HALF_HOUR,), smallest=smallest)
    require_chargeable(rate=Money(100, "usd"), durations=(HALF_HOUR, HOUR), smallest=smallest)

    for rate in (98, 5, 1):
        with pytest.raises(ValidationFailed, match="fields"):
            require_chargeable(rate=Money(rate, "usd"), durations=(timedelta(minutes=5), HOUR), smallest=smallest)
