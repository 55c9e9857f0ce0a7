"""The shapes of bodies about reviews."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from consulting.application.ports.records import ReceivedReview
from consulting.domain import reviews
from consulting.entrypoints.http.wire import Answer, Body, Id, Text

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


class Review(Answer, kw_only=True):
    """One's own review of a session."""

    id: Id
    session_id: Id
    researcher_id: Id
    rating: Stars
    comment: str | None
    created_at: datetime
    updated_at: datetime
    editable_until: Annotated[datetime, Meta(description="Until when it can be changed.")]


class PublicReview(Answer, kw_only=True):
    """A review as everybody sees it: of the client no more than the first name, null where it isn't known."""

    id: Id
    rating: Stars
    comment: str | None
    client_name: str | None
    created_at: datetime
    updated_at: datetime


class ReviewPage(Answer):
    """Reviews, the newest first, and the cursor of the next page; null on the last."""

    reviews: list[PublicReview]
    next_cursor: str | None


def review_body(review: reviews.Review) -> Review:
    """Show a review to the client who wrote it."""
    return Review(
        id=str(review.id),
        session_id=str(review.session_id),
        researcher_id=str(review.researcher_id),
        rating=review.stars,
        comment=review.comment,
        created_at=review.created_at,
        updated_at=review.updated_at,
        editable_until=review.created_at + reviews.EDIT_WITHIN,
    )


def public_review_body(received: ReceivedReview) -> PublicReview:
    """Show a review to everybody."""
    review = received.review
    return PublicReview(
        id=str(review.id),
        rating=review.stars,
        comment=review.comment,
        client_name=received.first_name,
        created_at=review.created_at,
        updated_at=review.updated_at,
    )
