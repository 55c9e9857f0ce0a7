from __future__ import annotations

import json
from typing import Any

import pytest

from consulting.entrypoints.demo.promises import NotAsPromised, expect, wait_for
from consulting.entrypoints.demo.telling import trimmed, written

RESEARCHER = {
    "id": "01932f00-0000-7000-8000-000000000002",
    "name": "Dr. Ananya Iyer",
    "expertise": ["machine learning", "natural language processing", "low-resource languages"],
    "next_available_slot": {"id": "01a20775-4f46-7000-811a-beb8d8a5658a", "start_time": "2026-11-23T10:30:00Z"},
    "avatar_url": None,
}


def test_what_fits_into_a_line_stays_on_it() -> None:
    assert written({"a": 1, "b": [2, 3]}, width=40) == ['{"a": 1, "b": [2, 3]}']


def test_what_does_not_fit_is_broken_between_items_which_share_lines() -> None:
    assert written({"first": "x" * 10, "second": "y" * 10, "third": "z" * 10}, width=44) == [
        "{",
        '  "first": "xxxxxxxxxx",',
        '  "second": "yyyyyyyyyy",',
        '  "third": "zzzzzzzzzz"',
        "}",
    ]
    assert written(["x" * 10, "y" * 10, "z" * 10], width=30) == [
        "[",
        '  "xxxxxxxxxx", "yyyyyyyyyy",',
        '  "zzzzzzzzzz"',
        "]",
    ]


@pytest.mark.parametrize("width", [10, 40, 60, 80, 112])
@pytest.mark.parametrize("value", [RESEARCHER, [RESEARCHER, RESEARCHER], {"researchers": [RESEARCHER]}, [], {}, "text"])
def test_what_is_written_is_json_whatever_the_width(value: Any, width: int) -> None:
    assert json.loads("\n".join(written(value, width=width))) == value


def test_long_texts_long_lists_and_depths_are_cut_and_null_is_shown() -> None:
    assert trimmed({"a": None, "b": "x" * 100, "c": [1, 2, 3, 4], "d": {"e": {"f": {"g": {}}}}}) == {
        "a": None,
        "b": "x" * 70 + "…",
        "c": [1, 2, "… 2 more"],
        "d": {"e": {"f": {"g": "…"}}},
    }


def test_a_broken_promise_is_told_in_a_sentence() -> None:
    expect("anything", "this is so")
    with pytest.raises(NotAsPromised, match="This should be so, and is not: the slot is free"):
        expect([], "the slot is free")


def test_waiting_ends_when_it_is_there_or_when_it_takes_too_long() -> None:
    answers = iter([None, None, "link"])
    assert wait_for(lambda: next(answers), what="the link") == "link"

    with pytest.raises(NotAsPromised, match="within 0 seconds, and did not: the link"):
        wait_for(lambda: None, what="the link", seconds=0.05)
