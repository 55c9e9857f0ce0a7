"""A researcher's time off."""

from __future__ import annotations

from functools import partial

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from consulting.application.availability import ListRules, OpenCalendar, RemoveRule, SaveRule
from consulting.domain import availability
from consulting.domain.errors import NotAResearcher, RuleNotFound, TimeIsBooked, TooManyRules
from consulting.entrypoints.http import calendar_shapes as shapes
from consulting.entrypoints.http.answers import created
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import LOCATION, WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of

PATH = "/researcher/availability/blocks"


@get(
    PATH,
    summary="List your blocks",
    description=story(ListRules),
    responses=errors(NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def list_blocks(request: ApiRequest, desk: AtDesk) -> shapes.BlockList:
    """List the caller's blocks."""
    rules = await desk.database.run_long(desk.use.list_rules, caller=caller_of(request))
    return shapes.BlockList(blocks=[shapes.block_body(each) for each in rules.blocks])


@post(
    PATH,
    summary="Take time off",
    description=story(SaveRule),
    responses=errors_of_writing(TooManyRules, TimeIsBooked, NotAResearcher, SignInRequired),
    response_headers=LOCATION,
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def create_block(request: ApiRequest, data: JSONBody[shapes.NewBlock], desk: AtDesk) -> Response[shapes.Block]:
    """Add to the caller's blocks."""
    edited = await desk.database.run_long(
        desk.use.save_rule,
        partial(shapes.new_block, data),
        caller=caller_of(request),
        cancel_sessions=data.cancel_sessions,
    )
    body = shapes.block_body(edited.rule, edited.publication)
    return created(body, location=f"{desk.public_url}/api{PATH}/{body.id}")


@get(
    f"{PATH}/{{id:str}}",
    summary="Get one of your blocks",
    description=story(ListRules),
    responses=errors(RuleNotFound, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def get_block(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> shapes.Block:
    """Show one of the caller's blocks."""
    rules = await desk.database.run_long(desk.use.list_rules, caller=caller_of(request))
    wanted = read_id(id, RuleNotFound)
    found = next((each for each in rules.blocks if each.id == wanted), None)
    if found is None:
        raise RuleNotFound
    return shapes.block_body(found)


@patch(
    f"{PATH}/{{id:str}}",
    summary="Change one of your blocks",
    description=story(SaveRule),
    responses=errors_of_writing(RuleNotFound, TimeIsBooked, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def change_block(
    request: ApiRequest, id: FromPath[str], data: JSONBody[shapes.BlockChanges], desk: AtDesk
) -> shapes.Block:
    """Change one of the caller's blocks."""
    wanted = read_id(id, RuleNotFound)

    def changed(calendar: OpenCalendar) -> availability.Block:
        return shapes.changed_block(data, calendar.rule(availability.Block, wanted))

    edited = await desk.database.run_long(
        desk.use.save_rule, changed, caller=caller_of(request), cancel_sessions=data.cancel_sessions
    )
    return shapes.block_body(edited.rule, edited.publication)


@delete(
    f"{PATH}/{{id:str}}",
    summary="Take back one of your blocks",
    description=story(RemoveRule),
    responses=errors(RuleNotFound, NotAResearcher, SignInRequired),
    status_code=200,
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def remove_block(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> shapes.Block:
    """Take back one of the caller's blocks, and say what that did."""
    edited = await desk.database.run_long(
        desk.use.remove_rule, availability.Block, read_id(id, RuleNotFound), caller=caller_of(request)
    )
    return shapes.block_body(edited.rule, edited.publication)


HANDLERS = (list_blocks, create_block, get_block, change_block, remove_block)
