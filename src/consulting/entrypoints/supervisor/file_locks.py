"""Locks on files, which the kernel gives back when their holder ends, even by kill -9."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from consulting.entrypoints.cannot_start import CannotStart

PAUSE_SECONDS = 0.02


class StillLocked(CannotStart):
    """Another process held the lock for longer than we waited."""


@contextmanager
def shared(path: Path, *, wait_seconds: float) -> Iterator[None]:
    """Hold the lock together with other sharers. Raises StillLocked where an exclusive holder outlasts the wait."""
    with _locked(path, fcntl.LOCK_SH, wait_seconds):
        yield


@contextmanager
def exclusive(path: Path, *, wait_seconds: float) -> Iterator[None]:
    """Hold the lock alone. Raises StillLocked where another holder outlasts the wait."""
    with _locked(path, fcntl.LOCK_EX, wait_seconds):
        yield


def held_by_nobody(path: Path) -> bool:
    """Whether the lock could be taken exclusively at this moment."""
    return _at_once(path, fcntl.LOCK_EX)


def held_exclusively(path: Path) -> bool:
    """Whether one holder keeps all others out at this moment."""
    return not _at_once(path, fcntl.LOCK_SH)


def _at_once(path: Path, kind: int) -> bool:
    try:
        with _locked(path, kind, 0):
            return True
    except StillLocked:
        return False


@contextmanager
def _locked(path: Path, kind: int, wait_seconds: float) -> Iterator[None]:
    with FileIO(path, "a") as file:
        deadline = time.monotonic() + wait_seconds
        while not _try(file, kind):
            if time.monotonic() >= deadline:
                raise StillLocked(f"{path} is locked by another process; see which one with: fuser {path}")
            time.sleep(PAUSE_SECONDS)
        yield


def _try(file: FileIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
