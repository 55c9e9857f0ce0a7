"""Lines for the person at the terminal. A terminal that is gone is no reason to stop."""

from __future__ import annotations

import contextlib
import sys


def say(line: str) -> None:
    """Write the line to stdout at once."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def complain(line: str) -> None:
    """Write the line to stderr."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"consulting: {line}\n")
        sys.stderr.flush()
