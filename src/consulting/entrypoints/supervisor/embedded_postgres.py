"""A real PostgreSQL for laptops and tests: made on first use, shared by its users, stopped after the last one.

Every user holds a lock that the kernel takes back when the user ends, even by kill -9. A detached watcher waits for
that lock, and so stops the server after its last user, whatever ended them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from consulting.entrypoints.supervisor import file_locks, postgres_watcher
from consulting.entrypoints.supervisor.postgres_binaries import find_binaries
from consulting.entrypoints.supervisor.postgres_folder import PostgresFolder, postgres_folder
from consulting.entrypoints.supervisor.postgres_server import LOCK_SECONDS, EmbeddedPostgres
from consulting.entrypoints.supervisor.server_account import CLEAN_ENVIRONMENT

STOPPING_SECONDS = 10.0
OTHERS_GRACE_SECONDS = 0.3


@contextmanager
def running_postgres(
    home: Path, *, throwaway: bool = False, say: Callable[[str], None] = print
) -> Iterator[EmbeddedPostgres]:
    """Use the embedded server of this home, started where it does not run; several processes may use it at once.

    A throwaway server trades safety for speed and loses its data with its last user. `say` takes lines for people.
    Raises CannotStart, with what to do about it, where no server can be had.
    """
    folder = postgres_folder(home=home)
    try:
        with file_locks.shared(folder.in_use, wait_seconds=LOCK_SECONDS):
            account = folder.account()
            binaries = find_binaries(account=account)
            server = EmbeddedPostgres(folder=folder, account=account, binaries=binaries, throwaway=throwaway)
            server.make_data(say=say)
            _watch(server)
            server.start()
            yield server
    finally:
        _wait_until_stopped(folder)


def _watch(server: EmbeddedPostgres) -> None:
    """Have a process of nobody's stop the server after its last user; where one is there already, it leaves."""
    folder, other = server.folder, server.account.other
    data = folder.data()
    task = {
        "in_use": str(folder.in_use),
        "watcher": str(folder.watcher),
        "stop": server.control("stop"),
        "user": other.pw_uid if other else None,
        "group": other.pw_gid if other else None,
        "remove": [str(data.parent if folder.elsewhere.exists() else data)] if server.throwaway else [],
    }
    subprocess.run(  # noqa: S603 - our own program; it leaves at once, and its child stays
        [sys.executable, "-I", "-S", postgres_watcher.__file__, json.dumps(task)],
        check=True,
        start_new_session=True,
        cwd="/",
        env=CLEAN_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_until_stopped(folder: PostgresFolder) -> None:
    """Wait while the watcher stops the server; return soon where the server has other users."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < STOPPING_SECONDS:
        if file_locks.held_by_nobody(folder.watcher):
            return
        if passed > OTHERS_GRACE_SECONDS and not file_locks.held_exclusively(folder.in_use):
            return
        time.sleep(file_locks.PAUSE_SECONDS)
