"""What partners may build on: a name more is a promise, a name less breaks somebody."""

from __future__ import annotations

import ast
import string
import subprocess
import sys
from pathlib import Path

import pytest

import consulting
from consulting import contracts, domain, ports

SOURCE = Path(consulting.__file__).parent
FRAMEWORKS = {"alembic", "apscheduler", "click", "dependency_injector", "litestar", "sqlalchemy", "stripe", "zoomus"}


def loaded_by(program: str) -> set[str]:
    """Name the packages, our own folders one by one, that a fresh interpreter has loaded after the program."""
    ended = "\nimport sys; print(*(n for n, m in sys.modules.items() if getattr(m, '__file__', None)))"
    found = subprocess.run([sys.executable, "-c", program + ended], capture_output=True, text=True, check=True)
    names = {".".join(name.split(".")[: 2 if name.startswith("consulting.") else 1]) for name in found.stdout.split()}
    return {name for name in names if not name.startswith("_")} - set(sys.stdlib_module_names)


def test_the_public_names_are_these() -> None:
    assert set(consulting.__all__) == {
        "Caller",
        "CannotStart",
        "Mode",
        "Settings",
        "build_container",
        "create_app",
        "domain",
        "load_settings",
        "ports",
        "run_worker",
    }
    assert " ".join(sorted(domain.__all__)) == (
        "CanceledBy Cancellation CancellationPolicy CancellationReason Client ConsultingError Dispute FieldProblem "
        "Intent IntentStatus Meeting Money PaymentStatus Period ProviderRefund RefundState Researcher Session Status "
        "TimeSlot ValidationFailed"
    )
    assert " ".join(sorted(ports.__all__)) == (
        "BookedCharge BookedDispute BookedRefund Clock MAILER_VERSION MEETING_ROOMS_VERSION Mail MailRefused "
        "MailUnavailable MailUncertain Mailer Mails MeetingRequest MeetingRooms MeetingRoomsMisconfigured "
        "MeetingRoomsUnavailable Meetings NoFreeHost PAYMENT_GATEWAY_VERSION PaymentDeclined PaymentGateway "
        "PaymentGatewayMisconfigured PaymentGatewayUnavailable PaymentOutcomeUnknown Payments Plugin ProviderBooks "
        "ProviderEvent REQUIRED SenderRefused Surroundings WEAK WebhookSignatureInvalid above_zero folder is_weak "
        "left_from_sandbox mail_address one_of seconds text unencrypted variable web_address whole words"
    )
    assert " ".join(sorted(contracts.__all__)) == (
        "HollowedOut Line MailServer MailerContract MeetingProvider MeetingProviderContract MeetingRoomsContract "
        "PaymentBank PaymentDisputesContract PaymentGatewayContract PaymentMessages PaymentProvider "
        "ProviderBooksContract SignedMessage SmtpInbox SmtpMailerContract StorageContract "
        "meeting_request read_mail strategies"
    )


@pytest.mark.parametrize("module", [consulting, contracts, domain, ports])
def test_every_public_name_can_be_had(module: object) -> None:
    names = vars(module)["__all__"]

    assert [name for name in names if getattr(module, name, None) is None] == []
    assert set(names) <= set(dir(module))


def test_what_is_not_public_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'consulting' has no attribute 'Container'"):
        consulting.Container  # type: ignore[attr-defined] # noqa: B018 -- that is the point


def test_the_types_of_the_public_names_are_told_to_type_checkers() -> None:
    stub = ast.parse((SOURCE / "__init__.pyi").read_text())
    told = {alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}

    assert told == set(consulting.__all__)
    assert (SOURCE / "py.typed").exists()


def test_the_rules_are_loaded_alone() -> None:
    assert loaded_by("import consulting.domain") - {"tzdata"} == {"consulting", "consulting.domain"}
    assert loaded_by("from consulting import domain") - {"tzdata"} == {"consulting", "consulting.domain"}


def test_the_package_loads_nothing_before_it_is_asked_for() -> None:
    assert loaded_by("import consulting") == {"consulting"}


def test_adapters_and_settings_need_no_framework() -> None:
    program = "from consulting import ports, Settings, load_settings"
    program += f"; load_settings({{'CONSULTING_JWT_SECRET': '{string.ascii_letters}'}}, mode='sandbox')"

    assert loaded_by(program) & FRAMEWORKS == set()
