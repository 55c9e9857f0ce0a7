"""Single slots that no hours give."""

from __future__ import annotations

from functools import partial

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from consulting.application.availability import ListRules, OpenCalendar, RemoveRule, SaveRule
from consulting.domain import availability
from consulting.domain.errors import NotAResearcher, RuleNotFound, TimeIsTaken, TooManyRules
from consulting.entrypoints.http import one_off_shapes as shapes
from consulting.entrypoints.http.answers import created
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import LOCATION, WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of

PATH = "/researcher/availability/slots"


@get(
    PATH,
    summary="List your one-off slots",
    description=story(ListRules),
    responses=errors(NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def list_one_off_slots(request: ApiRequest, desk: AtDesk) -> shapes.OneOffSlotList:
    """List the caller's one-off slots."""
    rules = await desk.database.run_long(desk.use.list_rules, caller=caller_of(request))
    return shapes.OneOffSlotList(slots=[shapes.one_off_body(each) for each in rules.one_offs])


@post(
    PATH,
    summary="Offer a one-off slot",
    description=story(SaveRule),
    responses=errors_of_writing(TooManyRules, TimeIsTaken, NotAResearcher, SignInRequired),
    response_headers=LOCATION,
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def create_one_off_slot(
    request: ApiRequest, data: JSONBody[shapes.NewOneOffSlot], desk: AtDesk
) -> Response[shapes.OneOffSlot]:
    """Add to the caller's one-off slots."""
    edited = await desk.database.run_long(
        desk.use.save_rule, partial(shapes.new_one_off, data), caller=caller_of(request)
    )
    body = shapes.one_off_body(edited.rule, edited.publication)
    return created(body, location=f"{desk.public_url}/api{PATH}/{body.id}")


@get(
    f"{PATH}/{{id:str}}",
    summary="Get one of your one-off slots",
    description=story(ListRules),
    responses=errors(RuleNotFound, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def get_one_off_slot(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> shapes.OneOffSlot:
    """Show one of the caller's one-off slots."""
    rules = await desk.database.run_long(desk.use.list_rules, caller=caller_of(request))
    wanted = read_id(id, RuleNotFound)
    found = next((each for each in rules.one_offs if each.id == wanted), None)
    if found is None:
        raise RuleNotFound
    return shapes.one_off_body(found)


@patch(
    f"{PATH}/{{id:str}}",
    summary="Change one of your one-off slots",
    description=story(SaveRule),
    responses=errors_of_writing(RuleNotFound, TimeIsTaken, NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def change_one_off_slot(
    request: ApiRequest, id: FromPath[str], data: JSONBody[shapes.OneOffSlotChanges], desk: AtDesk
) -> shapes.OneOffSlot:
    """Change one of the caller's one-off slots."""
    wanted = read_id(id, RuleNotFound)

    def changed(calendar: OpenCalendar) -> availability.OneOffSlot:
        return shapes.changed_one_off(data, calendar.rule(availability.OneOffSlot, wanted))

    edited = await desk.database.run_long(desk.use.save_rule, changed, caller=caller_of(request))
    return shapes.one_off_body(edited.rule, edited.publication)


@delete(
    f"{PATH}/{{id:str}}",
    summary="Take back one of your one-off slots",
    description=story(RemoveRule),
    responses=errors(RuleNotFound, NotAResearcher, SignInRequired),
    status_code=200,
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def remove_one_off_slot(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> shapes.OneOffSlot:
    """Take back one of the caller's one-off slots, and say what that did."""
    edited = await desk.database.run_long(
        desk.use.remove_rule, availability.OneOffSlot, read_id(id, RuleNotFound), caller=caller_of(request)
    )
    return shapes.one_off_body(edited.rule, edited.publication)


HANDLERS = (list_one_off_slots, create_one_off_slot, get_one_off_slot, change_one_off_slot, remove_one_off_slot)
