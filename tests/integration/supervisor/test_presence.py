"""What a command learns of the instance that runs in its home."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from threading import Timer

import pytest

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.settings import Mode, Settings
from consulting.entrypoints.supervisor import file_locks
from consulting.entrypoints.supervisor.presence import PORTS, SANDBOX_PORTS, alone, leave_note, load_beside
from tests.unit.entrypoints.test_settings import PRODUCTION

FOUND = dict(zip(PORTS, ("40001", "40002", "40003"), strict=True))


def beside(home: Path, **environ: str) -> Settings:
    return load_beside({"CONSULTING_HOME": str(home), **environ}, mode=Mode.SANDBOX)


def ports(settings: Settings) -> tuple[int, int, int]:
    return settings.port, settings.sandbox_port, settings.sandbox_smtp_port


def test_a_port_that_the_instance_found_is_known_as_long_as_it_runs(tmp_path: Path) -> None:
    any_port = dict.fromkeys(PORTS, "0")
    with alone(tmp_path):
        leave_note(tmp_path, ports=FOUND)
        assert ports(beside(tmp_path, **any_port)) == (40001, 40002, 40003)
        assert beside(tmp_path, **any_port).public_url == "http://127.0.0.1:40001"

    assert ports(beside(tmp_path, **any_port)) == (0, 0, 0)


def test_a_port_that_is_given_stays_whatever_runs(tmp_path: Path) -> None:
    with alone(tmp_path):
        leave_note(tmp_path, ports=FOUND)

        assert ports(beside(tmp_path)) == (8000, 8001, 40003)
        assert ports(beside(tmp_path, CONSULTING_SANDBOX_SMTP_PORT="2525")) == (8000, 8001, 2525)


def test_another_api_beside_it_gets_a_port_of_its_own(tmp_path: Path) -> None:
    environ = {"CONSULTING_HOME": str(tmp_path), **dict.fromkeys(PORTS, "0")}
    with alone(tmp_path):
        leave_note(tmp_path, ports=FOUND)

        assert ports(load_beside(environ, mode=Mode.SANDBOX, ports=SANDBOX_PORTS)) == (0, 40002, 40003)


def test_production_has_no_such_instance(tmp_path: Path) -> None:
    with alone(tmp_path):
        leave_note(tmp_path, ports=FOUND)

        assert load_beside({**PRODUCTION, "CONSULTING_HOME": str(tmp_path), "CONSULTING_PORT": "0"}).port == 0


@pytest.mark.parametrize("note", [None, "process 7, port 8000", "[]"])
def test_an_instance_whose_note_says_nothing_is_there_all_the_same(note: str | None, tmp_path: Path) -> None:
    with alone(tmp_path):
        if note is not None:
            (tmp_path / "running").write_text(note)

        assert ports(beside(tmp_path)) == (8000, 8001, 0)
        with pytest.raises(CannotStart, match=r"an instance is running in .* already: stop it"), alone(tmp_path):
            pass


def test_the_ports_of_a_killed_instance_are_nobodys(tmp_path: Path) -> None:
    with alone(tmp_path):
        leave_note(tmp_path, ports=FOUND)  # and it stays, as after kill -9

    with alone(tmp_path):
        assert ports(beside(tmp_path)) == (8000, 8001, 0)


def test_looking_leaves_nothing_behind_where_no_instance_ever_ran(tmp_path: Path) -> None:
    beside(tmp_path, CONSULTING_JWT_SECRET="0123456789abcdef" * 4)

    assert list(tmp_path.iterdir()) == []


def test_an_instance_waits_for_whoever_looks_at_the_moment_in_which_it_starts(tmp_path: Path) -> None:
    with ExitStack() as looking:
        looking.enter_context(file_locks.shared(tmp_path / "run.lock", wait_seconds=0))
        Timer(0.1, looking.close).start()

        with alone(tmp_path):
            assert file_locks.held_exclusively(tmp_path / "run.lock")
