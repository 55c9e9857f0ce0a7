"""Earnings by month: whose month it is, and what counts in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulting.domain.earnings import MOST_MONTHS, Month, by_month, months_asked_for
from consulting.domain.errors import ValidationFailed
from consulting.domain.ledger import Entry, EntryKind, balance
from consulting.domain.money import Money

NOW = datetime(2026, 12, 1, 11, tzinfo=UTC)


def entry(
    amount: int, kind: EntryKind = EntryKind.CHARGE, *, at: datetime = NOW, currency: str = "usd", number: int = 1
) -> Entry:
    return Entry(
        reference=f"{kind}:{number}",
        kind=kind,
        session_id=UUID(int=1),
        payment_id=UUID(int=2),
        amount=Money(amount, currency),
        at=at,
    )


def test_a_month_begins_and_ends_by_the_researchers_own_calendar() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)

    assert [str(each.month) for each in by_month([entry(100, at=late)], timezone="UTC")] == ["2026-11"]
    assert [str(each.month) for each in by_month([entry(100, at=late)], timezone="Europe/Berlin")] == ["2026-12"]


def test_what_goes_back_later_counts_when_it_does_and_leaves_the_earlier_month_as_it_was() -> None:
    november = entry(10_000, at=datetime(2026, 11, 5, tzinfo=UTC))
    december = entry(10_000, EntryKind.REFUND, at=datetime(2026, 12, 5, tzinfo=UTC))

    months = by_month([november, december], timezone="UTC")

    assert [(str(each.month), each.gross, each.refunds, each.net) for each in months] == [
        ("2026-11", 10_000, 0, 10_000),
        ("2026-12", 0, 10_000, -10_000),
    ]


def test_a_refund_that_failed_after_all_did_not_go_back_and_a_lost_dispute_did() -> None:
    moved = [
        entry(10_000),
        entry(4_000, EntryKind.REFUND),
        entry(4_000, EntryKind.REFUND_FAILED),
        entry(10_000, EntryKind.DISPUTE_LOST),
    ]
    (month,) = by_month(moved, timezone="UTC")

    assert (month.gross, month.refunds, month.net) == (10_000, 10_000, 0)


def test_currencies_are_never_added_to_each_other() -> None:
    months = by_month(
        [entry(100, currency="usd"), entry(200, currency="eur"), entry(1, currency="usd")], timezone="UTC"
    )

    assert [(each.currency, each.gross) for each in months] == [("eur", 200), ("usd", 101)]


@given(
    st.lists(
        st.builds(
            entry,
            st.integers(1, 10**6),
            st.sampled_from(list(EntryKind)),
            at=st.integers(0, 365 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds)),
        )
    ),
    st.sampled_from(["UTC", "Pacific/Kiritimati", "America/New_York"]),
)
def test_the_months_together_are_what_the_ledger_holds(entries: list[Entry], timezone: str) -> None:
    assert sum(each.net for each in by_month(entries, timezone=timezone)) == balance(entries)


@pytest.mark.parametrize(
    ("first", "last", "asked"),
    [
        (None, None, ("2026-01", "2026-12")),
        ("2026-03", None, ("2026-03", "2027-02")),
        (None, "2026-02", ("2025-03", "2026-02")),
        ("2026-02", "2026-02", ("2026-02", "2026-02")),
    ],
)
def test_unless_they_are_named_it_is_twelve_months(first: str | None, last: str | None, asked: tuple[str, str]) -> None:
    begin, end, _ = months_asked_for(
        first=Month.parse(first) if first else None,
        last=Month.parse(last) if last else None,
        at=NOW,
        timezone="Europe/Berlin",
    )

    assert (str(begin), str(end)) == asked


def test_the_time_of_a_month_is_local_and_half_open() -> None:
    february = Month.parse("2024-02")
    _, _, during = months_asked_for(first=february, last=february, at=NOW, timezone="Europe/Berlin")

    assert during.start == datetime(2024, 1, 31, 23, tzinfo=UTC)
    assert during.end == datetime(2024, 2, 29, 23, tzinfo=UTC)


@pytest.mark.parametrize(("first", "last"), [("2026-02", "2026-01"), ("2025-01", "2026-01")])
def test_months_backwards_or_too_many_are_refused(first: str, last: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        months_asked_for(first=Month.parse(first), last=Month.parse(last), at=NOW, timezone="UTC")

    assert [problem.field for problem in refused.value.problems] == ["to_month"]
    assert str(MOST_MONTHS) in refused.value.problems[0].problem


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "1999-12", "3000-01", "2026-01-01", "", "\uff12026-01"]
)
def test_what_is_no_month_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        Month.parse(text)
