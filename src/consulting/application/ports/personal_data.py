"""What is kept of a person, to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID


class PersonalData(Protocol):
    """Everything by which a client could be known again."""

    def forget(self, user_id: str, *, session_ids: Sequence[UUID], pseudonym: str) -> None:
        """Forget the client of these sessions: the pseudonym takes the place of their id.

        Gone are address, name, zone, paper, questions, notes, comments, letters still to be written, what went wrong
        with letters, and answers kept for repeated requests. Money stays: amounts, instants, the provider's ids.
        """
