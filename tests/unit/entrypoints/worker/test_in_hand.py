from __future__ import annotations

from uuid import UUID

import pytest

from consulting.application.errands import LEASE
from consulting.application.ports.outbox import Errand, Lane, LeasedEntry, OutboxEntry
from consulting.entrypoints.worker.in_hand import InHand
from tests.unit.application.marketplace import in_memory


@pytest.mark.parametrize(("lane", "waits"), [(Lane.MEETING, True), (Lane.MAIL, False), (Lane.MONEY, False)])
def test_what_a_stopping_worker_had_in_hand_goes_back_a_meeting_only_when_none_can_still_come(
    lane: Lane, waits: bool
) -> None:
    market, hand = in_memory(), InHand()
    now = market.clock.now()
    entry = OutboxEntry(
        id=UUID(int=1), errand=Errand.NOTIFY, lane=lane, session_id=UUID(int=2), due_at=now, recorded_at=now
    )
    with market.transactions.begin() as tx:
        tx.outbox.add([entry])
        taken = tx.outbox.lease(worker="stopping", limit=1, lease=LEASE, at=now)[0]

    def stop_in_the_middle(leased: LeasedEntry) -> None:
        assert leased == taken
        assert hand.hand_back(transactions=market.transactions, clock=market.clock) == 1

    hand.watching({Errand.NOTIFY: stop_in_the_middle})[Errand.NOTIFY](taken)

    with market.transactions.begin() as tx:
        assert (not tx.outbox.lease(worker="next", limit=1, lease=LEASE, at=now)) is waits
    market.clock.advance(LEASE)
    if waits:
        with market.transactions.begin() as tx:
            assert tx.outbox.lease(worker="next", limit=1, lease=LEASE, at=market.clock.now())
