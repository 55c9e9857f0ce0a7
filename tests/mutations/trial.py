"""A copy of the project in which a guard can be taken away, and whether the tests notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

PROJECT = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".venv.lock", ".consulting", ".proof", ".hypothesis", ".*_cache", "__pycache__", "build", "dist"
)
LONGEST_RUN = 300.0
"""The seconds after which tests that neither pass nor fail are a failure of the trial."""


class TrialFailed(Exception):
    """The trial says nothing about the guard, for this reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A guard that is taken away: in `file`, the text `before`, which must be there once, becomes `after`.

    Each of the `tests`, by their pytest ids, must notice.
    """

    guard: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How tests ended: how many ran, which of them failed, and which couldn't even be tried."""

    ran: int
    failed: frozenset[str]
    broken: frozenset[str]


@contextmanager
def copied_project(folder: Path) -> Iterator[Path]:
    """Copy the project as it stands, and make sure that a program in the copy would really run the copy."""
    copy = folder / "project"
    shutil.copytree(PROJECT, copy, ignore=NOT_COPIED)
    found = _python(copy, "-c", "import consulting; print(consulting.__file__)").stdout.strip()
    if not Path(found).is_relative_to(copy):
        raise TrialFailed(f"the copy runs the code of {found}")
    yield copy


@contextmanager
def mutated(copy: Path, mutation: Mutation) -> Iterator[None]:
    """Take the guard away for as long as the block lasts. Raises TrialFailed if it isn't where it is said to be."""
    file = copy / mutation.file
    original = file.read_text()
    if original.count(mutation.before) != 1:
        raise TrialFailed(f"{mutation.file} has {original.count(mutation.before)} times: {mutation.before!r}")
    file.write_text(original.replace(mutation.before, mutation.after))
    try:
        yield
    finally:
        file.write_text(original)


def run_tests(copy: Path, tests: Sequence[str]) -> Verdict:
    """Run these tests in the copy. Raises TrialFailed if they could not be run at all."""
    report = copy / "report.xml"
    report.unlink(missing_ok=True)
    run = _python(
        copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", f"--junitxml={report}", *tests
    )
    if run.returncode not in {0, 1} or not report.exists():
        raise TrialFailed(f"pytest ended with {run.returncode}:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    cases = list(ET.parse(report).iter("testcase"))
    return Verdict(ran=len(cases), failed=_names(cases, "failure"), broken=_names(cases, "error"))


def _names(cases: Sequence[ET.Element], ending: str) -> frozenset[str]:
    return frozenset(case.get("name", "").partition("[")[0] for case in cases if case.find(ending) is not None)


def _python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=copy,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_RUN,
        )
    except subprocess.TimeoutExpired as expired:
        raise TrialFailed(f"no end after {LONGEST_RUN:.0f} seconds") from expired
