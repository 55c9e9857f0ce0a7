"""The instance that runs in a home: it is alone there, and leaves a note of the ports that it found free."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.settings import Mode, Settings, load_settings
from consulting.entrypoints.supervisor import file_locks

SANDBOX_PORTS: Final = {
    "CONSULTING_SANDBOX_PORT": "sandbox_port",
    "CONSULTING_SANDBOX_SMTP_PORT": "sandbox_smtp_port",
}
PORTS: Final = {"CONSULTING_PORT": "port", **SANDBOX_PORTS}
LOOK_SECONDS: Final = 0.5
"""How long an instance waits for its lock, which whoever looks whether one runs holds for a moment."""


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Be the only one that runs an instance with this home. Raises CannotStart where another does."""
    with ExitStack() as stack:
        try:
            home.mkdir(parents=True, exist_ok=True)
            stack.enter_context(file_locks.exclusive(_lock(home), wait_seconds=LOOK_SECONDS))
            _note(home).unlink(missing_ok=True)  # a killed instance's ports are nobody's now
        except file_locks.StillLocked as held:
            raise CannotStart(
                f"an instance is running in {home} already{_who(home)}: stop it, or give this one "
                "another CONSULTING_HOME, CONSULTING_PORT and CONSULTING_SANDBOX_PORT"
            ) from held
        except OSError as problem:
            raise _unwritable(home, problem) from problem
        yield


def leave_note(home: Path, *, ports: Mapping[str, str]) -> None:
    """Write down which ports this instance uses, by their variables. Raises CannotStart."""
    unfinished = home / "running.new"
    try:
        unfinished.write_text(json.dumps({"process": os.getpid(), "ports": dict(ports)}))
        unfinished.replace(_note(home))
    except OSError as problem:
        raise _unwritable(home, problem) from problem


def load_beside(
    environ: Mapping[str, str], *, mode: Mode = Mode.PRODUCTION, ports: Mapping[str, str] = PORTS
) -> Settings:
    """Load the settings for a command that works beside the instance of their home, be it there or not.

    In the sandbox a port of 0, any that is free, is the one that the running instance found; `ports` names the
    variables, each with its field, that this goes for. Raises SettingsError.
    """
    settings = load_settings(environ, mode=mode)
    asked = [variable for variable, field in ports.items() if not getattr(settings, field)]
    found = _found(settings.home, asked) if asked and settings.mode is Mode.SANDBOX else {}
    return load_settings({**environ, **found}, mode=mode) if found else settings


def _found(home: Path, variables: Sequence[str]) -> dict[str, str]:
    """Give the ports that the running instance found for these variables; none where none runs."""
    try:
        runs = _lock(home).exists() and file_locks.held_exclusively(_lock(home))
    except OSError:
        return {}  # a home that we may not write to is somebody else's
    ports = _noted(home).get("ports", {}) if runs else {}
    return {variable: str(ports[variable]) for variable in variables if variable in ports}


def _who(home: Path) -> str:
    noted = _noted(home)
    return f" (process {noted['process']}, port {noted['ports']['CONSULTING_PORT']})" if noted else ""


def _noted(home: Path) -> dict[str, Any]:
    """Read the note; an empty one where an instance hasn't got so far, or was of a version that wrote another."""
    try:
        noted = json.loads(_note(home).read_text())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _lock(home: Path) -> Path:
    return home / "run.lock"


def _note(home: Path) -> Path:
    return home / "running"


def _unwritable(home: Path, problem: OSError) -> CannotStart:
    return CannotStart(f"cannot write to {home}: {problem.strerror}; name a folder of your own in CONSULTING_HOME")
