"""What is promised about sessions: kept as they are, never two at a time, counted and locked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import refused, second_after_first
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.cancellation import PRESETS
from consulting.domain.errors import SlotUnavailable
from consulting.domain.money import Money
from consulting.domain.session_states import PaymentStatus, Status

IMPOSSIBLE = (
    (Status.SCHEDULED, PaymentStatus.REFUNDED),
    (Status.COMPLETED, PaymentStatus.PENDING),
    (Status.COMPLETED, PaymentStatus.FAILED),
)


class SessionsContract(RecordsContract):
    """Sessions come back as they were kept; two live ones of a researcher never overlap."""

    def test_a_hold_comes_back_as_it_was_kept(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held(
            client=sample.client(name=None, timezone="Asia/Kathmandu"),
            paper_id=None,
            questions="Ünïcödé 王小明 «x» 'y' %s\n\n" * 20,
            price=Money(123, "jpy"),
            policy=PRESETS["strict"],
            created_at=sample.after(microseconds=1),
        )
        with transactions.begin() as tx:
            assert tx.sessions.get(session.id) == session
            assert tx.sessions.lock(session.id) == session

    def test_every_stage_of_its_life_comes_back_as_it_was_saved(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        held = setting.held()
        failed, _ = held.fail_payment(at=sample.after(minutes=1))
        confirmed = sample.confirmed(sample.slot())
        completed, _ = confirmed.note_no_show(at=confirmed.period.start)
        for stage in (failed, confirmed, completed, sample.canceled(confirmed), sample.canceled(held)):
            setting.save(stage)
            with transactions.begin() as tx:
                assert tx.sessions.get(held.id) == stage

    def test_a_session_without_a_cancellation_policy_comes_back(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.confirmed(policy=replace(PRESETS["flexible"], tiers=()))
        with transactions.begin() as tx:
            assert tx.sessions.get(session.id) == session

    def test_an_unknown_session_is_none(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            assert tx.sessions.get(sample.identity("session", 1)) is None
            assert tx.sessions.lock(sample.identity("session", 1)) is None

    def test_an_unknown_session_cannot_be_saved(self, setting: Setting) -> None:
        session = sample.held(setting.slot())
        with refused("saving a session that was never added"):
            setting.save(session)

    def test_a_session_needs_its_slot(self, setting: Setting) -> None:
        setting.researcher()
        with refused("a session without a slot"):
            setting.book(sample.held(sample.slot()))

    @pytest.mark.parametrize(("status", "payment_status"), IMPOSSIBLE)
    def test_a_state_that_does_not_exist_is_refused(
        self, setting: Setting, status: Status, payment_status: PaymentStatus
    ) -> None:
        slot = setting.slot()
        with refused(f"a session that is {status} and {payment_status}"):
            setting.book(sample.confirmed(slot, status=status, payment_status=payment_status))
        session = sample.confirmed(slot)
        setting.book(session)
        with refused(f"a session that became {status} and {payment_status}"):
            setting.save(replace(session, status=status, payment_status=payment_status))

    def test_a_session_has_the_time_and_the_researcher_of_its_slot(self, setting: Setting) -> None:
        slot = setting.slot(1)
        setting.researcher(2)
        with refused("a session of another time than its slot"):
            setting.book(sample.held(slot, period=sample.hour(25.5)))
        with refused("a session of another researcher than its slot"):
            setting.book(replace(sample.held(slot), researcher_id=sample.identity("researcher", 2)))
        setting.book(sample.held(slot))
        with refused("a session moved away from its slot"):
            setting.save(sample.held(slot, period=sample.hour(25.5)))

    def test_a_session_is_to_be_paid_before_it_starts(self, setting: Setting) -> None:
        slot = setting.slot()
        with refused("a deadline after the start"):
            setting.book(sample.held(slot, expires_at=slot.period.start + timedelta(microseconds=1)))
        setting.book(sample.held(slot, expires_at=slot.period.start))

    @pytest.mark.parametrize("shift", [-0.5, 0.5])
    def test_two_sessions_of_one_researcher_never_overlap(self, setting: Setting, shift: float) -> None:
        setting.held(1)
        setting.withdraw(sample.slot(1))
        recut = setting.slot(3, period=sample.hour(25 + shift))
        with pytest.raises(SlotUnavailable):
            setting.book(sample.held(recut, 2))

    def test_an_expired_hold_is_in_the_way_until_it_is_swept(self, setting: Setting) -> None:
        lapsed = setting.held(1)
        again = sample.held(sample.slot(1), 2)
        with pytest.raises(SlotUnavailable):
            setting.book(again)
        setting.save(lapsed.effective(at=sample.after(hours=1)))
        setting.book(again)

    def test_sessions_that_touch_do_not_overlap(self, setting: Setting) -> None:
        setting.held(2)
        setting.held(1)
        setting.held(3)

    def test_two_researchers_may_be_booked_at_the_same_time(self, setting: Setting) -> None:
        mine = setting.held(1)
        setting.researcher(2)
        second = sample.identity("researcher", 2)
        (theirs,) = setting.publish(sample.slot(2, researcher_id=second, period=mine.period))
        setting.book(sample.held(theirs, 2))

    def test_a_canceled_session_is_not_in_the_way(self, transactions: Transactions, setting: Setting) -> None:
        first = setting.held(1)
        second = sample.held(sample.slot(1), 2)
        with transactions.begin() as tx:
            tx.sessions.save(sample.canceled(first))
            tx.sessions.add(second)
        setting.save(sample.canceled(second))
        setting.book(sample.held(sample.slot(1), 3))

    def test_a_completed_session_stays_in_its_time(self, setting: Setting) -> None:
        session = setting.confirmed(1)
        setting.save(session.effective(at=session.period.end))
        with pytest.raises(SlotUnavailable):
            setting.book(sample.held(sample.slot(1), 2))

    def test_a_session_cannot_come_back_to_life_over_another_one(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        lapsed = setting.held(1).effective(at=sample.after(hours=1))
        setting.save(lapsed)
        setting.book(sample.held(sample.slot(1), 2))
        retaken, _ = lapsed.pay(at=sample.after(hours=2), slot_free=True)
        with pytest.raises(SlotUnavailable):
            setting.save(retaken)
        with transactions.begin() as tx:
            assert tx.sessions.get(lapsed.id) == lapsed

    def test_a_session_cannot_be_moved_onto_another_one(self, setting: Setting) -> None:
        setting.held(1)
        other = setting.confirmed(2)
        with pytest.raises(SlotUnavailable):
            setting.save(replace(other, time_slot_id=sample.slot(1).id, period=sample.slot(1).period))

    def test_a_session_may_be_moved_to_a_time_that_overlaps_its_own(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.confirmed(1)
        setting.withdraw(sample.slot(1))
        recut = setting.slot(2, period=sample.hour(25.5))
        moved = replace(session, time_slot_id=recut.id, period=recut.period, sequence=session.sequence + 1)
        setting.save(moved)
        with transactions.begin() as tx:
            assert tx.sessions.get(session.id) == moved

    def test_who_locks_a_slot_is_told_of_the_clients_own_unpaid_holds(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        held, failed = setting.held(1), setting.held(2)
        setting.save(failed.fail_payment(at=sample.NOW)[0])
        setting.confirmed(3)
        setting.save(sample.canceled(setting.held(4)))
        setting.held(5, expires_at=sample.NOW)
        setting.held(6, client=sample.client(2))
        with transactions.begin() as tx:
            counts = [
                (found.offer == tx.time_slots.get(held.time_slot_id), found.live_holds(at=at))
                for user_id, at in (
                    ("client-1", sample.NOW),
                    ("client-2", sample.NOW),
                    ("nobody", sample.NOW),
                    ("client-1", held.expires_at or sample.NOW),
                )
                if (found := tx.time_slots.lock_for(held.time_slot_id, user_id=user_id)) is not None
            ]
            assert tx.time_slots.lock_for(sample.slot(9).id, user_id="client-1") is None
        assert counts == [(True, 2), (True, 1), (True, 0), (True, 0)]

    def test_who_adds_a_free_session_is_told_of_the_clients_other_free_ones_to_come(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        slots = [setting.slot(number) for number in range(1, 7)]
        setting.book(sample.confirmed(slots[0]), sample.free(slots[1], 2), sample.canceled(sample.free(slots[2], 3)))
        setting.book(sample.free(slots[3], 4, client=sample.client(2)))
        setting.held(8)
        with transactions.begin() as tx:
            counts = [
                tx.sessions.add_free(sample.free(slots[4], 5), at=sample.NOW),
                tx.sessions.add_free(sample.free(slots[5], 6), at=slots[1].period.start),
            ]
        assert counts == [1, 1]
        with transactions.begin() as tx:
            assert tx.sessions.get(sample.free(slots[4], 5).id) == sample.free(slots[4], 5)

    def test_a_free_session_that_overlaps_another_is_refused_and_not_kept(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.confirmed()
        rival = sample.free(sample.slot(), 2)
        with pytest.raises(SlotUnavailable), transactions.begin() as tx:
            tx.sessions.add_free(rival, at=sample.NOW)
        with transactions.begin() as tx:
            assert tx.sessions.get(rival.id) is None
            assert tx.sessions.get(session.id) == session

    def test_whoever_adds_a_free_session_for_a_client_next_waits_and_then_counts_the_new_one(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        mine = [sample.free(setting.slot(number), number) for number in (1, 2, 3)]

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.sessions.add_free(mine[0], at=sample.NOW),
            then=lambda tx: tx.sessions.add(mine[1]),
            second=lambda tx: tx.sessions.add_free(mine[2], at=sample.NOW),
        )
        assert seen == 2

    def test_whoever_counts_a_clients_holds_next_waits_and_then_counts_the_new_one(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        slot, another = setting.slot(1), setting.slot(2)

        def book(tx: Transaction) -> None:
            tx.sessions.add(sample.held(slot))

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.time_slots.lock_for(slot.id, user_id="client-1"),
            then=book,
            second=lambda tx: tx.time_slots.lock_for(another.id, user_id="client-1"),
        )
        assert seen is not None
        assert seen.live_holds(at=sample.NOW) == 1

    def test_whoever_locks_a_session_next_waits_and_then_sees_it_changed(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.held()
        canceled = sample.canceled(session)

        def cancel(tx: Transaction) -> None:
            tx.sessions.save(canceled)

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.sessions.lock(session.id),
            then=cancel,
            second=lambda tx: tx.sessions.lock(session.id),
        )
        assert seen == canceled
