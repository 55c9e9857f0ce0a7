"""The one error that a command ends with when it cannot start."""

from __future__ import annotations


class CannotStart(Exception):
    """Something outside the program stands in the way; the message says in one line what to do about it.

    The command line prints the message to stderr and exits with status 2.
    """
