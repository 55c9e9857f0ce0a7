"""Strategies for money, rates and cancellation policies, with a liking for what rounds badly."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from consulting.domain.cancellation import PRESETS, CancellationPolicy, Tier
from consulting.domain.money import EXPONENTS, HIGHEST_HOURLY_RATE, Money

LARGEST_AMOUNT = 8 * HIGHEST_HOURLY_RATE
"""Eight hours at the highest rate, in minor units."""


@cache
def currencies() -> SearchStrategy[str]:
    """Give the code of any currency, most often one of two decimals, of none, or of three; when shrinking, usd."""
    return st.one_of(st.sampled_from(("usd", "jpy", "kwd")), st.sampled_from(tuple(EXPONENTS)))


def amounts(
    *, currency: SearchStrategy[str] | None = None, least: int = 0, most: int = LARGEST_AMOUNT
) -> SearchStrategy[Money]:
    """Give from `least` to `most` minor units, often few of them."""
    few = st.integers(least, min(most, least + 200))
    return st.builds(Money, st.one_of(few, st.integers(least, most)), currencies() if currency is None else currency)


def rates(*, currency: SearchStrategy[str] | None = None) -> SearchStrategy[Money]:
    """Give hourly rates, nothing included."""
    return amounts(currency=currency, most=HIGHEST_HOURLY_RATE)


@cache
def policies() -> SearchStrategy[CancellationPolicy]:
    """Give cancellation policies: those to choose from, and any other of up to five tiers."""
    return st.one_of(st.sampled_from(tuple(PRESETS.values())), _any_policies())


@st.composite
def _any_policies(draw: st.DrawFn) -> CancellationPolicy:
    percents = draw(st.lists(st.integers(1, 100), max_size=5, unique=True))
    count = len(percents)
    hours = draw(st.lists(st.integers(0, 24 * 30), min_size=count, max_size=count, unique=True))
    tiers = zip(sorted(hours, reverse=True), sorted(percents, reverse=True), strict=True)
    return CancellationPolicy(tuple(Tier(timedelta(hours=notice), percent) for notice, percent in tiers))
