"""Loading the settings: the one place that reads the environment."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.plugins import (
    OURS,
    Offer,
    PluginError,
    Port,
    Read,
    choose,
    installed,
    load,
    offered,
    variables_of,
)
from consulting.entrypoints.settings_declaration import PREFIX, REQUIRED, Variable, declared, read_all, unknown
from consulting.entrypoints.settings_refusals import refusals
from consulting.entrypoints.settings_variables import LogFormat, LogLevel, Mode, Pooler, Settings

__all__ = [
    "LogFormat",
    "LogLevel",
    "Mode",
    "Pooler",
    "Port",
    "Settings",
    "SettingsError",
    "chosen_settings",
    "load_settings",
    "needed_in_production",
    "own_settings",
    "process_environment",
    "settings_table",
]

Own = TypeVar("Own")
CHECKOUT = Path(__file__).parents[3]
OWN_NAMES = frozenset(known.name for _, known in declared(Settings))


class SettingsError(CannotStart):
    """The environment does not say what the program needs to know; the message has one line for each problem."""


def load_settings(environ: Mapping[str, str], *, mode: Mode = Mode.PRODUCTION) -> Settings:
    """Read the settings, with those of the plugins that they choose. `mode` holds where CONSULTING_MODE says nothing.

    The sandbox's shared secret is made and kept in the instance's home where there is none. Raises SettingsError with
    all problems at once.
    """
    sandbox = (environ.get("CONSULTING_MODE") or mode).lower() == Mode.SANDBOX
    values, problems = read_all(Settings, environ, sandbox=sandbox, given={"here": _here(), "cores": _cores()})
    reads = _plugins(environ, values, sandbox=sandbox)
    problems += [problem for read in reads.values() for problem in read.problems]
    if problems := [*_unknown(environ, reads), *problems]:
        raise SettingsError("\n".join(problems))
    chosen = {port: read.chosen for port, read in reads.items() if read.chosen is not None}
    names = {port.value: each.offer.name for port, each in chosen.items()}
    settings = Settings(**{**values, **names, "plugins": chosen})
    if sandbox and not settings.jwt_secret and not settings.jwt_jwks:
        settings = dataclasses.replace(settings, jwt_secret=_kept_secret(settings.home))
    if problems := list(refusals(settings)):
        raise SettingsError("\n".join(problems))
    return settings


def _plugins(environ: Mapping[str, str], values: Mapping[str, Any], *, sandbox: bool) -> dict[Port, Read]:
    return {
        port: choose(port, values[port], environ, sandbox=sandbox, given=values, taken=OWN_NAMES)
        for port in Port
        if port in values
    }


def _unknown(environ: Mapping[str, str], reads: Mapping[Port, Read]) -> Iterator[str]:
    """Say which variables nobody knows; those of a plugin that isn't used, or can't be, are left alone."""
    names = {*OWN_NAMES, *(name for read in reads.values() for name in read.variables)}
    used = {read.prefix for read in reads.values() if read.variables}
    foreign = {read.prefix for read in reads.values()} | {offer.prefix for offer in installed()}
    return unknown(environ, names=names, foreign=foreign - used)


def chosen_settings(settings: Settings, declared_as: type[Own]) -> Own | None:
    """Give the settings of one of our own plugins; None where another one is used."""
    found = (each.settings for each in settings.plugins.values())
    return next((each for each in found if isinstance(each, declared_as)), None)


def own_settings(settings: Settings, declared_as: type[Own]) -> Own:
    """Give the settings of one of our own plugins, and those that it has in the sandbox where another one is used."""
    chosen = chosen_settings(settings, declared_as)
    if chosen is not None:
        return chosen
    given = {field: getattr(settings, field) for field, _ in declared(Settings)}
    return declared_as(**read_all(declared_as, {}, sandbox=True, given=given)[0])


def settings_table(environ: Mapping[str, str] | None = None) -> str:
    """Return the table of all settings in Markdown: the program's, and those of its own plugins.

    With an environment those of the plugins that it chooses. Raises PluginError where one of them can't be used.
    """
    lines = ["| variable | default | in the sandbox | meaning |", "|---|---|---|---|"]
    own = [known for _, known in declared(Settings)]
    lines += [_row(known, named=own) for known in own]
    for offer in _ours() if environ is None else _chosen(environ):
        its = list(variables_of(offer, load(offer)))
        lines += [_row(known, named=[*own, *its], offer=offer) for known in its]
    return "\n".join(lines)


def needed_in_production(environ: Mapping[str, str]) -> Sequence[str]:
    """Name the variables without which production can't be, be they the program's or those of chosen plugins."""
    known = [each for _, each in declared(Settings)]
    with contextlib.suppress(PluginError):  # which is told when the settings are loaded
        known += [each for offer in _chosen(environ) for each in variables_of(offer, load(offer))]
    return [each.name for each in known if each.default == REQUIRED]


def _ours() -> Iterator[Offer]:
    return (offer for port in Port for offer in installed() if offer.package == OURS and offer.port is port)


def _chosen(environ: Mapping[str, str]) -> Iterator[Offer]:
    own = {known.name: known for _, known in declared(Settings)}
    return (offered(port, environ.get(port.variable) or own[port.variable].default) for port in Port)


def _row(known: Variable, *, named: Sequence[Variable], offer: Offer | None = None) -> str:
    """Write one line of the table; a default may build on those that are named."""
    prefix = PREFIX if offer is None else offer.prefix
    where = f" with `{offer.choice}`" if offer is not None and known.default == REQUIRED else ""
    fields = {each.name.removeprefix(prefix).removeprefix(PREFIX).lower(): f"${each.name}" for each in named}
    fields |= {"here": "the checkout", "cores": "cores"}
    sandbox = "" if known.sandbox == known.default else _shown(known.sandbox, fields)
    return f"| `{known.name}` | {_shown(known.default, fields)}{where} | {sandbox} | {known.meaning} |"


def process_environment() -> dict[str, str]:
    """Return a copy of this process's environment."""
    return dict(os.environ)


def _shown(default: str, fields: Mapping[str, str]) -> str:
    return default if default == REQUIRED or not default else f"`{default.format_map(fields)}`"


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
