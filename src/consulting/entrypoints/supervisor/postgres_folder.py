"""Where an embedded PostgreSQL keeps its data, its locks and its password.

Locks, password and port stand in `<home>/postgres`. The data stands there too, unless PostgreSQL runs as an account
that cannot reach it; then the file `elsewhere` names the folder that holds the data.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.supervisor.server_account import ServerAccount, server_account

STATE = Path("/var/lib/consulting")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresFolder:
    """The folder of one embedded PostgreSQL, below the instance's home."""

    path: Path

    @property
    def in_use(self) -> Path:
        """The lock that every user of the server shares."""
        return self.path / "in-use.lock"

    @property
    def starting(self) -> Path:
        """The lock of whoever is starting the server."""
        return self.path / "start.lock"

    @property
    def watcher(self) -> Path:
        """The lock of the process that stops the server after its last user."""
        return self.path / "watcher.lock"

    @property
    def port(self) -> Path:
        """The file that keeps the port, so that a restarted server is found where it was."""
        return self.path / "port"

    @property
    def elsewhere(self) -> Path:
        """The file that names the folder of the data where that is not this one."""
        return self.path / "elsewhere"

    def data(self) -> Path:
        """Where the data is, or will be unless the server's account cannot reach it."""
        parent = Path(self.elsewhere.read_text()) if self.elsewhere.exists() else self.path
        return parent / "data"

    def password(self) -> str:
        """Read the password, or make one where there is none yet."""
        file = self.path / "password"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(24))
        return file.read_text()

    def account(self) -> ServerAccount:
        """Find the account that owns the data, or that will. Raises CannotStart where we may not run as that one."""
        return server_account(owner=self.data().stat().st_uid if self.data().exists() else None)

    def empty_data(self, *, account: ServerAccount, throwaway: bool, say: Callable[[str], None]) -> Path:
        """Make an empty folder, the account's own, that becomes `data()` by dropping its suffix `.new`."""
        scratch = _emptied(self.path / "data.new", account)
        if account.can("w", scratch):
            self.elsewhere.unlink(missing_ok=True)
            return scratch
        scratch.rmdir()
        elsewhere = _folder_elsewhere(throwaway=throwaway)
        self.elsewhere.write_text(str(elsewhere))
        if not throwaway:
            say(f"the database's data lies in {elsewhere}, since the account it runs as cannot reach {self.path}")
        return _emptied(elsewhere / "data.new", account)


def postgres_folder(*, home: Path) -> PostgresFolder:
    """Open the folder, made where it is missing. Raises CannotStart where that is not possible."""
    path = home.resolve() / "postgres"
    try:
        path.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            path.chmod(0o711)  # the server's account passes through to its data
        (path / "start.lock").touch()
    except OSError as problem:
        raise CannotStart(
            f"cannot write to {path}: {problem.strerror}; name a folder of your own in CONSULTING_HOME"
        ) from problem
    return PostgresFolder(path=path)


def _emptied(folder: Path, account: ServerAccount) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    account.own(folder)
    return folder


def _folder_elsewhere(*, throwaway: bool) -> Path:
    try:
        if not throwaway:
            STATE.mkdir(parents=True, exist_ok=True)
            STATE.chmod(0o755)
        folder = Path(tempfile.mkdtemp(prefix="consulting-" if throwaway else "", dir=None if throwaway else STATE))
        folder.chmod(0o711)
    except OSError as problem:
        raise CannotStart(f"cannot make a folder in {STATE} for the database: {problem.strerror}") from problem
    return folder
