"""What clients said of sessions. Every list comes in the order its docstring names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from consulting.domain.reviews import Review


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedReview:
    """A review, and its client's name as the session has it."""

    review: Review
    client_name: str | None

    @property
    def first_name(self) -> str | None:
        """The only part of the name that others may see; None if it can't be told, or is an address."""
        first = next(iter((self.client_name or "").split()), None)
        return None if first is None or "@" in first else first


class Reviews(Protocol):
    """What clients said."""

    def of_researcher(self, researcher_id: UUID, *, after: UUID | None, limit: int) -> Sequence[ReceivedReview]:
        """List the researcher's reviews that aren't hidden, the newest first (by id), those after this one."""

    def get(self, id: UUID) -> Review | None:
        """Give the review, a hidden one too."""

    def of_session(self, session_id: UUID) -> Review | None:
        """Give the session's review."""

    def add(self, review: Review) -> None:
        """Keep a new review. Raises ReviewExists if the session has one."""

    def save(self, review: Review) -> None:
        """Keep a review's new values."""
