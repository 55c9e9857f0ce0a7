"""What is promised about a researcher's calendar while it is changed."""

from __future__ import annotations

from collections.abc import Sequence

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import second_after_first
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.period import Period
from consulting.domain.publishing import Publication, PublishedSlot

DAY = Period(sample.after(hours=24), sample.after(hours=48))
RESEARCHER = sample.identity("researcher", 1)


class CalendarsContract(RecordsContract):
    """What a change of the calendar works on: every slot in the way, locked."""

    def test_slots_that_overlap_are_listed_by_id(self, transactions: Transactions, setting: Setting) -> None:
        setting.slot(1, period=sample.hour(22.5))
        later = setting.slot(2, period=sample.hour(47.5))
        earlier = setting.slot(3, period=sample.hour(23.5))
        setting.slot(4, period=sample.hour(48.5))
        expected = [PublishedSlot(id=slot.id, period=slot.period) for slot in (later, earlier)]
        assert list(_published(transactions)) == expected

    def test_booked_means_that_a_session_has_the_slot_though_its_hold_expired(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.held(1)
        setting.confirmed(2)
        setting.save(sample.canceled(setting.held(3)))
        setting.slot(4)
        assert [slot.booked for slot in _published(transactions)] == [True, True, False, False]

    def test_withdrawn_slots_are_listed_too(self, transactions: Transactions, setting: Setting) -> None:
        free, booked = setting.slot(1), setting.held(2)
        setting.withdraw(free)
        setting.withdraw(sample.slot(id=booked.time_slot_id))
        found = [(slot.booked, slot.withdrawn) for slot in _published(transactions)]
        assert found == [(False, True), (True, True)]

    def test_whoever_locks_the_published_slots_next_waits_and_then_sees_the_booking(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        slot = setting.slot()

        def book(tx: Transaction) -> None:
            tx.sessions.add(sample.held(slot))

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.time_slots.lock(slot.id),
            then=book,
            second=lambda tx: tx.time_slots.lock_published(researcher_id=RESEARCHER, overlapping=DAY),
        )
        assert [(each.id, each.booked) for each in seen] == [(slot.id, True)]

    def test_a_booking_waits_for_a_change_of_the_calendar(self, transactions: Transactions, setting: Setting) -> None:
        slot = setting.slot()

        def withdraw(tx: Transaction) -> None:
            tx.time_slots.publish(Publication(withdraw=(slot.id,)), researcher_id=RESEARCHER, ids=())

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.time_slots.lock_published(researcher_id=RESEARCHER, overlapping=DAY),
            then=withdraw,
            second=lambda tx: tx.time_slots.lock(slot.id),
        )
        assert seen is not None
        assert seen.slot.withdrawn


def _published(transactions: Transactions) -> Sequence[PublishedSlot]:
    with transactions.begin() as tx:
        return tx.time_slots.lock_published(researcher_id=RESEARCHER, overlapping=DAY)
