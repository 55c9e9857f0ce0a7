"""What the checks make of what they see, where no socket is needed to see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from consulting.entrypoints.doctor import Check, Finding, Verdict, examine, folder, payments, strength, zones
from consulting.entrypoints.doctor.database import _fitness, _room
from consulting.entrypoints.doctor.meetings import BROAD_SCOPES, NARROW_SCOPES, missing_scopes
from consulting.entrypoints.settings import Settings
from tests.unit.entrypoints.test_settings import STRONG, production, sandbox


def named(checks: list[Check] | tuple[Check, ...], name: str) -> list[Finding]:
    return list(examine([each for each in checks if each.name == name]))


def keys(settings: Settings) -> list[Finding]:
    return named([*payments.checks(settings)], "stripe keys")


def secrets(settings: Settings) -> list[Finding]:
    return named([*strength.checks(settings)], "secrets")


def test_live_keys_that_belong_together_are_well() -> None:
    [found] = keys(production())

    assert (found.verdict, found.says) == (Verdict.WELL, "live keys that belong together")


def test_a_restricted_key_is_a_secret_key() -> None:
    [found] = keys(production(CONSULTING_STRIPE_SECRET_KEY="rk_live_hidden"))

    assert found.verdict is Verdict.WELL


def test_test_keys_in_production_deserve_a_look() -> None:
    given = {"CONSULTING_STRIPE_SECRET_KEY": "sk_test_hidden", "CONSULTING_STRIPE_PUBLISHABLE_KEY": "pk_test_1"}
    [found] = keys(production(**given))

    assert found.verdict is Verdict.CAREFUL


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CONSULTING_STRIPE_SECRET_KEY", "pk_live_hidden"),
        ("CONSULTING_STRIPE_SECRET_KEY", "sk_test_hidden"),
        ("CONSULTING_STRIPE_PUBLISHABLE_KEY", "sk_live_hidden"),
        ("CONSULTING_STRIPE_WEBHOOK_SECRET", "hidden"),
    ],
)
def test_a_key_of_the_wrong_kind_or_mode_is_wrong_and_is_not_shown(variable: str, value: str) -> None:
    found = keys(production(**{variable: value}))

    assert Verdict.WRONG in {each.verdict for each in found}
    assert all(each.advice for each in found if each.verdict is Verdict.WRONG)
    assert "hidden" not in str(found)


def test_an_endpoint_that_sends_too_little_deserves_a_look() -> None:
    assert [each.verdict for each in payments._events({"*"})] == [Verdict.WELL]
    assert [each.verdict for each in payments._events(set(payments.EVENTS))] == [Verdict.WELL]
    [found] = payments._events(set(payments.EVENTS) - {"refund.failed"})
    assert (found.verdict, found.says) == (Verdict.CAREFUL, "not sent: refund.failed")


def test_secrets_of_their_own_are_well() -> None:
    [found] = secrets(production())

    assert found.verdict is Verdict.WELL


def test_one_secret_for_two_things_is_wrong() -> None:
    [found] = secrets(production(CONSULTING_SMTP_PASSWORD=STRONG))

    assert found.verdict is Verdict.WRONG
    assert {"CONSULTING_JWT_SECRET", "CONSULTING_SMTP_PASSWORD"} <= set(found.says.split())
    assert STRONG not in str(found)


def test_a_secret_that_is_long_but_of_few_characters_can_be_guessed() -> None:
    [found] = secrets(production(CONSULTING_METRICS_TOKEN="monitoring-monitoring"))

    assert (found.verdict, "CONSULTING_METRICS_TOKEN" in found.says) == (Verdict.WRONG, True)
    assert strength.bits(STRONG) > strength.ENOUGH_BITS > strength.bits("a" * 40)


@pytest.mark.parametrize("scopes", [BROAD_SCOPES, NARROW_SCOPES])
@pytest.mark.parametrize("reach", ["", ":admin", ":master"])
def test_broad_and_narrow_scopes_will_do_alike(scopes: tuple[str, ...], reach: str) -> None:
    assert missing_scopes(" ".join(scope + reach for scope in scopes)) == []


def test_a_missing_scope_is_named_as_zoom_offers_it() -> None:
    granted = " ".join(f"{scope}:admin" for scope in NARROW_SCOPES if scope != "meeting:delete:meeting")

    assert missing_scopes(granted) == ["meeting:delete:meeting:admin"]


def test_zone_rules_of_the_machine_are_read_where_python_looks_for_them(tmp_path: Path) -> None:
    (tmp_path / "tzdata.zi").write_text("# version 2025b\nR A 1916\n", encoding="ascii")

    assert zones.system_version([tmp_path / "missing", tmp_path]) == "2025b"
    assert zones.system_version([tmp_path / "missing"]) is None


@pytest.mark.parametrize(
    ("version", "encoding", "read_only", "verdict"),
    [
        (180_006, "UTF8", False, Verdict.WELL),
        (150_000, "UTF8", False, Verdict.WELL),
        (140_009, "UTF8", False, Verdict.WRONG),
        (180_006, "UTF8", True, Verdict.WRONG),
        (180_006, "SQL_ASCII", False, Verdict.WRONG),
    ],
)
def test_a_server_must_be_new_enough_and_take_writes_and_texts(
    version: int, encoding: str, read_only: bool, verdict: Verdict
) -> None:
    [found] = _fitness(version=version, encoding=encoding, read_only=read_only)

    assert found.verdict is verdict


def test_a_server_that_lets_in_too_few_is_told_before_it_turns_somebody_away() -> None:
    settings = production(CONSULTING_PROCESSES="4", CONSULTING_THREADS="5")

    assert [each.verdict for each in _room(34, settings)] == [Verdict.CAREFUL]
    assert list(_room(35, settings)) == []


def test_a_folder_that_everybody_may_write_to_is_wrong(tmp_path: Path) -> None:
    home = tmp_path / "home"
    [missing] = named([*folder.checks(sandbox(home, CONSULTING_JWT_SECRET=STRONG))], "folder")
    home.mkdir(mode=0o700)
    [private] = named([*folder.checks(sandbox(home, CONSULTING_JWT_SECRET=STRONG))], "folder")
    home.chmod(0o777)
    [open_to_all] = named([*folder.checks(sandbox(home, CONSULTING_JWT_SECRET=STRONG))], "folder")

    assert [missing.verdict, private.verdict, open_to_all.verdict] == [Verdict.WELL, Verdict.WELL, Verdict.WRONG]


def test_a_secret_file_that_others_may_read_is_wrong(tmp_path: Path) -> None:
    settings = sandbox(tmp_path)
    (tmp_path / "jwt-secret").chmod(0o644)

    [found] = named([*folder.checks(settings)], "folder")

    assert found.verdict is Verdict.WRONG
