"""The shapes of bodies about reviews."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from consulting.application.ports.reviews import ReceivedReview
from consulting.domain import reviews
from consulting.entrypoints.http.wire import Answer, Body, Id, StatedReason, Text

Stars = Annotated[int, Meta(ge=1, le=5, description="1 to 5 stars.")]
Comment = Annotated[Text, Meta(max_length=reviews.LONGEST_COMMENT)]


class NewReview(Body, kw_only=True):
    """What a client says of a session."""

    rating: Stars
    comment: Comment | None = None


class ReviewChanges(Body, kw_only=True):
    """What is to change of a review: what is left out stays, a comment of null goes."""

    rating: Stars | UnsetType = UNSET
    comment: Comment | UnsetType | None = UNSET


class NewAnswer(Body):
    """What a researcher says to a review, for everybody to read."""

    answer: Annotated[Comment, Meta(min_length=1)]


class ReviewHiding(Body):
    """Why a review is hidden, which is kept with it."""

    reason: StatedReason


class ReviewAnswer(Answer):
    """What the researcher said to a review."""

    text: str
    created_at: datetime


class Hiding(Answer):
    """That an admin hid a review, why and when."""

    reason: str | None
    at: datetime


class Review(Answer, kw_only=True):
    """One's own review of a session; `hidden` once an admin has taken it out of everybody else's sight."""

    id: Id
    session_id: Id
    researcher_id: Id
    rating: Stars
    comment: str | None
    created_at: datetime
    updated_at: datetime
    editable_until: Annotated[datetime, Meta(description="Until when it can be changed.")]
    answer: ReviewAnswer | None
    hidden: bool


class PublicReview(Answer, kw_only=True):
    """A review as everybody sees it: of the client no more than the first name, null where it isn't known."""

    id: Id
    rating: Stars
    comment: str | None
    client_name: str | None
    created_at: datetime
    updated_at: datetime
    answer: ReviewAnswer | None


class JudgedReview(Answer, kw_only=True):
    """A review as admins see it."""

    id: Id
    session_id: Id
    researcher_id: Id
    rating: Stars
    comment: str | None
    created_at: datetime
    updated_at: datetime
    answer: ReviewAnswer | None
    hidden: Hiding | None


class AnsweredReview(Answer, kw_only=True):
    """A review that its researcher has answered."""

    id: Id
    rating: Stars
    comment: str | None
    created_at: datetime
    updated_at: datetime
    answer: ReviewAnswer | None


class ReviewPage(Answer):
    """Reviews, the newest first, and the cursor of the next page; null on the last."""

    reviews: list[PublicReview]
    next_cursor: str | None


def review_body(review: reviews.Review) -> Review:
    """Show a review to the client who wrote it."""
    return Review(
        id=review.id,
        session_id=review.session_id,
        researcher_id=review.researcher_id,
        rating=review.stars,
        comment=review.comment,
        created_at=review.created_at,
        updated_at=review.updated_at,
        editable_until=review.created_at + reviews.EDIT_WITHIN,
        answer=_answer_body(review),
        hidden=review.hidden,
    )


def public_review_body(received: ReceivedReview) -> PublicReview:
    """Show a review to everybody."""
    review = received.review
    return PublicReview(
        id=review.id,
        rating=review.stars,
        comment=review.comment,
        client_name=received.first_name,
        created_at=review.created_at,
        updated_at=review.updated_at,
        answer=_answer_body(review),
    )


def answered_review_body(review: reviews.Review) -> AnsweredReview:
    """Show a review to the researcher who has answered it."""
    return AnsweredReview(
        id=review.id,
        rating=review.stars,
        comment=review.comment,
        created_at=review.created_at,
        updated_at=review.updated_at,
        answer=_answer_body(review),
    )


def judged_review_body(review: reviews.Review) -> JudgedReview:
    """Show a review to an admin."""
    return JudgedReview(
        id=review.id,
        session_id=review.session_id,
        researcher_id=review.researcher_id,
        rating=review.stars,
        comment=review.comment,
        created_at=review.created_at,
        updated_at=review.updated_at,
        answer=_answer_body(review),
        hidden=None if review.hidden_at is None else Hiding(reason=review.hidden_because, at=review.hidden_at),
    )


def _answer_body(review: reviews.Review) -> ReviewAnswer | None:
    if review.answer is None or review.answered_at is None:
        return None
    return ReviewAnswer(text=review.answer, created_at=review.answered_at)
