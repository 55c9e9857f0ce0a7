from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.supervisor import file_locks, postgres_binaries
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres
from consulting.entrypoints.supervisor.postgres_folder import postgres_folder
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from consulting.entrypoints.supervisor.server_account import server_account
from tests.integration.instance import PATIENCE

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change accounts")

USE = """
import sys
from pathlib import Path
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres
with running_postgres(Path(sys.argv[1]), throwaway=True, say=lambda line: None) as server:
    print(server.url("consulting"), flush=True)
    sys.stdin.read()
"""


def user_of(home: Path, *, account: str | None = None) -> subprocess.Popen[str]:
    user = pwd.getpwnam(account) if account else None
    return subprocess.Popen(
        [sys.executable, "-c", USE, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def url_from(user: subprocess.Popen[str]) -> str:
    assert user.stdout
    return user.stdout.readline().strip()


def end(user: subprocess.Popen[str], number: int) -> None:
    user.send_signal(number)
    user.wait(PATIENCE)
    assert user.stdin
    assert user.stdout
    user.stdin.close()
    user.stdout.close()


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=60) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_it_starts_as_whoever_asks_and_listens_on_this_machine_alone(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url("postgres")) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories'),"
            " current_setting('server_encoding'), lower('ÄÖ'), current_setting('TimeZone')"
        ).fetchone()

    assert row == ("127.0.0.1", "", "UTF8", "äö", "UTC")


def test_a_wrong_password_is_refused(postgres: EmbeddedPostgres) -> None:
    url = postgres.url("postgres").replace(postgres.folder.password(), "wrong")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_the_password_is_for_its_owner_only(postgres: EmbeddedPostgres) -> None:
    assert (postgres.folder.path / "password").stat().st_mode & 0o777 == 0o600


def test_a_missing_database_is_made_and_an_existing_one_kept(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url("kept")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept ()")

    with psycopg.connect(postgres.url("kept")) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_data_outlives_the_server_and_its_port_stays(home: Path) -> None:
    with running_postgres(home) as first:
        url = first.url("consulting")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept ()")
    assert not answers(url)

    with running_postgres(home) as second, psycopg.connect(second.url("consulting")) as connection:
        assert second.url("consulting") == url
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_port_taken_meanwhile_is_replaced(home: Path, postgres: EmbeddedPostgres) -> None:
    with running_postgres(home, throwaway=True) as server:
        server.stop()
        server.folder.port.write_text(postgres.folder.port.read_text())
        server.start()

        assert server.folder.port.read_text() != postgres.folder.port.read_text()
        assert answers(server.url("consulting"))


def test_a_crashed_server_starts_again_at_its_address(home: Path) -> None:
    with running_postgres(home, throwaway=True) as server:
        url = server.url("consulting")
        server.stop(mode="immediate")
        assert not answers(url)

        server.start()

        assert answers(url)


def test_the_server_stays_while_one_of_its_users_lives_and_stops_after_the_last_even_by_kill_9(home: Path) -> None:
    one, other = user_of(home), user_of(home)
    url = url_from(one)
    assert url_from(other) == url

    end(one, signal.SIGKILL)
    time.sleep(0.5)
    assert answers(url)

    end(other, signal.SIGKILL)
    assert eventually(lambda: not answers(url))
    assert eventually(lambda: file_locks.held_by_nobody(home / "postgres" / "watcher.lock"))


def test_a_throwaway_server_leaves_no_data(home: Path) -> None:
    with running_postgres(home, throwaway=True) as server:
        data = server.folder.data()
        assert data.exists()

    assert not data.exists()


def test_data_of_another_version_is_refused_and_left_alone(home: Path) -> None:
    with running_postgres(home) as server:
        data = server.folder.data()
    (data / "PG_VERSION").write_text("12\n")

    with pytest.raises(CannotStart, match="was made by PostgreSQL 12"), running_postgres(home):
        pytest.fail("it started")


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()

    with pytest.raises(CannotStart, match="CONSULTING_HOME"), running_postgres(blocked):
        pytest.fail("it started")


def test_an_interrupted_first_start_is_made_good(home: Path) -> None:
    half_made = postgres_folder(home=home).path / "data.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")

    with running_postgres(home, throwaway=True) as server:
        assert answers(server.url("consulting"))


@as_root
@pytest.mark.skipif(
    not server_account(owner=None).can("x", Path(sys.executable)), reason="this Python is for root alone"
)
def test_an_ordinary_account_runs_the_server_itself(home: Path) -> None:
    os.chown(home, pwd.getpwnam("nobody").pw_uid, -1)
    user = user_of(home, account="nobody")
    url = url_from(user)

    assert answers(url)
    assert (home / "postgres" / "data").owner() == "nobody"

    end(user, signal.SIGKILL)
    assert eventually(lambda: not answers(url))


@as_root
def test_root_has_the_data_elsewhere_where_the_servers_account_cannot_reach_its_home(home: Path) -> None:
    home.chmod(0o700)
    said: list[str] = []

    with running_postgres(home, throwaway=True, say=said.append) as server:
        elsewhere = server.folder.data()
        assert answers(server.url("consulting"))
        assert not elsewhere.is_relative_to(home)
    assert not elsewhere.parent.exists()
    assert home.stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_out_of_reach_are_copied_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = home / "hidden"
    hidden.mkdir(mode=0o700)
    package = next(Path(sys.prefix).glob("lib/python*/site-packages/embedded_postgres"))
    shutil.copytree(package, hidden / package.name, symlinks=True)
    shutil.copytree(package.with_name("embedded_postgres.libs"), hidden / "embedded_postgres.libs", symlinks=True)
    monkeypatch.syspath_prepend(str(hidden))
    monkeypatch.setattr(postgres_binaries, "CACHE", home / "cache")

    with running_postgres(home, throwaway=True) as server:
        [copy] = (home / "cache").iterdir()
        assert server.binaries.folder.is_relative_to(copy)
        assert answers(server.url("consulting"))
        made = copy.stat().st_ino
        assert postgres_binaries.find_binaries(account=server.account).folder.is_relative_to(copy)

    assert [path.stat().st_ino for path in (home / "cache").iterdir()] == [made]
