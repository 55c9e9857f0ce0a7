"""Refunds by policy: what notice gives back which share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.domain.cancellation import DEFAULT_POLICY, PRESETS, CancellationPolicy, Tier
from consulting.domain.money import Money

START = datetime(2026, 12, 1, 15, tzinfo=UTC)
PRICE = Money(10001, "usd")


@pytest.mark.parametrize(
    ("notice", "amount"),
    [
        (timedelta(days=3), 10001),
        (timedelta(hours=24), 10001),
        (timedelta(hours=24) - timedelta(microseconds=1), 5001),
        (timedelta(hours=2), 5001),
        (timedelta(hours=2) - timedelta(microseconds=1), 0),
        (timedelta(0), 0),
        (-timedelta(hours=1), 0),
    ],
)
def test_the_default_policy_gives_all_a_day_ahead_and_half_two_hours_ahead(notice: timedelta, amount: int) -> None:
    assert Money(amount, "usd") == DEFAULT_POLICY.refund(price=PRICE, start=START, at=START - notice)


@given(
    policy=st.sampled_from(sorted(PRESETS)).map(PRESETS.__getitem__),
    notice=st.timedeltas(timedelta(days=-2), timedelta(days=20)),
    later=st.timedeltas(timedelta(0), timedelta(days=20)),
    amount=st.integers(0, 10**9),
)
def test_waiting_never_gives_more_and_nobody_gets_more_than_the_price(
    policy: CancellationPolicy, notice: timedelta, later: timedelta, amount: int
) -> None:
    paid = Money(amount, "usd")
    early = policy.refund(price=paid, start=START, at=START - notice)
    late = policy.refund(price=paid, start=START, at=START - notice + later)

    assert late <= early <= paid


@pytest.mark.parametrize(
    "tiers",
    [
        (Tier(timedelta(hours=1), 50), Tier(timedelta(hours=2), 20)),
        (Tier(timedelta(hours=2), 20), Tier(timedelta(hours=1), 50)),
        (Tier(timedelta(hours=2), 101),),
        (Tier(timedelta(hours=2), 0),),
        (Tier(timedelta(hours=-2), 50),),
    ],
)
def test_tiers_that_no_client_could_read_are_refused(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(ValueError, match="tier"):
        CancellationPolicy(tiers)


def test_a_policy_without_tiers_gives_nothing() -> None:
    assert not CancellationPolicy(()).refund(price=PRICE, start=START, at=START - timedelta(days=400))
