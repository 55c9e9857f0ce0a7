from __future__ import annotations

import stat
from dataclasses import FrozenInstanceError
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from consulting.entrypoints.providers.jitsi import JitsiSettings
from consulting.entrypoints.providers.smtp import SmtpSettings, Tls
from consulting.entrypoints.providers.stripe import StripeSettings
from consulting.entrypoints.providers.zoom import ZoomSettings
from consulting.entrypoints.settings import (
    CHECKOUT,
    Mode,
    Port,
    Settings,
    SettingsError,
    load_settings,
    own_settings,
    settings_table,
)

STRONG = "0123456789abcdefghijklmnopqrstuvwxyz"
PRODUCTION = {
    "CONSULTING_PUBLIC_URL": "https://api.example.org",
    "CONSULTING_DATABASE_URL": "postgresql://app:hidden@db1:5432,db2:5432/app?target_session_attrs=read-write",
    "CONSULTING_JWT_SECRET": STRONG,
    "CONSULTING_JWT_ISSUER": "https://login.example.org",
    "CONSULTING_JWT_AUDIENCE": "consulting",
    "CONSULTING_STRIPE_SECRET_KEY": "sk_live_hidden",
    "CONSULTING_STRIPE_PUBLISHABLE_KEY": "pk_live_1",
    "CONSULTING_STRIPE_WEBHOOK_SECRET": "whsec_hidden",
    "CONSULTING_ZOOM_ACCOUNT_ID": "account",
    "CONSULTING_ZOOM_CLIENT_ID": "client",
    "CONSULTING_ZOOM_CLIENT_SECRET": "zoom-hidden",
    "CONSULTING_SMTP_HOST": "mail.example.org",
    "CONSULTING_SMTP_PASSWORD": "smtp-hidden",
    "CONSULTING_SMTP_FROM": "Consulting <sessions@example.org>",
}


def production(**changes: str) -> Settings:
    return load_settings({**PRODUCTION, **changes}, mode=Mode.PRODUCTION)


def sandbox(home: Path, **changes: str) -> Settings:
    return load_settings({"CONSULTING_HOME": str(home), **changes}, mode=Mode.SANDBOX)


def problems(**changes: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        production(**changes)
    return str(refused.value).splitlines()


def test_production_starts_on_what_it_needs_and_nothing_more() -> None:
    settings = production()

    assert settings.mode is Mode.PRODUCTION
    assert own_settings(settings, StripeSettings).api_url == "https://api.stripe.com"
    assert own_settings(settings, SmtpSettings).port == 587
    assert own_settings(settings, SmtpSettings).tls is Tls.STARTTLS
    assert settings.hold == timedelta(minutes=15)
    assert own_settings(settings, StripeSettings).payment_method_types == ("card",)
    assert settings.processes >= 1


def test_production_names_everything_that_is_missing_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({}, mode=Mode.PRODUCTION)

    lines = str(refused.value).splitlines()
    missing = [line.split()[0] for line in lines if " is not set: " in line]
    assert set(PRODUCTION) - {"CONSULTING_JWT_SECRET", "CONSULTING_SMTP_PASSWORD"} == set(missing)
    assert len(lines) == len(missing)


def with_jitsi(**changes: str) -> dict[str, str]:
    without_zoom = {name: "" for name in PRODUCTION if name.startswith("CONSULTING_ZOOM_")}
    jitsi = {"CONSULTING_JITSI_URL": "https://meet.example.org", "CONSULTING_JITSI_SECRET": STRONG}
    return {"CONSULTING_MEETING_ROOMS": "jitsi", **without_zoom, **jitsi, **changes}


def test_production_with_jitsi_needs_nothing_of_zoom() -> None:
    settings = production(**with_jitsi())

    assert settings.meeting_rooms == "jitsi"
    assert isinstance(settings.plugins[Port.MEETING_ROOMS].settings, JitsiSettings)
    assert isinstance(production().plugins[Port.MEETING_ROOMS].settings, ZoomSettings)
    assert STRONG not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CONSULTING_JITSI_URL", "", "is not set"),
        ("CONSULTING_JITSI_URL", "", "(needed by CONSULTING_MEETING_ROOMS=jitsi)"),
        ("CONSULTING_JITSI_URL", "http://meet.example.org", "must begin with https://"),
        ("CONSULTING_JITSI_SECRET", "", "is not set"),
        ("CONSULTING_JITSI_SECRET", "short", "is weak"),
        ("CONSULTING_JITSI_SECRET", "sandbox-jitsi-secret-that-is-no-secret", "is the sandbox's"),
        ("CONSULTING_MEETING_ROOMS", "teams", "give one of: jitsi, zoom"),
    ],
)
def test_production_with_jitsi_says_what_it_lacks(variable: str, value: str, said: str) -> None:
    [problem] = problems(**with_jitsi(**{variable: value}))

    assert problem.startswith(variable)
    assert said in problem


def test_production_with_zoom_says_which_choice_needs_it() -> None:
    [problem] = problems(CONSULTING_ZOOM_ACCOUNT_ID="")

    assert "(needed by CONSULTING_MEETING_ROOMS=zoom)" in problem


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CONSULTING_STRIPE_SECRET_KEY", "sk_test_sandbox", "is the sandbox's"),
        ("CONSULTING_STRIPE_SECRET_KEY", "sk_test_sandbox_2", "is the sandbox's"),
        ("CONSULTING_STRIPE_WEBHOOK_SECRET", "whsec_sandbox", "is the sandbox's"),
        ("CONSULTING_ZOOM_CLIENT_SECRET", "sandbox-secret", "is the sandbox's"),
        ("CONSULTING_JWT_SECRET", "short", "is weak"),
        ("CONSULTING_JWT_SECRET", "a" * 64, "is weak"),
        ("CONSULTING_JWT_SECRET", f"-----BEGIN PUBLIC KEY-----\n{STRONG}", "is a public key"),
        ("CONSULTING_JWT_JWKS", "https://login.example.org/keys", "exactly one"),
        ("CONSULTING_PUBLIC_URL", "http://api.example.org", "must begin with https://"),
        ("CONSULTING_STRIPE_API_URL", "http://127.0.0.1:8001/stripe", "must begin with https://"),
    ],
)
def test_production_refuses_what_is_unsafe_and_names_the_variable(variable: str, value: str, said: str) -> None:
    [problem] = problems(**{variable: value})

    assert problem.startswith(variable) or variable in problem
    assert said in problem


def test_production_takes_public_keys_in_place_of_a_secret() -> None:
    settings = production(CONSULTING_JWT_SECRET="", CONSULTING_JWT_JWKS="https://login.example.org/keys")

    assert (settings.jwt_secret, settings.jwt_jwks) == ("", "https://login.example.org/keys")


def test_production_asks_for_a_secret_or_keys() -> None:
    [problem] = problems(CONSULTING_JWT_SECRET="")

    assert "exactly one" in problem


@pytest.mark.parametrize(
    ("variable", "value", "mend"),
    [
        ("CONSULTING_PORT", "80000", "give a whole number from 0 to 65535"),
        ("CONSULTING_PORT", "8_0", "give a whole number"),
        ("CONSULTING_PORT", "9" * 5000, "give a whole number"),
        ("CONSULTING_HOLD_MINUTES", "0", "give a number above 0"),
        ("CONSULTING_HOLD_MINUTES", "-1", "give a number above 0"),
        ("CONSULTING_HOLD_MINUTES", "NaN", "give a number above 0"),
        ("CONSULTING_HOLD_MINUTES", "Infinity", "give a number above 0"),
        ("CONSULTING_SMTP_TLS", "ssl", "give one of: none, starttls, tls"),
        ("CONSULTING_MODE", "test", "give one of: production, sandbox"),
        ("CONSULTING_PUBLIC_URL", "api.example.org", "give an address such as"),
        ("CONSULTING_PUBLIC_URL", "https://api.example.org:http", "give an address such as"),
        ("CONSULTING_PUBLIC_URL", "https://[api.example.org", "give an address such as"),
        ("CONSULTING_DATABASE_URL", "host=db dbname=app", "give a URL such as postgresql://"),
        ("CONSULTING_ZOOM_HOSTS", ",", "give one word or several"),
        ("CONSULTING_SMTP_FROM", "nobody", "give a sender such as"),
    ],
)
def test_a_value_that_will_not_do_is_named_with_what_to_give(variable: str, value: str, mend: str) -> None:
    [problem] = problems(**{variable: value})

    assert problem.startswith(f"{variable}: ")
    assert mend in problem


def test_a_refused_secret_is_not_shown() -> None:
    [problem] = problems(CONSULTING_DATABASE_URL="mysql://app:hidden@db/app")

    assert "hidden" not in problem


@pytest.mark.parametrize(
    "value",
    [
        "collector.example/hidden",
        "grpc://us:hidden@collector.example",
        "https://us:hidden",
        "https://us:x@[hidden]/v1/traces",
        "https://us:hidden@collector.ex℀mple",
        "https://collector.example/v1/traces?token=hidden",
    ],
)
def test_a_collectors_address_that_will_not_do_is_not_shown_either(value: str) -> None:
    [problem] = problems(CONSULTING_TRACING_URL=value)

    advice = "give an address such as http://127.0.0.1:4318/v1/traces, without a query"
    assert problem == f"CONSULTING_TRACING_URL: the value will not do; {advice}"


def test_all_problems_are_told_at_once() -> None:
    lines = problems(CONSULTING_PORT="x", CONSULTING_THREADS="0", CONSULTING_PROT="1")

    assert len(lines) == 3


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    assert problems(CONSULTING_STRIPE_KEY="sk") == [
        "CONSULTING_STRIPE_KEY is no setting of this program; the nearest is CONSULTING_STRIPE_SECRET_KEY"
    ]


def test_other_programs_variables_do_not_matter(tmp_path: Path) -> None:
    assert sandbox(tmp_path, PATH="/bin", CONSULTINGX="1").port == 8000


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert sandbox(tmp_path, CONSULTING_PORT="").port == 8000


def test_the_sandbox_needs_nothing_and_points_at_its_own_ports(tmp_path: Path) -> None:
    settings = sandbox(
        tmp_path, CONSULTING_PORT="9000", CONSULTING_SANDBOX_PORT="9001", CONSULTING_SANDBOX_SMTP_PORT="9002"
    )

    assert settings.mode is Mode.SANDBOX
    assert settings.public_url == "http://127.0.0.1:9000"
    assert own_settings(settings, StripeSettings).api_url == "http://127.0.0.1:9001/stripe"
    assert own_settings(settings, ZoomSettings).api_url == "http://127.0.0.1:9001/zoom/v2"
    assert own_settings(settings, ZoomSettings).oauth_url == "http://127.0.0.1:9001/zoom/oauth/token"
    mails = own_settings(settings, SmtpSettings)
    assert (mails.host, mails.port, mails.tls) == ("127.0.0.1", 9002, Tls.NONE)


def test_the_environment_says_the_mode_before_the_command_does(tmp_path: Path) -> None:
    settings = load_settings({"CONSULTING_HOME": str(tmp_path), "CONSULTING_MODE": "sandbox"}, mode=Mode.PRODUCTION)

    assert settings.mode is Mode.SANDBOX


def test_the_sandbox_makes_one_secret_and_keeps_it_to_itself(tmp_path: Path) -> None:
    home = tmp_path / "new"

    first, second = sandbox(home), sandbox(home)

    assert first.jwt_secret == second.jwt_secret
    assert len(first.jwt_secret) >= 32
    assert [path.name for path in home.iterdir()] == ["jwt-secret"]
    assert stat.S_IMODE((home / "jwt-secret").stat().st_mode) == 0o600


def test_the_sandbox_takes_a_secret_it_is_given_but_no_weak_one(tmp_path: Path) -> None:
    assert sandbox(tmp_path, CONSULTING_JWT_SECRET=STRONG).jwt_secret == STRONG
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SettingsError, match="is weak"):
        sandbox(tmp_path, CONSULTING_JWT_SECRET="short")


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="CONSULTING_HOME"):
        sandbox(tmp_path / "file")


def test_a_hold_may_be_a_fraction_of_a_minute(tmp_path: Path) -> None:
    settings = sandbox(tmp_path, CONSULTING_HOLD_MINUTES="0.05")

    assert settings.hold_minutes == Decimal("0.05")
    assert settings.hold == timedelta(seconds=3)


def test_a_database_may_be_named_in_the_ways_that_people_write() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert production(CONSULTING_DATABASE_URL=f"{scheme}://db/app").database_url == "postgresql://db/app"


def test_settings_do_not_change_and_do_not_print_their_secrets() -> None:
    settings = production(CONSULTING_TRACING_URL="https://us:hidden@collector.example/v1/traces")

    assert "hidden" not in repr(settings)
    assert STRONG not in repr(settings)
    with pytest.raises(FrozenInstanceError):
        settings.port = 1  # type: ignore[misc] # that is the point


def test_reminders_go_out_as_many_hours_before_as_is_said(tmp_path: Path) -> None:
    assert sandbox(tmp_path).reminder_hours == (timedelta(hours=24), timedelta(hours=1))
    told = sandbox(tmp_path, CONSULTING_REMINDER_HOURS="48, 0.5").reminder_hours
    assert told == (timedelta(hours=48), timedelta(minutes=30))


@pytest.mark.parametrize("value", ["24", "1,24", "24,24", "24,0", "24,1,0.5", "a,b", ",", "9999,1"])
def test_other_leads_than_two_falling_ones_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError, match="CONSULTING_REMINDER_HOURS"):
        sandbox(tmp_path, CONSULTING_REMINDER_HOURS=value)


def test_the_readme_has_the_table_of_all_settings() -> None:
    readme = (CHECKOUT / "README.md").read_text()

    table = readme.partition("<!-- settings -->\n")[2].partition("\n<!-- /settings -->")[0]

    assert table == settings_table()
