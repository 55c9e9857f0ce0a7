"""Plugins that can't be used, as whoever starts the program meets them: one line, status 2, nothing left running."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.integration.instance import COMMAND, PATIENCE
from tests.unit.entrypoints.packages import ACME, Installer, acme_opening

MISSING, UNOPENED = "import nonexistent_sdk", acme_opening("raise OSError(f'no {settings.api_key}')")


def started(command: str, packages: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSULTING_")}
    given: Mapping[str, str] = {"CONSULTING_MODE": "sandbox", "CONSULTING_MAILER": "acme", **environ}
    return subprocess.run(
        [*COMMAND, *command.split()],
        env={**clean, "PYTHONPATH": str(packages), **given},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("command", ["serve", "worker", "run", "token --user ada", "settings"])
def test_what_cannot_be_imported_is_refused_by_every_command(tmp_path: Path, command: str) -> None:
    module = Installer(tmp_path).install(MISSING)

    done = started(command, tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"consulting: CONSULTING_MAILER=acme: the plugin (acme 1.2.3, entry point acme = {module}:plugin) "
        "cannot be imported: ModuleNotFoundError: No module named 'nonexistent_sdk'\n"
    )


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_what_cannot_be_opened_is_refused_before_anything_starts(
    database_url: str, tmp_path: Path, command: str
) -> None:
    module = Installer(tmp_path).install(UNOPENED)

    done = started(command, tmp_path, CONSULTING_DATABASE_URL=database_url, CONSULTING_HOME=str(tmp_path / "home"))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"consulting: CONSULTING_MAILER=acme: the plugin (acme 1.2.3, entry point acme = {module}:plugin) "
        "cannot be opened: OSError: no [hidden]\n"
    )


def test_the_table_of_settings_is_printed_with_the_plugins(tmp_path: Path) -> None:
    Installer(tmp_path).install(ACME)

    done = started("settings", tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "| `CONSULTING_ACME_TIMEOUT_SECONDS` | `5` |  | longest wait for Acme |" in done.stdout.splitlines()
