"""Writing down what time has done to sessions: the reader sees it anyway, this makes it last."""

from __future__ import annotations

from datetime import datetime

from consulting.application import follow_ups
from consulting.application.ports.clock import Identities
from consulting.application.ports.transactions import Transaction
from consulting.domain.sessions import Session
from consulting.domain.time_slots import Claim


def sweep(tx: Transaction, session: Session, *, ids: Identities, at: datetime) -> Session:
    """Save what time has done to a locked session, with its follow-ups; give it as it stands now."""
    swept, happened = session.swept(at=at)
    if happened:
        tx.sessions.save(swept)
        payments = tx.payments.of_session(session.id)
        follow_ups.record(tx, session=swept, happened=happened, payments=payments, ids=ids, at=at)
    return swept


def sweep_lapsed(tx: Transaction, claims: tuple[Claim, ...], *, ids: Identities, at: datetime) -> tuple[Claim, ...]:
    """Expire the holds among these claims whose time is over, and give the claims that stand.

    Whoever calls holds the locks of the slots concerned. Nobody has to wait for the worker to do this.
    """
    for claim in claims:
        if not claim.stands(at=at):
            lapsed = tx.sessions.lock(claim.session_id)
            if lapsed is not None:
                sweep(tx, lapsed, ids=ids, at=at)
    return tuple(claim for claim in claims if claim.stands(at=at))
