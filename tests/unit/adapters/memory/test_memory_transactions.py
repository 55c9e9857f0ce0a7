from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.memory import MemoryTransactions
from consulting.adapters.memory.kept import ForbiddenRecord
from consulting.application.ports.transactions import StorageUnavailable


def test_a_transaction_cannot_begin_inside_another_one() -> None:
    transactions = MemoryTransactions()
    with transactions.begin(), pytest.raises(RuntimeError, match="inside another"), transactions.begin():
        pass
    with transactions.begin() as tx:
        tx.researchers.add(sample.researcher())


def test_a_transaction_is_of_no_use_after_its_end() -> None:
    transactions = MemoryTransactions()
    with transactions.begin() as tx:
        pass
    with pytest.raises(RuntimeError, match="has ended"):
        tx.researchers  # noqa: B018 -- asking is the point


def test_whoever_waits_too_long_for_their_turn_is_told_so() -> None:
    transactions = MemoryTransactions(patience=timedelta(milliseconds=20))
    begun, done = Event(), Event()

    def linger() -> None:
        with transactions.begin():
            begun.set()
            done.wait(60)

    slow = Thread(target=linger)
    slow.start()
    begun.wait(60)
    with pytest.raises(StorageUnavailable), transactions.begin():
        pass
    done.set()
    slow.join(60)
    with transactions.begin() as tx:
        assert tx.researchers.get(sample.researcher().id) is None


def test_workers_are_woken_after_a_commit_that_left_something_to_do() -> None:
    woken: list[int] = []
    transactions = MemoryTransactions(wake=lambda: woken.append(len(transactions.snapshot().messages)))
    with transactions.begin() as tx:
        tx.researchers.add(sample.researcher())
    assert woken == []
    with transactions.begin() as tx:
        tx.inbox.receive(sample.message(), id=sample.identity("message", 1), at=sample.NOW)
        assert woken == []
    assert woken == [1]


def test_a_snapshot_is_a_copy() -> None:
    transactions = MemoryTransactions()
    transactions.snapshot().researchers[sample.researcher().id] = sample.researcher()
    assert transactions.snapshot().researchers == {}


def test_a_hold_has_a_deadline_and_nothing_else_has_one() -> None:
    transactions = MemoryTransactions()
    slot = Setting(transactions).slot()
    for session in (sample.held(slot, expires_at=None), replace(sample.confirmed(slot), expires_at=sample.NOW)):
        with pytest.raises(ForbiddenRecord), transactions.begin() as tx:
            tx.sessions.add(session)
