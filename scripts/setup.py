"""Make the virtual environment from the locked requirements. Nothing is installed yet: standard library only."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parents[1]
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
BROWSER_SECONDS = 300
LOCKS = {"runtime": "requirements.lock", "tracing": "requirements-tracing.lock", "dev": "requirements-dev.lock"}


def main() -> None:
    """Install what the argument asks for, unless it is installed already."""
    kind = sys.argv[1]
    if installed(kind):
        return
    try:
        with (HERE / ".venv.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two shells may do this at once
            if not installed(kind):
                install(kind)
    except OSError as problem:
        refuse(f"cannot write to {problem.filename or HERE}: {problem.strerror}; use a folder of your own")


def installed(kind: str) -> bool:
    """Whether the environment has what is asked for; with the tools for developers it has everything."""
    return PYTHON.exists() and any(
        stamp(wanted).is_file() and stamp(wanted).read_text() == state(wanted) for wanted in {kind, "dev"}
    )


def install(kind: str) -> None:
    """Make the environment if need be, and install the locked requirements and this project into it."""
    if not PYTHON.exists() or not belongs_here():
        make_environment()
    tell(f"installing the packages of {LOCKS[kind]}")
    pip("--require-hashes", "--only-binary", ":all:", "-r", str(HERE / LOCKS[kind]))
    pip("--no-deps", "--no-build-isolation", "--quiet", "--editable", str(HERE))
    if kind == "dev":
        browser()
    stamp(kind).write_text(state(kind))


def browser() -> None:
    """Install Chromium where that takes no asking; without one, the tests of the booking page are skipped."""
    if shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"):
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        tell("no Chromium here: the tests of the booking page will be skipped")
        return
    tell("installing Chromium for the tests of the booking page")
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            command = [apt, "-qq", *arguments]
            subprocess.run(command, check=True, timeout=BROWSER_SECONDS, env=quietly, stdout=subprocess.DEVNULL)  # noqa: S603 - the same
    except (OSError, subprocess.SubprocessError) as problem:
        tell(f"Chromium could not be installed ({problem}): the tests of the booking page will be skipped")


def belongs_here() -> bool:
    """Whether the environment was made here, and to its end: its scripts name the place, so it cannot be moved."""
    place = VENV / "made-at"
    return place.is_file() and place.read_text() == str(HERE)


def make_environment() -> None:
    """Make an empty environment with pip in it."""
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian has Python without it
        import venv  # noqa: PLC0415 - the same
    except ImportError:
        refuse("Python has no venv module here: apt-get install python3-venv (or your system's package of that kind)")
    tell(f"making {VENV} with Python {sys.version.split()[0]}")
    if VENV.exists():
        shutil.rmtree(VENV)
    venv.create(VENV, with_pip=True, symlinks=True)
    (VENV / "made-at").write_text(str(HERE))


def pip(*arguments: str) -> None:
    """Install with the environment's own pip; say how to go on where that fails."""
    environ = {
        **os.environ,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_NO_INPUT": "1",
    }
    environ.pop("PYTHONPATH", None)
    command = [str(PYTHON), "-m", "pip", "install", *arguments]
    if subprocess.run(command, env=environ, check=False, cwd=HERE).returncode != 0:  # noqa: S603 - our own arguments
        refuse("packages could not be installed; pip's own words stand above. Is there a network? Then run this again")


def stamp(kind: str) -> Path:
    """Return the file that says what is installed."""
    return VENV / f"installed-{kind}"


def state(kind: str) -> str:
    """Return what is to be installed, in short: other requirements, or another place, give another text."""
    files = b"".join((HERE / name).read_bytes() for name in (LOCKS[kind], "pyproject.toml"))
    return f"{HERE} {hashlib.sha256(files).hexdigest()}"


def tell(line: str) -> None:
    """Say what is being done."""
    print(f"consulting: {line}", flush=True)  # noqa: T201 - there is nothing else to say it with yet


def refuse(line: str) -> NoReturn:
    """End with one line that says what to do."""
    print(f"consulting: {line}", file=sys.stderr)  # noqa: T201 - the same
    sys.exit(2)


if __name__ == "__main__":
    main()
