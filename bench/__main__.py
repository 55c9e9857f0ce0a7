"""Measure, print one table, and write results.json. Run as `python -m bench [ROUNDS]`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import figures, servers
from bench.ground import prepare
from bench.publishing import Publishing
from bench.works import Bench
from consulting.entrypoints.console import complain
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres

RESULTS = Path(__file__).parent / "results.json"
RESEARCHERS, SLOTS, SESSIONS, CALENDARS = 100_000, 100_000, 20_000, 40


def main(rounds: int) -> None:
    """Measure everything that often."""
    began = time.monotonic()
    with _home() as home, _bench(home) as bench:
        print(f"prepared in {time.monotonic() - began:.0f} s; {rounds} rounds\n")
        taken = figures.measure(bench.works(), rounds=rounds)
    print(figures.HEADINGS)
    for each in taken:
        print(each.row())
    figures.write(taken, RESULTS)
    print(f"\nwritten to {RESULTS.name}; {time.monotonic() - began:.0f} s in all")


@contextmanager
def _bench(home: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        postgres = stack.enter_context(running_postgres(home, say=complain))
        ground = prepare(
            ours=postgres.url("ours"),
            limits=postgres.url("limits"),
            researchers=RESEARCHERS,
            slots=SLOTS,
            sessions=SESSIONS,
            calendars=CALENDARS,
        )
        environ = servers.settings_of_ours(home=home, database_url=ground.ours)
        yield Bench(
            ground=ground,
            settings=servers.loaded(environ),
            ours=stack.enter_context(servers.running_api(environ)),
            limit=stack.enter_context(servers.running_limit(ground.limits)),
            bare=stack.enter_context(servers.running_bare()),
            publishing=Publishing(postgres.url("publishing")),
        )


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder)
        path.chmod(0o755)  # the server's own account must reach its data
        yield path


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
