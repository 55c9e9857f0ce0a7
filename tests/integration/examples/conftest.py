from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from consulting.entrypoints.supervisor import file_locks

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
LONGEST_BUILD = 600.0
OFFLINE = ("--quiet", "--no-index", "--no-deps")


@dataclass(frozen=True)
class Environment:
    """A fresh environment in which consulting and the examples are installed as wheels.

    What they depend on is lent by the environment of the tests, so that nothing is fetched.
    """

    folder: Path

    def program(self, name: str) -> str:
        return str(self.folder / "bin" / name)

    def run(self, *arguments: str, cwd: Path, name: str = "python") -> subprocess.CompletedProcess[str]:
        """Run one of its programs in a folder, and give how it ended and what it printed."""
        return subprocess.run(
            [self.program(name), *arguments],
            cwd=cwd,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_BUILD,
            check=False,
        )

    @property
    def environ(self) -> dict[str, str]:
        given = {name: value for name, value in os.environ.items() if not name.startswith(("CONSULTING_", "PYTEST_"))}
        path = f"{self.folder / 'bin'}{os.pathsep}{given.get('PATH', '')}"
        return {**given, "PATH": path, "VIRTUAL_ENV": str(self.folder)}


def pip(*arguments: str) -> None:
    done = subprocess.run(
        [*PIP, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_BUILD,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def lend(folder: Path) -> None:
    """Let an environment have the packages of this one, but for this project itself.

    Nor does it get the fuzzer, which nobody asks for and which each pytest would load as a plugin.
    """
    lent, purelib = folder / "lent", sysconfig.get_path("purelib", vars={"base": str(folder)})
    lent.mkdir()
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not re.match("_?consulting|pip|schemathesis", package.name):
            (lent / package.name).symlink_to(package)
    (Path(purelib) / "lent.pth").write_text(str(lent), encoding="utf-8")


@pytest.fixture(scope="session")
def wheels(postgres_home: Path) -> Path:
    """Consulting and the examples, built once for all workers of a run."""
    folder = postgres_home / "wheels"
    with file_locks.exclusive(postgres_home / "wheels.lock", wait_seconds=LONGEST_BUILD):
        if not folder.exists():
            packages = [ROOT, EXAMPLES / "acme_payments", EXAMPLES / "teams_meetings"]
            pip("wheel", *OFFLINE, "--no-build-isolation", "-w", str(folder), *map(str, packages))
    return folder


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Environment:
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False, symlinks=True)
    pip("--python", str(folder / "bin" / "python"), "install", *OFFLINE, *map(str, wheels.iterdir()))
    lend(folder)
    return Environment(folder)
