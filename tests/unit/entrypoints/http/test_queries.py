from __future__ import annotations

from datetime import datetime

import pytest

from consulting.entrypoints.http.queries import Parameter, _problem_of, _spelling


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        ("2026-04-20T09:00:00Z", True),
        ("2026-04-20t09:00:00.25z", True),
        ("2026-04-20T09:00:00+02:00", True),
        ("2026-04-20T09:00:00 02:00", False),
        ("2026-04-20T09:00:00", False),
        ("2026-04-20", False),
        ("1682000000", False),
        ("1682000000.5", False),
        ("20260420T090000Z", False),
    ],
)
def test_an_instant_in_a_query_has_its_offset_and_is_no_number(value: str, fine: bool) -> None:
    parameter = Parameter(type=datetime, required=True, spelling=_spelling(datetime))

    found = list(_problem_of("at", value, parameter))

    assert (found == []) is fine
    assert all("%2B" in each.problem for each in found)
