"""What pytest learns of the suites: which promise was broken, that no way out counts, and what was proven in the end.

pytest loads this by itself (entry point `pytest11`), so that no conftest of an adapter's project can forget it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import pytest

from consulting.adapters.contracts.contract import Contract, suite_of, tests_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A test of a suite: the adapter's test class, the suite that the test comes from, and the test's name."""

    adapter: str
    suite: str
    test: str
    of: int

    def __str__(self) -> str:
        """Give the promise in words."""
        return f"{self.test.removeprefix('test_').replace('_', ' ')} ({self.suite})"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail the collection of an adapter's class from which tests of its suite are missing, whatever keeps them away."""
    report = yield
    if report.passed and isinstance(collector, pytest.Class) and issubclass(collector.obj, Contract):
        found = {each.originalname for each in report.result if isinstance(each, pytest.Function)}
        missing = sorted(tests_of(collector.obj) - found)
        if missing:
            report.outcome = "failed"
            report.longrepr = (
                f"HollowedOut: {collector.name} is collected without {len(missing)} tests of its suite, such as "
                f"{missing[0]}: look for python_functions in the settings of pytest, and for hooks in conftest.py"
            )
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Name the promise that a failing test stands for, and fail the test that is skipped or expected to fail."""
    promise = _promise_of(item)
    if promise is None:
        return (yield)
    if call.excinfo is not None and not isinstance(call.excinfo.value, pytest.skip.Exception):
        call.excinfo.value.add_note(f"broken promise: {promise}")
    report = yield
    if report.skipped or hasattr(report, "wasxfail"):
        _refuse(report, promise)
    vars(report)["promise"] = [promise.adapter, promise.suite, promise.test, promise.of]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say of each adapter how many of the suite's promises it keeps, and whether all were asked for."""
    if terminalreporter.verbosity < 0:
        return
    for line in _verdicts(terminalreporter):
        terminalreporter.write_line(line)


def _promise_of(item: pytest.Item) -> Promise | None:
    cls = getattr(item, "cls", None)
    if not isinstance(item, pytest.Function) or cls is None or not issubclass(cls, Contract):
        return None
    suite = suite_of(cls, item.originalname)
    if suite is None:
        return None
    return Promise(adapter=cls.__name__, suite=suite.__name__, test=item.originalname, of=len(tests_of(cls)))


def _refuse(report: pytest.TestReport, promise: Promise) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else getattr(report, "wasxfail", "")
    vars(report).pop("wasxfail", None)
    report.outcome = "failed"
    report.longrepr = (
        f"HollowedOut: {promise.adapter} is skipped or expected to fail here ({reason or 'no reason given'}): "
        f"what a suite asks for can't be left out\nunproven promise: {promise}"
    )


def _verdicts(reporter: pytest.TerminalReporter) -> Iterator[str]:
    asked, broken, sizes = defaultdict(set), defaultdict(set), {}
    for outcome in ("passed", "failed", "error"):
        for report in reporter.stats.get(outcome, ()):
            adapter, _, test, size = getattr(report, "promise", (None, None, None, 0))
            sizes[adapter] = size
            asked[adapter].add(test)
            if outcome != "passed":
                broken[adapter].add(test)
    for adapter in filter(None, sizes):
        yield _verdict(adapter, size=sizes[adapter], asked=len(asked[adapter]), broken=len(broken[adapter]))


def _verdict(adapter: str, *, size: int, asked: int, broken: int) -> str:
    if broken:
        return f"consulting: {adapter} breaks {broken} of {size} promises"
    if asked < size:
        return f"consulting: {adapter} was asked for {asked} of {size} promises, so the others are not proven"
    return f"consulting: {adapter} keeps all {size} promises of its suite"
