"""Other hours on single dates."""

from __future__ import annotations

from functools import partial

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from consulting.application.availability import ListRules, OpenCalendar, RemoveRule, SaveRule
from consulting.application.callers import Caller
from consulting.domain import availability
from consulting.domain.errors import NotAResearcher, OverrideExists, RuleNotFound, TooManyRules
from consulting.entrypoints.http import calendar_shapes as shapes
from consulting.entrypoints.http.answers import created
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import LOCATION, WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of

PATH = "/researcher/availability/overrides"


@get(
    PATH,
    summary="List your overrides",
    description=story(ListRules),
    responses=errors(NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def list_overrides(request: ApiRequest, desk: AtDesk) -> shapes.OverrideList:
    """List the caller's overrides."""
    return await desk.database.run_long(_listed, desk.use.list_rules, caller=caller_of(request))


def _listed(list_rules: ListRules, *, caller: Caller) -> shapes.OverrideList:
    rules = list_rules(caller=caller)
    return shapes.OverrideList(overrides=[shapes.override_body(each) for each in rules.overrides])


@post(
    PATH,
    summary="Set other hours on a date",
    description=story(SaveRule),
    responses=errors_of_writing(TooManyRules, OverrideExists, NotAResearcher, SignInRequired),
    response_headers=LOCATION,
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def create_override(
    request: ApiRequest, data: JSONBody[shapes.NewOverride], desk: AtDesk
) -> Response[shapes.Override]:
    """Add to the caller's overrides."""
    edited = await desk.database.run_long(
        desk.use.save_rule, partial(shapes.new_override, data), caller=caller_of(request)
    )
    body = shapes.override_body(edited.rule, edited.publication)
    return created(body, location=f"{desk.public_url}/api{PATH}/{body.id}")


@get(
    f"{PATH}/{{id:str}}",
    summary="Get one of your overrides",
    description=story(ListRules),
    responses=errors(RuleNotFound, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def get_override(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> shapes.Override:
    """Show one of the caller's overrides."""
    rules = await desk.database.run_long(desk.use.list_rules, caller=caller_of(request))
    wanted = read_id(id, RuleNotFound)
    found = next((each for each in rules.overrides if each.id == wanted), None)
    if found is None:
        raise RuleNotFound
    return shapes.override_body(found)


@patch(
    f"{PATH}/{{id:str}}",
    summary="Change one of your overrides",
    description=story(SaveRule),
    responses=errors_of_writing(RuleNotFound, OverrideExists, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def change_override(
    request: ApiRequest, id: FromPath[str], data: JSONBody[shapes.OverrideChanges], desk: AtDesk
) -> shapes.Override:
    """Change one of the caller's overrides."""
    wanted = read_id(id, RuleNotFound)

    def changed(calendar: OpenCalendar) -> availability.Override:
        return shapes.changed_override(data, calendar.rule(availability.Override, wanted))

    edited = await desk.database.run_long(desk.use.save_rule, changed, caller=caller_of(request))
    return shapes.override_body(edited.rule, edited.publication)


@delete(
    f"{PATH}/{{id:str}}",
    summary="Take back one of your overrides",
    description=story(RemoveRule),
    responses=errors(RuleNotFound, NotAResearcher, SignInRequired),
    status_code=200,
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def remove_override(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> shapes.Override:
    """Take back one of the caller's overrides, and say what that did."""
    edited = await desk.database.run_long(
        desk.use.remove_rule, availability.Override, read_id(id, RuleNotFound), caller=caller_of(request)
    )
    return shapes.override_body(edited.rule, edited.publication)


HANDLERS = (list_overrides, create_override, get_override, change_override, remove_override)
