from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from consulting.adapters.memory import MemoryMailer, MemoryMeetingRooms, MemoryPaymentGateway, PlainLetters
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session
from consulting.entrypoints.container import Container
from consulting.entrypoints.settings import Mode, Settings, load_settings
from consulting.entrypoints.worker.running import work_until
from tests.integration.instance import PATIENCE, eventually
from tests.unit.application.marketplace import Marketplace, client


@dataclass
class Workshop:
    """A database with sessions to see to, providers in memory, and workers that do it."""

    settings: Settings
    mailer: MemoryMailer = field(default_factory=MemoryMailer)
    rooms: MemoryMeetingRooms = field(default_factory=MemoryMeetingRooms)
    gateway: MemoryPaymentGateway = field(default_factory=MemoryPaymentGateway)

    def __post_init__(self) -> None:
        self._containers: list[Container] = []
        own = self.container()
        self.engine = own.engine()
        self.market = Marketplace(
            transactions=own.transactions(),
            clock=own.clock(),
            ids=own.identities(),
            gateway=self.gateway,
            rooms=self.rooms,
            mailer=self.mailer,
            letters=own.letters(),
        )

    def container(self) -> Container:
        """Give the parts of another process on the same database."""
        container = Container(
            settings=self.settings,
            mailer=self.mailer,
            meeting_rooms=self.rooms,
            payment_gateway=self.gateway,
            provider_books=self.gateway.books(),
            letters=PlainLetters(),
        )
        self._containers.append(container)
        return container

    @contextmanager
    def working(self) -> Iterator[Container]:
        """Have one more worker at work for as long as the block lasts."""
        container, stop = self.container(), threading.Event()
        thread = threading.Thread(target=work_until, args=[stop, container])
        thread.start()
        try:
            eventually(lambda: self.beating(container))
            yield container
        finally:
            stop.set()
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def beating(self, container: Container) -> bool:
        """Tell whether this worker has given a sign of life."""
        since = self.market.clock.now() - container.settings().hold
        # Over a connection of our own: the worker's may all be at work.
        beats = self._containers[0].heartbeats().since(since)
        return any(each.worker == container.worker_name() for each in beats)

    def researcher(self, name: str, *, rate: int = 0) -> Researcher:
        """Let a researcher join who can be booked at any hour."""
        researcher = self.market.add_researcher(name, rate=rate)
        self.market.set_hours(
            researcher, "00:00", "24:00", pattern_ids=lambda weekday: UUID(int=researcher.id.int ^ (weekday + 1))
        )
        return researcher

    def booked(self, researcher: Researcher, *, count: int = 1) -> list[Session]:
        """Book slots, too far ahead for reminders; those of a free researcher each ask for a meeting and two mails."""
        earliest = self.market.clock.now() + timedelta(hours=26)
        offered = (each.slot for each in self.market.offered(researcher) if each.available)
        slots = [slot for slot in offered if slot.period.start >= earliest][:count]
        assert len(slots) == count
        return [
            self.market.book(caller=client(f"client-{number}"), time_slot_id=slot.id).session
            for number, slot in enumerate(slots)
        ]

    def unfinished(self) -> int:
        """Count the errands that aren't done."""
        return int(self.read("SELECT count(*) FROM outbox WHERE standing = 'waiting'"))

    def read(self, query: str) -> str:
        """Ask the database itself for one value."""
        with self.engine.connect() as connection:
            return str(connection.exec_driver_sql(query).scalar())

    def change(self, statement: str) -> None:
        """Change something in the database itself."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def close(self) -> None:
        for container in self._containers:
            container.engine().dispose()


@pytest.fixture
def workshop(database_url: str) -> Iterator[Workshop]:
    environ = {
        "CONSULTING_DATABASE_URL": database_url,
        "CONSULTING_JWT_SECRET": "a-secret-for-tests-that-is-long-enough",
        "CONSULTING_HOME": "/nonexistent",
    }
    workshop = Workshop(settings=load_settings(environ, mode=Mode.SANDBOX))
    yield workshop
    workshop.close()
