"""The pieces of work that are measured over HTTP."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Final
from uuid import UUID

from bench.figures import Work
from bench.flow import Flow
from bench.ground import Ground
from bench.load import Request, Timings, request, run
from bench.pgbench import PgBench
from bench.servers import Server
from consulting.entrypoints.settings import Settings
from consulting.entrypoints.tokens import issue_token
from tests.integration.postgres import many

READS: Final = 1500
LONG_READS: Final = 300
BOOKINGS: Final = 320
RIVALS: Final = 32
FLOWS: Final = 64
BEFORE: Final = 200
"""How many requests warm a server up before it is measured."""

_GUIDE: Final = "the guide's SQL"
_BARE: Final = "bare Litestar"
_PGBENCH: Final = "pgbench"
_ZONES: Final = tuple(f"Etc/GMT%2B{hours}" if hours > 0 else f"Etc/GMT{hours}" for hours in range(-14, 13) if hours)

Path = Callable[[int], str]
Round = Callable[[int], Timings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The servers under load, and what is asked of them."""

    ground: Ground
    settings: Settings
    ours: Server
    limit: Server
    bare: Server
    sandbox: Server
    pgbench: PgBench
    _numbers: count[int] = field(default_factory=count)
    _days: count[int] = field(default_factory=count)
    _halves: dict[int, count[int]] = field(default_factory=dict)

    def works(self) -> list[Work]:
        """List everything that is measured."""
        return [
            *(self._read(f"a day of slots, {n} at once", self._day, READS, n) for n in (1, 32)),
            *(self._read(f"a day of slots nobody read yet, {n} at once", self._another_day, READS, n) for n in (1, 32)),
            self._in_pgbench(
                "a day of slots, 32 at once, in SQL alone",
                self._asking(self.ours, self._day, READS, 32),
                self._days_alone,
            ),
            self._bare_read("a day of slots, 32 at once, by its size", self._day, 32),
            self._read("31 days of slots, 8 at once", self._month, LONG_READS, 8),
            self._bare_read("a page of search, 8 at once", self._search, 8),
            self._bare_read("a page of researchers, 8 at once", self._page, 8),
            *(self._book(f"booking distinct slots, {n} at once", n) for n in (1, 32)),
            self._in_pgbench(
                "booking distinct slots, 32 at once, in SQL alone", self._booking(self.ours, 32), self._book_alone
            ),
            self._contend(),
            self._flow(),
        ]

    def mixed_reads(self, number: int) -> Iterator[Request]:
        """Give requests of all kinds of reading, days of slots the most."""
        paths = (*[self._day] * 8, self._search, self._page)
        return (request("GET", paths[each % len(paths)](each)) for each in range(number))

    # Reading

    def _read(self, name: str, path: Path, number: int, connections: int) -> Work:
        ours, limits = (self._asking(server, path, number, connections) for server in (self.ours, self.limit))
        return Work(name=name, limit=_GUIDE, ours=ours, limits=limits)

    def _bare_read(self, name: str, path: Path, connections: int) -> Work:
        size = len(run(self.ours.port, [request("GET", path(0))], connections=1, keep=True).answers[0])
        ours = self._asking(self.ours, path, READS, connections)
        limits = self._asking(self.bare, lambda _: f"/{size}", READS, connections)
        return Work(name=name, limit=_BARE, ours=ours, limits=limits)

    def _asking(self, server: Server, path: Path, number: int, connections: int) -> Round:
        def asked(seed: int) -> Timings:
            chance = random.Random(seed)  # the same researchers for both
            requests = [request("GET", path(chance.randrange(1 << 30))) for _ in range(BEFORE + number)]
            run(server.port, requests[:BEFORE], connections=connections)
            return _watched(server, requests[BEFORE:], connections=connections)

        return asked

    def _days_alone(self, _: int) -> Timings:
        return self.pgbench.read_days(number=READS)

    def _in_pgbench(self, name: str, ours: Round, limits: Round) -> Work:
        return Work(name=name, limit=_PGBENCH, ours=ours, limits=limits)

    def _day(self, number: int) -> str:
        who = many.researcher(self.ground.whose[number % 20])
        return f"/api/time-slots?researcher_id={who}&date={self.ground.day(number % 40)}"

    def _another_day(self, _: int) -> str:
        """Ask for each day of each calendar in each zone: more ranges of instants than a process remembers."""
        number = next(self._days)
        who, day = many.researcher(self.ground.whose[number % 20]), self.ground.day(number // 20 % 40)
        return f"/api/time-slots?researcher_id={who}&date={day}&timezone={_ZONES[number // 800 % len(_ZONES)]}"

    def _month(self, number: int) -> str:
        who, first = many.researcher(self.ground.whose[number % 20]), self.ground.day(number % 10)
        return f"/api/time-slots?researcher_id={who}&from={first}&to={first + timedelta(days=30)}"

    def _search(self, number: int) -> str:
        # One of 5,000 words, which 400 of the 100,000 have.
        word = hashlib.md5(str(number % 5000).encode(), usedforsecurity=False).hexdigest()[:7]
        return f"/api/researchers/search?query={word}"

    def _page(self, number: int) -> str:
        return f"/api/researchers?limit=20&expertise=field+{number % 50}"

    # Booking

    def _book(self, name: str, connections: int) -> Work:
        ours, limits = (self._booking(server, connections) for server in (self.ours, self.limit))
        return Work(name=name, limit=_GUIDE, ours=ours, limits=limits)

    def _booking(self, server: Server, connections: int) -> Round:
        def book(_: int) -> Timings:
            return _watched(server, [self._wish(slot) for slot in self._free(server.port)], connections=connections)

        return book

    def _book_alone(self, _: int) -> Timings:
        return self.pgbench.book(self._free(self.ours.port))

    def _contend(self) -> Work:
        """Give one slot to one of many, as the limit does."""

        def contend(server: Server) -> Round:
            def asked(_: int) -> Timings:
                slots = self._free(server.port)[: BOOKINGS // RIVALS]
                requests = [self._wish(slot, status=0) for slot in slots for _ in range(RIVALS)]
                return _watched(server, requests, connections=RIVALS)

            return asked

        name = f"{RIVALS} clients for one slot"
        return Work(name=name, limit=_GUIDE, ours=contend(self.ours), limits=contend(self.limit))

    def _flow(self) -> Work:
        """Give the whole way: four requests of the client's, while the sandbox's Stripe runs on the same machine."""
        flow = Flow(settings=self.settings, api=self.ours, sandbox=self.sandbox)

        def ours(_: int) -> Timings:
            slots = self._free(self.ours.port)[:FLOWS]
            return flow.run(slots, name=f"flow-{next(self._numbers)}", connections=8)

        limits = self._booking(self.limit, 8)
        return Work(name="hold, intent, pay, confirm; 8 at once", limit=_GUIDE, ours=ours, limits=limits)

    def _wish(self, slot: UUID, *, status: int = 201) -> Request:
        user = f"booker-{next(self._numbers)}"
        token = issue_token(self.settings, user=user, email=f"{user}@clients.example", name="B. Ooker")
        body = {"time_slot_id": str(slot), "questions": "How does it scale?"}
        return request("POST", "/api/sessions", token=token, body=body, key=user, status=status)

    def _free(self, port: int) -> Sequence[UUID]:
        """Give slots that nobody has asked this server for: half a day of all calendars."""
        day, half = divmod(next(self._halves.setdefault(port, count())), 2)
        return self.ground.slots(day)[half * BOOKINGS : (half + 1) * BOOKINGS]


def _watched(server: Server, requests: Iterable[Request], *, connections: int) -> Timings:
    before = server.used()
    timings = run(server.port, requests, connections=connections)
    timings.cpu = server.used() - before
    return timings
