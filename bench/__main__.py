"""Measure, print one table, and write results.json. Run as `python -m bench [ROUNDS]`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench import figures, memory, servers
from bench.draining import Draining
from bench.expanding import expanding
from bench.figures import Figure, Work
from bench.ground import home, prepare
from bench.growth import LARGE, SMALL, Growth
from bench.pgbench import PgBench
from bench.publishing import Publishing
from bench.works import Bench
from consulting.entrypoints.console import complain
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres
from consulting.entrypoints.supervisor.postgres_binaries import find_binaries
from consulting.entrypoints.supervisor.server_account import server_account

RESULTS: Final = Path(__file__).parent / "results.json"
LIMIT: Final = Path(__file__).parent / "limit.py"
RESEARCHERS, SLOTS, SESSIONS, CALENDARS = 100_000, 100_000, 20_000, 40


def main(rounds: int) -> None:
    """Measure everything that often."""
    began = time.monotonic()
    print(f"The limit that is called the guide's SQL, {LIMIT.name}:\n\n{LIMIT.read_text()}")
    with _bench() as (bench, works):
        print(f"prepared in {time.monotonic() - began:.0f} s; {rounds} rounds\n")
        taken = figures.measure(works, rounds=rounds)
        print(figures.HEADINGS)
        for each in taken:
            print(each.row())
        print(f"\n{figures.tails(taken)}\n{memory.after_requests(bench, rounds=rounds)}")
    if rounds > 1:
        taken += _growth()
    figures.write(taken, RESULTS)
    print(f"written to {RESULTS.name}; {time.monotonic() - began:.0f} s in all")


def _growth() -> list[Figure]:
    """Measure over a hundred times as many slots and sessions; left out of the short form, since filling takes long."""
    with home() as folder, running_postgres(folder, say=complain) as postgres:
        taken = Growth(folder, urls=(postgres.url("few"), postgres.url("lots")), size=LARGE).measure()
    print(f"\nThe same over {LARGE}, where the limit is {SMALL}:\n\n{figures.HEADINGS}")
    for each in taken:
        print(each.row())
    return taken


@contextmanager
def _bench() -> Iterator[tuple[Bench, list[Work]]]:
    with ExitStack() as stack:
        folder = stack.enter_context(home())
        postgres = stack.enter_context(running_postgres(folder, say=complain))
        ground = prepare(
            ours=postgres.url("ours"),
            limits=postgres.url("limits"),
            researchers=RESEARCHERS,
            slots=SLOTS,
            sessions=SESSIONS,
            calendars=CALENDARS,
        )
        environ = servers.settings_of_ours(home=folder, database_url=ground.ours)
        bench = Bench(
            ground=ground,
            settings=servers.loaded(environ),
            ours=stack.enter_context(servers.running_api(environ)),
            limit=stack.enter_context(servers.running_limit(ground.limits)),
            bare=stack.enter_context(servers.running_bare()),
            sandbox=stack.enter_context(servers.running_sandbox(environ)),
            pgbench=PgBench(
                program=find_binaries(account=server_account(owner=None))["pgbench"],
                url=ground.ours,
                whose=ground.whose[:19],
                first_day=ground.first_day,
            ),
        )
        draining = Draining(postgres.url("draining"), environ)
        yield (
            bench,
            [
                *bench.works(),
                draining.work(),
                *Publishing(postgres.url("publishing")).works(),
                expanding(),
            ],
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
