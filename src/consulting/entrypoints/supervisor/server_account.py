"""The account that PostgreSQL runs as: it refuses to run as root."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from consulting.entrypoints.cannot_start import CannotStart

# Nothing of the caller's locale, time zone or PG* variables may reach the server.
CLEAN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccount:
    """The account of the server's processes; `other` is None where that is the account that we run as already."""

    other: pwd.struct_passwd | None

    def run(self, arguments: Sequence[str | Path], *, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a program as this account and wait for it. Its failure is told by the return code alone."""
        return subprocess.run(  # noqa: S603 - the arguments are our own
            [str(argument) for argument in arguments],
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout,
            user=self.other.pw_uid if self.other else None,
            group=self.other.pw_gid if self.other else None,
            extra_groups=[] if self.other else None,
        )

    def can(self, permission: str, path: Path) -> bool:
        """Whether this account has the permission (r, w or x, as in test(1)) on the path, every parent included."""
        if self.other is None:
            return os.access(path, {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[permission])
        return self.run(["/bin/sh", "-c", f'test -{permission} "$1"', "sh", path]).returncode == 0

    def own(self, path: Path) -> None:
        """Make the path this account's own."""
        if self.other is not None:
            shutil.chown(path, self.other.pw_uid, self.other.pw_gid)


def server_account(*, owner: int | None) -> ServerAccount:
    """Choose the account: the data's owner where there is data, else our own, or for root `postgres` or `nobody`.

    Raises CannotStart where the data is another account's, or where root finds no account to run the server as.
    """
    me = os.geteuid()
    if me != 0 and owner not in {None, me}:
        raise CannotStart("the database's data belongs to another account: start as that account, or as root")
    if me != 0:
        return ServerAccount(other=None)
    if owner is not None:
        return ServerAccount(other=pwd.getpwuid(owner))
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return ServerAccount(other=pwd.getpwnam(name))
    raise CannotStart("PostgreSQL does not run as root: add an account for it (useradd --system postgres)")
