from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.supervisor import children as kept
from consulting.entrypoints.supervisor.child import Child
from consulting.entrypoints.supervisor.children import Children, told_to_stop
from consulting.entrypoints.supervisor.lifeline import Lifeline
from consulting.entrypoints.supervisor.processes import alive
from tests.integration.instance import PATIENCE

SLEEPS = "import time; time.sleep(60)"
IGNORES = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
FOLLOWS = """
import sys, time
from consulting.entrypoints.supervisor.lifeline import follow_parent
follow_parent(int(sys.argv[-1]))
time.sleep(60)
"""
PARENT = """
import os, sys, time
from consulting.entrypoints.supervisor.child import Child
from consulting.entrypoints.supervisor.lifeline import Lifeline
child = Child(
    name="c", arguments=[], environ=os.environ, lifeline=Lifeline(), command=[sys.executable, "-c", sys.argv[1]]
)
child.start()
print(child.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def children(said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Children]:
    """A group of which every life here counts as short."""
    monkeypatch.setattr(kept, "SHORT_LIFE_SECONDS", 2 * PATIENCE)
    group = Children(say=said.append)
    yield group
    group.stop()


def child(program: str, *, log: Path | None = None) -> Child:
    return Child(
        name="it",
        arguments=[],
        environ=dict(os.environ),
        lifeline=Lifeline(),
        log=log,
        command=[sys.executable, "-c", program],
    )


def pid_of(one: Child) -> int:
    assert one.process
    return one.process.pid


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_child_that_died_is_started_again_and_it_is_said_once(children: Children, said: list[str]) -> None:
    one = child(SLEEPS)
    children.add(one)
    for _ in range(2):
        before = pid_of(one)
        os.kill(before, signal.SIGKILL)

        def replaced(before: int = before) -> bool:
            children.tend()
            return pid_of(one) != before

        assert eventually(replaced)

    assert said == ["it ended (by SIGKILL) and is started again"]


def test_a_child_that_ends_whenever_it_is_started_is_given_up_with_its_last_words(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LONGEST_PAUSE_SECONDS", 0.01)
    children.add(child("import sys; sys.exit('it broke')", log=tmp_path / "it.log"))

    def tend() -> bool:
        children.tend()
        return False

    with pytest.raises(CannotStart, match="it ends whenever it is started: it broke"):
        eventually(tend)


def test_a_child_that_is_beyond_help_is_given_up_at_once(children: Children, tmp_path: Path) -> None:
    program = "import sys; print('consulting: set CONSULTING_X'); sys.exit(2)"
    children.add(child(program, log=tmp_path / "it.log"))

    def tend() -> bool:
        children.tend()
        return False

    with pytest.raises(CannotStart, match="it cannot start: set CONSULTING_X"):
        eventually(tend)


def test_a_child_that_does_not_listen_is_stopped_by_force(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "STOP_SECONDS", 0.2)
    deaf = child(IGNORES, log=tmp_path / "it.log")
    children.add(deaf)
    assert eventually(lambda: (tmp_path / "it.log").read_text() != "")

    children.stop()

    assert deaf.ended() == -signal.SIGKILL


def test_children_that_need_each_other_stop_last_started_first(tmp_path: Path) -> None:
    order = tmp_path / "order"
    program = (
        "import signal, sys, time\n"
        f"def end(*_): open({str(order)!r}, 'a').write(NAME); sys.exit()\n"
        "signal.signal(15, end); print('up', flush=True); time.sleep(60)"
    )
    group = Children(say=lambda _: None, in_order=True)
    logs = [tmp_path / "a.log", tmp_path / "b.log"]
    for name, log in zip("ab", logs, strict=True):
        group.add(child(f"NAME = {name!r}\n{program}", log=log))
    assert eventually(lambda: all(log.read_text() for log in logs))

    group.stop()

    assert order.read_text() == "ba"


def test_a_child_follows_its_parent_even_after_kill_9() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, FOLLOWS], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    time.sleep(0.5)
    assert alive(pid)

    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert eventually(lambda: not alive(pid))


def test_an_old_log_is_put_aside_and_a_short_one_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "logs" / "it.log"
    one = child("print('again')", log=log)
    for _ in range(2):
        one.start()
        one.wait(PATIENCE)
    assert log.read_text() == "again\nagain\n"

    monkeypatch.setattr("consulting.entrypoints.supervisor.child.LOG_BYTES", 1)
    one.start()
    one.wait(PATIENCE)

    assert log.read_text() == "again\n"
    assert log.with_suffix(".log.1").read_text() == "again\nagain\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_being_told_to_stop_sets_the_event_and_leaves_the_former_handlers(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    with told_to_stop() as stop:
        os.kill(os.getpid(), number)
        assert stop.wait(PATIENCE)

    assert signal.getsignal(number) == before
