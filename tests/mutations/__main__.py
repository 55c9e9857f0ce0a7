"""Show that each guard is guarded: take it away, and a named test must fail. Exit 1 if one of them is not missed.

The working tree is not touched: everything happens in a temporary copy.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutations.guards import GUARDS
from tests.mutations.trial import Mutation, TrialFailed, copied_project, mutated, run_tests


def main() -> int:
    """Try every mutation, and print what came of it. Exit 2 where a trial could not be held."""
    with TemporaryDirectory(prefix="consulting-mutations-") as folder, copied_project(Path(folder)) as copy:
        tests = sorted({test for guard in GUARDS for test in guard.tests})
        unharmed = run_tests(copy, tests)
        if unharmed.failed or unharmed.broken:
            raise TrialFailed(f"these fail with every guard in place: {sorted(unharmed.failed | unharmed.broken)}")
        say(f"with every guard in place: {unharmed.ran} tests pass\n")
        survived = [test for guard in GUARDS for test in _not_noticed_by(copy, guard)]
    say(f"\n{len(survived)} not caught" if survived else f"\nall {len(GUARDS)} caught")
    return 1 if survived else 0


def _not_noticed_by(copy: Path, guard: Mutation) -> Iterator[str]:
    """Take the guard away, print a line for each test, and give the tests that passed all the same."""
    with mutated(copy, guard):
        verdict = run_tests(copy, guard.tests)
    say(f"without {guard.guard} ({guard.file})")
    for test in guard.tests:
        caught = test.rpartition("::")[2] in verdict.failed
        say(f"    {'caught' if caught else 'NOT CAUGHT'} by {test}")
        if not caught:
            yield test


def say(line: str) -> None:
    """Print a line for people, at once."""
    print(line, flush=True)  # noqa: T201 -- a program for people


if __name__ == "__main__":
    try:
        sys.exit(main())
    except TrialFailed as failure:
        say(f"mutations: {failure}")
        sys.exit(2)
