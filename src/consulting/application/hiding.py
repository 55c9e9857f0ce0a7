"""Admins hide reviews, and show them again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.application.reviewing import lock_review
from consulting.application.trail import Deed, write_down
from consulting.domain.admin_acts import Act
from consulting.domain.researchers import Researcher
from consulting.domain.reviews import Review


@dataclass(frozen=True, slots=True)
class HideReview:
    """Hide a review, for a reason that is kept with it.

    - Nobody but its client sees it any more, and the researcher's rating counts it no longer, at once.
    - It can be shown again. Hiding a hidden one changes nothing, nor does it stand in the trail.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, id: UUID, *, reason: str, caller: Caller) -> Review:
        """Give the review afterwards. Raises ReviewNotFound."""
        now = self.clock.now()
        with self.transactions.begin() as tx:
            deed = Deed(act=Act.HIDE_REVIEW, subject=str(id), before={"hidden": False}, after={"hidden": True})
            turned = _turn(tx, id, lambda review: review.hide(because=reason, at=now))
            if turned.changed:
                write_down(tx, deed, by=caller, ids=self.ids, at=now)
            return turned.review


@dataclass(frozen=True, slots=True)
class ShowReview:
    """Show a hidden review again, to everybody; the researcher's rating counts it again, at once.

    - Showing one that isn't hidden changes nothing, nor does it stand in the trail.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, id: UUID, *, caller: Caller) -> Review:
        """Give the review afterwards. Raises ReviewNotFound."""
        with self.transactions.begin() as tx:
            deed = Deed(act=Act.SHOW_REVIEW, subject=str(id), before={"hidden": True}, after={"hidden": False})
            turned = _turn(tx, id, Review.show)
            if turned.changed:
                write_down(tx, deed, by=caller, ids=self.ids, at=self.clock.now())
            return turned.review


@dataclass(frozen=True, slots=True)
class _Turned:
    review: Review
    changed: bool


def _turn(tx: Transaction, id: UUID, turn: Callable[[Review], Review]) -> _Turned:
    """Keep what `turn` makes of a review, and the rating that follows."""
    before, researcher = lock_review(tx, id)
    after = turn(before)
    if after == before:
        return _Turned(before, changed=False)
    tx.reviews.save(after)
    tx.researchers.save(_counting(researcher, after))
    return _Turned(after, changed=True)


def _counting(researcher: Researcher, review: Review) -> Researcher:
    rating = researcher.rating
    return replace(
        researcher, rating=rating.minus(stars=review.stars) if review.hidden else rating.plus(stars=review.stars)
    )
