"""What a transaction is."""

from __future__ import annotations

from threading import Event

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import PATIENCE, Regret, at_once, undone
from consulting.application.ports.transactions import Transactions
from consulting.domain.errors import SlotUnavailable
from consulting.domain.researchers import Researcher


class TransactionsContract(RecordsContract):
    """Leaving the block commits, an exception undoes everything, and nobody sees what isn't committed."""

    def test_what_a_transaction_wrote_is_there_after_it(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            tx.researchers.add(sample.researcher())

        with transactions.begin() as tx:
            assert tx.researchers.get(sample.researcher().id) == sample.researcher()

    def test_a_transaction_sees_what_it_wrote_itself(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            tx.researchers.add(sample.researcher())
            tx.researchers.save(sample.researcher(name="Ada Changed"))

            found = tx.researchers.get(sample.researcher().id)
            assert found is not None
            assert found.name == "Ada Changed"

    def test_a_block_that_only_reads_sees_what_was_committed_before_each_look(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.researcher()
        with transactions.reading() as tx:
            assert tx.researchers.get(sample.researcher().id) == sample.researcher()
            assert tx.researchers.get(sample.researcher(2).id) is None

    def test_a_block_that_only_reads_changes_nothing(self, transactions: Transactions) -> None:
        with pytest.raises(RuntimeError, match="only reads"), transactions.reading() as tx:
            tx.researchers.add(sample.researcher())

        with transactions.begin() as tx:
            assert tx.researchers.get(sample.researcher().id) is None

    def test_what_it_raised_reaches_the_caller_as_it_is(self, transactions: Transactions) -> None:
        error = Regret("as it is")
        with pytest.raises(Regret) as caught, transactions.begin():
            raise error
        assert caught.value is error

    def test_an_exception_undoes_what_was_added_changed_and_removed(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.researcher()
        with transactions.begin() as tx:
            tx.availability.save_pattern(sample.pattern())

        with undone(transactions) as tx:
            tx.researchers.save(sample.researcher(name="Ada Changed"))
            tx.researchers.add(sample.researcher(2))
            tx.availability.remove(sample.pattern().id, researcher_id=sample.researcher().id)

        with transactions.begin() as tx:
            assert tx.researchers.get(sample.researcher().id) == sample.researcher()
            assert tx.researchers.get(sample.researcher(2).id) is None
            assert tx.availability.rules(sample.researcher().id).patterns == (sample.pattern(),)

    def test_an_exception_undoes_every_kind_of_record(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        payment = setting.payment(session)

        with undone(transactions) as tx:
            tx.sessions.save(sample.canceled(session))
            tx.refunds.add(sample.refund(payment))
            tx.reviews.add(sample.review(session))
            tx.notifications.mark(sample.notification(session))
            tx.outbox.add([sample.errand(session)])
            tx.inbox.receive(sample.message(), id=sample.identity("message", 1), at=sample.NOW)

        with transactions.begin() as tx:
            assert tx.sessions.get(session.id) == session
            assert list(tx.refunds.of_session(session.id)) == []
            assert tx.reviews.of_session(session.id) is None
            assert list(tx.notifications.of_session(session.id)) == []
            soon = sample.after(days=1)
            assert list(tx.outbox.lease(worker="w", limit=9, lease=sample.HOLD, at=soon)) == []
            assert list(tx.inbox.lease(worker="w", limit=9, lease=sample.HOLD, at=soon)) == []

    def test_a_refusal_by_a_rule_undoes_what_went_before_it(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        rival = sample.held(sample.slot(), 2)

        def record_and_book() -> None:
            with transactions.begin() as tx:
                tx.outbox.add([sample.errand(session)])
                tx.sessions.add(rival)

        with pytest.raises(SlotUnavailable):
            record_and_book()
        with transactions.begin() as tx:
            assert tx.sessions.get(rival.id) is None
            soon = sample.after(days=1)
            assert list(tx.outbox.lease(worker="w", limit=9, lease=sample.HOLD, at=soon)) == []

    def test_the_storage_goes_on_after_a_transaction_was_undone(self, transactions: Transactions) -> None:
        for _ in range(12):
            with undone(transactions) as tx:
                tx.researchers.add(sample.researcher())
        with transactions.begin() as tx:
            tx.researchers.add(sample.researcher())

    def test_nobody_sees_what_is_not_committed(self, transactions: Transactions) -> None:
        written, looked = Event(), Event()

        def write() -> None:
            with undone(transactions) as tx:
                tx.researchers.add(sample.researcher())
                written.set()
                looked.wait(0.2)

        def look() -> Researcher | None:
            assert written.wait(PATIENCE)
            with transactions.begin() as tx:
                seen = tx.researchers.get(sample.researcher().id)
            looked.set()
            return seen

        wrote, saw = at_once(write, look)
        assert (wrote.raised, saw.raised) == (None, None)
        assert saw.result is None
