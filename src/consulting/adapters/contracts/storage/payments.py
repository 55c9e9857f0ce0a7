"""What is promised about attempts to pay and about refunds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import refused, second_after_first
from consulting.application.ports.transactions import Transaction, TransactionConflict, Transactions
from consulting.domain.money import Money
from consulting.domain.payments import Dispute, PaymentState, next_attempt
from consulting.domain.refunds import ON_ITS_WAY, RefundState


class PaymentsContract(RecordsContract):
    """At most one attempt a session may still be charged."""

    def test_an_attempt_comes_back_as_it_was_kept(self, transactions: Transactions, setting: Setting) -> None:
        payment = setting.payment(setting.held(), intent_id=None)
        with transactions.begin() as tx:
            assert list(tx.payments.of_session(payment.session_id)) == [payment]

    def test_an_attempt_comes_back_as_it_was_saved(self, transactions: Transactions, setting: Setting) -> None:
        payment = setting.payment(setting.held(), intent_id=None).opened(intent_id="pi_1", at=sample.after(minutes=1))
        received = Money(11_999, "usd")
        charged = payment.charged(received=received, state=PaymentState.MISMATCHED, at=sample.after(minutes=2))
        disputed = charged.disputed(Dispute.OPEN, at=sample.after(minutes=3))
        for stage in (payment, charged, disputed):
            with transactions.begin() as tx:
                tx.payments.save(stage)
            with transactions.begin() as tx:
                assert tx.payments.of_intent("pi_1") == stage

    def test_an_unknown_intent_belongs_to_no_attempt(self, transactions: Transactions, setting: Setting) -> None:
        setting.payment(setting.held(), intent_id=None)
        with transactions.begin() as tx:
            assert tx.payments.of_intent("pi_1") is None
            assert list(tx.payments.of_session(sample.identity("session", 9))) == []

    def test_attempts_are_listed_the_first_one_first(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        first = setting.payment(session, 2, state=PaymentState.CANCELED)
        second = next_attempt(first, id=sample.identity("payment", 1), at=sample.after(minutes=1))
        with transactions.begin() as tx:
            tx.payments.add(second)
        with transactions.begin() as tx:
            assert list(tx.payments.of_session(session.id)) == [first, second]

    @pytest.mark.parametrize("state", [PaymentState.OPEN, PaymentState.FAILED])
    def test_a_session_has_at_most_one_attempt_that_may_still_be_charged(
        self, transactions: Transactions, setting: Setting, state: PaymentState
    ) -> None:
        session = setting.held()
        alive = setting.payment(session, 1, state=state)
        with pytest.raises(TransactionConflict):
            setting.payment(session, 2, attempt=2)
        with transactions.begin() as tx:
            assert list(tx.payments.of_session(session.id)) == [alive]

    def test_two_sessions_may_be_paid_at_the_same_time(self, setting: Setting) -> None:
        setting.payment(setting.held(1), 1)
        setting.payment(setting.held(2), 2)

    def test_an_attempt_is_made_once(self, setting: Setting) -> None:
        session = setting.held()
        setting.payment(session, 1, state=PaymentState.CANCELED)
        with refused("a second first attempt"):
            setting.payment(session, 2, attempt=1)

    def test_an_intent_belongs_to_one_attempt(self, setting: Setting) -> None:
        setting.payment(setting.held(1), 1, intent_id="pi_same")
        second = setting.held(2)
        with refused("an intent of two attempts"):
            setting.payment(second, 2, intent_id="pi_same")

    def test_an_attempt_needs_its_session(self, setting: Setting) -> None:
        session = sample.held(setting.slot())
        with refused("a payment of no session"):
            setting.payment(session)

    def test_an_attempt_is_to_pay_the_price_of_its_session(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        for other in (Money(11_999, "usd"), Money(12_000, "eur")):
            with refused("a payment of another price"):
                setting.payment(session, price=other)
        payment = setting.payment(session)
        with refused("a payment that changed its price"), transactions.begin() as tx:
            tx.payments.save(replace(payment, price=Money(11_999, "usd")))

    def test_a_free_session_is_never_charged(self, setting: Setting) -> None:
        free = setting.confirmed(price=Money(0, "usd"))
        with refused("a payment of nothing"):
            setting.payment(free)
        with refused("a payment for a free session"):
            setting.payment(free, price=Money(12_000, "usd"))

    def test_an_unknown_attempt_cannot_be_saved(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        with refused("saving an attempt that was never added"), transactions.begin() as tx:
            tx.payments.save(sample.payment(session))

    def test_attempts_that_may_still_be_charged_are_listed_by_id_in_pages(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        states = (PaymentState.FAILED, PaymentState.MISMATCHED, PaymentState.OPEN, PaymentState.CANCELED)
        kept = [setting.payment(setting.held(n), n, state=state) for n, state in enumerate(states, start=1)]
        last = setting.payment(setting.held(5), 5, state=PaymentState.OPEN)
        with transactions.begin() as tx:
            first = list(tx.payments.alive(after=None, limit=2))
            rest = list(tx.payments.alive(after=first[-1].id, limit=2))
        assert [*first, *rest] == [kept[0], kept[2], last]

    def test_disputed_attempts_are_listed_by_id_in_pages(self, transactions: Transactions, setting: Setting) -> None:
        disputes = (Dispute.OPEN, Dispute.WON, Dispute.OPEN, None, Dispute.LOST, Dispute.OPEN)
        kept = [setting.payment(setting.held(n), n, dispute=dispute) for n, dispute in enumerate(disputes, start=1)]
        with transactions.begin() as tx:
            first = list(tx.payments.disputed(after=None, limit=2))
            rest = list(tx.payments.disputed(after=first[-1].id, limit=2))
        assert [*first, *rest] == [kept[0], kept[2], kept[5]]


class RefundsContract(RecordsContract):
    """Refunds come back as they were kept, the oldest first."""

    def test_a_refund_comes_back_as_it_was_kept_and_saved(self, transactions: Transactions, setting: Setting) -> None:
        refund = setting.refund(setting.payment(setting.confirmed()))
        failed = refund.became(RefundState.FAILED, provider_id="re_1", at=sample.after(hours=1))
        again = failed.again(at=sample.after(hours=2))
        assert again is not None
        for stage in (refund, failed, again, replace(again, note="Sorry for the noise: ü 🙂")):
            with transactions.begin() as tx:
                tx.refunds.save(stage)
            with transactions.begin() as tx:
                assert list(tx.refunds.of_session(refund.session_id)) == [stage]
                assert tx.refunds.lock(refund.id) == stage
                assert tx.refunds.get(refund.id) == stage

    def test_a_refund_is_found_by_the_providers_id(self, transactions: Transactions, setting: Setting) -> None:
        payment = setting.payment(setting.confirmed())
        setting.refund(payment, 1)
        second = setting.refund(payment, 2, provider_id="re_2", state=RefundState.PENDING)
        with transactions.begin() as tx:
            assert tx.refunds.of_provider("re_2") == second
            assert tx.refunds.of_provider("re_9") is None
            assert tx.refunds.lock(sample.identity("refund", 9)) is None
            assert tx.refunds.get(sample.identity("refund", 9)) is None

    def test_refunds_are_listed_the_oldest_first(self, transactions: Transactions, setting: Setting) -> None:
        one, other = setting.payment(setting.confirmed(1), 1), setting.payment(setting.confirmed(2), 2)
        late = setting.refund(one, 1, created_at=sample.after(hours=3))
        early = setting.refund(one, 2, created_at=sample.after(hours=1))
        between = setting.refund(other, 3, created_at=sample.after(hours=2))
        with transactions.begin() as tx:
            assert list(tx.refunds.of_session(one.session_id)) == [early, late]
            assert list(tx.refunds.of_sessions([one.session_id, other.session_id])) == [early, between, late]
            assert list(tx.refunds.of_sessions([other.session_id, sample.identity("session", 9)])) == [between]
            assert list(tx.refunds.of_sessions([])) == []

    def test_refunds_on_their_way_for_long_are_listed_by_id_in_pages(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        payment = setting.payment(setting.confirmed())
        on_their_way = [setting.refund(payment, n, state=state) for n, state in enumerate(sorted(ON_ITS_WAY), start=1)]
        for number, state in enumerate(sorted(set(RefundState) - ON_ITS_WAY), start=4):
            setting.refund(payment, number, state=state)
        setting.refund(payment, 8, updated_at=sample.after(hours=1))
        last = setting.refund(payment, 9)
        before = sample.after(hours=1)
        with transactions.begin() as tx:
            first = list(tx.refunds.unsettled(before=before, after=None, limit=2))
            rest = list(tx.refunds.unsettled(before=before, after=first[-1].id, limit=2))
        assert [*first, *rest] == [*on_their_way, last]

    def test_a_refund_needs_its_payment(self, setting: Setting) -> None:
        payment = sample.payment(setting.confirmed())
        with refused("a refund of no payment"):
            setting.refund(payment)

    def test_an_unknown_refund_cannot_be_saved(self, transactions: Transactions, setting: Setting) -> None:
        payment = setting.payment(setting.confirmed())
        with refused("saving a refund that was never added"), transactions.begin() as tx:
            tx.refunds.save(sample.refund(payment))

    def test_whoever_locks_a_refund_next_waits_and_then_sees_it_changed(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        refund = setting.refund(setting.payment(setting.confirmed()))
        sent = refund.became(RefundState.PENDING, provider_id="re_1", at=sample.after(hours=1))

        def send(tx: Transaction) -> None:
            tx.refunds.save(sent)

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.refunds.lock(refund.id),
            then=send,
            second=lambda tx: tx.refunds.lock(refund.id),
        )
        assert seen == sent
