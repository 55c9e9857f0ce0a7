"""What is promised about a researcher's next slot: it is the first one that could be booked at that moment."""

from __future__ import annotations

from datetime import timedelta

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.application.ports.directory import DirectoryFilter
from consulting.application.ports.transactions import Transactions
from consulting.domain.time_slots import TimeSlot


class NextAvailableContract(RecordsContract):
    """The next slot is judged as booking judges it."""

    def test_the_next_slot_is_the_earliest_that_is_free(self, transactions: Transactions, setting: Setting) -> None:
        setting.slot(3)
        earliest = setting.slot(2)
        assert _next(transactions) == earliest

    def test_the_next_slots_are_the_soonest_that_are_free(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held(2)
        free = [setting.slot(number) for number in (4, 3, 1)][::-1]
        with transactions.begin() as tx:
            soon = tx.researchers.next_slots(free[0].researcher_id, at=sample.NOW, limit=2)
            more = tx.researchers.next_slots(free[0].researcher_id, at=sample.NOW, limit=9)
            nobodys = tx.researchers.next_slots(session.id, at=sample.NOW, limit=9)
        assert list(soon) == free[:2]
        assert list(more) == free
        assert list(nobodys) == []

    def test_lists_and_searches_show_the_next_slot(self, transactions: Transactions, setting: Setting) -> None:
        slot = setting.slot()
        setting.researcher(2, name="Nobody's")
        with transactions.begin() as tx:
            page = tx.researchers.page(wanted=DirectoryFilter(), after=None, limit=9, at=sample.NOW)
            found = tx.researchers.search(query="statistics", after=None, limit=9, at=sample.NOW)
        assert [each.next_available for each in page] == [slot, None]
        assert [each.next_available for each in found] == [slot, None]

    def test_a_withdrawn_slot_is_not_next(self, transactions: Transactions, setting: Setting) -> None:
        setting.withdraw(setting.slot(1))
        second = setting.slot(2)
        assert _next(transactions) == second

    def test_a_booked_slot_is_not_next_and_an_expired_hold_books_nothing(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.held(1)
        second = setting.slot(2)
        assert session.expires_at is not None
        with transactions.begin() as tx:
            before = tx.researchers.next_available(
                session.researcher_id, at=session.expires_at - timedelta(microseconds=1)
            )
            at_deadline = tx.researchers.next_available(session.researcher_id, at=session.expires_at)
        assert before == second
        assert at_deadline is not None
        assert at_deadline.id == session.time_slot_id

    def test_a_session_elsewhere_in_that_time_takes_the_slot_too(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        away = setting.slot(1)
        half_past = sample.slot(2, period=sample.hour(25.5))
        setting.withdraw(away)
        setting.publish(half_past)
        setting.book(sample.held(away))
        assert _next(transactions) is None

    def test_notice_and_horizon_count_to_the_moment(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(notice=timedelta(hours=25), horizon=timedelta(hours=25))
        slot = setting.slot(1)
        moment = timedelta(microseconds=1)
        with transactions.begin() as tx:
            found = [
                tx.researchers.next_available(slot.researcher_id, at=sample.NOW + shift)
                for shift in (-moment, timedelta(0), moment)
            ]
        assert found == [None, slot, None]

    def test_a_slot_that_has_begun_is_not_next(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(notice=timedelta(0))
        slot = setting.slot(1)
        with transactions.begin() as tx:
            assert tx.researchers.next_available(slot.researcher_id, at=slot.period.start) is None

    def test_a_deactivated_or_unknown_researcher_has_no_next_slot(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        slot = setting.slot(1)
        with transactions.begin() as tx:
            tx.researchers.save(sample.researcher(active=False))
            assert tx.researchers.next_available(slot.researcher_id, at=sample.NOW) is None
            assert tx.researchers.next_available(sample.researcher(9).id, at=sample.NOW) is None


def _next(transactions: Transactions) -> TimeSlot | None:
    with transactions.begin() as tx:
        return tx.researchers.next_available(sample.researcher().id, at=sample.NOW)
