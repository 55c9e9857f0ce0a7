"""What is promised of answers that are kept for repeated requests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import Regret, at_once
from consulting.application.ports.retries import (
    Attempt,
    IdempotencyKeyReused,
    KeptAnswer,
    KeyedRequest,
    RequestInProgress,
    Retries,
    SentBefore,
)
from consulting.application.ports.transactions import Transactions
from consulting.domain.errors import SlotUnavailable
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session

REQUEST = KeyedRequest(caller="ada", key="key-1", fingerprint=b"1" * 32)
ANSWER = KeptAnswer(status=201, headers={"location": "/somewhere"}, body=b"\x00\xff done")
LEASED = sample.after(minutes=1)


def begun(retries: Retries, request: KeyedRequest = REQUEST) -> Attempt:
    """Begin an attempt that nothing stands in the way of."""
    attempt = retries.begin(request, at=sample.NOW)
    assert not isinstance(attempt, KeptAnswer)
    return attempt


def told_sent_before(retries: Retries, work: Callable[[], object], request: KeyedRequest = REQUEST) -> bool:
    """Presume a request to be new, and do this work for it; tell whether it turned out that it isn't."""
    attempt = None
    try:
        attempt = retries.presume(request)
        with attempt.joined():
            work()
    except SentBefore:
        return True
    finally:
        if attempt is not None:
            attempt.drop()
    return False


def leased(retries: Retries, *, seconds: int = 0) -> Attempt:
    """Lease the request so many seconds after the sample's instant."""
    now = sample.after(seconds=seconds)
    attempt = retries.lease(REQUEST, until=now + (LEASED - sample.NOW), at=now)
    assert not isinstance(attempt, KeptAnswer)
    return attempt


def book_and_go_on(transactions: Transactions, session: Session) -> None:
    """Book in a part, and begin another: at the latest, that one is told what stands against the booking."""
    with transactions.begin() as tx:
        tx.sessions.add(session)
    with transactions.begin() as tx:
        tx.sessions.get(session.id)


def book_and_keep(transactions: Transactions, attempt: Attempt, session: Session) -> None:
    """Book, with something else besides, and keep an answer that says so."""
    with attempt.joined(), transactions.begin() as tx:
        tx.researchers.add(sample.researcher(2))
        tx.sessions.add(session)
    attempt.keep(replace(ANSWER, body=b"booked"), at=sample.NOW)


def add(transactions: Transactions, number: int = 1) -> None:
    """Do some work."""
    with transactions.begin() as tx:
        tx.researchers.add(sample.researcher(number))


def added(transactions: Transactions, number: int = 1) -> Researcher | None:
    """Look whether it was done."""
    with transactions.begin() as tx:
        return tx.researchers.get(sample.researcher(number).id)


class RetriesContract(RecordsContract):
    """An answer is kept with the work that it tells of, or not at all. Provide `transactions` and their `retries`."""

    def test_a_kept_answer_comes_again_as_it_was(self, retries: Retries) -> None:
        begun(retries).keep(ANSWER, at=sample.NOW)

        assert retries.begin(REQUEST, at=sample.NOW) == ANSWER
        assert retries.lease(REQUEST, until=LEASED, at=sample.NOW) == ANSWER

    def test_work_that_joined_is_committed_with_the_answer(self, transactions: Transactions, retries: Retries) -> None:
        attempt = begun(retries)
        with attempt.joined():
            add(transactions, 1)
            assert added(transactions, 1) is not None
            add(transactions, 2)
        attempt.keep(ANSWER, at=sample.NOW)

        assert added(transactions, 1) == sample.researcher(1)
        assert added(transactions, 2) == sample.researcher(2)

    def test_work_that_joined_is_undone_with_the_attempt(self, transactions: Transactions, retries: Retries) -> None:
        attempt = begun(retries)
        with attempt.joined():
            add(transactions)
        attempt.drop()

        assert added(transactions) is None
        begun(retries).drop()

    def test_what_is_done_under_a_lease_is_committed_at_once(
        self, transactions: Transactions, retries: Retries
    ) -> None:
        lease = leased(retries)
        with lease.joined():
            add(transactions)
        lease.drop()

        assert added(transactions) is not None

    def test_a_part_is_undone_alone(self, transactions: Transactions, retries: Retries) -> None:
        attempt = begun(retries)
        with attempt.joined():
            add(transactions, 1)
            with suppress(Regret), transactions.begin() as tx:
                tx.researchers.add(sample.researcher(2))
                raise Regret
            with suppress(Regret), transactions.begin():
                raise Regret
        attempt.keep(ANSWER, at=sample.NOW)

        assert added(transactions, 1) is not None
        assert added(transactions, 2) is None
        assert retries.begin(REQUEST, at=sample.NOW) == ANSWER

    def test_the_answer_to_work_that_a_rule_refused_is_kept(
        self, transactions: Transactions, retries: Retries, setting: Setting
    ) -> None:
        session = setting.held()
        rival = sample.held(sample.slot(), 2)
        attempt = begun(retries)
        with attempt.joined(), pytest.raises(SlotUnavailable):
            book_and_go_on(transactions, rival)
        with attempt.joined(), transactions.begin() as tx:
            assert tx.sessions.get(session.id) == session
            assert tx.sessions.get(rival.id) is None
        attempt.keep(ANSWER, at=sample.NOW)

        assert retries.begin(REQUEST, at=sample.NOW) == ANSWER
        with transactions.begin() as tx:
            assert tx.sessions.get(rival.id) is None

    def test_an_answer_is_not_kept_to_work_that_a_rule_refuses_but_another_can_be(
        self, transactions: Transactions, retries: Retries, setting: Setting
    ) -> None:
        setting.held()
        rival = sample.held(sample.slot(), 2)
        attempt = begun(retries)
        with pytest.raises(SlotUnavailable):
            book_and_keep(transactions, attempt, rival)
        attempt.keep(ANSWER, at=sample.NOW)

        assert retries.begin(REQUEST, at=sample.NOW) == ANSWER
        assert added(transactions, 2) is None
        with transactions.begin() as tx:
            assert tx.sessions.get(rival.id) is None

    def test_work_that_a_rule_refuses_can_run_again_when_its_attempt_is_dropped(
        self, transactions: Transactions, retries: Retries, setting: Setting
    ) -> None:
        setting.held()
        attempt = begun(retries)
        with pytest.raises(SlotUnavailable):
            book_and_keep(transactions, attempt, sample.held(sample.slot(), 2))
        attempt.drop()

        begun(retries).drop()

    def test_a_refusal_that_a_part_swallowed_is_raised_at_its_end(
        self, transactions: Transactions, retries: Retries, setting: Setting
    ) -> None:
        setting.held()
        attempt = begun(retries)
        with attempt.joined(), suppress(SlotUnavailable), transactions.begin() as tx:
            tx.researchers.add(sample.researcher(2))
            tx.sessions.add(sample.held(sample.slot(), 2))
        with attempt.joined(), suppress(SlotUnavailable), transactions.begin():
            pass
        attempt.keep(ANSWER, at=sample.NOW)

        assert added(transactions, 2) is None

    def test_another_request_under_the_same_key_is_refused(self, retries: Retries) -> None:
        begun(retries).keep(ANSWER, at=sample.NOW)
        other = replace(REQUEST, fingerprint=b"2" * 32)

        with pytest.raises(IdempotencyKeyReused):
            retries.begin(other, at=sample.NOW)
        with pytest.raises(IdempotencyKeyReused):
            retries.lease(other, until=LEASED, at=sample.NOW)

    def test_keys_are_their_callers_own(self, retries: Retries) -> None:
        begun(retries).keep(ANSWER, at=sample.NOW)

        begun(retries, replace(REQUEST, caller="bob")).drop()
        begun(retries, replace(REQUEST, key="key-2")).drop()

    def test_who_repeats_a_request_that_runs_is_told_so_at_once(self, retries: Retries) -> None:
        attempt = begun(retries)
        for _ in range(2):
            with pytest.raises(RequestInProgress):
                retries.begin(REQUEST, at=sample.NOW)
        attempt.keep(ANSWER, at=sample.NOW)

        assert retries.begin(REQUEST, at=sample.NOW) == ANSWER

    def test_a_leased_request_is_not_run_again_before_its_end(self, retries: Retries) -> None:
        lease = leased(retries)
        for at in (sample.NOW, sample.after(seconds=59)):
            with pytest.raises(RequestInProgress):
                retries.lease(REQUEST, until=LEASED, at=at)
            with pytest.raises(RequestInProgress):
                retries.begin(REQUEST, at=at)
        lease.keep(ANSWER, at=LEASED)

        assert retries.lease(REQUEST, until=LEASED, at=LEASED) == ANSWER

    def test_a_lease_that_is_given_back_or_has_passed_lets_the_request_run_again(self, retries: Retries) -> None:
        leased(retries).drop()
        late = leased(retries)
        second = leased(retries, seconds=60)
        late.keep(replace(ANSWER, status=409), at=LEASED)
        late.drop()
        second.keep(ANSWER, at=LEASED)

        assert retries.lease(REQUEST, until=LEASED, at=LEASED) == ANSWER

    def test_a_request_that_is_presumed_to_be_new_and_is_runs_as_any_other(
        self, transactions: Transactions, retries: Retries
    ) -> None:
        attempt = retries.presume(REQUEST)
        with attempt.joined():
            add(transactions)
        with pytest.raises(RequestInProgress):
            retries.begin(REQUEST, at=sample.NOW)
        attempt.keep(ANSWER, at=sample.NOW)

        assert added(transactions) is not None
        assert retries.begin(REQUEST, at=sample.NOW) == ANSWER

    def test_what_is_presumed_to_be_new_and_dropped_leaves_nothing_behind(
        self, transactions: Transactions, retries: Retries
    ) -> None:
        for _ in range(2):
            attempt = retries.presume(REQUEST)
            with attempt.joined():
                add(transactions)
            attempt.drop()
        assert added(transactions) is None
        retries.presume(REQUEST).drop()
        begun(retries).drop()

    def test_what_is_presumed_to_be_new_and_runs_is_told_so_at_once(
        self, transactions: Transactions, retries: Retries
    ) -> None:
        work = partial(add, transactions)
        attempt = begun(retries)
        assert told_sent_before(retries, work)
        attempt.drop()
        lease = leased(retries)
        assert told_sent_before(retries, work)
        lease.drop()
        assert added(transactions) is None
        assert not told_sent_before(retries, work)

    def test_what_is_presumed_to_be_new_and_was_answered_does_nothing(
        self, transactions: Transactions, retries: Retries
    ) -> None:
        work = partial(add, transactions)
        begun(retries).keep(ANSWER, at=sample.NOW)

        assert told_sent_before(retries, work)
        assert told_sent_before(retries, work, replace(REQUEST, fingerprint=b"2" * 32))
        assert added(transactions) is None
        assert not told_sent_before(retries, work, replace(REQUEST, caller="bob"))
        assert retries.begin(REQUEST, at=sample.NOW) == ANSWER

    def test_what_is_presumed_to_be_new_is_looked_up_even_if_nothing_is_asked_for_it(self, retries: Retries) -> None:
        begun(retries).keep(ANSWER, at=sample.NOW)

        assert told_sent_before(retries, bool)
        with pytest.raises(SentBefore):
            retries.presume(REQUEST).keep(replace(ANSWER, status=404), at=sample.NOW)
        assert retries.begin(REQUEST, at=sample.NOW) == ANSWER

    def test_what_is_presumed_to_be_new_is_told_that_it_is_not_even_if_that_is_swallowed(
        self, transactions: Transactions, retries: Retries
    ) -> None:
        def heedless() -> None:
            for number in (1, 2):
                with suppress(Exception):
                    add(transactions, number)

        begun(retries).keep(ANSWER, at=sample.NOW)

        assert told_sent_before(retries, heedless)
        assert (added(transactions, 1), added(transactions, 2)) == (None, None)

    def test_a_part_of_what_is_presumed_to_be_new_is_undone_alone(
        self, transactions: Transactions, retries: Retries
    ) -> None:
        attempt = retries.presume(REQUEST)
        with attempt.joined():
            with suppress(Regret), transactions.begin():
                raise Regret
            with suppress(Regret), transactions.begin() as tx:
                tx.researchers.add(sample.researcher(2))
                raise Regret
            add(transactions, 1)
        attempt.keep(ANSWER, at=sample.NOW)

        assert added(transactions, 1) is not None
        assert added(transactions, 2) is None

    def test_of_several_equal_requests_at_once_one_runs(self, transactions: Transactions, retries: Retries) -> None:
        for number in range(1, 6):
            request = replace(REQUEST, key=f"race-{number}")
            outcomes = at_once(*[partial(self._run, transactions, retries, request, number)] * 4)

            assert [each for each in outcomes if each.raised and not isinstance(each.raised, RequestInProgress)] == []
            assert sum(each.result == "ran" for each in outcomes) == 1

    def test_of_several_equal_requests_that_are_presumed_to_be_new_one_runs(
        self, transactions: Transactions, retries: Retries
    ) -> None:
        for number in range(1, 6):
            request = replace(REQUEST, key=f"presumed-{number}")
            outcomes = at_once(*[partial(self._presume, transactions, retries, request, number)] * 4)

            assert [each for each in outcomes if each.raised and not isinstance(each.raised, SentBefore)] == []
            assert sum(each.result == "ran" for each in outcomes) == 1

    def _presume(self, transactions: Transactions, retries: Retries, request: KeyedRequest, number: int) -> str:
        attempt = retries.presume(request)
        try:
            with attempt.joined():
                add(transactions, number)
            attempt.keep(ANSWER, at=sample.NOW)
        finally:
            attempt.drop()
        return "ran"

    def _run(self, transactions: Transactions, retries: Retries, request: KeyedRequest, number: int) -> str:
        attempt = retries.begin(request, at=sample.NOW)
        if isinstance(attempt, KeptAnswer):
            return "replayed"
        with attempt.joined():
            add(transactions, number)
        attempt.keep(ANSWER, at=sample.NOW)
        return "ran"
