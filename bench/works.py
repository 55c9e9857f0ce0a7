"""The pieces of work that are measured."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Final

from bench.figures import Work
from bench.ground import Ground
from bench.load import Request, Timings, request, run
from bench.publishing import Publishing
from bench.servers import Server
from consulting.entrypoints.settings import Settings
from consulting.entrypoints.tokens import issue_token
from tests.integration.postgres import many

READS: Final = 1500
LONG_READS: Final = 300
BOOKINGS: Final = 500
BEFORE: Final = 200
"""How many requests warm a server up before it is measured."""

_GUIDE: Final = "the guide's SQL"
_BARE: Final = "bare Litestar"


class Bench:
    """The servers under load, and what is asked of them."""

    def __init__(
        self, *, ground: Ground, settings: Settings, ours: Server, limit: Server, bare: Server, publishing: Publishing
    ) -> None:
        """Take what runs."""
        self._ground, self._settings, self._publishing = ground, settings, publishing
        self._ours, self._limit, self._bare = ours.port, limit.port, bare.port
        self._days = iter(range(1000))
        self._users = iter(range(10_000_000))

    def works(self) -> list[Work]:
        """List everything that is measured."""
        return [
            *(self._read(f"a day of slots, {n} at once", self._day, READS, n) for n in (1, 32)),
            self._bare_read("the same, by its size", self._day, 32),
            self._read("31 days of slots, 8 at once", self._month, LONG_READS, 8),
            self._bare_read("a page of search, 8 at once", self._search, 8),
            self._bare_read("a page of researchers, 8 at once", self._page, 8),
            *(self._book(n) for n in (1, 32)),
            *self._publishing.works(),
        ]

    def _read(self, name: str, path: Callable[[int], str], count: int, connections: int) -> Work:
        def asking(port: int) -> Callable[[int], Timings]:
            return lambda number: self._reads(port, path, count, connections, seed=number)

        return Work(name=name, limit=_GUIDE, ours=asking(self._ours), limits=asking(self._limit))

    def _bare_read(self, name: str, path: Callable[[int], str], connections: int) -> Work:
        size = len(run(self._ours, [request("GET", path(0))], connections=1, keep=True).answers[0])

        def limits(number: int) -> Timings:
            return self._reads(self._bare, lambda _: f"/{size}", READS, connections, seed=number)

        def ours(number: int) -> Timings:
            return self._reads(self._ours, path, READS, connections, seed=number)

        return Work(name=name, limit=_BARE, ours=ours, limits=limits)

    def _reads(self, port: int, path: Callable[[int], str], count: int, connections: int, *, seed: int) -> Timings:
        chance = random.Random(seed)  # the same researchers for both
        requests = [request("GET", path(chance.randrange(1 << 30))) for _ in range(count)]
        run(port, requests[:BEFORE], connections=connections)
        return run(port, requests, connections=connections)

    def _day(self, number: int) -> str:
        who = many.researcher(self._ground.whose[number % 20])
        return f"/api/time-slots?researcher_id={who}&date={self._ground.day(number % 40)}"

    def _month(self, number: int) -> str:
        who, first = many.researcher(self._ground.whose[number % 20]), self._ground.day(number % 10)
        return f"/api/time-slots?researcher_id={who}&from={first}&to={first + timedelta(days=30)}"

    def _search(self, number: int) -> str:
        # One of 5,000 words, which 400 of the 100,000 have.
        word = hashlib.md5(str(number % 5000).encode(), usedforsecurity=False).hexdigest()[:7]
        return f"/api/researchers/search?query={word}"

    def _page(self, number: int) -> str:
        return f"/api/researchers?limit=20&expertise=field+{number % 50}"

    def _book(self, connections: int) -> Work:
        name = f"booking distinct slots, {connections} at once"

        def asking(port: int) -> Callable[[int], Timings]:
            return lambda _: run(port, self._bookings(), connections=connections)

        return Work(name=name, limit=_GUIDE, ours=asking(self._ours), limits=asking(self._limit))

    def _bookings(self) -> Iterable[Request]:
        return list(self._some_bookings())

    def _some_bookings(self) -> Iterator[Request]:
        day = next(self._days)
        for slot in self._ground.slots(day)[:BOOKINGS]:
            user = f"booker-{next(self._users)}"
            token = issue_token(self._settings, user=user, email=f"{user}@clients.example", name="B. Ooker")
            body = {"time_slot_id": str(slot), "questions": "How does it scale?"}
            yield request("POST", "/api/sessions", token=token, body=body, key=user, status=201)
