"""What is promised when several threads want the same thing at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import Outcome, at_once
from consulting.application.ports.transactions import TransactionConflict, Transactions
from consulting.domain.errors import FreeSessionLimitReached, HoldLimitReached, ReviewExists, SlotUnavailable
from consulting.domain.sessions import Session

ROUNDS = 5
RACERS = 4


def _book(transactions: Transactions, session: Session) -> Session:
    """Book as a client does: lock the slot, look, then add."""
    with transactions.begin() as tx:
        offer = tx.time_slots.lock(session.time_slot_id)
        assert offer is not None
        if offer.claims:
            raise SlotUnavailable
        tx.sessions.add(session)
    return session


def _book_without_looking(transactions: Transactions, session: Session) -> Session:
    with transactions.begin() as tx:
        tx.sessions.add(session)
    return session


def _book_if_no_other(transactions: Transactions, session: Session) -> Session:
    """Book unless the client holds something already."""
    with transactions.begin() as tx:
        found = tx.time_slots.lock_for(session.time_slot_id, user_id=session.client.user_id)
        if found is not None and found.live_holds(at=sample.NOW):
            raise HoldLimitReached
        tx.sessions.add(session)
    return session


def _book_for_nothing_if_no_other(transactions: Transactions, session: Session) -> Session:
    """Book unless the client has another free session still to come."""
    with transactions.begin() as tx:
        tx.time_slots.lock(session.time_slot_id)
        if tx.sessions.add_free(session, at=sample.NOW):
            raise FreeSessionLimitReached
    return session


class RacesContract(RecordsContract):
    """Of several who want what there is once, one gets it, and the others are told so."""

    def test_of_several_who_lock_and_book_one_slot_one_gets_it(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number in range(1, ROUNDS + 1):
            slot = setting.slot(number)
            rivals = [sample.held(slot, number * 10 + racer) for racer in range(RACERS)]
            self._one_wins(transactions, rivals, book=_book, allowed=(SlotUnavailable,))

    def test_of_several_who_book_without_a_lock_one_gets_it(self, transactions: Transactions, setting: Setting) -> None:
        for number in range(1, ROUNDS + 1):
            slot = setting.slot(number)
            rivals = [sample.held(slot, number * 10 + racer) for racer in range(RACERS)]
            self._one_wins(
                transactions, rivals, book=_book_without_looking, allowed=(SlotUnavailable, TransactionConflict)
            )

    def test_of_several_bookings_of_a_client_who_may_hold_one_one_is_kept(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number in range(1, ROUNDS + 1):
            client = sample.client(number)
            slots = [setting.slot(number * RACERS + racer) for racer in range(RACERS)]
            rivals = [sample.held(slot, slot.id.int >> 80, client=client) for slot in slots]
            self._one_wins(transactions, rivals, book=_book_if_no_other, allowed=(HoldLimitReached,))

    def test_of_several_free_bookings_of_a_client_who_may_have_one_one_is_kept(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number in range(1, ROUNDS + 1):
            client = sample.client(number)
            slots = [setting.slot(number * RACERS + racer) for racer in range(RACERS)]
            rivals = [sample.free(slot, slot.id.int >> 80, client=client) for slot in slots]
            allowed = (FreeSessionLimitReached,)
            self._one_wins(transactions, rivals, book=_book_for_nothing_if_no_other, allowed=allowed)

    def test_of_several_attempts_to_pay_one_session_one_is_kept(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.held()

        def pay(number: int) -> None:
            setting.payment(session, number, attempt=number)

        outcomes = at_once(*(partial(pay, number) for number in range(1, RACERS + 1)))
        assert _refusals(outcomes) == [TransactionConflict] * (RACERS - 1)
        with transactions.begin() as tx:
            assert len(tx.payments.of_session(session.id)) == 1

    def test_of_several_reviews_of_one_session_one_is_kept(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.confirmed()

        def write(number: int) -> None:
            with transactions.begin() as tx:
                tx.reviews.add(sample.review(session, number))

        outcomes = at_once(*(partial(write, number) for number in range(1, RACERS + 1)))
        assert _refusals(outcomes) == [ReviewExists] * (RACERS - 1)

    @staticmethod
    def _one_wins(
        transactions: Transactions,
        rivals: list[Session],
        *,
        book: Callable[[Transactions, Session], Session],
        allowed: tuple[type[Exception], ...],
    ) -> None:
        outcomes = at_once(*(partial(book, transactions, rival) for rival in rivals))
        winners = [outcome.result for outcome in outcomes if outcome.raised is None]
        assert len(winners) == 1
        assert set(_refusals(outcomes)) <= set(allowed)
        with transactions.begin() as tx:
            kept = [tx.sessions.get(rival.id) for rival in rivals]
        assert [session for session in kept if session is not None] == winners


def _refusals(outcomes: Sequence[Outcome[Any]]) -> list[type[Exception]]:
    return [type(outcome.raised) for outcome in outcomes if outcome.raised is not None]
