"""Our commands as an operator runs them, each in a process of its own.

It is forked from one that has imported everything: most tests are about what a command does, and not about its start,
which takes longer than that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path

from consulting.entrypoints import apikeys, bookkeeping, cli, container, doctor, inbox, outbox, users
from consulting.entrypoints.supervisor import databases
from tests.integration.instance import PATIENCE

__all__ = ["apikeys", "bookkeeping", "container", "databases", "doctor", "inbox", "outbox", "users"]

SECONDS = PATIENCE


def clean_environ(**ours: str) -> dict[str, str]:
    """Give this process's environment with no setting in it but these."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CONSULTING_")} | ours


def run(*arguments: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    forking = get_context("forkserver")
    forking.set_forkserver_preload([__name__])
    with tempfile.TemporaryDirectory() as folder:
        told, complained = Path(folder) / "stdout", Path(folder) / "stderr"
        process = forking.Process(target=_live, args=(arguments, dict(environ), told, complained), daemon=True)
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, SECONDS)
        return subprocess.CompletedProcess(arguments, process.exitcode, told.read_text(), complained.read_text())


def afresh(*arguments: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in an interpreter that has imported nothing yet."""
    return subprocess.run(
        [sys.executable, "-m", cli.__name__, *arguments],
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _live(arguments: tuple[str, ...], environ: Mapping[str, str], told: Path, complained: Path) -> None:
    for stream, path in ((1, told), (2, complained)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["consulting", *arguments]
    sys.exit(cli.main())
