"""Stops PostgreSQL once its last user is gone. Runs alone, as a file: it imports nothing but the standard library.

Every user of the server shares a lock. The watcher asks for that lock alone, and the kernel grants it when the last
user has ended, by whatever cause. Arguments: one JSON object with the keys `in_use`, `watcher`, `stop` (the command
that stops the server), `user`, `group` (both null for our own account) and `remove` (folders to delete afterwards).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from typing import IO, Any

ATTEMPTS = 50
PAUSE_SECONDS = 0.02


def main() -> None:
    """Become a process of nobody's, wait for the last user to end, then stop the server.

    By the time our caller goes on, the watcher's lock is held: forking keeps a lock.
    """
    task = json.loads(sys.argv[1])
    with open(task["watcher"], "a") as mine, open(task["in_use"], "a") as in_use:  # noqa: PTH123 - keeps the start light
        only_one = try_to_lock(mine)
        if os.fork():
            os._exit(0)  # whoever started us need not wait for us
        os.setsid()
        if only_one or lock_soon(mine):
            fcntl.flock(in_use, fcntl.LOCK_EX)
            stop(task)


def try_to_lock(mine: IO[str]) -> bool:
    """Take the lock of the server's only watcher, if nobody has it."""
    try:
        fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_soon(mine: IO[str]) -> bool:
    """Take the lock if it was only looked at; where another watcher keeps it, there is nothing to do for us."""
    for _ in range(ATTEMPTS):
        time.sleep(PAUSE_SECONDS)
        if try_to_lock(mine):
            return True
    return False


def stop(task: dict[str, Any]) -> None:
    """Stop the server in good order, or at once where that does not end within its time."""
    account = {"user": task["user"], "group": task["group"], "extra_groups": []} if task["user"] is not None else {}
    for mode in ("fast", "immediate"):
        command = [*task["stop"], "-m", mode]
        if subprocess.run(command, cwd="/", check=False, **account).returncode == 0:  # noqa: S603 - our own command
            break
    for folder in task["remove"]:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
