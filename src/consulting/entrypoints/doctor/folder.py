"""Whether the instance's folder is ours, is nobody else's, and has room."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from consulting.entrypoints.doctor.findings import Check, Finding, careful, well, wrong
from consulting.entrypoints.settings import Settings

LITTLE_BYTES: Final = 1 << 30
TOO_LITTLE_BYTES: Final = 100 << 20


def checks(settings: Settings) -> Sequence[Check]:
    """List the checks of this machine's folder."""
    return [
        Check(name="folder", look=lambda: _rights(settings.home)),
        Check(name="disk", look=lambda: _room(settings.home)),
    ]


def _rights(home: Path) -> Iterator[Finding]:
    nearest = _nearest(home)
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield wrong(f"we may not write to {nearest}", advice=f"chown {home} to the account that the program runs as")
    elif nearest != home:
        yield well(f"{home} isn't there yet, and can be made")
    elif home.stat().st_mode & stat.S_IWOTH:
        yield wrong(f"everybody may write to {home}", advice=f"chmod o-w '{home}'")
    else:
        yield from _readable(home)


def _readable(home: Path) -> Iterator[Finding]:
    secret = home / "jwt-secret"
    if secret.exists() and secret.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield wrong(f"others may read {secret}", advice=f"chmod 600 '{secret}'")
    else:
        yield well(f"{home} is ours to write to, and nobody else's")


def _room(home: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(_nearest(home)).free
    told = f"{free / (1 << 30):.1f} GiB are free where {home} is"
    advice = "make room: the database, where it is the embedded one, and the logs are written there"
    if free < TOO_LITTLE_BYTES:
        yield wrong(told, advice=advice)
    elif free < LITTLE_BYTES:
        yield careful(told, advice=advice)
    else:
        yield well(told)


def _nearest(folder: Path) -> Path:
    """Give the folder, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())
