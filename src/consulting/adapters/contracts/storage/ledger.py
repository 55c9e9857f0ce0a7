"""What is promised about the ledger: it grows, and nothing else."""

from __future__ import annotations

from contextlib import suppress

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import refused
from consulting.application.ports.transactions import Transactions
from consulting.domain import ledger
from consulting.domain.ledger import Entry
from consulting.domain.payments import Payment, PaymentState
from consulting.domain.period import Period
from consulting.domain.refunds import RefundState


class LedgerContract(RecordsContract):
    """Every movement of money is written once and comes back in the order in which it was written."""

    def test_entries_come_back_as_they_were_written(self, transactions: Transactions, setting: Setting) -> None:
        charge, refund = _movements(setting)
        with transactions.begin() as tx:
            tx.ledger.add([])
            tx.ledger.add([charge])
        with transactions.begin() as tx:
            tx.ledger.add([refund])
        with transactions.begin() as tx:
            assert list(tx.ledger.of_session(charge.session_id)) == [charge, refund]
            assert ledger.balance(tx.ledger.of_session(charge.session_id)) == charge.signed + refund.signed
            assert list(tx.ledger.of_session(sample.identity("session", 9))) == []

    def test_what_moved_of_a_researchers_sessions_is_listed_by_when(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        first, second = (_movements(setting, number) for number in (1, 2))
        other = setting.researcher(2)
        with transactions.begin() as tx:
            tx.ledger.add([*second, *first])
            session = tx.sessions.get(first[0].session_id)
        assert session is not None
        early = Period(sample.after(hours=1), sample.after(hours=2))
        with transactions.begin() as tx:
            whole = tx.ledger.of_researcher(session.researcher_id, during=Period(sample.NOW, sample.after(hours=3)))
            assert [each.entry for each in whole] == [second[0], first[0], second[1], first[1]]
            assert {each.client_name for each in whole} == {session.client.name}
            listed = tx.ledger.of_researcher(session.researcher_id, during=early)
            assert [each.entry for each in listed] == [second[0], first[0]]
            assert list(tx.ledger.of_researcher(other.id, during=early)) == []

    def test_a_movement_is_written_once(self, transactions: Transactions, setting: Setting) -> None:
        charge, _ = _movements(setting)
        with transactions.begin() as tx:
            tx.ledger.add([charge])
        with refused("the same movement again"), transactions.begin() as tx:
            tx.ledger.add([charge])

    def test_an_entry_is_undone_with_its_transaction(self, transactions: Transactions, setting: Setting) -> None:
        charge, _ = _movements(setting)
        with suppress(ZeroDivisionError), transactions.begin() as tx:
            tx.ledger.add([charge])
            raise ZeroDivisionError
        with transactions.begin() as tx:
            assert list(tx.ledger.of_session(charge.session_id)) == []

    def test_an_entry_needs_its_payment(self, transactions: Transactions, setting: Setting) -> None:
        payment = sample.payment(setting.confirmed())
        entries = ledger.of_payment(None, _charged(payment), at=sample.NOW)
        with refused("an entry of no payment"), transactions.begin() as tx:
            tx.ledger.add(entries)


def _charged(payment: Payment) -> Payment:
    return payment.charged(received=payment.price, state=PaymentState.SUCCEEDED, at=sample.NOW)


def _movements(setting: Setting, number: int = 1) -> tuple[Entry, Entry]:
    payment = setting.payment(setting.confirmed(number), number)
    refund = sample.refund(payment, number, state=RefundState.SUCCEEDED)
    charges = ledger.of_payment(None, _charged(payment), at=sample.after(hours=1))
    return charges[0], ledger.of_refund(None, refund, at=sample.after(hours=2))[0]
