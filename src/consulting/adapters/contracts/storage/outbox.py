"""What is promised about errands: in order within their lane, to one worker at a time, never lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import at_once
from consulting.application.ports.outbox import Errand, Lane, LeasedEntry, OutboxEntry
from consulting.application.ports.transactions import Transactions
from consulting.domain.sessions import Session

LEASE = timedelta(minutes=2)
SOON = sample.after(minutes=1)


def _add(transactions: Transactions, *entries: OutboxEntry) -> None:
    with transactions.begin() as tx:
        tx.outbox.add(entries)


def _lease(
    transactions: Transactions, worker: str = "one", *, limit: int = 50, at: datetime = SOON, lane: Lane | None = None
) -> Sequence[LeasedEntry]:
    with transactions.begin() as tx:
        return tx.outbox.lease(worker=worker, limit=limit, lease=LEASE, at=at, lane=lane)


def _finish(transactions: Transactions, leased: LeasedEntry) -> bool:
    with transactions.begin() as tx:
        return tx.outbox.finish(leased, at=SOON)


def _bury(transactions: Transactions, leased: LeasedEntry) -> bool:
    with transactions.begin() as tx:
        return tx.outbox.bury(leased, error="refused", at=SOON)


def _postpone(transactions: Transactions, leased: LeasedEntry, *, until: datetime, counts: bool = True) -> bool:
    with transactions.begin() as tx:
        return tx.outbox.postpone(leased, until=until, error="busy", counts=counts)


def _numbers(leased: Sequence[LeasedEntry]) -> list[int]:
    return [each.entry.id.int >> 80 for each in leased]


def _many(transactions: Transactions, setting: Setting, count: int) -> Session:
    """Add errands that don't wait for each other: each of a session of its own."""
    sessions = [setting.held(number) for number in range(1, count + 1)]
    _add(transactions, *(sample.errand(session, number) for number, session in enumerate(sessions, start=1)))
    return sessions[0]


class OutboxContract(RecordsContract):
    """Errands are leased, fenced, retried and buried."""

    def test_an_errand_comes_back_as_it_was_recorded(self, transactions: Transactions, setting: Setting) -> None:
        entry = sample.errand(
            setting.held(), errand=Errand.REFUND, lane=Lane.MONEY, data={"refund_id": "1", "ünï": "«%s» 'x'"}, version=3
        )
        _add(transactions, entry)
        (leased,) = _lease(transactions, "worker-7")
        assert leased == LeasedEntry(entry=entry, attempt=1, leased_by="worker-7", leased_until=SOON + LEASE)

    def test_nothing_to_do_is_nothing_leased(self, transactions: Transactions) -> None:
        assert list(_lease(transactions)) == []

    def test_the_oldest_due_errands_are_leased_first(self, transactions: Transactions, setting: Setting) -> None:
        _many(transactions, setting, 4)
        assert _numbers(_lease(transactions, limit=2)) == [1, 2]
        assert _numbers(_lease(transactions, limit=9)) == [3, 4]
        assert _numbers(_lease(transactions, limit=9)) == []

    def test_errands_of_one_lane_are_leased_without_those_of_others(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.held()
        lanes = [Lane.MAIL, Lane.MONEY, Lane.MEETING]
        _add(transactions, *(sample.errand(session, number, lane=lane) for number, lane in enumerate(lanes, start=1)))
        assert _numbers(_lease(transactions, lane=Lane.MEETING)) == [3]
        assert _numbers(_lease(transactions, lane=Lane.MEETING)) == []
        assert _numbers(_lease(transactions)) == [1, 2]

    def test_an_errand_is_not_leased_before_it_is_due(self, transactions: Transactions, setting: Setting) -> None:
        _add(transactions, sample.errand(setting.held(), due_at=sample.after(hours=1)))
        assert _numbers(_lease(transactions, at=sample.after(hours=1, microseconds=-1))) == []
        assert _numbers(_lease(transactions, at=sample.after(hours=1))) == [1]

    def test_within_a_lane_of_a_session_one_follows_the_other(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.held()
        _add(transactions, *(sample.errand(session, number) for number in (1, 2, 3)))
        seen = []
        for _ in range(3):
            (leased,) = _lease(transactions)
            assert _numbers(_lease(transactions, "another")) == []
            assert _finish(transactions, leased) is True
            seen.append(leased)
        assert _numbers(seen) == [1, 2, 3]
        assert _numbers(_lease(transactions)) == []

    def test_lanes_do_not_wait_for_each_other(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        _add(transactions, *(sample.errand(session, number, lane=lane) for number, lane in enumerate(Lane, start=1)))
        assert sorted(_numbers(_lease(transactions))) == [1, 2, 3]

    def test_mails_to_one_person_do_not_wait_for_those_to_the_other(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.held()
        roles = ["client", "researcher", "client", "researcher", "client"]
        _add(transactions, *(sample.errand(session, n, data={"role": role}) for n, role in enumerate(roles, start=1)))
        first, second = _lease(transactions)
        assert _numbers([first, second]) == [1, 2]
        assert _postpone(transactions, first, until=sample.after(hours=1)) is True
        assert _finish(transactions, second) is True
        assert _numbers(_lease(transactions)) == [4]

    def test_what_is_noted_of_an_errand_is_there_at_its_next_try(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        _many(transactions, setting, 1)
        (first,) = _lease(transactions)
        with transactions.begin() as tx:
            assert tx.outbox.note(first, data={"kind": "confirmation", "ünï": "«x»"}) is True
        (second,) = _lease(transactions, at=first.leased_until)
        assert second.entry == replace(first.entry, data={"kind": "confirmation", "ünï": "«x»"})
        with transactions.begin() as tx:
            assert tx.outbox.note(first, data={}) is False
        assert _finish(transactions, first) is False
        assert _finish(transactions, second) is True

    def test_who_noted_something_still_has_the_lease(self, transactions: Transactions, setting: Setting) -> None:
        _many(transactions, setting, 1)
        (leased,) = _lease(transactions)
        with transactions.begin() as tx:
            assert tx.outbox.note(leased, data={}) is True
        assert _finish(transactions, leased) is True

    def test_a_finished_errand_keeps_no_old_error(self, transactions: Transactions, setting: Setting) -> None:
        _many(transactions, setting, 1)
        (leased,) = _lease(transactions)
        _postpone(transactions, leased, until=SOON)
        (leased,) = _lease(transactions)
        _finish(transactions, leased)
        with transactions.begin() as tx:
            shown = tx.outbox.show(leased.entry.id, at=SOON)
        assert shown is not None
        assert shown.error is None

    def test_nothing_overtakes_an_older_errand_that_is_not_due(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.held()
        _add(transactions, sample.errand(session, 1, due_at=sample.after(hours=1)), sample.errand(session, 2))
        assert _numbers(_lease(transactions)) == []

    def test_nothing_overtakes_a_postponed_errand(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        _add(transactions, sample.errand(session, 1), sample.errand(session, 2))
        (leased,) = _lease(transactions)
        assert _postpone(transactions, leased, until=sample.after(hours=1)) is True
        assert _numbers(_lease(transactions, at=sample.after(minutes=59))) == []
        assert _numbers(_lease(transactions, at=sample.after(hours=1))) == [1]

    def test_each_lease_counts_an_attempt(self, transactions: Transactions, setting: Setting) -> None:
        _many(transactions, setting, 1)
        attempts = []
        for _ in range(3):
            (leased,) = _lease(transactions)
            attempts.append(leased.attempt)
            _postpone(transactions, leased, until=SOON)
        assert attempts == [1, 2, 3]

    def test_an_attempt_that_does_not_count_is_taken_back(self, transactions: Transactions, setting: Setting) -> None:
        _many(transactions, setting, 1)
        for _ in range(3):
            (leased,) = _lease(transactions)
            assert leased.attempt == 1
            assert _postpone(transactions, leased, until=SOON, counts=False) is True

    def test_a_lease_that_ran_out_passes_to_another_worker(self, transactions: Transactions, setting: Setting) -> None:
        _many(transactions, setting, 1)
        (first,) = _lease(transactions, "crashed")
        assert _numbers(_lease(transactions, "another", at=first.leased_until - timedelta(microseconds=1))) == []
        (second,) = _lease(transactions, "another", at=first.leased_until)
        assert (second.entry, second.attempt, second.leased_by) == (first.entry, 2, "another")

    def test_a_worker_that_lost_its_lease_can_end_nothing(self, transactions: Transactions, setting: Setting) -> None:
        _many(transactions, setting, 1)
        (first,) = _lease(transactions, "slow")
        (second,) = _lease(transactions, "another", at=first.leased_until)
        assert _finish(transactions, first) is False
        assert _postpone(transactions, first, until=SOON) is False
        assert _bury(transactions, first) is False
        assert _numbers(_lease(transactions, at=first.leased_until)) == []
        assert _finish(transactions, second) is True

    def test_the_same_worker_is_fenced_from_its_own_earlier_lease(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        _many(transactions, setting, 1)
        (first,) = _lease(transactions, "one")
        (second,) = _lease(transactions, "one", at=first.leased_until)
        assert _finish(transactions, first) is False
        assert _finish(transactions, second) is True

    def test_a_lease_that_ran_out_but_passed_to_nobody_can_be_ended(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        _many(transactions, setting, 1)
        (leased,) = _lease(transactions)
        with transactions.begin() as tx:
            assert tx.outbox.finish(leased, at=leased.leased_until + LEASE) is True

    def test_what_is_done_is_not_leased_again(self, transactions: Transactions, setting: Setting) -> None:
        _many(transactions, setting, 1)
        (leased,) = _lease(transactions)
        _finish(transactions, leased)
        assert _numbers(_lease(transactions, at=sample.after(days=9))) == []

    def test_a_buried_errand_is_out_of_its_lanes_way(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        _add(transactions, sample.errand(session, 1), sample.errand(session, 2))
        (leased,) = _lease(transactions)
        assert _bury(transactions, leased) is True
        assert _numbers(_lease(transactions, at=sample.after(days=9))) == [2]

    def test_a_revived_errand_is_due_and_its_attempts_count_anew(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        _many(transactions, setting, 1)
        (leased,) = _lease(transactions)
        _postpone(transactions, leased, until=SOON)
        (leased,) = _lease(transactions)
        _bury(transactions, leased)
        with transactions.begin() as tx:
            assert tx.outbox.revive(leased.entry.id, at=SOON) is True
            assert tx.outbox.revive(leased.entry.id, at=SOON) is False
        (again,) = _lease(transactions)
        assert (again.entry.id, again.attempt) == (leased.entry.id, 1)

    def test_only_a_dead_errand_is_revived(self, transactions: Transactions, setting: Setting) -> None:
        _many(transactions, setting, 1)
        with transactions.begin() as tx:
            assert tx.outbox.revive(sample.identity("errand", 1), at=SOON) is False
            assert tx.outbox.revive(sample.identity("errand", 9), at=SOON) is False
        (leased,) = _lease(transactions)
        _finish(transactions, leased)
        with transactions.begin() as tx:
            assert tx.outbox.revive(leased.entry.id, at=SOON) is False

    def test_workers_who_lease_at_once_share_the_errands(self, transactions: Transactions, setting: Setting) -> None:
        _many(transactions, setting, 12)
        outcomes = at_once(*(lambda name=name: _numbers(_lease(transactions, name, limit=5)) for name in "abcd"))
        assert [outcome.raised for outcome in outcomes] == [None] * 4
        leased = [number for outcome in outcomes for number in outcome.result or []]
        rest = _numbers(_lease(transactions))
        assert len(leased) == len(set(leased))
        assert sorted([*leased, *rest]) == list(range(1, 13))

    def test_workers_who_lease_at_once_keep_a_lane_in_order(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        _add(transactions, *(sample.errand(session, number) for number in range(1, 9)))
        outcomes = at_once(*(lambda name=name: _numbers(_lease(transactions, name, limit=5)) for name in "abcd"))
        assert [outcome.raised for outcome in outcomes] == [None] * 4
        assert [number for outcome in outcomes for number in outcome.result or []] == [1]
