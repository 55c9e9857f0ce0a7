"""Deliberately wrong storages: each breaks one promise, and the test that is named for it has to say so."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from consulting.adapters.contracts import turns
from consulting.adapters.contracts.storage import (
    CalendarsContract,
    OutboxContract,
    PaymentsContract,
    RacesContract,
    ResearchersContract,
    SessionsContract,
    Setting,
    TimeSlotsContract,
    TransactionsContract,
)
from consulting.adapters.contracts.storage.records import RecordsContract
from consulting.adapters.memory.kept import Standing
from consulting.adapters.memory.outbox import MemoryOutbox
from consulting.adapters.memory.payments import MemoryPayments
from consulting.adapters.memory.sessions import MemorySessions
from consulting.adapters.memory.transactions import MemoryTransaction, MemoryTransactions


class WithoutRollback(MemoryTransactions):
    """Keeps what a transaction did before it raised."""

    @contextmanager
    def begin(self) -> Iterator[MemoryTransaction]:
        failure: BaseException | None = None
        with super().begin() as tx:
            try:
                yield tx
            except BaseException as error:  # noqa: BLE001 -- it is raised again below
                failure = error
        if failure is not None:
            raise failure


class WithoutTurns(MemoryTransactions):
    """Lets nobody wait: each works on a copy of its own, and the last one to end wins."""

    @contextmanager
    def begin(self) -> Iterator[MemoryTransaction]:
        working = self._committed.copy()
        yield MemoryTransaction(working)
        self._committed = working


class WithoutIsolation(MemoryTransactions):
    """Lets everybody work on what is committed, and puts it back after an error."""

    @contextmanager
    def begin(self) -> Iterator[MemoryTransaction]:
        before = self._committed.copy()
        try:
            yield MemoryTransaction(self._committed)
        except BaseException:
            self._committed = before
            raise


def failing(suite: type[RecordsContract], transactions: Callable[[], MemoryTransactions]) -> set[str]:
    """Run the suite's tests that take nothing but a storage, and name those that fail."""
    return {name for name, test in _tests(suite) if _fails(test, transactions())}


def _tests(suite: type[RecordsContract]) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, test in inspect.getmembers(suite(), inspect.ismethod):
        if name.startswith("test_") and set(inspect.signature(test).parameters) <= {"transactions", "setting"}:
            yield name, test


def _fails(test: Callable[..., Any], transactions: MemoryTransactions) -> bool:
    given = {"transactions": transactions, "setting": Setting(transactions)}
    try:
        test(**{name: given[name] for name in inspect.signature(test).parameters})
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 -- however it fails
        return True
    return False


SUITES = (
    TransactionsContract,
    ResearchersContract,
    TimeSlotsContract,
    CalendarsContract,
    SessionsContract,
    RacesContract,
)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "HEAD_START", 0.02)


@pytest.mark.parametrize("suite", SUITES)
def test_the_right_storage_fails_nothing(suite: type[RecordsContract]) -> None:
    assert failing(suite, MemoryTransactions) == set()


def test_a_storage_without_rollback_is_found_out() -> None:
    assert failing(TransactionsContract, WithoutRollback) >= {
        "test_an_exception_undoes_what_was_added_changed_and_removed",
        "test_an_exception_undoes_every_kind_of_record",
        "test_a_refusal_by_a_rule_undoes_what_went_before_it",
        "test_the_storage_goes_on_after_a_transaction_was_undone",
    }


def test_a_storage_without_isolation_is_found_out() -> None:
    assert "test_nobody_sees_what_is_not_committed" in failing(TransactionsContract, WithoutIsolation)


@pytest.mark.parametrize(
    ("suite", "named"),
    [
        (ResearchersContract, "test_a_locked_calendar_makes_the_next_one_wait_and_then_see_the_change"),
        (TimeSlotsContract, "test_whoever_locks_a_slot_next_waits_and_then_sees_the_new_claim"),
        (CalendarsContract, "test_a_booking_waits_for_a_change_of_the_calendar"),
        (CalendarsContract, "test_whoever_locks_the_published_slots_next_waits_and_then_sees_the_booking"),
        (SessionsContract, "test_whoever_locks_a_session_next_waits_and_then_sees_it_changed"),
        (SessionsContract, "test_whoever_counts_a_clients_holds_next_waits_and_then_counts_the_new_one"),
    ],
)
def test_a_storage_without_locks_is_found_out(suite: type[RecordsContract], named: str) -> None:
    assert named in failing(suite, WithoutTurns)


def _anything_goes(records: Any, value: Any) -> None:
    """Refuse nothing."""


def _every_errand(outbox: MemoryOutbox) -> Iterator[Any]:
    return (each for each in outbox._kept.errands.values() if each.standing is Standing.WAITING)


def _anybody_ends_it(outbox: MemoryOutbox, leased: Any, **changes: Any) -> bool:
    return leased.entry.id in outbox._kept.errands


@pytest.mark.parametrize(
    ("records", "guard", "without", "suite", "named"),
    [
        (
            MemorySessions,
            "_require_alone",
            _anything_goes,
            SessionsContract,
            "test_a_completed_session_stays_in_its_time",
        ),
        (
            MemorySessions,
            "_require_alone",
            _anything_goes,
            RacesContract,
            "test_of_several_who_book_without_a_lock_one_gets_it",
        ),
        (
            MemoryPayments,
            "_require_possible",
            _anything_goes,
            PaymentsContract,
            "test_an_intent_belongs_to_one_attempt",
        ),
        (MemoryOutbox, "_firsts", _every_errand, OutboxContract, "test_nothing_overtakes_a_postponed_errand"),
        (
            MemoryOutbox,
            "_give_back",
            _anybody_ends_it,
            OutboxContract,
            "test_a_worker_that_lost_its_lease_can_end_nothing",
        ),
    ],
)
def test_a_storage_without_a_guard_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
    records: type,
    guard: str,
    without: Callable[..., Any],
    suite: type[RecordsContract],
    named: str,
) -> None:
    monkeypatch.setattr(records, guard, without)
    assert named in failing(suite, MemoryTransactions)
