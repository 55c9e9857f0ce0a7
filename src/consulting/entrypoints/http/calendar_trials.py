"""Trying a change of one's hours, and asking why a time is or isn't offered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import JSONBody

from consulting.application.availability import Edited, OpenCalendar, SaveRule
from consulting.application.explaining import ExplainTime
from consulting.domain import availability
from consulting.domain.availability import Rule
from consulting.domain.errors import (
    NotAResearcher,
    OverrideExists,
    RuleNotFound,
    TimeIsBooked,
    TimeIsTaken,
    TooManyRules,
    ValidationFailed,
)
from consulting.domain.local_days import EARLIEST, LATEST
from consulting.entrypoints.http import calendar_shapes as shapes
from consulting.entrypoints.http import explanation_shapes, one_off_shapes
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import WITH_TOKEN, errors, errors_of_writing, story
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.queries import text_parameter
from consulting.entrypoints.http.refusals import SignInRequired
from consulting.entrypoints.http.security import caller_of
from consulting.entrypoints.http.validation import problem_of
from consulting.entrypoints.http.wire import Body, Text

At = Annotated[str, text_parameter(description="The instant in question, with its offset: 2026-04-20T09:00:00Z.")]


class Trial(Body, kw_only=True):
    """A change to try: one of `pattern`, `override`, `slot` and `block`, as if it were new, or a rule's id to `remove`.

    With `replaces`, the rule of this id, of the same kind, would become the one that is told.
    """

    pattern: shapes.NewPattern | None = None
    override: shapes.NewOverride | None = None
    slot: one_off_shapes.NewOneOffSlot | None = None
    block: shapes.NewBlock | None = None
    replaces: Text | None = None
    remove: Text | None = None


@post(
    "/researcher/availability/preview",
    summary="Try a change of your hours",
    description="Answer as the change itself would, and keep nothing of it.\n\n" + story(SaveRule),
    responses=errors_of_writing(
        RuleNotFound, TooManyRules, OverrideExists, TimeIsTaken, TimeIsBooked, NotAResearcher, SignInRequired
    ),
    status_code=200,
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def preview_change(
    request: ApiRequest, data: JSONBody[Trial], desk: AtDesk
) -> shapes.Pattern | shapes.Override | one_off_shapes.OneOffSlot | shapes.Block:
    """Say what a change would do to the slots."""
    caller = caller_of(request)
    _require_one(data)
    if data.remove is not None:
        wanted = read_id(data.remove, RuleNotFound)
        rules = await desk.database.run_long(desk.use.list_rules, caller=caller)
        kind = next((type(rule) for rule in rules.all if rule.id == wanted), availability.Pattern)
        removed = await desk.database.run_long(desk.use.remove_rule, kind, wanted, caller=caller, trying=True)
        return _rule_body(removed)
    tried = await desk.database.run_long(
        desk.use.save_rule,
        partial(_written, data),
        caller=caller,
        cancel_sessions=data.block is not None and data.block.cancel_sessions,
        trying=True,
    )
    return _rule_body(tried)


@get(
    "/researcher/availability/explain",
    summary="Ask why a time is or isn't offered",
    description=story(ExplainTime),
    responses=errors(NotAResearcher, SignInRequired),
    security=WITH_TOKEN,
    tags=["Your calendar"],
)
async def explain_time(request: ApiRequest, desk: AtDesk, at: At) -> explanation_shapes.TimeExplained:
    """Explain an instant of the caller's calendar."""
    said = await desk.database.run_long(desk.use.explain_time, _instant(at), caller=caller_of(request))
    return explanation_shapes.explanation_body(said)


def _require_one(data: Trial) -> None:
    given = [each for each in (data.pattern, data.override, data.slot, data.block, data.remove) if each is not None]
    if len(given) != 1 or (data.remove is not None and data.replaces is not None):
        raise ValidationFailed.of("body", "give one of pattern, override, slot, block, or else remove alone")


def _written(data: Trial, calendar: OpenCalendar) -> Rule:
    rule = _new(data, calendar)
    if data.replaces is None:
        return rule
    return replace(rule, id=calendar.rule(type(rule), read_id(data.replaces, RuleNotFound)).id)


def _new(data: Trial, calendar: OpenCalendar) -> Rule:
    if data.pattern is not None:
        return shapes.new_pattern(data.pattern, calendar)
    if data.override is not None:
        return shapes.new_override(data.override, calendar)
    if data.slot is not None:
        return one_off_shapes.new_one_off(data.slot, calendar)
    if data.block is not None:
        return shapes.new_block(data.block, calendar)
    raise RuleNotFound


def _rule_body(edited: Edited[Any]) -> shapes.Pattern | shapes.Override | one_off_shapes.OneOffSlot | shapes.Block:
    """Show a rule of any kind, with what changed by it."""
    rule = edited.rule
    if isinstance(rule, availability.Pattern):
        return shapes.pattern_body(rule, edited.publication)
    if isinstance(rule, availability.Override):
        return shapes.override_body(rule, edited.publication)
    if isinstance(rule, availability.OneOffSlot):
        return one_off_shapes.one_off_body(rule, edited.publication)
    return shapes.block_body(rule, edited.publication)


def _instant(text: str) -> datetime:
    try:
        instant = msgspec.convert(text, shapes.Instant)
    except msgspec.ValidationError as error:
        raise ValidationFailed([problem_of(error, within="at")]) from None
    if not EARLIEST.year <= instant.year < LATEST.year:
        raise ValidationFailed.of("at", f"give an instant from {EARLIEST} to {LATEST}")
    return instant.astimezone(UTC)


HANDLERS = (preview_change, explain_time)
