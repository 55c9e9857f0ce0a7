from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from consulting.domain.money import Money
from consulting.domain.refunds import Refund, RefundReason, RefundState, RefundSummary, summary

NOW = datetime(2026, 12, 1, tzinfo=UTC)
REFUND = Refund(
    id=UUID(int=1),
    payment_id=UUID(int=2),
    session_id=UUID(int=3),
    amount=Money(5_000, "usd"),
    reason=RefundReason.CANCELED,
    state=RefundState.SUCCEEDED,
    created_at=NOW,
    updated_at=NOW,
)


def test_without_a_refund_there_is_nothing_to_sum_up() -> None:
    assert summary([]) is None


@pytest.mark.parametrize("reason", [RefundReason.CHARGED_TWICE, RefundReason.MISMATCH])
def test_what_goes_back_beyond_the_price_does_not_count(reason: RefundReason) -> None:
    beyond = replace(REFUND, reason=reason, payment_id=UUID(int=9))

    assert summary([beyond]) is None
    assert summary([REFUND, beyond]) == summary([REFUND])


def test_several_refunds_add_up_and_are_as_far_as_the_slowest() -> None:
    pending = replace(REFUND, amount=Money(700, "usd"), reason=RefundReason.GOODWILL, state=RefundState.PENDING)

    assert summary([REFUND, pending]) == RefundSummary(amount=Money(5_700, "usd"), state=RefundState.PENDING)


def test_a_failed_refund_counts_only_where_no_other_stands() -> None:
    failed = replace(REFUND, state=RefundState.FAILED)

    assert summary([failed]) == RefundSummary(amount=Money(5_000, "usd"), state=RefundState.FAILED)
    assert summary([failed, REFUND]) == RefundSummary(amount=Money(5_000, "usd"), state=RefundState.SUCCEEDED)
