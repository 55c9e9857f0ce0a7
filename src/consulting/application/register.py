"""Admins decide who is a researcher here: they add, verify, deactivate and link them to accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.conflicts import retry_on_conflict
from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.application.publishing import publish
from consulting.application.trail import Deed, write_down
from consulting.domain.admin_acts import Act, difference, terms_of
from consulting.domain.errors import FieldProblem, ResearcherNotFound, ValidationFailed
from consulting.domain.money import Money
from consulting.domain.period import Period
from consulting.domain.profiles import profile_problems
from consulting.domain.researchers import Researcher

CHANGEABLE = frozenset({"verified", "active", "user_id"})
"""What of a researcher is for admins to decide; all else is the researcher's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResearcher:
    """An expert who joins; `rate` is the price of an hour in minor units."""

    name: str
    email: str
    rate: Money
    timezone: str
    user_id: str | None = None
    bio: str | None = None
    expertise: tuple[str, ...] = ()
    achievements: tuple[str, ...] = ()
    affiliation: str | None = None
    avatar_url: str | None = None
    papers: tuple[str, ...] = ()
    verified: bool = False


@dataclass(frozen=True, slots=True)
class ListRegister:
    """List all researchers, deactivated ones too, in the order in which they were added."""

    transactions: Transactions

    def __call__(self, *, after: UUID | None, limit: int) -> Sequence[Researcher]:
        """Give one page, those after the researcher of this id."""
        with self.transactions.begin() as tx:
            return tx.researchers.register(after=after, limit=limit)


@dataclass(frozen=True, slots=True)
class GetRegistered:
    """Show a researcher as admins see them, deactivated ones too."""

    transactions: Transactions

    def __call__(self, id: UUID) -> Researcher:
        """Give the researcher. Raises ResearcherNotFound."""
        with self.transactions.begin() as tx:
            researcher = tx.researchers.get(id)
        if researcher is None:
            raise ResearcherNotFound
        return researcher


@dataclass(frozen=True, slots=True)
class AddResearcher:
    """Add a researcher.

    - They can be found at once, and booked once they have set their hours.
    - An account belongs to at most one researcher.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities

    def __call__(self, new: NewResearcher, *, caller: Caller) -> Researcher:
        """Give the researcher. Raises ValidationFailed and AccountLinked."""
        now = self.clock.now()
        researcher = _joined(new, id=self.ids.new(), at=now)
        _require_fit(researcher)
        with self.transactions.begin() as tx:
            tx.researchers.add(researcher)
            after = {**terms_of(researcher), "rate": str(researcher.rate)}
            deed = Deed(act=Act.ADD_RESEARCHER, subject=str(researcher.id), after=after)
            write_down(tx, deed, by=caller, ids=self.ids, at=now)
        return researcher


@dataclass(frozen=True, slots=True)
class ChangeResearcher:
    """Verify or deactivate a researcher, or link them to an account.

    - A deactivated researcher vanishes from lists and can't be booked; booked sessions stay, and what is paid too late
      for a held slot goes back. Once active again, their hours are published anew.
    - An account belongs to at most one researcher; null unlinks it.
    """

    transactions: Transactions
    clock: Clock
    ids: Identities
    ahead: timedelta

    @retry_on_conflict
    def __call__(self, id: UUID, *, changes: Mapping[str, Any], caller: Caller) -> Researcher:
        """Give the researcher afterwards; `changes` are of CHANGEABLE. Raises ResearcherNotFound and AccountLinked."""
        if not changes.keys() <= CHANGEABLE:
            raise ValueError(f"admins change {sorted(CHANGEABLE)} alone")
        with self.transactions.begin() as tx:
            before = tx.researchers.lock(id)
            if before is None:
                raise ResearcherNotFound
            if all(getattr(before, name) == value for name, value in changes.items()):
                return before
            now = self.clock.now()
            researcher = replace(before, **changes, updated_at=now)
            if researcher.active and not before.active:
                self._publish(tx, researcher, at=now)
            tx.researchers.save(researcher)  # after the calendar, as in EditProfile
            was, became = difference(terms_of(before), terms_of(researcher))
            deed = Deed(act=Act.CHANGE_RESEARCHER, subject=str(id), before=was, after=became)
            write_down(tx, deed, by=caller, ids=self.ids, at=now)
            return researcher

    def _publish(self, tx: Transaction, researcher: Researcher, *, at: datetime) -> None:
        """Catch up on the days that went by: nobody tops up the slots of a deactivated researcher."""
        publish(
            tx,
            researcher_id=researcher.id,
            rules=tx.availability.rules(researcher.id),
            during=Period(at, at + self.ahead),
            ids=self.ids,
            at=at,
        )


def _joined(new: NewResearcher, *, id: UUID, at: datetime) -> Researcher:
    return Researcher(
        id=id,
        user_id=new.user_id,
        name=new.name,
        email=new.email,
        bio=new.bio,
        expertise=new.expertise,
        achievements=new.achievements,
        rate=new.rate,
        timezone=new.timezone,
        verified=new.verified,
        active=True,
        avatar_url=new.avatar_url,
        affiliation=new.affiliation,
        papers=new.papers,
        zoom_user=None,
        created_at=at,
        updated_at=at,
    )


def _require_fit(researcher: Researcher) -> None:
    """Ask all that is asked of them whenever they edit their profile, or they never could."""
    problems = profile_problems(researcher)
    if not researcher.name.strip():
        problems.append(FieldProblem("name", "give a name"))
    if researcher.user_id is not None and not researcher.user_id:
        problems.append(FieldProblem("user_id", "give an id, or null"))
    if not _is_address(researcher.email):
        problems.append(FieldProblem("email", "give a mail address"))
    if problems:
        raise ValidationFailed(problems)


def _is_address(text: str) -> bool:
    name, at, domain = text.rpartition("@")
    return bool(name and at and domain) and text.isprintable() and " " not in text
