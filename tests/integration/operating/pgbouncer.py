"""PgBouncer in transaction mode before a database, where the machine has it (Debian's package `pgbouncer`)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from consulting.entrypoints.supervisor.ports import free_port
from tests.integration.instance import PATIENCE, eventually

HOST = "127.0.0.1"
PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

CONFIGURATION = """
[databases]
* = host={host} port={server} user={user} password={password} pool_size={size}
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
"""


@contextmanager
def pgbouncer(folder: Path, *, database_url: str, size: int) -> Iterator[str]:
    """Put a pooler with so many connections before the database; give the URL that leads through it."""
    if PROGRAM is None:
        pytest.skip("PgBouncer isn't installed here: apt-get install pgbouncer")
    at, port = urlsplit(database_url), free_port(host=HOST)
    told = CONFIGURATION.format(host=HOST, server=at.port, user=at.username, password=at.password, size=size, port=port)
    (folder / "pgbouncer.ini").write_text(told)
    as_other = ["-u", "nobody"] if os.geteuid() == 0 else []
    folder.chmod(0o755)
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, *as_other, str(folder / "pgbouncer.ini")], stdout=log, stderr=log)
    url = f"postgresql://{at.username}@{HOST}:{port}{at.path}"
    try:
        eventually(lambda: _answers(url), told=(folder / "pgbouncer.log").read_text)
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, prepare_threshold=None).close()
    except psycopg.OperationalError:
        return False
    return True
