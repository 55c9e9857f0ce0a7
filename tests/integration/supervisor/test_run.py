from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Timer

import httpx
import psutil
import pytest

from consulting.entrypoints.supervisor.file_locks import held_by_nobody
from tests.integration.instance import PATIENCE

START_SECONDS = 2 * PATIENCE


class Run:
    """A `consulting run` of the test's own, on free ports."""

    def __init__(self, home: Path, **environ: str) -> None:
        self.home = home
        ports = {"CONSULTING_PORT": "0", "CONSULTING_SANDBOX_PORT": "0", "CONSULTING_PROCESSES": "2"}
        self.environ = {**clean_environment(), "CONSULTING_HOME": str(home), **ports, **environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "consulting.entrypoints.cli", "run"],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []

    def ready(self) -> str:
        """Wait for the line that says so; return the API's address."""
        return self.line_that_begins("ready ").split()[1]

    def line_that_begins(self, start: str) -> str:
        assert self.process.stdout
        impatience = Timer(START_SECONDS, self.process.kill)
        impatience.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line.rstrip("\n"))
                if line.startswith(start):
                    return line.strip()
        finally:
            impatience.cancel()
        pytest.fail(f"it ended before it said {start!r}: {self.lines}")

    def children(self, command: str) -> list[psutil.Process]:
        """Return its processes, at any depth, that run this command of ours."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in found if runs(child, command)]

    def stop(self, number: int = signal.SIGTERM) -> str:
        """Ask it to end; return what it said after that."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=PATIENCE)
        return str(rest)


def runs(process: psutil.Process, command: str) -> bool:
    with contextlib.suppress(psutil.Error):
        return command in process.cmdline()[4:5]
    return False


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CONSULTING_")}


def eventually(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def get(url: str, **headers: str) -> httpx.Response:
    with httpx.Client(trust_env=False, follow_redirects=True, timeout=PATIENCE) as client:
        return client.get(url, headers=headers)


def takes_requests(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return get(f"{url}/health/ready").status_code == 200
    return False


def gone(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    return True


@contextlib.contextmanager
def running(home: Path, environ: Mapping[str, str] | None = None) -> Iterator[Run]:
    run = Run(home, **(environ or {}))
    try:
        yield run
    finally:
        run.process.kill()
        run.process.communicate()
        assert eventually(lambda: held_by_nobody(home / "postgres" / "watcher.lock"))


@pytest.fixture(scope="module")
def instance(module_home: Path) -> Iterator[tuple[Run, str]]:
    with running(module_home) as run:
        yield run, run.ready()


def test_it_says_once_that_it_is_ready_and_where_to_look_next(instance: tuple[Run, str]) -> None:
    run, url = instance
    inbox = run.line_that_begins("  mail inbox").split()[-1]
    token = run.line_that_begins("  ey").strip()

    assert takes_requests(url)
    assert [line for line in run.lines if line.startswith("ready ")] == [f"ready {url}"]
    assert get(inbox).status_code == 200
    assert get(f"{url}/schema").status_code == 200
    mine = get(f"{url}/api/sessions", Authorization=f"Bearer {token}")
    assert (mine.status_code, mine.json()["sessions"]) == (200, [])


def test_its_sample_researchers_are_there(instance: tuple[Run, str]) -> None:
    _, url = instance

    assert len(get(f"{url}/api/researchers").json()["researchers"]) >= 10


def test_a_second_one_in_the_same_home_is_refused_in_one_line(instance: tuple[Run, str]) -> None:
    run, url = instance
    second = subprocess.run(
        [sys.executable, "-m", "consulting.entrypoints.cli", "run"],
        env=run.environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    [line] = second.stderr.splitlines()
    assert "running" in line
    assert f"(process {run.process.pid}, port {url.rpartition(':')[2]})" in line
    assert (second.returncode, second.stdout) == (2, "")


def test_an_api_process_that_dies_is_replaced_while_the_others_serve_on(instance: tuple[Run, str]) -> None:
    run, url = instance
    [_, one, other] = run.children("serve")

    one.kill()

    assert eventually(lambda: len(run.children("serve")) == 3 and gone(one))
    assert other.is_running()
    assert takes_requests(url)


@pytest.mark.parametrize("command", ["serve", "worker", "sandbox"])
def test_whatever_is_killed_comes_back_at_its_address(command: str, instance: tuple[Run, str]) -> None:
    run, url = instance
    before = run.children(command)

    before[0].kill()

    assert eventually(lambda: all(map(gone, before)) and len(run.children(command)) == len(before))
    assert eventually(lambda: takes_requests(url))


def test_postgres_that_crashes_comes_back_at_its_address(instance: tuple[Run, str]) -> None:
    run, url = instance
    data = next(run.home.glob("postgres/elsewhere"), None)
    note = (Path(data.read_text()) if data else run.home / "postgres") / "data" / "postmaster.pid"
    server = psutil.Process(int(note.read_text().splitlines()[0]))

    server.kill()

    assert eventually(lambda: note.exists() and note.read_text().splitlines()[:1] != [str(server.pid)])
    assert eventually(lambda: takes_requests(url))


def test_kill_9_leaves_no_process_for_long(instance: tuple[Run, str]) -> None:
    run, _ = instance
    processes = psutil.Process(run.process.pid).children(recursive=True)
    assert len(processes) >= 5

    run.process.kill()
    run.process.wait()

    assert eventually(lambda: all(map(gone, processes)))
    assert eventually(lambda: held_by_nobody(run.home / "postgres" / "watcher.lock"))


def test_it_stops_within_seconds_leaves_nothing_and_keeps_the_data(home: Path) -> None:
    with running(home) as run:
        researchers = get(f"{run.ready()}/api/researchers").json()
        assert_stops_well(run, signal.SIGTERM)
    with running(home) as again:
        assert get(f"{again.ready()}/api/researchers").json() == researchers
        assert_stops_well(again, signal.SIGINT)
    with running(home) as again:
        assert get(f"{again.ready()}/api/researchers").json() == researchers


def assert_stops_well(run: Run, number: signal.Signals) -> None:
    processes = psutil.Process(run.process.pid).children(recursive=True)
    began = time.monotonic()

    said = run.stop(number)

    assert time.monotonic() - began < PATIENCE / 2
    assert run.process.returncode == 0
    assert said.splitlines()[-1] == "stopping"
    assert eventually(lambda: all(map(gone, processes)))
    assert eventually(lambda: held_by_nobody(run.home / "postgres" / "watcher.lock"))


def test_it_stops_when_told_so_before_it_is_ready(home: Path) -> None:
    with running(home) as run:
        run.line_that_begins("preparing")

        run.stop()

        assert run.process.returncode == 0
