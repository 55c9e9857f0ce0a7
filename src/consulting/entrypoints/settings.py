"""Loading the settings: the one place that reads the environment."""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.settings_declaration import REQUIRED, Variable, declared, read_all
from consulting.entrypoints.settings_refusals import refusals
from consulting.entrypoints.settings_variables import LogFormat, LogLevel, Mode, Rooms, Settings, Tls

__all__ = [
    "LogFormat",
    "LogLevel",
    "Mode",
    "Rooms",
    "Settings",
    "SettingsError",
    "Tls",
    "load_settings",
    "process_environment",
    "settings_table",
]

CHECKOUT = Path(__file__).parents[3]


class SettingsError(CannotStart):
    """The environment does not say what the program needs to know; the message has one line for each problem."""


def load_settings(environ: Mapping[str, str], *, mode: Mode) -> Settings:
    """Read the settings. `mode` is the mode where CONSULTING_MODE does not say it.

    The sandbox's shared secret is made and kept in the instance's home where there is none. Raises SettingsError with
    all problems at once.
    """
    sandbox = (environ.get("CONSULTING_MODE") or mode).lower() == Mode.SANDBOX
    values, problems = read_all(Settings, environ, sandbox=sandbox, given={"here": _here(), "cores": _cores()})
    if problems:
        raise SettingsError("\n".join(problems))
    settings = Settings(**values)
    if sandbox and not settings.jwt_secret and not settings.jwt_jwks:
        settings = dataclasses.replace(settings, jwt_secret=_kept_secret(settings.home))
    if problems := list(refusals(settings)):
        raise SettingsError("\n".join(problems))
    return settings


def settings_table() -> str:
    """Return the table of all settings for the README, in Markdown."""
    lines = ["| variable | default | in the sandbox | meaning |", "|---|---|---|---|"]
    for _, known in declared(Settings):
        sandbox = "" if known.sandbox == known.default else _shown(known.sandbox)
        lines.append(f"| `{known.name}` | {_shown(known.default)}{_where(known)} | {sandbox} | {known.meaning} |")
    return "\n".join(lines)


def _where(known: Variable) -> str:
    return f" with `{known.reason()}`" if known.needed_by else ""


def process_environment() -> dict[str, str]:
    """Return a copy of this process's environment."""
    return dict(os.environ)


def _shown(default: str) -> str:
    for _, known in declared(Settings):
        default = default.replace("{" + known.name.removeprefix("CONSULTING_").lower() + "}", f"${known.name}")
    default = default.replace("{here}", "the checkout").replace("{cores}", "cores")
    return default if default == REQUIRED or not default else f"`{default}`"


def _here() -> Path:
    """Return the checkout that we run from, or for an installed package the current folder."""
    return CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _kept_secret(home: Path) -> str:
    """Read the sandbox's shared secret; make it where there is none. Two processes that make it agree on one."""
    file = home / "jwt-secret"
    scratch = home / f"jwt-secret.{os.getpid()}"
    try:
        if not file.exists():
            home.mkdir(parents=True, exist_ok=True)
            scratch.touch(mode=0o600)
            scratch.write_text(secrets.token_urlsafe(48))
            _first_wins(scratch, file)
        return file.read_text()
    except OSError as problem:
        raise SettingsError(
            f"cannot keep a secret in {home}: {problem.strerror}; name a folder of your own in CONSULTING_HOME"
        ) from problem


def _first_wins(scratch: Path, file: Path) -> None:
    try:
        file.hardlink_to(scratch)
    except FileExistsError:
        pass
    finally:
        scratch.unlink()
