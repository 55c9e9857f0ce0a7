"""What is promised about the messages of providers: kept once, settled by one worker at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract
from consulting.adapters.contracts.turns import at_once
from consulting.application.ports.inbox import DeadMessage, InboxEntry, ProviderEvent
from consulting.application.ports.transactions import Transactions

LEASE = timedelta(minutes=2)
SOON = sample.after(minutes=1)


def _receive(transactions: Transactions, event: ProviderEvent, number: int = 1) -> bool:
    with transactions.begin() as tx:
        return tx.inbox.receive(event, id=sample.identity("message", number), at=sample.after(seconds=number))


def _lease(
    transactions: Transactions, worker: str = "one", *, limit: int = 50, at: datetime = SOON
) -> Sequence[InboxEntry]:
    with transactions.begin() as tx:
        return tx.inbox.lease(worker=worker, limit=limit, lease=LEASE, at=at)


def _finish(transactions: Transactions, entry: InboxEntry) -> bool:
    with transactions.begin() as tx:
        return tx.inbox.finish(entry, at=SOON)


def _postpone(transactions: Transactions, entry: InboxEntry, *, until: datetime) -> bool:
    with transactions.begin() as tx:
        return tx.inbox.postpone(entry, until=until, error="busy")


def _bury(transactions: Transactions, entry: InboxEntry) -> bool:
    with transactions.begin() as tx:
        return tx.inbox.bury(entry, error="unreadable", at=SOON)


def _dead(transactions: Transactions, *, limit: int = 50) -> Sequence[DeadMessage]:
    with transactions.begin() as tx:
        return tx.inbox.dead(limit=limit)


def _dead_message(transactions: Transactions) -> UUID:
    _receive(transactions, sample.message())
    (entry,) = _lease(transactions)
    _bury(transactions, entry)
    return entry.id


def _numbers(entries: Sequence[InboxEntry]) -> list[int]:
    return [entry.id.int >> 80 for entry in entries]


class InboxContract(RecordsContract):
    """A message is kept once, however often it is delivered."""

    def test_a_message_comes_back_as_it_was_received(self, transactions: Transactions) -> None:
        event = sample.message(refund_id="re_1", kind="ünï «x» %s")
        assert _receive(transactions, event) is True
        assert list(_lease(transactions, "worker-7")) == [
            InboxEntry(id=sample.identity("message", 1), event=event, attempt=1, leased_by="worker-7")
        ]

    def test_a_message_may_be_about_no_intent(self, transactions: Transactions) -> None:
        event = sample.message(intent_id=None)
        _receive(transactions, event)
        assert [entry.event for entry in _lease(transactions)] == [event]

    def test_a_repeated_message_is_known_whatever_it_says(self, transactions: Transactions) -> None:
        _receive(transactions, sample.message(1), 1)
        assert _receive(transactions, sample.message(1, kind="payment.failed"), 2) is False
        assert [entry.event for entry in _lease(transactions)] == [sample.message(1)]

    def test_a_settled_message_stays_known(self, transactions: Transactions) -> None:
        _receive(transactions, sample.message(1), 1)
        (entry,) = _lease(transactions)
        _finish(transactions, entry)
        assert _receive(transactions, sample.message(1), 2) is False
        assert _numbers(_lease(transactions, at=sample.after(days=9))) == []

    def test_a_repeated_message_does_no_harm_to_the_rest_of_its_transaction(self, transactions: Transactions) -> None:
        _receive(transactions, sample.message(1), 1)
        with transactions.begin() as tx:
            assert tx.inbox.receive(sample.message(1), id=sample.identity("message", 2), at=sample.NOW) is False
            assert tx.inbox.receive(sample.message(3), id=sample.identity("message", 3), at=sample.NOW) is True
        assert sorted(_numbers(_lease(transactions))) == [1, 3]

    def test_two_sources_may_use_the_same_id(self, transactions: Transactions) -> None:
        assert _receive(transactions, sample.message(1), 1) is True
        assert _receive(transactions, sample.message(1, source="another"), 2) is True

    def test_of_several_deliveries_at_once_one_is_kept(self, transactions: Transactions) -> None:
        deliveries = [lambda n=n: _receive(transactions, sample.message(1), n) for n in (1, 2, 3, 4)]
        outcomes = at_once(*deliveries)
        assert [outcome.raised for outcome in outcomes] == [None] * 4
        assert sorted(outcome.result is True for outcome in outcomes) == [False, False, False, True]
        assert len(_lease(transactions)) == 1

    def test_the_oldest_messages_are_leased_first(self, transactions: Transactions) -> None:
        for number in (3, 1, 2):
            _receive(transactions, sample.message(number), number)
        assert _numbers(_lease(transactions, limit=2)) == [1, 2]
        assert _numbers(_lease(transactions, "another")) == [3]
        assert _numbers(_lease(transactions, "another")) == []

    def test_a_lease_that_ran_out_passes_on_and_fences_the_first_worker(self, transactions: Transactions) -> None:
        _receive(transactions, sample.message())
        (first,) = _lease(transactions, "slow")
        assert _numbers(_lease(transactions, "another", at=SOON + LEASE - timedelta(microseconds=1))) == []
        (second,) = _lease(transactions, "another", at=SOON + LEASE)
        assert (second.id, second.attempt, second.leased_by) == (first.id, 2, "another")
        assert _finish(transactions, first) is False
        assert _postpone(transactions, first, until=SOON) is False
        assert _bury(transactions, first) is False
        assert _finish(transactions, second) is True

    def test_a_postponed_message_waits_until_then(self, transactions: Transactions) -> None:
        _receive(transactions, sample.message())
        (entry,) = _lease(transactions)
        assert _postpone(transactions, entry, until=sample.after(hours=1)) is True
        assert _numbers(_lease(transactions, at=sample.after(minutes=59))) == []
        (again,) = _lease(transactions, at=sample.after(hours=1))
        assert again.attempt == 2

    def test_a_postponed_message_holds_up_no_other(self, transactions: Transactions) -> None:
        for number in (1, 2):
            _receive(transactions, sample.message(number), number)
        entry = _lease(transactions, limit=1)[0]
        _postpone(transactions, entry, until=sample.after(hours=1))
        assert _numbers(_lease(transactions)) == [2]

    def test_a_buried_message_is_not_leased_again(self, transactions: Transactions) -> None:
        _receive(transactions, sample.message())
        (entry,) = _lease(transactions)
        assert _bury(transactions, entry) is True
        assert _numbers(_lease(transactions, at=sample.after(days=9))) == []

    def test_messages_that_were_given_up_are_listed_with_what_went_wrong_the_oldest_first(
        self, transactions: Transactions
    ) -> None:
        for number in (3, 1, 2):
            _receive(transactions, sample.message(number), number)
        for entry in _lease(transactions, limit=2):
            _bury(transactions, entry)
        assert _dead(transactions, limit=1) == [
            DeadMessage(
                id=sample.identity("message", 1),
                event=sample.message(1),
                received_at=sample.after(seconds=1),
                attempts=1,
                error="unreadable",
            )
        ]
        assert [dead.id.int >> 80 for dead in _dead(transactions)] == [1, 2]

    def test_a_dead_message_that_is_revived_is_due_at_once_and_its_tries_are_counted_anew(
        self, transactions: Transactions
    ) -> None:
        dead = _dead_message(transactions)
        with transactions.begin() as tx:
            assert tx.inbox.revive(dead, at=sample.after(hours=1)) is True
            assert tx.inbox.revive(dead, at=sample.after(hours=1)) is False
        assert _dead(transactions) == []
        (again,) = _lease(transactions, at=sample.after(hours=1))
        assert (again.id, again.attempt) == (dead, 1)

    def test_a_dead_message_that_is_dropped_is_never_leased_again_and_stays_known(
        self, transactions: Transactions
    ) -> None:
        dead = _dead_message(transactions)
        with transactions.begin() as tx:
            assert tx.inbox.drop(dead) is True
            assert tx.inbox.drop(dead) is False
            assert tx.inbox.revive(dead, at=SOON) is False
        assert _dead(transactions) == []
        assert _receive(transactions, sample.message(1), 2) is False
        assert _numbers(_lease(transactions, at=sample.after(days=9))) == []

    def test_only_a_dead_message_is_revived_or_dropped(self, transactions: Transactions) -> None:
        _receive(transactions, sample.message())
        for dead in (sample.identity("message", 1), sample.identity("message", 2)):
            with transactions.begin() as tx:
                assert tx.inbox.revive(dead, at=SOON) is False
                assert tx.inbox.drop(dead) is False
        assert _numbers(_lease(transactions)) == [1]

    def test_workers_who_lease_at_once_share_the_messages(self, transactions: Transactions) -> None:
        for number in range(1, 13):
            _receive(transactions, sample.message(number), number)
        outcomes = at_once(*(lambda name=name: _numbers(_lease(transactions, name, limit=5)) for name in "abcd"))
        assert [outcome.raised for outcome in outcomes] == [None] * 4
        leased = [number for outcome in outcomes for number in outcome.result or []]
        assert len(leased) == len(set(leased))
        assert sorted([*leased, *_numbers(_lease(transactions))]) == list(range(1, 13))
