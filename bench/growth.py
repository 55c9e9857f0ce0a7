"""How hot reads and booking grow with what is kept. Run as `python -m bench.growth [large|largest]`.

The same use cases are timed over two databases in turn, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from bench import servers
from bench.figures import HEADINGS, Figure, write
from bench.ground import DAYS, SLOTS_A_DAY, Ground, home, prepare, regular
from consulting.application.callers import Caller
from consulting.application.ports.directory import DirectoryFilter
from consulting.entrypoints.console import complain
from consulting.entrypoints.container import Container, build_container
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres
from tests.integration.postgres import many

RESULTS: Final = Path(__file__).parent / "growth.json"
CALENDARS: Final = 10
ROUNDS: Final = 30
IN_A_ROUND: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything a database has; the calendars that are looked at have 7,200 slots more."""

    researchers: int
    slots: int
    sessions: int


SMALL: Final = Size(researchers=100, slots=2_500, sessions=1_000)
LARGE: Final = Size(researchers=100_000, slots=1_000_000, sessions=100_000)
LARGEST: Final = Size(researchers=250_000, slots=10_000_000, sessions=200_000)

Act = Callable[[int], object]


def main(size: Size) -> None:
    """Print and write how often as long each takes over the larger database."""
    began = time.monotonic()
    with ExitStack() as stack:
        folder = stack.enter_context(home())
        postgres = stack.enter_context(running_postgres(folder, say=complain))
        growth = Growth(folder, urls=(postgres.url("few"), postgres.url("lots")), size=size)
        print(f"prepared in {time.monotonic() - began:.0f} s: {SMALL} and {size}\n")
        taken = growth.measure()
    print(HEADINGS)
    for each in taken:
        print(each.row())
    write(taken, RESULTS)


class Growth:
    """A small and a large database, over which the same is done in turn."""

    def __init__(self, folder: Path, *, urls: tuple[str, str], size: Size) -> None:
        """Make and fill both; the first is small."""
        self._few, self._lots = (_acts(folder, url, each) for url, each in zip(urls, (SMALL, size), strict=True))
        self._limit = f"at {SMALL.slots + CALENDARS * DAYS * SLOTS_A_DAY:,} slots"

    def measure(self) -> list[Figure]:
        """Give a figure for each act: its rate over the large database by that over the small one, so 1 is flat."""
        return [self._figure(name) for name in self._few]

    def _figure(self, name: str) -> Figure:
        few, lots = _compared(self._few[name], self._lots[name])
        each = sorted(second for seconds in lots for second in seconds)
        before, after = (statistics.median(map(statistics.median, taken)) for taken in (few, lots))
        return Figure(
            name=f"{name}, grown",
            limit=self._limit,
            ratios=tuple(statistics.median(a) / statistics.median(b) for a, b in zip(few, lots, strict=True)),
            rate=1 / after,
            limit_rate=1 / before,
            p50_ms=1000 * statistics.median(each),
            p99_ms=1000 * each[len(each) * 99 // 100],
            cpu_us=None,
            limit_cpu_us=None,
        )


def _compared(few: Act, lots: Act) -> tuple[list[list[float]], list[list[float]]]:
    """Give the seconds of each round over the smaller and the larger database, in turn; the first one warms up."""
    taken: tuple[list[list[float]], list[list[float]]] = ([], [])
    for number in range(ROUNDS):
        for act, rounds in zip((few, lots), taken, strict=True):
            rounds.append([_seconds(act, number * IN_A_ROUND + each) for each in range(IN_A_ROUND)])
    return taken[0][1:], taken[1][1:]


def _seconds(act: Act, number: int) -> float:
    began = time.perf_counter()
    act(number)
    return time.perf_counter() - began


def _acts(folder: Path, url: str, size: Size) -> Mapping[str, Act]:
    """Fill a database, and list what is done over it; the number chooses whom it is about."""
    ground = prepare(
        ours=url, researchers=size.researchers, slots=size.slots, sessions=size.sessions, calendars=CALENDARS
    )
    container = build_container(servers.loaded(servers.settings_of_ours(home=folder, database_url=url)))
    free = iter(ground.slots(1) + ground.slots(2))
    return {
        "a day of slots": partial(_days, container, ground, 1),
        "31 days of slots": partial(_days, container, ground, 31),
        "a researcher and the next slot": lambda n: container.get_researcher()(_who(ground, n)),
        "a page of researchers": lambda _: container.list_researchers()(wanted=DirectoryFilter(), after=None, limit=20),
        "a page of search, everybody meant": lambda _: container.search_researchers()(
            query="person", after=None, limit=20
        ),
        "a page of search, one meant": lambda n: container.search_researchers()(
            query=f"person {_word(ground, n)}", after=None, limit=20
        ),
        "a client's sessions": lambda n: container.list_sessions()(
            caller=Caller(user_id=regular(n)), status=None, starting=None, after=None, limit=20
        ),
        "booking": lambda n: container.book_session()(
            caller=Caller(user_id=f"new-{n}", email="b@clients.example"), time_slot_id=next(free)
        ),
    }


def _days(container: Container, ground: Ground, count: int, number: int) -> object:
    first = ground.day(number % 10 + 3)
    return container.list_time_slots()(
        researcher_id=_who(ground, number),
        first=first,
        last=first + timedelta(days=count - 1),
        timezone="UTC",
        caller=None,
    )


def _word(ground: Ground, number: int) -> str:
    """Give a word that somebody has alone."""
    return hashlib.md5(str(ground.whose[number % CALENDARS]).encode(), usedforsecurity=False).hexdigest()[:8]


def _who(ground: Ground, number: int) -> UUID:
    return many.researcher(ground.whose[number % CALENDARS])


if __name__ == "__main__":
    main(LARGEST if sys.argv[1:] == ["largest"] else LARGE)
