"""Where races take place: round after round, each with people and slots of its own, and what can be seen afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import count
from random import Random
from uuid import UUID

import psycopg

from consulting.application.callers import Caller
from consulting.domain.availability import Pattern
from consulting.domain.local_time import LocalWindow
from consulting.domain.money import Money
from consulting.domain.offering import slots
from consulting.domain.payments import Intent
from consulting.domain.period import Period
from consulting.domain.refunds import Refund
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session
from consulting.domain.time_slots import TimeSlot
from tests.integration.races.crowd import Attempt, Crowd, Deed, Outcome
from tests.integration.races.deeds import book
from tests.integration.races.premises import Premises
from tests.integration.races.sandbox import charge
from tests.integration.races.truths import contradictions
from tests.unit.application.marketplace import AHEAD, NOON, Marketplace, account_of, client

TOMORROW, IN_THREE_DAYS = date(2026, 12, 2), date(2026, 12, 4)
"""Local dates: for a session on the first one half of the price goes back, for one on the second all of it."""

LONGEST_DELAY = 0.02
"""In seconds: a few times what a use case takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A researcher, the pattern of their only hours, and the slots that it gave, by start."""

    researcher: Researcher
    pattern: Pattern
    slots: tuple[TimeSlot, ...]

    @property
    def account(self) -> Caller:
        return account_of(self.researcher)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A session as it was booked, by whom."""

    session: Session
    caller: Caller


class Arena:
    """One database and one crowd for the races of a module."""

    def __init__(self, *, market: Marketplace, crowd: Crowd, premises: Premises) -> None:
        self.market, self.crowd, self.premises = market, crowd, premises
        self._connection = psycopg.connect(premises.database_url, autocommit=True)
        self._numbers = count(1)
        self.seen: Counter[str] = Counter()

    def close(self) -> None:
        self._connection.close()

    def rounds(self, number: int, *, seed: int) -> Iterator[Round]:
        """Give so many rounds; after the last one, everything in the database must be true."""
        self.seen.clear()
        for each in range(number):
            print(f"round {each} of {number}, seed {seed}")  # noqa: T201 -- pytest shows it with a failure
            yield Round(self, random=Random(f"{seed}:{each}"))
        assert contradictions(self._connection) == {}

    def new_name(self, what: str) -> str:
        return f"{what}-{next(self._numbers)}"

    def execute(self, statement: bytes, *values: object) -> list[tuple[object, ...]]:
        """Do something to the database that no use case does."""
        cursor = self._connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


class Round:
    """One repetition of a race."""

    def __init__(self, arena: Arena, *, random: Random) -> None:
        self.arena, self.random = arena, random
        self.market = arena.market

    # Before it

    def somebody(self) -> Caller:
        return client(self.arena.new_name("client"))

    def open_hours(
        self, start: str, end: str, *, on: date = IN_THREE_DAYS, minutes: int = 60, free: bool = False
    ) -> Hours:
        """Let a new researcher have hours on one date."""
        researcher = self.market.add_researcher(self.arena.new_name("lise"), rate=0 if free else 12_000)
        pattern = Pattern(
            id=self.market.ids.new(),
            researcher_id=researcher.id,
            weekday=on.weekday(),
            window=LocalWindow.parse(start=start, end=end),
            timezone=researcher.timezone,
            slot_minutes=minutes,
            valid_from=on,
            valid_until=on,
        )
        self.market.save_pattern(pattern, caller=account_of(researcher))
        published = tuple(shown.slot for shown in self.market.offered(researcher))
        return Hours(researcher=researcher, pattern=pattern, slots=published)

    def booked(self, slot: TimeSlot, caller: Caller | None = None) -> Booking:
        """Let somebody book a slot: a hold, or a confirmed session if it is free."""
        caller = caller or self.somebody()
        return Booking(session=book(self.market, caller=caller, slot_id=slot.id), caller=caller)

    def intent(self, booking: Booking) -> Intent:
        return self.market.open_intent(booking.session.id, caller=booking.caller).intent

    def charged(self, booking: Booking) -> Intent:
        """Let the client open the payment and be charged, without anybody having told us."""
        intent = self.intent(booking)
        assert charge(intent, stripe_url=self.arena.premises.stripe_url)
        return intent

    def paid(self, slot: TimeSlot) -> Booking:
        """Let somebody book a slot and pay it."""
        booking = self.booked(slot)
        self.market.settle(self.charged(booking).id)
        return replace(booking, session=self.session(booking.session.id))

    # The race

    def race(self, *contestants: Deed | Attempt) -> list[Outcome]:
        """Let everybody begin at the same instant; in some rounds the first one, or all the others, a little later.

        So neither the one who has the longer way to the lock nor the one with the shorter always wins.
        """
        late = self.random.choice([(0.0, 0.0), (LONGEST_DELAY, 0.0), (0.0, LONGEST_DELAY)])
        attempts = [each if isinstance(each, Attempt) else Attempt(deed=each) for each in contestants]
        return self.arena.crowd.race(
            [replace(each, delay=self.random.uniform(0, late[min(place, 1)])) for place, each in enumerate(attempts)]
        )

    # After it

    def saw(self, what: str) -> None:
        """Note how this round ended, so that people can see that each of the possible ends occurred."""
        self.arena.seen[what] += 1

    def session(self, id: UUID) -> Session:
        with self.market.transactions.begin() as tx:
            session = tx.sessions.get(id)
        assert session is not None
        return session

    def sessions(self, researcher: Researcher) -> Sequence[Session]:
        """Give the researcher's sessions that aren't canceled."""
        with self.market.transactions.begin() as tx:
            return tx.sessions.of_researcher(researcher.id, overlapping=Period(NOON, NOON + AHEAD))

    def refunds(self, session_id: UUID) -> Sequence[Refund]:
        with self.market.transactions.begin() as tx:
            return tx.refunds.of_session(session_id)

    def received(self, session_id: UUID) -> Money | None:
        """Give what was paid for the session, if anything; more than one payment is a failure."""
        with self.market.transactions.begin() as tx:
            received = [each.received for each in tx.payments.of_session(session_id) if each.received is not None]
        assert len(received) <= 1
        return received[0] if received else None

    def errands(self, session_id: UUID) -> Counter[str]:
        """Count what the outbox holds for the session: kinds of errands, and for mails who gets which."""
        rows = self.arena.execute(
            b"SELECT concat_ws(' ', errand, data ->> 'kind', data ->> 'role') FROM outbox WHERE session_id = %s",
            session_id,
        )
        return Counter(str(name) for (name,) in rows)

    def published(self, researcher: Researcher) -> set[Period]:
        with self.market.transactions.begin() as tx:
            offers = tx.time_slots.starting(researcher_id=researcher.id, during=Period(NOON, NOON + AHEAD))
        return {offer.slot.period for offer in offers if not offer.slot.withdrawn}

    def rightly_published(self, researcher: Researcher) -> set[Period]:
        """Give what must be published: what is booked, and of what the rules give all that leaves room for it."""
        with self.market.transactions.begin() as tx:
            rules = tx.availability.rules(researcher.id)
        booked = {session.period for session in self.sessions(researcher)}
        given = {each.period for each in slots(rules=rules, during=Period(NOON, NOON + AHEAD))}
        return booked | {period for period in given if not any(period.overlaps(each) for each in booked)}

    def bookers(self, slot: TimeSlot, number: int) -> list[Deed]:
        """Let so many people want the slot."""
        return [partial(book, caller=self.somebody(), slot_id=slot.id) for _ in range(number)]
