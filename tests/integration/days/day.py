"""A day of sessions: booked, paid, moved, canceled and reminded of, while everything around them fails."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event, Thread
from uuid import UUID

from consulting.adapters.stripe import StripeGateway
from consulting.application.callers import Caller
from consulting.application.ports.mailer import Kind, Role
from consulting.application.ports.records import Notification
from consulting.application.reminders import KINDS
from consulting.domain.reminders import DEFAULT_LEADS
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session
from consulting.domain.time_slots import TimeSlot
from consulting.entrypoints.container import Container
from consulting.entrypoints.settings import Mode, load_settings
from tests.integration.days.crew import Crew
from tests.integration.days.hasty_worker import container_on
from tests.integration.days.shifted_clock import ShiftedClock
from tests.integration.days.weather import Weather
from tests.integration.instance import PATIENCE, eventually
from tests.integration.races.sandbox import charge
from tests.unit.application.marketplace import Marketplace, client

HASTE = 6
"""How many times faster than the wall's the clock runs: an errand of a few seconds stays well within its lease."""

STRIDE = timedelta(seconds=2)
A_STEP = 8.0
"""How many seconds the workers have for the reminders of an hour before time begins to fly: leases of the dead end."""

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many sessions there are, with how many researchers, each of whom has so many hours a day."""

    sessions: int
    researchers: int
    hours: int
    waves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """Where everything is: the database, and the sandbox's Stripe, Zoom and mail server."""

    database_url: str
    sandbox_url: str
    smtp_port: int


@dataclass
class Day:
    """One day, from its first booking to its last session's end."""

    plan: Plan
    container: Container
    crew: Crew
    weather: Weather
    random: Random
    stripe_url: str
    market: Marketplace
    clock: ShiftedClock
    sessions: dict[UUID, Caller] = field(default_factory=dict)
    canceled_at: dict[UUID, datetime] = field(default_factory=dict)
    moved: set[UUID] = field(default_factory=set)

    def pass_by(self) -> None:
        """Let the whole day happen."""
        slots = self._slots_to_book()
        self.crew.start()
        with self._time_flying():
            with self.weather.rough(), self.crew.being_killed():
                self._book(slots)
                time.sleep(3)
            self.settle()
            with self.weather.rough(), self.crew.being_killed():
                self._change_plans()
                time.sleep(3)
            self.settle()
        self._live_through()
        with self._time_flying():
            self.settle()
        self.crew.stop()

    def settle(self) -> None:
        """Let time pass until all that is to be done outside is done; nothing fails any more."""
        eventually(self._settled, told=self._left)

    def _slots_to_book(self) -> list[TimeSlot]:
        """Choose slots of one day that begins far enough ahead for all its reminders."""
        begin = _next_hour(self.clock.now() + 26 * HOUR)
        found: list[TimeSlot] = []
        for number in range(self.plan.researchers):
            researcher = self._joined(number)
            during = [each.slot for each in self.market.offered(researcher) if each.slot.period.start >= begin]
            found += [slot for slot in during if slot.period.start < begin + self.plan.hours * HOUR]
        assert len(found) >= self.plan.sessions
        self.random.shuffle(found)
        return found[: self.plan.sessions]

    def _joined(self, number: int) -> Researcher:
        """Let a researcher join: every other one asks for money."""
        researcher = self.market.add_researcher(f"researcher-{number}", rate=12_000 * (number % 2))
        self.market.set_hours(
            researcher, "00:00", "24:00", pattern_ids=lambda weekday: UUID(int=researcher.id.int ^ (weekday + 1))
        )
        return researcher

    def _book(self, slots: Sequence[TimeSlot]) -> None:
        a_wave = -(-len(slots) // self.plan.waves)
        for number, slot in enumerate(slots):
            if number and number % a_wave == 0:
                time.sleep(self.random.uniform(0.5, 1.5))
            caller = client(f"client-{number}")
            session = self.market.book(caller=caller, time_slot_id=slot.id).session
            if not session.free:
                self._pay(session, caller)
            self.sessions[session.id] = caller

    def _pay(self, session: Session, caller: Caller) -> None:
        intent = self.market.open_intent(session.id, caller=caller).intent
        assert charge(intent, stripe_url=self.stripe_url)
        self.market.confirm(session.id, intent_id=intent.id, caller=caller)

    def _change_plans(self) -> None:
        """Let some clients cancel and others move their session to a later hour."""
        chosen = self.random.sample(sorted(self.sessions), len(self.sessions) // 3)
        for number, session_id in enumerate(chosen):
            if number % 2:
                self._cancel(session_id)
            else:
                self._move(session_id)
            time.sleep(0.2)

    def _cancel(self, session_id: UUID) -> None:
        self.market.cancel(session_id, caller=self.sessions[session_id])
        self.canceled_at[session_id] = self.clock.now()

    def _move(self, session_id: UUID) -> None:
        """Move it to a free hour of the same researcher after the day's last."""
        session = self.session(session_id)
        with self.market.transactions.begin() as tx:
            researcher = tx.researchers.get(session.researcher_id)
        assert researcher is not None
        offered = [each.slot for each in self.market.offered(researcher) if each.available]
        slot = next(slot for slot in offered if slot.period.start > session.period.start)
        self.market.reschedule(session_id, time_slot_id=slot.id, caller=self.sessions[session_id])
        self.moved.add(session_id)

    def _live_through(self) -> None:
        """Let the hours pass, one step each, until the last session is over; some are canceled on the day itself."""
        starts = sorted(self.session(each).period.start for each in self.standing())
        late = self.random.sample(self.standing(), len(self.sessions) // 10)
        hours = sorted({start - lead for start in starts for lead in (24 * HOUR, HOUR)} | {starts[-1] + 2 * HOUR})
        with self.weather.rough(), self.crew.being_killed():
            for due in hours:
                self.clock.advance(max(due - self.clock.now(), timedelta(0)))
                for session_id in [each for each in late if self.session(each).period.start <= due + 3 * HOUR]:
                    late.remove(session_id)
                    self._cancel(session_id)
                self._await_reminders(due)

    def _await_reminders(self, due: datetime) -> None:
        """Give the workers time to see to the reminders that are due at this instant."""
        starts = [self.session(each).period.start for each in self.standing()]
        expected = len(Role) * sum(starts.count(due + lead) for lead in DEFAULT_LEADS)
        until = time.monotonic() + A_STEP
        while self._reminded(due) < expected and time.monotonic() < until:
            time.sleep(0.1)
        with self._time_flying():
            eventually(lambda: self._reminded(due) >= expected, told=self._left)

    def _reminded(self, due: datetime) -> int:
        """Count the reminders whose time this is and that were tried; those of earlier hours may be tried again now."""
        known = [each for session in self.standing() for each in self.reminders(session)]
        leads = dict(zip(KINDS, DEFAULT_LEADS, strict=True))
        times = (datetime.fromisoformat(each.about) - leads[Kind(each.kind)] for each in known)
        return sum(time == due for time in times)

    def standing(self) -> list[UUID]:
        return sorted(set(self.sessions) - set(self.canceled_at))

    @contextmanager
    def _time_flying(self) -> Iterator[None]:
        stop = Event()
        thread = Thread(target=self._fly_until, args=[stop], name="time")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(PATIENCE)

    def _fly_until(self, stop: Event) -> None:
        before = time.monotonic()
        while not stop.wait(0.05):
            now = time.monotonic()
            self.clock.advance(timedelta(seconds=(HASTE - 1) * (now - before)))
            before = now

    # What became of it

    def session(self, session_id: UUID) -> Session:
        with self.market.transactions.begin() as tx:
            session = tx.sessions.get(session_id)
        assert session is not None
        return session

    def reminders(self, session_id: UUID) -> list[Notification]:
        """Give what is recorded of the session's reminders, those before it was moved too."""
        with self.market.transactions.begin() as tx:
            return [each for each in tx.notifications.of_session(session_id) if each.kind.startswith("reminder")]

    def read(self, query: str) -> list[tuple[object, ...]]:
        with self.container.engine().connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def _settled(self) -> bool:
        """Tell whether nothing waits; if nothing is in hand either, let the clock come nearer to what is due next."""
        ((waiting, leased),) = self.read("SELECT count(*), count(leased_until) FROM outbox WHERE standing = 'waiting'")
        if waiting and not leased:
            self.clock.advance(STRIDE)
        return not waiting

    def _left(self) -> str:
        rows = self.read("SELECT errand, data, attempts, leased_by, error FROM outbox WHERE standing <> 'done'")
        return "\n".join([str(self.clock.now()), *map(str, rows), self.crew.log.read_text()[-6000:]])


def _next_hour(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR


@contextmanager
def planned(plan: Plan, premises: Premises, *, folder: Path, seed: int) -> Iterator[Day]:
    """Prepare a day."""
    random = Random(seed)
    environ = {
        "CONSULTING_MODE": "sandbox",
        "CONSULTING_DATABASE_URL": premises.database_url,
        "CONSULTING_HOME": str(folder),
        "CONSULTING_JWT_SECRET": "a-secret-for-tests-that-is-long-enough",
        "CONSULTING_SANDBOX_PORT": premises.sandbox_url.rpartition(":")[2],
        "CONSULTING_SMTP_PORT": str(premises.smtp_port),
        "CONSULTING_SMTP_TIMEOUT_SECONDS": "1",
        "CONSULTING_ZOOM_TIMEOUT_SECONDS": "1",
        "CONSULTING_ZOOM_HOSTS": ",".join(f"host-{n}@zoom.example" for n in range(plan.researchers + 2)),
        "CONSULTING_PUBLISH_DAYS": "4",
    }
    clock_file = folder / "clock"
    container = container_on(load_settings(environ, mode=Mode.SANDBOX), clock_file=clock_file)
    clock = container.clock()
    assert isinstance(clock, ShiftedClock)
    gateway = container.payment_gateway()
    assert isinstance(gateway, StripeGateway)
    market = Marketplace(
        transactions=container.transactions(),
        clock=clock,
        ids=container.identities(),
        gateway=gateway,
        rooms=container.meeting_rooms(),
        mailer=container.mailer(),
        letters=container.letters(),
    )
    crew = Crew(environ=environ, clock_file=clock_file, log=folder / "workers.log", random=Random(seed + 1))
    try:
        yield Day(
            plan=plan,
            container=container,
            crew=crew,
            weather=Weather(sandbox_url=premises.sandbox_url, random=Random(seed + 2)),
            random=random,
            stripe_url=f"{premises.sandbox_url}/stripe",
            market=market,
            clock=clock,
        )
    finally:
        crew.abandon()
        gateway.close()
        container.engine().dispose()
