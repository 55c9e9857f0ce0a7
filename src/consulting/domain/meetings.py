"""Where a session takes place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A room at the meeting provider: its id there, the link that the client joins by, and the account that hosts it.

    The researcher's start link is no part of it: it is fetched when asked for, never kept.
    """

    id: str
    join_link: str
    host: str
