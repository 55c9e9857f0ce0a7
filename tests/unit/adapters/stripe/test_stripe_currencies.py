from __future__ import annotations

import pytest

from consulting.adapters.stripe.currencies import money_of, smallest_charge, stripe_amount
from consulting.domain.errors import ValidationFailed
from consulting.domain.money import EXPONENTS, Money


@pytest.mark.parametrize(
    ("currency", "least"),
    [("usd", 50), ("gbp", 30), ("jpy", 50), ("huf", 17_500), ("isk", 500), ("ugx", 10_000), ("try", 10_000)],
)
def test_the_smallest_charge_is_in_our_own_minor_units(currency: str, least: int) -> None:
    assert smallest_charge(currency) == Money(least, currency)


@pytest.mark.parametrize("currency", ["kwd", "bhd", "tnd", "mga", "lyd", "uyi", "kpw"])
def test_a_currency_that_could_not_be_charged_exactly_is_refused_by_name(currency: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        smallest_charge(currency)
    assert [problem.field for problem in refused.value.problems] == ["currency"]
    assert currency in refused.value.problems[0].problem


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(Money(1234, "usd"), 1234), (Money(500, "jpy"), 500), (Money(5, "isk"), 500), (Money(5, "ugx"), 500)],
)
def test_amounts_go_to_stripe_in_its_units_and_come_back_in_ours(ours: Money, theirs: int) -> None:
    assert stripe_amount(ours) == theirs
    assert money_of(theirs, ours.currency) == ours


def test_every_currency_is_either_chargeable_or_refused() -> None:
    for currency in EXPONENTS:
        try:
            least = smallest_charge(currency)
        except ValidationFailed:
            continue
        assert least.amount > 0
        assert money_of(stripe_amount(least), currency) == least
