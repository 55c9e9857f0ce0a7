"""All of somebody's sessions, for a calendar program that asks for them again and again."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Final
from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.ports.calendar_tokens import CalendarTokens
from consulting.application.ports.clock import Clock
from consulting.application.ports.mailer import CalendarEntry, Letters, Role
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.errors import CalendarNotFound
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session

TOKEN_BYTES: Final = 32

SHOWN_FOR: Final = timedelta(days=90)
"""How long a session stays in the feed after its start, so that a calendar doesn't lose what has just been."""

MOST_SHOWN: Final = 1000
"""Of more sessions than that, the latest are shown."""


@dataclass(frozen=True, slots=True)
class CreateCalendarToken:
    """Make the secret address under which a calendar program reads all of the caller's sessions.

    - It is told only now. Whoever has it can read, without signing in, when they meet whom and by which link.
    - Making another one ends the subscription to the former.
    """

    transactions: Transactions
    clock: Clock
    random: Random

    def __call__(self, *, caller: Caller) -> str:
        """Give the token."""
        token = urlsafe_b64encode(self.random.randbytes(TOKEN_BYTES)).decode().rstrip("=")
        with self.transactions.begin() as tx:
            tx.calendar_tokens.replace(caller.user_id, digest=digest_of(token), at=self.clock.now())
        return token


@dataclass(frozen=True, slots=True)
class RevokeCalendarToken:
    """End the subscription to the caller's sessions; without one, nothing is to be done."""

    transactions: Transactions

    def __call__(self, *, caller: Caller) -> None:
        """Let their token open nothing from now on."""
        with self.transactions.begin() as tx:
            tx.calendar_tokens.remove(caller.user_id)


@dataclass(frozen=True, slots=True)
class GetCalendarFeed:
    """Give the sessions of whoever has this token, as client and as researcher, as one calendar.

    - It shows what is to come and what began in the last 90 days; canceled sessions are marked as such.
    - Each has the id and says no more than the calendar entries of the mails do. Unpaid holds aren't shown.
    - A calendar program is asked to look again every hour.
    """

    transactions: Transactions
    letters: Letters
    clock: Clock

    def __call__(self, token: str) -> bytes:
        """Give the iCalendar object. Raises CalendarNotFound for an unknown token and a revoked one."""
        now = self.clock.now()
        with self.transactions.begin() as tx:
            user_id = owner(tx.calendar_tokens, token)
            entries = list(_entries(tx, user_id, since=now - SHOWN_FOR, at=now))
        return self.letters.feed(entries)


def digest_of(token: str) -> str:
    """Give what is kept of a token: it has bits enough that no salt is needed."""
    return sha256(token.encode()).hexdigest()


def owner(tokens: CalendarTokens, token: str) -> str:
    """Give the user whose token it is. Raises CalendarNotFound."""
    user_id = tokens.user_of(digest_of(token))
    if user_id is None:
        raise CalendarNotFound
    return user_id


def _entries(tx: Transaction, user_id: str, *, since: datetime, at: datetime) -> Iterator[CalendarEntry]:
    own = tx.researchers.of_user(user_id)
    sessions = tx.sessions.of_person(
        user_id, researcher_id=None if own is None else own.id, since=since, limit=MOST_SHOWN
    )
    researchers = _researchers(tx, sessions)
    for session in sessions:
        role = Role.CLIENT if session.client.user_id == user_id else Role.RESEARCHER
        yield CalendarEntry(session=session.effective(at=at), researcher=researchers[session.researcher_id], role=role)


def _researchers(tx: Transaction, sessions: Iterable[Session]) -> dict[UUID, Researcher]:
    wanted = {session.researcher_id for session in sessions}
    found = (tx.researchers.get(each) for each in wanted)
    return {researcher.id: researcher for researcher in found if researcher is not None}
