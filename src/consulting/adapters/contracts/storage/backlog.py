"""What is promised to those who look after an instance: what waits, what is in hand, and what was given up."""

from __future__ import annotations

from datetime import timedelta

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.application.ports.backlog import Depth, WorkState
from consulting.application.ports.outbox import LeasedEntry, ListedEntry, OutboxEntry
from consulting.application.ports.transactions import Transactions

LEASE = timedelta(minutes=2)
NOW = sample.after(minutes=1)
LATER = sample.after(hours=1)


def _leased(transactions: Transactions, entry: OutboxEntry) -> LeasedEntry:
    """Keep one more errand and lease it."""
    with transactions.begin() as tx:
        tx.outbox.add([entry])
        leased = tx.outbox.lease(worker="one", limit=50, lease=LEASE, at=NOW)
    return next(each for each in leased if each.entry.id == entry.id)


class BacklogContract(RecordsContract):
    """Every errand and message can be counted, and every errand seen, revived and dropped."""

    def _one_in_each_state(self, transactions: Transactions, setting: Setting) -> list[OutboxEntry]:
        """Keep errands of five sessions: one due, one for later, one leased, one dead, one done."""
        due, later, leased, dead, done = (sample.errand(setting.held(number), number) for number in range(1, 6))
        finished = _leased(transactions, done)
        with transactions.begin() as tx:
            tx.outbox.finish(finished, at=NOW)
        buried = _leased(transactions, dead)
        with transactions.begin() as tx:
            tx.outbox.bury(buried, error="MailRefused()", at=NOW)
        postponed = _leased(transactions, later)
        with transactions.begin() as tx:
            tx.outbox.postpone(postponed, until=LATER, error="MailUnavailable()")
        _leased(transactions, leased)
        with transactions.begin() as tx:
            tx.outbox.add([due])
        return [due, later, leased, dead, done]

    def test_open_errands_are_listed_with_how_they_stand(self, transactions: Transactions, setting: Setting) -> None:
        due, later, leased, dead, _ = self._one_in_each_state(transactions, setting)
        with transactions.begin() as tx:
            listed = list(tx.outbox.listed(state=None, limit=50, at=NOW))
        assert listed[0] == ListedEntry(entry=due, state=WorkState.DUE, attempts=0, next_try=due.due_at)
        assert listed[1] == ListedEntry(
            entry=later, state=WorkState.LATER, attempts=1, next_try=LATER, error="MailUnavailable()"
        )
        assert (listed[2].entry, listed[2].state, listed[2].leased_by) == (leased, WorkState.LEASED, "one")
        assert (listed[3].entry, listed[3].state, listed[3].error) == (dead, WorkState.DEAD, "MailRefused()")
        assert len(listed) == 4

    def test_errands_are_listed_by_state_the_oldest_first(self, transactions: Transactions, setting: Setting) -> None:
        kept = self._one_in_each_state(transactions, setting)
        states = (WorkState.DUE, WorkState.LATER, WorkState.LEASED, WorkState.DEAD, WorkState.DONE)
        with transactions.begin() as tx:
            for entry, state in zip(kept, states, strict=True):
                assert [each.entry for each in tx.outbox.listed(state=state, limit=50, at=NOW)] == [entry]
            assert [each.entry for each in tx.outbox.listed(state=None, limit=2, at=NOW)] == kept[:2]

    def test_what_waits_for_another_is_behind_it_and_due_only_afterwards(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.held()
        first, second = (sample.errand(session, number) for number in (1, 2))
        other = sample.errand(session, 3, data={"role": "researcher"})
        with transactions.begin() as tx:
            tx.outbox.add([first, second, other])
            states = [each.state for each in tx.outbox.listed(state=None, limit=9, at=NOW)]
            assert states == [WorkState.DUE, WorkState.BEHIND, WorkState.DUE]
            assert [each.entry for each in tx.outbox.listed(state=WorkState.BEHIND, limit=9, at=NOW)] == [second]
            assert tx.outbox.depth(at=NOW).counts == {WorkState.DUE: 2, WorkState.BEHIND: 1}
        with transactions.begin() as tx:
            leased, _ = tx.outbox.lease(worker="one", limit=9, lease=LEASE, at=NOW)
        with transactions.begin() as tx:
            behind = tx.outbox.show(second.id, at=NOW)
            tx.outbox.finish(leased, at=NOW)
        with transactions.begin() as tx:
            free = tx.outbox.show(second.id, at=NOW)
        assert behind is not None
        assert free is not None
        assert (behind.state, free.state) == (WorkState.BEHIND, WorkState.DUE)

    def test_a_lease_that_ran_out_is_due_again(self, transactions: Transactions, setting: Setting) -> None:
        leased = _leased(transactions, sample.errand(setting.held()))
        with transactions.begin() as tx:
            shown = tx.outbox.show(leased.entry.id, at=leased.leased_until)
        assert shown is not None
        assert (shown.state, shown.leased_by, shown.attempts) == (WorkState.DUE, None, 1)

    def test_each_errand_is_shown_done_ones_too_and_an_unknown_one_is_none(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        done = self._one_in_each_state(transactions, setting)[-1]
        with transactions.begin() as tx:
            shown = tx.outbox.show(done.id, at=NOW)
            assert tx.outbox.show(sample.identity("errand", 99), at=NOW) is None
        assert shown is not None
        assert (shown.entry, shown.state) == (done, WorkState.DONE)

    def test_open_errands_are_counted_and_the_oldest_that_waits_is_named(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        with transactions.begin() as tx:
            assert tx.outbox.depth(at=NOW) == Depth()
        due, *_ = self._one_in_each_state(transactions, setting)
        counts = dict.fromkeys((WorkState.DUE, WorkState.LATER, WorkState.LEASED, WorkState.DEAD), 1)
        with transactions.begin() as tx:
            assert tx.outbox.depth(at=NOW) == Depth(counts=counts, oldest=due.recorded_at)

    def test_what_is_dropped_is_gone_and_its_lane_goes_on(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        first, second = sample.errand(session, 1), sample.errand(session, 2)
        with transactions.begin() as tx:
            tx.outbox.add([first, second])
        with transactions.begin() as tx:
            assert tx.outbox.drop(first.id, at=NOW) is True
            assert tx.outbox.drop(first.id, at=NOW) is False
        with transactions.begin() as tx:
            assert tx.outbox.show(first.id, at=NOW) is None
            leased = tx.outbox.lease(worker="one", limit=50, lease=LEASE, at=NOW)
        assert [each.entry for each in leased] == [second]

    def test_dead_errands_can_be_dropped_leased_and_done_ones_cannot(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        _, later, leased, dead, done = self._one_in_each_state(transactions, setting)
        with transactions.begin() as tx:
            dropped = [tx.outbox.drop(each.id, at=NOW) for each in (later, leased, dead, done)]
        assert dropped == [True, False, True, False]

    def test_messages_are_counted_and_the_oldest_that_waits_is_named(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            assert tx.inbox.depth(at=NOW) == Depth()
            for number in (1, 2, 3, 4):
                at = sample.after(seconds=number)
                tx.inbox.receive(sample.message(number), id=sample.identity("message", number), at=at)
        with transactions.begin() as tx:
            done, dead, later = tx.inbox.lease(worker="one", limit=3, lease=LEASE, at=NOW)
            tx.inbox.finish(done, at=NOW)
            tx.inbox.bury(dead, error="refused", at=NOW)
            tx.inbox.postpone(later, until=LATER, error="not now")
        counts = dict.fromkeys((WorkState.DUE, WorkState.LATER, WorkState.DEAD), 1)
        with transactions.begin() as tx:
            assert tx.inbox.depth(at=NOW) == Depth(counts=counts, oldest=sample.after(seconds=3))
