"""What clients say of their sessions, and what everybody sees of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from consulting.application.availability import own_profile
from consulting.application.booking import own_session
from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.locking import LockedSession, lock_session
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.reviews import ReceivedReview
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.errors import ResearcherNotFound, ReviewExists, ReviewNotFound
from consulting.domain.researchers import Rating, Researcher
from consulting.domain.reviews import Review, write


@dataclass(frozen=True, slots=True)
class WriteReview:
    """Review one's own session.

    - Once for each session that is over, was attended and isn't fully refunded, within 60 days of its end.
    - One to five stars, and a comment if one likes.
    - The researcher's rating counts it at once.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    @retry_on_conflict
    def __call__(self, session_id: UUID, *, stars: int, comment: str | None, caller: Caller) -> Review:
        """Give the review. Raises SessionNotFound, NotYourSession, ReviewRefused, ReviewExists, ValidationFailed."""
        with self.transactions.begin() as tx:
            own_session(tx, session_id, caller=caller)
            locked = lock_session(tx, session_id, releasing=True)
            if tx.reviews.of_session(session_id) is not None:
                raise ReviewExists
            review = write(
                id=self.ids.new(),
                session=locked.session,
                refunds=tx.refunds.of_session(session_id),
                user_id=caller.user_id,
                stars=stars,
                comment=comment,
                at=self.clock.now(),
            )
            tx.reviews.add(review)
            _rate(tx, locked, locked.offer.researcher.rating.plus(stars=stars))
            return review


@dataclass(frozen=True, slots=True)
class EditReview:
    """Change one's own review, within 48 hours of writing it; the researcher's rating follows at once."""

    transactions: Transactions
    clock: Clock

    @retry_on_conflict
    def __call__(self, session_id: UUID, *, caller: Caller, stars: int | None, comment: str | None) -> Review:
        """Give the review afterwards; None leaves stars or comment as they were, an empty comment takes it away.

        Raises SessionNotFound, NotYourSession, ReviewNotFound, ReviewRefused and ValidationFailed.
        """
        with self.transactions.begin() as tx:
            own_session(tx, session_id, caller=caller)
            locked = lock_session(tx, session_id, releasing=True)
            before = _review_of(tx, session_id)
            if before.user_id != caller.user_id:
                raise ReviewNotFound
            now = before.stars if stars is None else stars
            said = before.comment if comment is None else comment or None
            edited = before.edited(stars=now, comment=said, at=self.clock.now())
            tx.reviews.save(edited)
            if not edited.hidden:
                _rate(tx, locked, locked.offer.researcher.rating.changed(before=before.stars, now=now))
            return edited


@dataclass(frozen=True, slots=True)
class GetReview:
    """Show one's own review of a session."""

    transactions: Transactions

    def __call__(self, session_id: UUID, *, caller: Caller) -> Review:
        """Give the review. Raises SessionNotFound, NotYourSession and ReviewNotFound."""
        with self.transactions.begin() as tx:
            own_session(tx, session_id, caller=caller)
            return _review_of(tx, session_id)


@dataclass(frozen=True, slots=True)
class ListReviews:
    """List what clients said of a researcher, the newest first; of the clients no more than the first name is told."""

    transactions: Transactions

    def __call__(self, researcher_id: UUID, *, after: UUID | None, limit: int) -> Sequence[ReceivedReview]:
        """Give one page, those after the review of this id. Raises ResearcherNotFound."""
        with self.transactions.begin() as tx:
            found = tx.reviews.of_researcher(researcher_id, after=after, limit=limit)
            if not found and tx.researchers.get(researcher_id) is None:
                raise ResearcherNotFound
            return found


@dataclass(frozen=True, slots=True)
class AnswerReview:
    """Answer what a client said of one's session, once: the answer is shown with the review, and stays as it is.

    - Hidden reviews and those of other researchers don't exist here.
    """

    transactions: Transactions
    clock: Clock

    @retry_on_conflict
    def __call__(self, id: UUID, *, answer: str, caller: Caller) -> Review:
        """Give the review afterwards. Raises NotAResearcher, ReviewNotFound, ReviewAnswered and ValidationFailed."""
        with self.transactions.begin() as tx:
            own = own_profile(tx, caller)
            review, researcher = lock_review(tx, id)
            if review.hidden or researcher.id != own.id:
                raise ReviewNotFound
            answered = review.answered(answer, at=self.clock.now())
            tx.reviews.save(answered)
            return answered


def lock_review(tx: Transaction, id: UUID) -> tuple[Review, Researcher]:
    """Give a review, and its researcher, whose lock keeps others from changing either. Raises ReviewNotFound.

    The session is locked too: or else its client could be erased meanwhile, and what they wrote be kept anew.
    """
    seen = tx.reviews.get(id)
    if seen is None:
        raise ReviewNotFound
    researcher = tx.researchers.lock(seen.researcher_id)
    tx.sessions.lock(seen.session_id)
    review = tx.reviews.get(id)
    if researcher is None or review is None:
        raise ReviewNotFound
    return review, researcher


def _review_of(tx: Transaction, session_id: UUID) -> Review:
    review = tx.reviews.of_session(session_id)
    if review is None:
        raise ReviewNotFound
    return review


def _rate(tx: Transaction, locked: LockedSession, rating: Rating) -> None:
    """Keep the new rating; the calendar's lock is held, so nobody else counts at the same time."""
    researcher = locked.offer.researcher
    if rating != researcher.rating:
        tx.researchers.save(replace(researcher, rating=rating))
