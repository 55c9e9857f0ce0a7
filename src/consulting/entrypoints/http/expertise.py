"""Fields of expertise to choose from."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from msgspec import Meta

from consulting.application.directory import SuggestExpertise
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import OPEN, errors, story
from consulting.entrypoints.http.pages import DEFAULT_LIMIT, Limit
from consulting.entrypoints.http.queries import text_parameter
from consulting.entrypoints.http.wire import Answer

Prefix = Annotated[
    str, text_parameter(description="What the fields begin with; all of them without it.", max_length=100)
]


class ExpertiseTag(Answer):
    """A field of expertise, and how many active researchers have it."""

    tag: Annotated[str, Meta(description="For the filter `expertise` of the list of researchers.")]
    researchers: int


class ExpertiseTags(Answer):
    """The fields that begin so, the most used first."""

    expertise: list[ExpertiseTag]


@get(
    "/expertise",
    summary="Suggest fields of expertise",
    description=story(SuggestExpertise),
    responses=errors(),
    security=OPEN,
    tags=["Researchers"],
)
async def suggest_expertise(desk: AtDesk, prefix: Prefix = "", limit: Limit = DEFAULT_LIMIT) -> ExpertiseTags:
    """List fields of expertise that are in use."""
    found = await desk.database.run(desk.use.suggest_expertise, prefix=prefix, limit=limit)
    return ExpertiseTags(expertise=[ExpertiseTag(tag=each.tag, researchers=each.researchers) for each in found])


HANDLERS = (suggest_expertise,)
