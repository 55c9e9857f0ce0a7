"""Why a time is or isn't offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from consulting.application.availability import own_profile
from consulting.application.callers import Caller
from consulting.application.ports.clock import Clock
from consulting.application.ports.transactions import Transactions
from consulting.application.publishing import REACH
from consulting.domain.explaining import TimeExplained, explain_time
from consulting.domain.period import Period
from consulting.domain.time_slots import Terms

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ExplainTime:
    """Say why an instant of the caller's own calendar is or isn't offered.

    - Everything that speaks for or against it is named, with the rule or the session that it comes from.
    - `offered` is judged as for everybody: a slot that runs then could be booked at this moment.
    """

    transactions: Transactions
    clock: Clock

    def __call__(self, at: datetime, *, caller: Caller) -> TimeExplained:
        """Explain a UTC instant. Raises NotAResearcher."""
        moment = Period(at, at + _INSTANT)
        with self.transactions.begin() as tx:
            researcher = own_profile(tx, caller)
            rules = tx.availability.rules(researcher.id)
            reaching = Period(at - REACH, moment.end)
            offers = tx.time_slots.starting(researcher_id=researcher.id, during=reaching)
            running = [offer for offer in offers if offer.slot.period.contains(at)]
            here = tx.sessions.claims(researcher_id=researcher.id, overlapping=moment)
        claims = {claim.session_id: claim for claim in (*here, *(each for offer in running for each in offer.claims))}
        return explain_time(
            rules=rules,
            slots=[offer.slot for offer in running],
            claims=list(claims.values()),
            terms=Terms(active=researcher.active, notice=researcher.notice, horizon=researcher.horizon),
            at=at,
            now=self.clock.now(),
        )
