"""Writing and reading reviews."""

from __future__ import annotations

from litestar import Response, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from consulting.application.reviewing import EditReview, GetReview, ListReviews, WriteReview
from consulting.domain.errors import (
    NotYourSession,
    ResearcherNotFound,
    ReviewExists,
    ReviewNotFound,
    ReviewRefused,
    SessionNotFound,
)
from consulting.entrypoints.http import review_bodies
from consulting.entrypoints.http.answers import created
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import LOCATION, OPEN, WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id, read_id_cursor
from consulting.entrypoints.http.pages import DEFAULT_LIMIT, Cursor, Limit, cut
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of


@post(
    "/sessions/{id:str}/review",
    summary="Review a session",
    description=story(WriteReview),
    responses=errors_of_writing(SessionNotFound, NotYourSession, ReviewRefused, ReviewExists, SignInRequired),
    response_headers=LOCATION,
    security=WITH_TOKEN,
    tags=["Reviews"],
)
async def write_review(
    request: ApiRequest,
    id: FromPath[str],
    data: JSONBody[review_bodies.NewReview],
    desk: AtDesk,
) -> Response[review_bodies.Review]:
    """Review the caller's own session."""
    review = await desk.database.run(
        desk.use.write_review,
        read_id(id, SessionNotFound),
        stars=data.rating,
        comment=data.comment or None,
        caller=caller_of(request),
    )
    return created(
        review_bodies.review_body(review), location=f"{desk.public_url}/api/sessions/{review.session_id}/review"
    )


@patch(
    "/sessions/{id:str}/review",
    summary="Change a review",
    description=story(EditReview),
    responses=errors_of_writing(SessionNotFound, ReviewNotFound, NotYourSession, ReviewRefused, SignInRequired),
    security=WITH_TOKEN,
    tags=["Reviews"],
)
async def edit_review(
    request: ApiRequest,
    id: FromPath[str],
    data: JSONBody[review_bodies.ReviewChanges],
    desk: AtDesk,
) -> review_bodies.Review:
    """Change the caller's own review; what is left out of the body stays as it is."""
    review = await desk.database.run(
        desk.use.edit_review,
        read_id(id, SessionNotFound),
        caller=caller_of(request),
        stars=None if data.rating is UNSET else data.rating,
        comment=None if data.comment is UNSET else data.comment or "",
    )
    return review_bodies.review_body(review)


@get(
    "/sessions/{id:str}/review",
    summary="Get your review of a session",
    description=story(GetReview),
    responses=errors(SessionNotFound, ReviewNotFound, NotYourSession, SignInRequired),
    security=WITH_TOKEN,
    tags=["Reviews"],
)
async def get_review(
    request: ApiRequest,
    id: FromPath[str],
    desk: AtDesk,
) -> review_bodies.Review:
    """Show the caller's own review."""
    review = await desk.database.run(desk.use.get_review, read_id(id, SessionNotFound), caller=caller_of(request))
    return review_bodies.review_body(review)


@get(
    "/researchers/{id:str}/reviews",
    summary="List a researcher's reviews",
    description=story(ListReviews),
    responses=errors(ResearcherNotFound),
    security=OPEN,
    tags=["Reviews"],
)
async def list_reviews(
    id: FromPath[str],
    desk: AtDesk,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> review_bodies.ReviewPage:
    """List what clients said."""
    found = await desk.database.run(
        desk.use.list_reviews, read_id(id, ResearcherNotFound), after=read_id_cursor(cursor), limit=limit + 1
    )
    shown, last = cut(found, limit=limit)
    return review_bodies.ReviewPage(
        reviews=[review_bodies.public_review_body(each) for each in shown],
        next_cursor=None if last is None else str(last.review.id),
    )


HANDLERS = (write_review, edit_review, get_review, list_reviews)
