"""The trail of what admins did: who, when, what, to what, and what it was before and after. Never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from consulting.domain.researchers import Researcher


class Act(StrEnum):
    """What was done."""

    ADD_RESEARCHER = "add_researcher"
    CHANGE_RESEARCHER = "change_researcher"
    CANCEL_SESSION = "cancel_session"
    REFUND_SESSION = "refund_session"
    RETRY_ERRAND = "retry_errand"
    CREATE_API_KEY = "create_api_key"
    REVOKE_API_KEY = "revoke_api_key"
    EXPORT_USER = "export_user"
    ERASE_USER = "erase_user"
    HIDE_REVIEW = "hide_review"
    SHOW_REVIEW = "show_review"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminAct:
    """One act. `by` is the admin's user id, or names the API key or command that they used.

    `subject` is the id of what was acted on; of a user it is what `trace_of` gives. `before` and `after` have what was
    changed, never secrets, and nothing by which a client could be found again once they are erased.
    """

    id: UUID
    at: datetime
    by: str
    act: Act
    subject: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def trace_of(user_id: str) -> str:
    """Write a user's id in a form that tells those who know the id that it was this one, and nobody else."""
    return f"user-{sha256(user_id.encode()).hexdigest()[:24]}"


def terms_of(researcher: Researcher) -> Mapping[str, Any]:
    """Give what admins decide about a researcher, as the trail shows it."""
    return {
        "verified": researcher.verified,
        "active": researcher.active,
        "user": None if researcher.user_id is None else trace_of(researcher.user_id),
    }


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Leave out what stayed the same."""
    changed = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}
