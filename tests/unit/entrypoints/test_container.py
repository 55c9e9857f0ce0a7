from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from dependency_injector.providers import Provider

from consulting.adapters.jitsi import JitsiRooms
from consulting.adapters.memory import MemoryTransactions, MovingClock
from consulting.adapters.zoom import ZoomRooms
from consulting.application.ports.outbox import Errand
from consulting.entrypoints.container import Container, build_container
from consulting.entrypoints.settings import Mode, Settings, load_settings
from tests.unit.application.marketplace import NOON

ENVIRON = {
    "CONSULTING_JWT_SECRET": "a-secret-for-tests-that-is-long-enough",
    "CONSULTING_HOME": "/nonexistent",
    "CONSULTING_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "CONSULTING_HOLD_MINUTES": "7.5",
    "CONSULTING_ZOOM_HOSTS": "one@zoom.example, two@zoom.example",
}


def told(**changes: str) -> Settings:
    return load_settings({**ENVIRON, **changes}, mode=Mode.SANDBOX)


@pytest.fixture
def settings() -> Settings:
    return told()


@pytest.fixture
def container(settings: Settings) -> Container:
    return build_container(settings)


def providers(container: Container) -> Iterator[tuple[str, Provider[object]]]:
    yield from container.providers.items()


def test_everything_can_be_built_without_anybody_to_talk_to(container: Container) -> None:
    container.check_dependencies()

    for name, provider in providers(container):
        assert provider() is not None, name


def test_adapters_are_built_once_and_use_cases_share_them(container: Container) -> None:
    assert container.transactions() is container.transactions()
    assert container.book_session().transactions is container.cancel_session().transactions
    assert container.settle_payment().gateway is container.carry_out_refund().gateway


def test_what_the_settings_say_reaches_the_use_cases(container: Container, settings: Settings) -> None:
    assert container.book_session().hold_for == settings.hold
    assert container.book_session().holds_per_user == settings.holds_per_user
    assert container.book_session().free_sessions_per_user == settings.free_sessions_per_user
    assert container.meeting_errands().hosts == ("one@zoom.example", "two@zoom.example")
    assert container.publish_slots().ahead.days == settings.publish_days
    assert container.notify().mail_domain == "consulting.example"
    assert container.send_reminders().leads == settings.reminder_hours


def test_mails_of_a_sender_outside_ascii_are_named_in_ascii(settings: Settings) -> None:
    container = build_container(replace(settings, smtp_from="Bücher <post@bücher.example>"))

    assert container.mail_domain() == "xn--bcher-kva.example"


def test_as_many_meetings_at_once_as_the_plan_allows() -> None:
    rooms = build_container(told(CONSULTING_ZOOM_MEETINGS_AT_ONCE="2")).meeting_rooms()

    assert isinstance(rooms, ZoomRooms)
    assert rooms.meetings_at_once == 2


def test_sessions_take_place_where_the_settings_say() -> None:
    container = build_container(
        told(
            CONSULTING_MEETING_ROOMS="jitsi", CONSULTING_JITSI_URL="https://meet.example.org", CONSULTING_ZOOM_HOSTS=""
        )
    )

    assert isinstance(container.meeting_rooms(), JitsiRooms)
    assert container.meeting_errands().rooms is container.get_start_link().rooms


def test_every_kind_of_errand_has_somebody_who_does_it(container: Container) -> None:
    assert set(container.errand_runners()) == set(Errand)


def test_two_workers_never_have_the_same_name(settings: Settings) -> None:
    assert build_container(settings).worker_name() != build_container(settings).worker_name()


def test_other_ports_take_the_place_of_ours(settings: Settings) -> None:
    transactions, clock = MemoryTransactions(), MovingClock(NOON)

    container = Container(settings=settings, transactions=transactions, clock=clock)

    assert container.book_session().transactions is transactions
    assert container.sweep_sessions().clock is clock


def test_a_port_that_does_not_exist_is_refused(settings: Settings) -> None:
    with pytest.raises(AttributeError):
        Container(settings=settings, payment_gatway=object())
