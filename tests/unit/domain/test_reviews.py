"""Reviews: who may write one, of what, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from consulting.domain.errors import ReviewRefused, ValidationFailed
from consulting.domain.money import Money
from consulting.domain.refunds import Refund, RefundReason, RefundState
from consulting.domain.researchers import Rating
from consulting.domain.reviews import Review, write
from consulting.domain.session_states import DC, DR, SC, XR, State
from consulting.domain.sessions import Session
from tests.unit.domain.test_sessions import NOW, PRICE, session_in


def review_of(
    session: Session, *, refunds: tuple[Refund, ...] = (), user_id: str = "ada", at: datetime = NOW
) -> Review:
    return write(id=UUID(int=70), session=session, refunds=refunds, user_id=user_id, stars=5, comment="Clear.", at=at)


def refund(amount: int) -> Refund:
    return Refund(
        id=UUID(int=60),
        payment_id=UUID(int=50),
        session_id=UUID(int=1),
        amount=Money(amount, "usd"),
        reason=RefundReason.GOODWILL,
        state=RefundState.SUCCEEDED,
        created_at=NOW,
        updated_at=NOW,
    )


def test_the_client_of_a_completed_session_reviews_it_within_60_days() -> None:
    assert review_of(session_in(DC), at=NOW + timedelta(days=60)).stars == 5

    with pytest.raises(ReviewRefused):
        review_of(session_in(DC), at=NOW + timedelta(days=60, seconds=1))


@pytest.mark.parametrize("state", [SC, XR])
def test_what_did_not_take_place_is_not_reviewed(state: State) -> None:
    with pytest.raises(ReviewRefused):
        review_of(session_in(state))


def test_nobody_else_reviews_it() -> None:
    with pytest.raises(ReviewRefused):
        review_of(session_in(DC), user_id="eve")


def test_a_no_show_is_not_reviewed() -> None:
    with pytest.raises(ReviewRefused):
        review_of(replace(session_in(DC), no_show=True))


def test_a_partly_refunded_session_is_reviewed_a_fully_refunded_one_not() -> None:
    assert review_of(session_in(DR), refunds=(refund(PRICE.amount - 1),)).stars == 5

    with pytest.raises(ReviewRefused):
        review_of(session_in(DR), refunds=(refund(PRICE.amount),))


@pytest.mark.parametrize(
    ("stars", "comment", "field"), [(0, None, "rating"), (6, None, "rating"), (5, "x" * 4001, "comment")]
)
def test_what_is_written_is_checked(stars: int, comment: str | None, field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        write(
            id=UUID(int=70),
            session=session_in(DC),
            refunds=(),
            user_id="ada",
            stars=stars,
            comment=comment,
            at=NOW,
        )

    assert [field] == [problem.field for problem in refused.value.problems]


def test_a_review_can_be_changed_for_48_hours() -> None:
    review = review_of(session_in(DC))

    assert review.edited(stars=1, comment=None, at=NOW + timedelta(hours=48)).stars == 1
    with pytest.raises(ReviewRefused):
        review.edited(stars=1, comment=None, at=NOW + timedelta(hours=48, seconds=1))


def test_a_rating_stays_exact_through_edits() -> None:
    rating = Rating().plus(stars=5).plus(stars=4).plus(stars=4).changed(before=4, now=5)

    assert (str(rating.average), rating.count) == ("4.7", 3)
    assert Rating().average is None
    assert Rating(9, 2) == rating.minus(stars=5)
