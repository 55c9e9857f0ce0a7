"""What pytest learns of the suites: which promise was broken, that no way out counts, and what was proven in the end.

pytest loads this by itself (entry point `pytest11`), so that no conftest of an adapter's project can forget it.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, NoReturn

import pytest

from consulting.adapters.contracts.contract import Contract, HollowedOut, suite_of, tests_of

_SELECTING: Final = ("-k", "-m", "--deselect", "--lf", "--last-failed", "--sw", "--stepwise")
_COLLECTED: Final = pytest.StashKey[dict[str, int]]()


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


def pytest_configure(config: pytest.Config) -> None:
    """Begin to note which adapters are judged."""
    config.stash[_COLLECTED] = {}


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail the collection of an adapter's class from which tests of its suite are missing, whatever keeps them away."""
    report = yield
    if report.passed and isinstance(collector, pytest.Class) and issubclass(collector.obj, Contract):
        collector.config.stash[_COLLECTED][collector.name] = len(tests_of(collector.obj))
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
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fail the test of a suite that isn't the suite's own any more, or that something else answers for."""
    promise, own = _promise_of(pyfuncitem), pyfuncitem.obj
    if promise is None:
        return (yield)
    if inspect.unwrap(getattr(own, "__func__", own)) is not _written_as(pyfuncitem):
        _not_run(promise, "is replaced while tests run")
    ran: list[bool] = []

    @wraps(own)
    def noted(**fixtures: Any) -> None:
        __tracebackhide__ = True
        ran.append(True)
        own(**fixtures)

    pyfuncitem.obj = noted
    answer = yield
    if not ran:
        _not_run(promise, "is never called: look for pytest_pyfunc_call in conftest.py")
    return answer


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


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let the run fail that leaves out a part of a suite without having been asked to on the command line."""
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    passing = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    if reporter is not None and session.exitstatus in passing and _is_hollow(session.config, reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say of each adapter how many of the suite's promises it keeps, and whether all were asked for."""
    hollow = _is_hollow(config, terminalreporter)
    if terminalreporter.verbosity < 0 and not hollow:
        return
    for score in _scores(config, terminalreporter):
        terminalreporter.write_line(f"consulting: {score}")
    if hollow:
        terminalreporter.write_line(
            "consulting: HollowedOut: promises are left out, and not by the command line: "
            "look into conftest.py and the settings of pytest"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How many promises of its suite an adapter was asked for, and how many it broke."""

    adapter: str
    size: int
    asked: int
    broken: int

    def __str__(self) -> str:
        """Give the sentence that stands at the end of the run."""
        if self.broken:
            return f"{self.adapter} breaks {self.broken} of {self.size} promises"
        if self.asked < self.size:
            return f"{self.adapter} was asked for {self.asked} of {self.size} promises, so the others are not proven"
        return f"{self.adapter} keeps all {self.size} promises of its suite"


def _written_as(item: pytest.Function) -> object:
    return inspect.unwrap(inspect.getattr_static(item.cls, item.originalname))


def _not_run(promise: Promise, how: str) -> NoReturn:
    raise HollowedOut(f"the test of {promise.adapter} {how}")


def _is_hollow(config: pytest.Config, reporter: pytest.TerminalReporter) -> bool:
    if _selected_by_hand(config) or config.option.collectonly or config.getoption("maxfail", 0):
        return False
    return any(score.asked < score.size for score in _scores(config, reporter))


def _selected_by_hand(config: pytest.Config) -> bool:
    return any("::" in each or each.startswith(_SELECTING) for each in config.invocation_params.args)


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


def _scores(config: pytest.Config, reporter: pytest.TerminalReporter) -> Iterator[Score]:
    asked, broken = defaultdict(set), defaultdict(set)
    collected = config.stash[_COLLECTED]
    sizes = {} if _selected_by_hand(config) else dict(collected)
    for outcome in ("passed", "failed", "error"):
        for report in reporter.stats.get(outcome, ()):
            adapter, _, test, size = getattr(report, "promise", ("", "", "", 0))
            sizes[adapter] = size
            asked[adapter].add(test)
            if outcome != "passed":
                broken[adapter].add(test)
    for adapter in filter(None, sizes):
        yield Score(adapter=adapter, size=sizes[adapter], asked=len(asked[adapter]), broken=len(broken[adapter]))
