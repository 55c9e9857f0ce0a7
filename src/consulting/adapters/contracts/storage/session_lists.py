"""What is promised about lists of sessions: whose, which, in what order, and how they go on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.application.ports.records import BookingFilter, Place
from consulting.application.ports.transactions import Transactions
from consulting.domain.period import Period
from consulting.domain.session_states import Status
from consulting.domain.sessions import Session

RESEARCHER = sample.identity("researcher", 1)
AROUND = Period(sample.after(hours=26.5), sample.after(hours=28))


class SessionListsContract(RecordsContract):
    """Each list has its order, and says of a session what is true at the instant that was asked for."""

    def test_a_client_sees_their_own_sessions_the_newest_first(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number in (2, 1, 4):
            setting.held(number)
        setting.held(3, client=sample.client(2))
        assert _numbers(_of_client(transactions)) == [4, 2, 1]
        assert _of_client(transactions, "nobody") == []

    def test_a_clients_pages_join_without_gap_or_repeat(self, transactions: Transactions, setting: Setting) -> None:
        for number in range(1, 6):
            setting.held(number)
        first = _of_client(transactions, limit=2)
        second = _of_client(transactions, limit=2, after=first[-1].id)
        third = _of_client(transactions, limit=2, after=second[-1].id)
        assert _numbers([*first, *second, *third]) == [5, 4, 3, 2, 1]

    def test_a_persons_sessions_are_those_they_booked_and_those_they_give(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.confirmed(1)
        setting.confirmed(2, client=sample.client(2))
        setting.save(sample.canceled(setting.confirmed(3)))
        setting.held(4)
        mine = sample.client().user_id
        assert _of_person(transactions, mine, None) == [3, 1]
        assert _of_person(transactions, "nobody", RESEARCHER) == [3, 2, 1]
        assert _of_person(transactions, sample.client(2).user_id, RESEARCHER) == [3, 2, 1]
        assert _of_person(transactions, "nobody", RESEARCHER, limit=2) == [3, 2]
        assert _of_person(transactions, "nobody", sample.identity("researcher", 2)) == []

    def test_a_persons_sessions_begin_at_the_instant_asked_for(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        start = setting.confirmed(1).period.start
        mine = sample.client().user_id
        assert _of_person(transactions, mine, None, since=start) == [1]
        assert _of_person(transactions, mine, None, since=start + timedelta(microseconds=1)) == []

    @pytest.mark.parametrize(
        ("status", "before", "later"),
        [
            (Status.SCHEDULED, [3, 2, 1], []),
            (Status.CANCELED, [4], [4, 2, 1]),
            (Status.COMPLETED, [], [3]),
        ],
    )
    def test_the_status_asked_for_is_the_one_that_holds_at_that_instant(
        self, transactions: Transactions, setting: Setting, status: Status, before: list[int], later: list[int]
    ) -> None:
        setting.held(1)
        setting.save(setting.held(2).fail_payment(at=sample.NOW)[0])
        setting.confirmed(3)
        setting.save(sample.canceled(setting.held(4)))
        assert _numbers(_of_client(transactions, status=status)) == before
        assert _numbers(_of_client(transactions, status=status, at=sample.after(days=9))) == later

    def test_the_status_turns_exactly_at_the_deadline_and_at_the_end(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        held, confirmed = setting.held(1), setting.confirmed(2)
        assert held.expires_at is not None
        assert _numbers(_of_client(transactions, status=Status.CANCELED, at=held.expires_at)) == [1]
        assert _numbers(_of_client(transactions, status=Status.COMPLETED, at=confirmed.period.end)) == [2]

    def test_a_status_with_pages_joins_without_gap(self, transactions: Transactions, setting: Setting) -> None:
        for number in range(1, 7):
            (setting.confirmed if number % 2 else setting.held)(number)
        later = sample.after(hours=1)
        first = _of_client(transactions, status=Status.SCHEDULED, at=later, limit=2)
        rest = _of_client(transactions, status=Status.SCHEDULED, at=later, limit=2, after=first[-1].id)
        assert _numbers([*first, *rest]) == [5, 3, 1]

    def test_a_client_can_ask_for_sessions_that_start_in_a_half_open_period(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number in range(1, 5):
            setting.held(number)
        during = Period(sample.slot(2).period.start, sample.slot(4).period.start)
        assert _numbers(_of_client(transactions, starting=during)) == [3, 2]

    def test_a_researcher_sees_what_is_to_come_the_earliest_first_and_all_else_the_latest_first(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number in (2, 1, 3):
            setting.held(number)
        now = sample.slot(2).period.start
        assert _numbers(_booked(transactions)) == [3, 2, 1]
        assert _numbers(_booked(transactions, ended=False, at=now)) == [2, 3]
        assert _numbers(_booked(transactions, ended=True, at=now)) == [1]

    @pytest.mark.parametrize("ended", [None, False])
    def test_a_researchers_pages_join_without_gap_or_repeat(
        self, transactions: Transactions, setting: Setting, *, ended: bool | None
    ) -> None:
        for number in range(1, 6):
            setting.held(number)
        seen: list[Session] = []
        while page := _booked(transactions, ended=ended, limit=2, after=seen[-1] if seen else None):
            seen += page
        assert _numbers(seen) == ([1, 2, 3, 4, 5] if ended is False else [5, 4, 3, 2, 1])

    def test_a_researcher_can_ask_for_a_client_a_status_and_a_period(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.held(1)
        setting.confirmed(2)
        setting.held(3, client=sample.client(2))
        setting.save(sample.canceled(setting.held(4)))
        during = Period(sample.slot(2).period.start, sample.slot(4).period.start)
        assert _numbers(_booked(transactions, user_id="client-2")) == [3]
        assert _numbers(_booked(transactions, status=Status.CANCELED)) == [4]
        assert _numbers(_booked(transactions, status=Status.SCHEDULED, at=sample.after(hours=1))) == [2]
        assert _numbers(_booked(transactions, starting=during, user_id="client-1")) == [2]

    def test_a_researchers_notes_are_kept_changed_and_forgotten(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = setting.held(1)
        told: list[str | None] = []
        for notes in (None, "Bring the data.", "Asked twice. \N{GREEK SMALL LETTER PI}", None):
            with transactions.begin() as tx:
                tx.sessions.keep_notes(session.id, notes)
            with transactions.begin() as tx:
                told.append(tx.sessions.notes(session.id))
                assert tx.sessions.get(session.id) == session
        assert told == [None, "Bring the data.", "Asked twice. \N{GREEK SMALL LETTER PI}", None]

    def test_claims_and_sessions_in_a_period_are_listed_by_start_without_canceled_ones(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        in_order = [setting.confirmed(3), setting.held(2)][::-1]
        setting.held(1)
        setting.held(4)
        setting.book(sample.canceled(sample.held(sample.slot(2), 5)))
        with transactions.begin() as tx:
            claims = tx.sessions.claims(researcher_id=RESEARCHER, overlapping=AROUND)
            sessions = tx.sessions.of_researcher(RESEARCHER, overlapping=AROUND)
            nobodys = tx.sessions.claims(researcher_id=sample.identity("researcher", 2), overlapping=AROUND)
        assert list(claims) == [session.claim() for session in in_order]
        assert list(sessions) == in_order
        assert list(nobodys) == []

    def test_expired_holds_are_listed_the_oldest_first_from_their_deadline_on(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number, minutes in ((1, 15), (2, 5), (3, 10), (4, 16)):
            setting.held(number, expires_at=sample.after(minutes=minutes))
        setting.confirmed(5)
        setting.save(sample.canceled(setting.held(6)))
        with transactions.begin() as tx:
            at_deadline = tx.sessions.expired(at=sample.after(minutes=15), limit=9)
            first_two = tx.sessions.expired(at=sample.after(minutes=15), limit=2)
        assert _of_ids(at_deadline) == [2, 3, 1]
        assert _of_ids(first_two) == [2, 3]

    def test_a_failed_payment_does_not_hide_an_expired_hold(self, transactions: Transactions, setting: Setting) -> None:
        setting.save(setting.held(1).fail_payment(at=sample.NOW)[0])
        with transactions.begin() as tx:
            assert _of_ids(tx.sessions.expired(at=sample.after(hours=1), limit=9)) == [1]

    def test_ended_sessions_are_confirmed_ones_the_oldest_first(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number in (3, 1, 2):
            setting.confirmed(number)
        setting.held(4)
        completed = setting.confirmed(5)
        setting.save(completed.effective(at=completed.period.end))
        with transactions.begin() as tx:
            assert _of_ids(tx.sessions.ended(at=sample.slot(2).period.end, limit=9)) == [1, 2]
            assert _of_ids(tx.sessions.ended(at=sample.after(days=9), limit=2)) == [1, 2]

    def test_confirmed_sessions_that_start_in_a_period_are_listed_by_id_ended_ones_too(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.slot(1)
        for number, slot in ((4, 2), (2, 3), (3, 4)):
            setting.book(sample.confirmed(setting.slot(slot), number))
        setting.held(5)
        setting.save(sample.canceled(setting.confirmed(6)))
        ended = setting.confirmed(7)
        setting.save(ended.effective(at=ended.period.end))
        during = Period(sample.slot(2).period.start, sample.after(days=9))
        with transactions.begin() as tx:
            everything = tx.sessions.starting(during=during, limit=9)
            first = tx.sessions.starting(during=during, limit=2)
            rest = tx.sessions.starting(during=during, limit=9, after=first[-1].id)
        assert _numbers(everything) == [2, 3, 4, 7]
        assert _numbers([*first, *rest]) == [2, 3, 4, 7]


def _of_person(
    transactions: Transactions,
    user_id: str,
    researcher_id: UUID | None,
    *,
    since: datetime = sample.NOW,
    limit: int = 100,
) -> list[int]:
    with transactions.begin() as tx:
        found = tx.sessions.of_person(user_id, researcher_id=researcher_id, since=since, limit=limit)
    return _numbers(found)


def _of_client(transactions: Transactions, user_id: str = "client-1", **wanted: Any) -> list[Session]:
    asked: dict[str, Any] = {"status": None, "starting": None, "after": None, "limit": 50, "at": sample.NOW, **wanted}
    with transactions.begin() as tx:
        return list(tx.sessions.of_client(user_id, **asked))


def _numbers(sessions: Sequence[Session]) -> list[int]:
    return _of_ids([session.id for session in sessions])


def _of_ids(ids: Sequence[UUID]) -> list[int]:
    return [each.int >> 80 for each in ids]


def _booked(
    transactions: Transactions,
    *,
    after: Session | None = None,
    limit: int = 100,
    at: datetime = sample.NOW,
    **wanted: Any,
) -> Sequence[Session]:
    place = None if after is None else Place(after.period.start, after.id)
    with transactions.begin() as tx:
        return tx.sessions.booked(RESEARCHER, wanted=BookingFilter(**wanted), after=place, limit=limit, at=at)
