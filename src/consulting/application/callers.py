"""Who is calling, and what of others they may see."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from consulting.domain.api_keys import Scope
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session

ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A signed-in user, as their token describes them; `timezone` is an IANA name or None.

    `scopes` are those of the API key `key_id` by which the request came, and both None for a user who came by
    themselves. A key that acts for no user is no `person`; its `user_id` names the key.
    """

    user_id: str
    email: str | None = None
    name: str | None = None
    timezone: str | None = None
    roles: frozenset[str] = frozenset()
    scopes: frozenset[Scope] | None = None
    key_id: UUID | None = None
    person: bool = True

    @property
    def admin(self) -> bool:
        """Tell whether they run the place."""
        return ADMIN in self.roles

    def is_client_of(self, session: Session) -> bool:
        """Tell whether they booked this session."""
        return session.client.user_id == self.user_id

    def is_researcher(self, researcher: Researcher) -> bool:
        """Tell whether they are this researcher."""
        return researcher.user_id == self.user_id

    def may_see(self, session: Session, *, researcher: Researcher) -> bool:
        """Tell whether the session is theirs to see: as its client, its researcher or an admin."""
        return self.admin or self.is_client_of(session) or self.is_researcher(researcher)
