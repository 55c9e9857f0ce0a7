"""One PostgreSQL server on 127.0.0.1: making its data, starting it, stopping it, and its address."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.supervisor import file_locks
from consulting.entrypoints.supervisor.ports import bindable, free_port
from consulting.entrypoints.supervisor.postgres_binaries import Binaries
from consulting.entrypoints.supervisor.postgres_folder import PostgresFolder
from consulting.entrypoints.supervisor.processes import alive, unburied
from consulting.entrypoints.supervisor.server_account import ServerAccount

HOST = "127.0.0.1"
ROLE = "consulting"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket's path may be too long, and a port serves every client
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
THROWAWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}
START_ATTEMPTS = 5
LOCK_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPostgres:
    """A server whose one role may do everything. A throwaway server trades safety for speed."""

    folder: PostgresFolder
    account: ServerAccount
    binaries: Binaries
    throwaway: bool

    def url(self, database: str) -> str:
        """Return the URL of the database, which is made where it is missing."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if known is None:
                made_meanwhile = (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)
                with contextlib.suppress(*made_meanwhile):
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self._url(database)

    def running(self) -> bool:
        """Whether the server's main process is there and listens."""
        try:
            lines = (self.folder.data() / "postmaster.pid").read_text().splitlines()
            pid, port = int(lines[0]), int(lines[3])
        except (OSError, ValueError, IndexError):
            return False
        return alive(pid) and _listened_to(port)

    def make_data(self, *, say: Callable[[str], None]) -> None:
        """Make the data where there is none. Raises CannotStart. `say` takes lines for people."""
        with file_locks.exclusive(self.folder.starting, wait_seconds=LOCK_SECONDS):
            if not self.folder.data().exists():
                say("making the database")
                self._initialise(say)

    def start(self) -> None:
        """Start the server where it does not run, on its former port if that is free.

        Raises CannotStart, with PostgreSQL's own complaint in it.
        """
        with file_locks.exclusive(self.folder.starting, wait_seconds=LOCK_SECONDS):
            if not self.running():
                self._refuse_other_version()
                self._forget_unburied_server()
                self._start()

    def stop(self, *, mode: str = "fast") -> None:
        """Stop the server for all its users: `fast` in good order, `immediate` as in a crash."""
        self._pg_ctl("stop", "-m", mode)

    def control(self, action: str) -> list[str]:
        """Return the command that starts, stops or looks at the server, and waits until that is done."""
        wait = [] if action == "status" else ["-w", "-t", "60"]
        return [str(self.binaries["pg_ctl"]), action, "-s", *wait, "-D", str(self.folder.data())]

    def _pg_ctl(self, action: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.account.run([*self.control(action), *arguments])

    def _url(self, database: str) -> str:
        return f"postgresql://{ROLE}:{self.folder.password()}@{HOST}:{self.folder.port.read_text()}/{database}"

    def _initialise(self, say: Callable[[str], None]) -> None:
        data = self.folder.empty_data(account=self.account, throwaway=self.throwaway, say=say)
        password = data.with_name("password.new")  # a copy, for initdb reads it as the server's account
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        try:
            password.write_text(self.folder.password())
            self.account.own(password)
            made = self.account.run(self._initdb(data, password))
        finally:
            password.unlink()
        if made.returncode != 0:
            raise CannotStart(f"initdb failed: {_one_line(made.stderr)}")
        data.rename(data.with_suffix(""))

    def _initdb(self, data: Path, password: Path) -> list[str]:
        return [
            *(str(self.binaries["initdb"]), "-D", str(data), "-U", ROLE, "-A", "scram-sha-256"),
            *(f"--pwfile={password}", "-E", "UTF8", *self.binaries.locale_arguments()),
            *(["--no-sync"] if self.throwaway else []),
        ]

    def _refuse_other_version(self) -> None:
        major = self.account.run(["/bin/cat", self.folder.data() / "PG_VERSION"]).stdout.strip()
        if major != str(self.binaries.major):
            raise CannotStart(
                f"{self.folder.data()} was made by PostgreSQL {major} and this is {self.binaries.major}: "
                f"dump it with the old programs, or move {self.folder.path} away to begin anew"
            )

    def _forget_unburied_server(self) -> None:
        """Remove the note of a server that is dead but whose process is kept, as by a container without an init.

        Any other note PostgreSQL judges itself.
        """
        note = self.folder.data() / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            if unburied(int(note.read_text().splitlines()[0])):
                note.unlink()

    def _start(self) -> None:
        log = self.folder.data() / "server.log"
        complaint = ""
        for attempt in range(START_ATTEMPTS):
            port = self._free_port(former=attempt == 0)
            if self._pg_ctl("start", "-l", str(log), "-o", self._options(port)).returncode == 0:
                self.folder.port.write_text(str(port))
                return
            complaint = _last_complaint(log)
            if "TCP/IP" not in complaint:
                break
        raise CannotStart(f"PostgreSQL did not start: {complaint} (its log: {log})")

    def _options(self, port: int) -> str:
        settings = {**SETTINGS, "port": str(port), **(THROWAWAY_SETTINGS if self.throwaway else {})}
        return " ".join(f"-c {name}={value}" for name, value in settings.items())

    def _free_port(self, *, former: bool) -> int:
        if former and self.folder.port.exists() and bindable(port := int(self.folder.port.read_text()), host=HOST):
            return port
        return free_port(host=HOST)


def _listened_to(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


def _last_complaint(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return "it wrote no log"
    complaints = [line for line in lines if re.search(r"FATAL|PANIC", line)]
    return _one_line((complaints or lines or [""])[-1])


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
