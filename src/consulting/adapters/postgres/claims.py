"""The claims of sessions on their researchers' time, as columns."""

from __future__ import annotations

from sqlalchemy import and_

from consulting.adapters.postgres.link import Row
from consulting.adapters.postgres.next_available import overlap
from consulting.adapters.postgres.tables import fixed, period, sessions, time_slots
from consulting.domain.period import Period
from consulting.domain.session_states import Status
from consulting.domain.time_slots import Claim

LIVE = sessions.c.status != fixed(Status.CANCELED)
"""A canceled session has no claim; any other has, an expired hold too."""

CLAIM = (
    sessions.c.id.label("claim_session_id"),
    sessions.c.user_id.label("claim_user_id"),
    sessions.c.time_slot_id.label("claim_slot_id"),
    sessions.c.start_time.label("claim_start"),
    sessions.c.end_time.label("claim_end"),
    sessions.c.expires_at.label("claim_expires_at"),
)
BY_START = (sessions.c.start_time, sessions.c.end_time, sessions.c.id)

ON_SLOT = and_(
    sessions.c.researcher_id == time_slots.c.researcher_id, overlap(period(sessions.c), period(time_slots.c)), LIVE
)
"""What joins a slot with the claims that overlap it."""


def claim_of(row: Row) -> Claim:
    """Read a claim from a row with the columns CLAIM."""
    return Claim(
        session_id=row.claim_session_id,
        user_id=row.claim_user_id,
        time_slot_id=row.claim_slot_id,
        period=Period(row.claim_start, row.claim_end),
        expires_at=row.claim_expires_at,
    )
