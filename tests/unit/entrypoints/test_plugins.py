from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from consulting.adapters.memory import MovingClock
from consulting.application.ports.mailer import Mail
from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.container import Container, build_container, open_plugins
from consulting.entrypoints.http.booking_page import content_policy
from consulting.entrypoints.plugin_trial import refuse_broken_plugins
from consulting.entrypoints.plugins import KINDS, PluginError, Port, offers
from consulting.entrypoints.settings import CHECKOUT, Mode, Settings, SettingsError, load_settings, settings_table
from tests.unit.application.marketplace import NOON
from tests.unit.entrypoints.packages import ACME, Installer, acme_opening, site
from tests.unit.entrypoints.test_settings import PRODUCTION

ENVIRON = {
    "CONSULTING_JWT_SECRET": "a-secret-for-tests-that-is-long-enough",
    "CONSULTING_HOME": "/nonexistent",
    "CONSULTING_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "CONSULTING_MAILER": "acme",
}
MAIL = Mail(
    message_id="<1@example.org>", to_name="Ada", to_address="ada@example.org", subject="Hello", text="there", html="<p>"
)
WITHOUT_SMTP = {name: value for name, value in PRODUCTION.items() if name != "CONSULTING_SMTP_HOST"}


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installer]:
    with site(tmp_path, monkeypatch) as found:
        yield found


def told(**changes: str) -> Settings:
    return load_settings({**ENVIRON, **changes}, mode=Mode.SANDBOX)


def told_in_production(**changes: str) -> Settings:
    given = {**WITHOUT_SMTP, "CONSULTING_MAILER": "acme", "CONSULTING_ACME_API_KEY": "k-1", **changes}
    return load_settings(given, mode=Mode.PRODUCTION)


def refusal(**changes: str) -> str:
    with pytest.raises(SettingsError) as refused:
        told(**changes)
    return str(refused.value)


def opened(settings: Settings) -> Container:
    container = Container(settings=settings, clock=MovingClock(NOON))
    open_plugins(container)
    return container


def test_our_own_adapters_are_offered_as_anybodys_are() -> None:
    found = {port: {offer.name for offer in offers(port) if offer.package == "consulting"} for port in Port}

    assert found == {
        Port.PAYMENT_GATEWAY: {"stripe"},
        Port.MEETING_ROOMS: {"jitsi", "zoom"},
        Port.MAILER: {"smtp"},
    }


def test_a_plugin_is_chosen_by_its_name_and_reads_its_own_settings(installer: Installer) -> None:
    installer.install(ACME)

    container = opened(told(CONSULTING_MAILER="Acme", CONSULTING_ACME_TIMEOUT_SECONDS="2.5"))

    assert container.settings().mailer == "acme"
    post = vars(container.mailer())
    settings, surroundings = post["settings"], post["surroundings"]
    assert (settings.api_key, settings.timeout_seconds) == ("acme-sandbox-key", 2.5)
    assert (settings.api_url, settings.letters_url) == (
        "http://127.0.0.1:8001/acme",
        "http://127.0.0.1:8001/acme/letters",
    )
    assert surroundings.clock is container.clock()
    assert surroundings.webhook_url == "http://127.0.0.1:8000/api/payment/webhook"
    assert (surroundings.sender, surroundings.production) == ("Consulting <sessions@consulting.example>", False)
    assert container.notify().mailer is container.send_reminders().mailer is container.mailer()


def test_the_settings_of_a_mailer_that_is_not_used_are_not_asked_for(installer: Installer) -> None:
    installer.install(ACME)

    settings = told_in_production()

    assert settings.plugins[Port.MAILER].settings.api_url == "https://api.acme.example"
    assert "k-1" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("API_KEY", "", "CONSULTING_ACME_API_KEY is not set: Acme's API key (needed by CONSULTING_MAILER=acme)"),
        ("API_KEY", "acme-sandbox-key", "CONSULTING_ACME_API_KEY is the sandbox's: production needs your own"),
        ("API_URL", "http://acme.example", "CONSULTING_ACME_API_URL must begin with https:// in production"),
        ("API_URL", "acme", "CONSULTING_ACME_API_URL: 'acme' will not do; give an address such as"),
        ("TIMEOUT_SECONDS", "0", "CONSULTING_ACME_TIMEOUT_SECONDS: '0' will not do; give a number above 0"),
        (
            "API_KEYS",
            "k",
            "CONSULTING_ACME_API_KEYS is no setting of this program; the nearest is CONSULTING_ACME_API_KEY",
        ),
    ],
)
def test_a_plugins_settings_are_refused_in_the_words_of_ours(
    installer: Installer, variable: str, value: str, said: str
) -> None:
    installer.install(ACME)

    with pytest.raises(SettingsError) as refused:
        told_in_production(**{f"CONSULTING_ACME_{variable}": value})

    [line] = str(refused.value).splitlines()
    assert line.startswith(said)


def test_all_is_said_at_once_be_it_about_the_program_or_a_plugin(installer: Installer) -> None:
    installer.install(ACME)

    lines = refusal(CONSULTING_PORT="x", CONSULTING_ACME_API_URL="x", CONSULTING_MEETING_ROOMS="teams").splitlines()

    assert [line.partition(":")[0] for line in lines] == [
        "CONSULTING_PORT",
        "CONSULTING_MEETING_ROOMS",
        "CONSULTING_ACME_API_URL",
    ]


def test_what_is_installed_and_not_chosen_is_not_imported(installer: Installer) -> None:
    module = installer.install("raise AssertionError('imported')")

    settings = told(CONSULTING_MAILER="smtp", CONSULTING_ACME_API_KEY="of one that is not used today")

    assert settings.mailer == "smtp"
    assert module not in sys.modules


def test_an_unknown_name_is_answered_with_those_that_are_installed(installer: Installer) -> None:
    installer.install(ACME)

    assert refusal(CONSULTING_MAILER="pigeon", CONSULTING_PIGEON_LOFT="7") == (
        "CONSULTING_MAILER: 'pigeon' will not do; give one of: acme, smtp"
    )


def test_a_name_that_two_packages_offer_is_refused(installer: Installer) -> None:
    installer.install(ACME)
    installer.install(ACME, package="other")

    assert refusal() == (
        "CONSULTING_MAILER: 'acme' is offered by acme 1.2.3 and other 1.2.3; uninstall all but one of them"
    )


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("import nonexistent_sdk", "cannot be imported: ModuleNotFoundError: No module named 'nonexistent_sdk'"),
        ("raise SystemExit('no\\nlicense')", "cannot be imported: SystemExit: no license"),
        ("class Panic(BaseException): ...\nraise Panic('at once')", "cannot be imported: Panic: at once"),
        ("plug = 1", "cannot be imported: AttributeError: module"),
        ("plugin = 'a word'", "isn't a consulting.ports.Plugin but 'a word'"),
        (
            ACME.replace("port_version=1", "port_version=2"),
            "is for version 2 of the port, and this program has version 1",
        ),
        (ACME.replace("settings=Settings", "settings=dict"), "has settings that aren't a dataclass"),
        (ACME.replace("variable(seconds, ", "variable(3, "), "cannot read its settings: TypeError"),
        (ACME.replace("if production:", "if 1 / 0:"), "cannot read its settings: ZeroDivisionError"),
    ],
)
def test_a_broken_plugin_is_refused_in_one_line_that_names_its_package(
    installer: Installer, module: str, said: str
) -> None:
    imported = installer.install(module)

    [line] = refusal().splitlines()

    whence = f"acme 1.2.3, entry point acme = {imported}:plugin"
    assert line.startswith(f"CONSULTING_MAILER=acme: the plugin ({whence}) {said}")


def test_a_plugin_may_not_redeclare_what_is_a_setting_of_the_program(installer: Installer) -> None:
    installer.install(ACME.replace("timeout_seconds: float", "port: float"), name="sandbox")

    assert refusal(CONSULTING_MAILER="sandbox").endswith(
        "declares CONSULTING_SANDBOX_PORT, which is a setting of the program itself"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "raise RuntimeError(f'bad key {settings.api_key}\\nat all')",
            "cannot be opened: RuntimeError: bad key [hidden] at all",
        ),
        ("raise SystemExit(3)", "cannot be opened: SystemExit: 3"),
        ("raise type('Panic', (BaseException,), {})('at once')", "cannot be opened: Panic: at once"),
        ("return None", "opens None where Mails is expected"),
        ("return Mails(mailer=object())", "has no mailer.send"),
    ],
)
def test_a_plugin_that_cannot_be_opened_is_refused_before_anything_starts(
    installer: Installer, body: str, said: str
) -> None:
    installer.install(acme_opening(body))
    settings = told()

    for attempt in (lambda: refuse_broken_plugins(settings), lambda: opened(settings)):
        with pytest.raises(CannotStart) as refused:
            attempt()
        [line] = str(refused.value).splitlines()
        assert line.startswith("CONSULTING_MAILER=acme: the plugin (acme 1.2.3, entry point acme = module_of_acme_")
        assert line.endswith(said)


def test_nobody_asks_the_clock_or_a_provider_to_open_a_plugin(installer: Installer) -> None:
    installer.install(ACME)

    container = build_container(told())

    open_plugins(container)  # there is no database to ask


def test_the_table_of_settings_has_those_of_the_plugins_that_are_chosen(installer: Installer) -> None:
    installer.install(ACME)

    rows = settings_table({"CONSULTING_MAILER": "acme"}).splitlines()

    assert (
        "| `CONSULTING_ACME_API_KEY` | required with `CONSULTING_MAILER=acme` | `acme-sandbox-key` | Acme's API key |"
        in rows
    )
    assert "| `CONSULTING_ACME_LETTERS_URL` | `$CONSULTING_ACME_API_URL/letters` |  | where its letters are |" in rows
    assert not [row for row in rows if row.startswith("| `CONSULTING_SMTP_HOST")]
    with pytest.raises(PluginError, match="give one of: acme, smtp"):
        settings_table({"CONSULTING_MAILER": "pigeon"})


def test_the_plugin_of_the_guide_works(installer: Installer, tmp_path: Path) -> None:
    guide = (CHECKOUT / "docs" / "plugins.md").read_text()
    module, offer = re.findall(r"```(?:python|toml)\n(.*?)```", guide, re.DOTALL)
    assert tomllib.loads(offer) == {"project": {"entry-points": {"consulting.mailers": {"shelf": "shelf:plugin"}}}}
    installer.install(module, package="mail-shelf", name="shelf")
    container = opened(told(CONSULTING_MAILER="shelf", CONSULTING_HOME=str(tmp_path)))

    container.mailer().send(MAIL)
    container.mailer().send(MAIL)

    [file] = (tmp_path / "shelf").iterdir()
    assert file.read_text().startswith("From: Consulting <sessions@consulting.example>\nTo: ada@example.org\n")
    without = {**WITHOUT_SMTP, "CONSULTING_MAILER": "shelf"}
    with pytest.raises(SettingsError) as refused:
        load_settings(without, mode=Mode.PRODUCTION)
    assert f"consulting: {refused.value}" in guide
    with pytest.raises(SettingsError, match="CONSULTING_SHELF_PATH must be a folder that is there"):
        load_settings({**without, "CONSULTING_SHELF_PATH": "/nonexistent"}, mode=Mode.PRODUCTION)


def test_every_port_has_a_version_that_our_own_adapters_are_for() -> None:
    chosen = told(CONSULTING_MAILER="smtp").plugins

    assert {port: each.plugin.port_version for port, each in chosen.items()} == {
        port: kind.version for port, kind in KINDS.items()
    }


def test_the_page_calls_nobody_where_another_provider_charges(installer: Installer) -> None:
    payments = ACME.replace("Mails", "Payments").replace("mailer=Post(", "gateway=None, books=Post(")
    installer.install(payments, group="consulting.payment_gateways")

    policy = content_policy(told(CONSULTING_MAILER="smtp", CONSULTING_PAYMENT_GATEWAY="acme"))

    assert "connect-src 'self';" in policy
    assert "stripe" not in policy
