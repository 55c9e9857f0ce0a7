from __future__ import annotations

from collections.abc import Iterator

from consulting.entrypoints.doctor import Check, Finding, Verdict, careful, examine, well, wrong


def sick() -> Iterator[Finding]:
    yield well("it is there")
    raise ConnectionError("postgresql://app:secret@db/app")


def test_what_a_check_raises_is_a_finding_that_tells_nothing_of_it_but_its_kind() -> None:
    found = list(examine([Check(name="database", look=sick)]))

    assert [each.verdict for each in found] == [Verdict.WELL, Verdict.WRONG]
    assert {each.check for each in found} == {"database"}
    assert "ConnectionError" in found[1].says
    assert "secret" not in str(found)


def test_a_check_is_passed_over_where_what_it_needs_is_wrong_and_so_is_what_needs_it() -> None:
    checks = [
        Check(name="database", look=lambda: [wrong("away", advice="start it")]),
        Check(name="migrations", look=lambda: [well("all")], after="database"),
        Check(name="zones in use", look=lambda: [well("all")], after="migrations"),
        Check(name="mail", look=lambda: [well("fine")]),
    ]

    assert [each.check for each in examine(checks)] == ["database", "mail"]


def test_what_deserves_a_look_keeps_nothing_else_from_being_looked_at() -> None:
    checks = [
        Check(name="database", look=lambda: [careful("small", advice="enlarge it")]),
        Check(name="migrations", look=lambda: [well("all")], after="database"),
    ]

    assert [each.check for each in examine(checks)] == ["database", "migrations"]
