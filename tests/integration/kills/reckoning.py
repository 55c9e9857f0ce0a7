"""The last judgement: the provider's own books against the sessions, charge by charge, to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from consulting.application.ports.provider_books import BookedCharge, ProviderBooks
from consulting.application.ports.transactions import Transactions
from consulting.domain.refunds import RefundState
from consulting.domain.session_states import SC, SF, SP
from consulting.domain.sessions import Session

THE_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Reckoning:
    """What Stripe took and gave back, and the sessions that this is about."""

    charges: dict[UUID | None, list[BookedCharge]] = field(default_factory=lambda: defaultdict(list))
    refunds: dict[str | None, list[int]] = field(default_factory=lambda: defaultdict(list))
    sessions: dict[UUID, Session] = field(default_factory=dict)

    @classmethod
    def of(cls, *, books: ProviderBooks, transactions: Transactions, ids: Sequence[UUID]) -> Reckoning:
        """Read everything; `ids` are all sessions that there are."""
        reckoning = cls()
        for charge in books.charges(since=THE_BEGINNING):
            reckoning.charges[charge.session_id].append(charge)
        for booked in books.refunds(since=THE_BEGINNING):
            if booked.refund.state is not RefundState.FAILED:
                reckoning.refunds[booked.intent_id].append(booked.refund.amount.amount)
        for each in ids:
            with transactions.begin() as tx:
                session = tx.sessions.get(each)
            assert session is not None
            reckoning.sessions[each] = session
        return reckoning

    def faults(self) -> list[str]:
        """Say what is wrong with each session's money; nothing, where each charge has its session or its refund."""
        strangers = set(self.charges) - set(self.sessions)
        wrong = [f"charges of no session of ours: {self.charges[each]}" for each in strangers]
        return wrong + [fault for session in self.sessions.values() for fault in self._judge(session)]

    def _judge(self, session: Session) -> list[str]:
        """Of one charge is kept what is due for a session that stands or stood; everything else went back."""
        charges = self.charges[session.id]
        given = [self.refunds[charge.intent_id] for charge in charges]
        kept = [charge.received.amount - sum(back) for charge, back in zip(charges, given, strict=True)]
        due = _due(session)
        told = f"{session.id} {session.state} confirmed {session.confirmed_at}, {session.cancellation}"
        faults = [] if [each for each in kept if each] == ([due] if due else []) else [f"{told}: {kept}, due {due}"]
        faults += [f"{told}: a charge given back in parts {each}" for each in given if len(each) > 1]
        return faults + ([f"{told}: still a hold"] if session.state in {SP, SF} else [])


def _due(session: Session) -> int:
    """Give what is to be kept of a session's price: all while it stands, else what its policy doesn't give back."""
    if session.state == SC:
        return session.price.amount
    if session.confirmed_at is None or session.cancellation is None:
        return 0
    back = session.policy.refund(price=session.price, start=session.period.start, at=session.cancellation.at)
    return (session.price - back).amount
