from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from consulting.domain.errors import FieldProblem, ValidationFailed
from consulting.entrypoints.http.bodies import read_json
from consulting.entrypoints.http.refusals import BodyMalformed
from consulting.entrypoints.http.wire import Body, Text


class Inner(Body):
    count: Annotated[int, Meta(ge=1)]


class Sample(Body):
    text: Annotated[Text, Meta(max_length=5)] | None = None
    day: date | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None
    yes: bool | None = None
    inner: tuple[Inner, ...] = ()


DECODER = msgspec.json.Decoder(Sample)


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        (b'{"txt": "a"}', "txt", "there is no such field"),
        (b'{"text": 5}', "text", "give a string or null"),
        (b'{"text": "123456"}', "text", "give a string of length <= 5"),
        (b'{"text": "a\\u0000"}', "text", "this must not contain the character U+0000"),
        (b'{"day": "yesterday"}', "day", "give a date as 2026-04-20"),
        (b'{"day": 20230420}', "day", "give a date or null"),
        (b'{"at": 1682000000}', "at", "give a date and time or null"),
        (
            b'{"at": "2026-04-20T09:00:00"}',
            "at",
            "give a date and time with its offset from UTC, as 2026-04-20T09:00:00Z",
        ),
        (b'{"yes": 1}', "yes", "give true or false or null"),
        (b'{"text": ' + b"9" * 5000 + b"}", "text", "this number is too long"),
        (b'{"inner": [{"count": 1}, {"count": 0}]}', "inner[1].count", "give a whole number >= 1"),
        (b'{"inner": [{}]}', "inner[0].count", "this is required"),
        (b'{"inner": [{"count": 1, "a": 2}]}', "inner[0].a", "there is no such field"),
        (b"[]", "body", "give an object"),
        (b"null", "body", "give an object"),
    ],
)
def test_what_is_wrong_is_named_by_field_and_in_words_that_help(body: bytes, field: str, problem: str) -> None:
    with pytest.raises(ValidationFailed) as raised:
        read_json(body, DECODER)

    assert raised.value.problems == (FieldProblem(field, problem),)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    class Outer(Body):
        day: date
        inner: Inner | None = None
        text: Text = ""

    with pytest.raises(ValidationFailed) as raised:
        read_json(b'{"inner": {"count": 0, "a": 1}, "text": 7, "b": 2}', msgspec.json.Decoder(Outer | None))

    assert {(each.field, each.problem) for each in raised.value.problems} == {
        ("day", "this is required"),
        ("inner.count", "give a whole number >= 1"),
        ("inner.a", "there is no such field"),
        ("text", "give a string"),
        ("b", "there is no such field"),
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"text": "a", "text": "b"}', "text"),
        (b'{"text": "a:b", "text": "::"}', "text"),
        (b'{"text": "a", "te\\u0078t": "b"}', "text"),
        (b'{"inner": [{"count": 1}, {"count": 1, "count": 2}]}', "count"),
    ],
)
def test_a_field_that_is_given_twice_is_refused(body: bytes, field: str) -> None:
    with pytest.raises(ValidationFailed) as raised:
        read_json(body, DECODER)

    assert raised.value.problems == (FieldProblem(field, "give this once"),)


def test_a_flood_of_unknown_fields_is_answered_in_few_words() -> None:
    body = json.dumps({f"{'x' * 1000}{number}": 1 for number in range(900)}).encode()

    with pytest.raises(ValidationFailed) as raised:
        read_json(body, DECODER)

    assert len(raised.value.problems) <= 50
    assert all(len(each.field) <= 100 for each in raised.value.problems)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"text": "\xff"}',
        b'{"text": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b"[" * 100_000,
        b'{"inner":' * 50_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_json_in_utf_8_is_malformed(body: Any) -> None:
    with pytest.raises((BodyMalformed, ValidationFailed)):
        read_json(body, DECODER)
