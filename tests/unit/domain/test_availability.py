"""Rules that can't be expanded are refused with every reason, and patterns know their dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from consulting.adapters.contracts.strategies import Situation, situations
from consulting.domain.availability import MOST, Block, OneOffSlot, Override, Pattern, Rules, over_from, require_room
from consulting.domain.errors import OverrideExists, TooManyRules, ValidationFailed
from consulting.domain.local_time import LocalWindow
from consulting.domain.offering import slots
from consulting.domain.period import Period
from tests.unit.domain.rule_book import block, one_off, override, pattern, utc

MAY = {"first": date(2026, 5, 1), "last": date(2026, 5, 31)}
MONDAYS_OF_MAY = [4, 11, 18, 25]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"weekday": 7}, ["weekday"]),
        ({"weekday": -1}, ["weekday"]),
        ({"timezone": "Mars/Olympus"}, ["timezone"]),
        ({"slot_minutes": 4}, ["slot_minutes"]),
        ({"slot_minutes": 481}, ["slot_minutes"]),
        ({"gap_minutes": -1}, ["gap_minutes"]),
        ({"gap_minutes": 241}, ["gap_minutes"]),
        ({"every_weeks": 0}, ["every_weeks"]),
        ({"every_weeks": 53}, ["every_weeks"]),
        ({"valid_until": date(1999, 12, 31)}, ["valid_until"]),
        ({"weekday": 9, "timezone": "", "slot_minutes": 0}, ["weekday", "timezone", "slot_minutes"]),
    ],
)
def test_a_pattern_is_refused_naming_all_that_is_wrong(changes: dict[str, object], fields: list[str]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        replace(pattern(), **changes)  # type: ignore[arg-type] # the point of the test
    assert [problem.field for problem in refused.value.problems] == fields


@pytest.mark.parametrize(
    "changes",
    [
        {"weekday": 0, "slot_minutes": 5, "gap_minutes": 0, "every_weeks": 1},
        {"weekday": 6, "slot_minutes": 480, "gap_minutes": 240, "every_weeks": 52},
        {"valid_until": date(2000, 1, 1)},
        {"valid_from": date.min, "valid_until": date.max},
        {"valid_from": date.max},
    ],
)
def test_a_pattern_may_go_to_the_limits(changes: dict[str, object]) -> None:
    assert isinstance(replace(pattern(), **changes), Pattern)  # type: ignore[arg-type] # names and types are above


@pytest.mark.parametrize(
    ("windows", "problem"),
    [
        (("09:00-12:00", "11:00-13:00"), "09:00–12:00 and 11:00–13:00 overlap"),
        (("09:00-12:00", "09:00-12:00"), "09:00–12:00 and 09:00–12:00 overlap"),
        (("23:00-23:30", "22:00-02:00"), "22:00–02:00 and 23:00–23:30 overlap"),
        (tuple(f"{minute // 60:02}:{minute % 60:02}-23:59" for minute in range(1)) * 49, "give at most 48 windows"),
    ],
)
def test_an_override_with_impossible_windows_is_refused(windows: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        override(windows=windows)
    assert refused.value.problems[0].field == "windows"
    assert refused.value.problems[0].problem == problem


def test_an_override_may_have_no_hours_or_hours_that_touch() -> None:
    assert override(windows=()).windows == ()
    assert len(override(windows=("12:00-13:00", "09:00-12:00", "22:00-02:00")).windows) == 3


def test_an_override_is_refused_naming_all_that_is_wrong() -> None:
    with pytest.raises(ValidationFailed) as refused:
        override(timezone="Moon", slot_minutes=1, gap_minutes=999)
    assert [problem.field for problem in refused.value.problems] == ["timezone", "slot_minutes", "gap_minutes"]


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({}, MONDAYS_OF_MAY),
        ({"valid_from": date(2026, 5, 11)}, [11, 18, 25]),
        ({"valid_from": date(2026, 5, 12)}, [18, 25]),
        ({"valid_until": date(2026, 5, 18)}, [4, 11, 18]),
        ({"valid_until": date(2026, 5, 17)}, [4, 11]),
        ({"weekday": 6}, [3, 10, 17, 24, 31]),
        ({"valid_from": date(2026, 5, 4), "every_weeks": 2}, [4, 18]),
        ({"valid_from": date(2026, 5, 10), "every_weeks": 2}, [18]),
        ({"valid_from": date(2026, 5, 11), "every_weeks": 2}, [11, 25]),
        ({"valid_from": date(2025, 5, 5), "every_weeks": 52}, [4]),
        ({"valid_from": date(2026, 6, 1)}, []),
        ({"valid_from": date.min}, MONDAYS_OF_MAY),
        ({"valid_from": date.max}, []),
    ],
)
def test_a_pattern_holds_on_its_weekday_of_every_nth_week_while_valid(
    changes: dict[str, object], days: list[int]
) -> None:
    mondays = replace(pattern(), **{"weekday": 0} | changes)  # type: ignore[arg-type] # names and types are above
    assert [on.day for on in mondays.dates(**MAY)] == days


def test_weeks_are_counted_over_the_turn_of_the_year() -> None:
    fortnightly = pattern(weekday=3, valid_from=date(2026, 12, 17), every_weeks=2)
    found = fortnightly.dates(first=date(2026, 12, 1), last=date(2027, 1, 31))
    assert list(found) == [date(2026, 12, 17), date(2026, 12, 31), date(2027, 1, 14), date(2027, 1, 28)]


@pytest.mark.parametrize(
    ("start", "end", "fields"),
    [
        ("2026-06-08 09:00", "2026-06-08 09:05", []),
        ("2026-06-08 09:00", "2026-06-08 17:00", []),
        ("2026-06-08 09:00", "2026-06-08 09:04", ["end_time"]),
        ("2026-06-08 09:00", "2026-06-08 17:01", ["end_time"]),
        ("2026-06-08 09:00", "2026-06-08 10:00:30", ["end_time"]),
        ("2026-06-08 09:00:30", "2026-06-08 10:00:30", ["start_time"]),
        ("2026-06-08 09:00:00.5", "2026-06-08 09:01", ["start_time", "end_time"]),
    ],
)
def test_a_one_off_slot_is_as_long_as_any_slot_and_on_the_minute(start: str, end: str, fields: list[str]) -> None:
    if not fields:
        assert one_off(start, end).slot_minutes in {5, 480}
        return
    with pytest.raises(ValidationFailed) as refused:
        one_off(start, end)
    assert [problem.field for problem in refused.value.problems] == fields


def test_rules_are_values() -> None:
    window = LocalWindow.parse(start="09:00", end="12:00")
    assert pattern() == pattern()
    assert hash(override()) == hash(override())
    assert str(window) == "09:00–12:00"
    assert isinstance(override(), Override)


@settings(max_examples=200, deadline=None)
@given(situations(), st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=5)))
def test_what_is_over_neither_gives_nor_takes_a_slot_to_come(situation: Situation, later: timedelta) -> None:
    rules, at = situation.rules, situation.during.start + later
    over = {each for each in rules.all if (end := over_from(each)) is not None and end <= at}
    left = Rules(
        patterns=tuple(each for each in rules.patterns if each not in over),
        overrides=tuple(each for each in rules.overrides if each not in over),
        one_offs=tuple(each for each in rules.one_offs if each not in over),
        blocks=tuple(each for each in rules.blocks if each not in over),
    )
    event(f"{min(len(over), 3)} are over")
    to_come = Period(at, at + timedelta(days=10))

    assert slots(rules=left, during=to_come) == slots(rules=rules, during=to_come)


@pytest.mark.parametrize(
    ("rule", "others"),
    [
        (block("2026-06-08 10:00", "2026-06-08 11:00", number=1), [block("2026-06-01 10:00", "2026-06-01 11:00")]),
        (one_off("2026-06-08 10:00", "2026-06-08 11:00", number=1), [one_off("2026-06-01 10:00", "2026-06-01 11:00")]),
        (override(1, on=date(2026, 6, 8)), [override(on=date(2026, 6, 1))]),
        (pattern(1), [replace(pattern(), valid_until=date(2026, 6, 1))]),
    ],
    ids=["block", "one-off slot", "override", "pattern"],
)
def test_only_what_is_over_makes_room_for_a_new_rule(
    rule: Block | OneOffSlot | Override | Pattern,
    others: list[Block | OneOffSlot | Override | Pattern],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(MOST, type(rule), 1)
    kind = {Block: "blocks", OneOffSlot: "one_offs", Override: "overrides", Pattern: "patterns"}[type(rule)]
    full = replace(Rules(), **{kind: tuple(others)})  # type: ignore[arg-type] # the kind is the rule's

    assert require_room(rule, among=full, at=utc("2026-06-05 00:00")) == others[0]
    assert require_room(others[0], among=full, at=utc("2026-06-01 00:00")) is None
    with pytest.raises(TooManyRules):
        require_room(rule, among=full, at=utc("2026-06-01 10:59"))


def test_hours_without_an_end_and_at_the_end_of_time_are_never_over() -> None:
    assert over_from(pattern()) is None
    assert over_from(override(on=date.max)) is None


def test_another_override_of_a_date_that_is_over_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST, Override, 1)
    with pytest.raises(OverrideExists):
        require_room(override(2), among=Rules(overrides=(override(1),)), at=utc("2027-01-01 00:00"))
