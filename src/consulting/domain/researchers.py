"""The experts and the terms on which they can be booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from consulting.domain.cancellation import DEFAULT_POLICY, CancellationPolicy
from consulting.domain.money import Money
from consulting.domain.values import made_quickly

DEFAULT_NOTICE = timedelta(hours=1)
DEFAULT_HORIZON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Rating:
    """What reviewers gave, as a sum of 1 to 5 stars each, so that it stays exact."""

    total: int = 0
    count: int = 0

    @property
    def average(self) -> Decimal | None:
        """The mean to one decimal, rounded half up; None without a review."""
        if not self.count:
            return None
        return (Decimal(self.total) / self.count).quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def standing(self) -> int:
        """The mean in millionths of a star, rounded down, by which ratings are put in order; 0 without a review."""
        return self.total * 1_000_000 // max(self.count, 1)

    def plus(self, *, stars: int) -> Rating:
        """Count one more review."""
        return Rating(self.total + stars, self.count + 1)

    def changed(self, *, before: int, now: int) -> Rating:
        """Count an edited review anew."""
        return Rating(self.total - before + now, self.count)

    def minus(self, *, stars: int) -> Rating:
        """Take a hidden review out."""
        return Rating(self.total - stars, self.count - 1)


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Researcher:
    """An expert: who they are, what an hour costs (`rate`, in minor units), and how they can be booked.

    `notice` is the least time between booking and start; `horizon` how far ahead a slot can be booked.
    `gap_minutes` is what new hours keep free between slots unless they say otherwise.
    `zoom_user` is their own account at the meeting provider, if they have one.
    """

    id: UUID
    user_id: str | None
    name: str
    email: str
    bio: str | None
    expertise: tuple[str, ...]
    achievements: tuple[str, ...]
    rate: Money
    timezone: str
    verified: bool
    active: bool
    avatar_url: str | None
    affiliation: str | None
    papers: tuple[str, ...]
    zoom_user: str | None
    notice: timedelta = DEFAULT_NOTICE
    horizon: timedelta = DEFAULT_HORIZON
    gap_minutes: int = 0
    policy: CancellationPolicy = DEFAULT_POLICY
    rating: Rating = Rating()
    created_at: datetime
    updated_at: datetime
