"""Who may cancel, why, and what is given back for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from consulting.domain.money import Money, nothing


class CanceledBy(StrEnum):
    """Whose doing a cancellation was."""

    CLIENT = "client"
    RESEARCHER = "researcher"
    ADMIN = "admin"
    SYSTEM = "system"


class CancellationReason(StrEnum):
    """Why a session ended without taking place; the person's own words are the `note`."""

    HOLD_EXPIRED = "hold_expired"
    BY_CLIENT = "canceled_by_client"
    BY_RESEARCHER = "canceled_by_researcher"
    BY_ADMIN = "canceled_by_admin"
    REFUNDED_OUTSIDE = "refunded_outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """A cancellation as it happened; `at` is in UTC."""

    by: CanceledBy
    reason: CancellationReason
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Tier:
    """With at least this `notice` before the start, `percent` of the price is given back."""

    notice: timedelta
    percent: int


@dataclass(frozen=True, slots=True)
class CancellationPolicy:
    """Tiers from the longest notice to the shortest, each giving less than the one before; none left gives nothing.

    Raises ValueError for tiers in another order or percentages outside 1 to 100.
    """

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        """Refuse tiers that a client could not read from top to bottom."""
        for earlier, later in zip(self.tiers, self.tiers[1:], strict=False):
            if earlier.notice <= later.notice or earlier.percent <= later.percent:
                raise ValueError("tiers go from long notice and much to short notice and little")
        if any(not 1 <= tier.percent <= 100 or tier.notice < timedelta(0) for tier in self.tiers):
            raise ValueError("a tier gives 1 to 100 per cent for a notice of zero or more")

    def percent(self, *, start: datetime, at: datetime) -> int:
        """Give the percentage due when a session that starts at `start` is canceled at `at`."""
        notice = start - at
        return next((tier.percent for tier in self.tiers if notice >= tier.notice), 0)

    def refund(self, *, price: Money, start: datetime, at: datetime) -> Money:
        """Give the money due when a session that starts at `start` is canceled at `at`; nothing from the start on."""
        if at >= start:
            return nothing(currency=price.currency)
        return price.share(percent=self.percent(start=start, at=at))


def _policy(*tiers: tuple[int, int]) -> CancellationPolicy:
    return CancellationPolicy(tuple(Tier(timedelta(hours=hours), percent) for hours, percent in tiers))


PRESETS: Final[dict[str, CancellationPolicy]] = {
    "flexible": _policy((2, 100)),
    "moderate": _policy((24, 100), (2, 50)),
    "strict": _policy((168, 100), (24, 50)),
}
"""The policies a researcher can choose from."""

DEFAULT_POLICY: Final = PRESETS["moderate"]


def preset_of(policy: CancellationPolicy) -> str | None:
    """Give the name of the preset that this policy is, None for one that is none of them."""
    return next((name for name, preset in PRESETS.items() if preset == policy), None)
