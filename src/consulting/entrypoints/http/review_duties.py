"""Researchers answer reviews, and admins hide them."""

from __future__ import annotations

from litestar import patch, post
from litestar.params import FromPath, JSONBody

from consulting.application.hiding import HideReview, ShowReview
from consulting.application.reviewing import AnswerReview
from consulting.domain.errors import NotAResearcher, ReviewAnswered, ReviewNotFound
from consulting.entrypoints.http import review_bodies
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OF_ADMINS, WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of


@post(
    "/researcher/reviews/{id:str}/answer",
    status_code=200,
    summary="Answer a review",
    description=story(AnswerReview),
    responses=errors_of_writing(ReviewNotFound, ReviewAnswered, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Reviews"],
)
async def answer_review(
    request: ApiRequest, id: FromPath[str], data: JSONBody[review_bodies.NewAnswer], desk: AtDesk
) -> review_bodies.AnsweredReview:
    """Answer a review of the caller's own session."""
    review = await desk.database.run(
        desk.use.answer_review, read_id(id, ReviewNotFound), answer=data.answer, caller=caller_of(request)
    )
    return review_bodies.answered_review_body(review)


@patch(
    "/admin/reviews/{id:str}/hide",
    summary="Hide a review",
    description=story(HideReview),
    responses=errors_of_writing(ReviewNotFound, *OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def hide_review(
    request: ApiRequest, id: FromPath[str], data: JSONBody[review_bodies.ReviewHiding], desk: AtDesk
) -> review_bodies.JudgedReview:
    """Hide a review."""
    review = await desk.database.run(
        desk.use.hide_review, read_id(id, ReviewNotFound), reason=data.reason, caller=caller_of(request)
    )
    return review_bodies.judged_review_body(review)


@patch(
    "/admin/reviews/{id:str}/show",
    summary="Show a hidden review again",
    description=story(ShowReview),
    responses=errors(ReviewNotFound, *OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def show_review(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> review_bodies.JudgedReview:
    """Show a review again."""
    review = await desk.database.run(desk.use.show_review, read_id(id, ReviewNotFound), caller=caller_of(request))
    return review_bodies.judged_review_body(review)


HANDLERS = (answer_review, hide_review, show_review)
