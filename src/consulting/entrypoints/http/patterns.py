"""A researcher's weekly hours."""

from __future__ import annotations

from functools import partial

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from consulting.application.availability import ListRules, OpenCalendar, RemoveRule, SaveRule
from consulting.domain import availability
from consulting.domain.errors import NotAResearcher, RuleNotFound, TooManyRules
from consulting.entrypoints.http import calendar_shapes as shapes
from consulting.entrypoints.http.answers import created
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import LOCATION, WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of

PATH = "/researcher/availability/patterns"


@get(
    PATH,
    summary="List your patterns",
    description=story(ListRules),
    responses=errors(NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def list_patterns(request: ApiRequest, desk: AtDesk) -> shapes.PatternList:
    """List the caller's patterns."""
    rules = await desk.database.run_long(desk.use.list_rules, caller=caller_of(request))
    return shapes.PatternList(patterns=[shapes.pattern_body(each) for each in rules.patterns])


@post(
    PATH,
    summary="Set weekly hours",
    description=story(SaveRule),
    responses=errors_of_writing(TooManyRules, NotAResearcher, SignInRequired),
    response_headers=LOCATION,
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def create_pattern(
    request: ApiRequest, data: JSONBody[shapes.NewPattern], desk: AtDesk
) -> Response[shapes.Pattern]:
    """Add to the caller's patterns."""
    edited = await desk.database.run_long(
        desk.use.save_rule, partial(shapes.new_pattern, data), caller=caller_of(request)
    )
    body = shapes.pattern_body(edited.rule, edited.publication)
    return created(body, location=f"{desk.public_url}/api{PATH}/{body.id}")


@get(
    f"{PATH}/{{id:str}}",
    summary="Get one of your patterns",
    description=story(ListRules),
    responses=errors(RuleNotFound, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def get_pattern(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> shapes.Pattern:
    """Show one of the caller's patterns."""
    rules = await desk.database.run_long(desk.use.list_rules, caller=caller_of(request))
    wanted = read_id(id, RuleNotFound)
    found = next((each for each in rules.patterns if each.id == wanted), None)
    if found is None:
        raise RuleNotFound
    return shapes.pattern_body(found)


@patch(
    f"{PATH}/{{id:str}}",
    summary="Change one of your patterns",
    description=story(SaveRule),
    responses=errors_of_writing(RuleNotFound, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def change_pattern(
    request: ApiRequest, id: FromPath[str], data: JSONBody[shapes.PatternChanges], desk: AtDesk
) -> shapes.Pattern:
    """Change one of the caller's patterns."""
    wanted = read_id(id, RuleNotFound)

    def changed(calendar: OpenCalendar) -> availability.Pattern:
        return shapes.changed_pattern(data, calendar.rule(availability.Pattern, wanted))

    edited = await desk.database.run_long(desk.use.save_rule, changed, caller=caller_of(request))
    return shapes.pattern_body(edited.rule, edited.publication)


@delete(
    f"{PATH}/{{id:str}}",
    summary="Take back one of your patterns",
    description=story(RemoveRule),
    responses=errors(RuleNotFound, NotAResearcher, SignInRequired),
    status_code=200,
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def remove_pattern(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> shapes.Pattern:
    """Take back one of the caller's patterns, and say what that did."""
    edited = await desk.database.run_long(
        desk.use.remove_rule, availability.Pattern, read_id(id, RuleNotFound), caller=caller_of(request)
    )
    return shapes.pattern_body(edited.rule, edited.publication)


HANDLERS = (list_patterns, create_pattern, get_pattern, change_pattern, remove_pattern)
