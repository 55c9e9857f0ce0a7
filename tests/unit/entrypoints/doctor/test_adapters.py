"""What the doctor says of adapters: whose they are, and whether those that aren't ours answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from consulting.entrypoints.doctor import Verdict, adapters, examine, mail
from consulting.entrypoints.plugins import Port
from consulting.entrypoints.settings import Settings
from tests.unit.entrypoints.http.frontend import settings
from tests.unit.entrypoints.packages import ACME, Installer, acme_opening, site


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installer]:
    with site(tmp_path, monkeypatch) as found:
        yield found


def with_acme() -> Settings:
    return settings(CONSULTING_MAILER="acme", CONSULTING_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")


def said(installer: Installer, module: str) -> tuple[Verdict, str]:
    installer.install(module)
    [found] = examine(adapters.checks(with_acme(), Port.MAILER))
    assert found.check == "acme"
    return found.verdict, found.says


def test_each_adapter_is_named_with_its_package_and_version(installer: Installer) -> None:
    installer.install(ACME)

    says = [found.says for found in examine(adapters.names(with_acme()))]

    assert [line.rpartition(" ")[0] for line in says] == [
        "payments by stripe, of consulting",
        "meetings by zoom, of consulting",
        "mails by acme, of acme",
    ]
    assert says[-1] == "mails by acme, of acme 1.2.3"


def test_a_mailer_of_somebody_else_takes_the_place_of_ours_among_the_checks(installer: Installer) -> None:
    installer.install(ACME)

    assert [check.name for check in mail.checks(with_acme(), engine=None)] == ["acme"]  # type: ignore[arg-type] # unused


def test_an_adapter_of_which_nothing_can_be_asked_is_well(installer: Installer) -> None:
    assert said(installer, ACME) == (Verdict.WELL, "nothing can be asked of it")


@pytest.mark.parametrize(
    ("answer", "verdict", "says"),
    [
        ("return None", Verdict.WELL, "it answers"),
        ("raise MailUnavailable('hunter2')", Verdict.WRONG, "it doesn't answer (MAIL_UNAVAILABLE)"),
        ("raise SenderRefused('hunter2')", Verdict.WRONG, "it refuses us (MAIL_SENDER_REFUSED)"),
        ("raise ValueError('hunter2')", Verdict.WRONG, "it can't be looked at (ValueError)"),
    ],
)
def test_an_adapter_is_asked_and_its_answer_is_told(
    installer: Installer, answer: str, verdict: Verdict, says: str
) -> None:
    body = f"""
    from consulting.ports import MailUnavailable, SenderRefused

    def ask():
        {answer}

    return Mails(mailer=Post(settings, surroundings), ask=ask)
    """

    assert said(installer, acme_opening(body)) == (verdict, says)


def test_an_adapter_that_cannot_be_opened_is_wrong(installer: Installer) -> None:
    verdict, says = said(installer, acme_opening("return None"))

    assert (verdict, says.partition(": ")[0]) == (Verdict.WRONG, "CONSULTING_MAILER=acme")
