"""A researcher's own profile."""

from __future__ import annotations

from functools import partial

from litestar import get, patch
from litestar.params import JSONBody

from consulting.application.profiles import EditProfile, GetProfile
from consulting.domain.errors import NotAResearcher
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.profile_shapes import Profile, ProfileChanges, changed_profile, profile_body
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of


@get(
    "/researcher/profile",
    summary="Get your profile",
    description=story(GetProfile),
    responses=errors(NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your profile and bookings"],
)
async def get_profile(request: ApiRequest, desk: AtDesk) -> Profile:
    """Show the caller's profile."""
    return profile_body(await desk.database.run(desk.use.get_profile, caller=caller_of(request)))


@patch(
    "/researcher/profile",
    summary="Change your profile",
    description=story(EditProfile),
    responses=errors_of_writing(NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your profile and bookings"],
)
async def edit_profile(request: ApiRequest, data: JSONBody[ProfileChanges], desk: AtDesk) -> Profile:
    """Change the caller's profile."""
    edited = await desk.database.run_long(
        desk.use.edit_profile, partial(changed_profile, data), caller=caller_of(request)
    )
    return profile_body(edited.researcher, edited.publication)


HANDLERS = (get_profile, edit_profile)
