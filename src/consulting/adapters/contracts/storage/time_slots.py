"""What is promised about the published slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import refused, second_after_first
from consulting.application.ports.records import Offer
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.period import Period
from consulting.domain.publishing import Publication
from consulting.domain.time_slots import Claim

DAY = Period(sample.after(hours=24), sample.after(hours=48))
RESEARCHER = sample.identity("researcher", 1)


class TimeSlotsContract(RecordsContract):
    """Slots keep their ids and never overlap; whoever locks one sees what the one before them did to it."""

    def test_a_slot_comes_with_its_researcher_and_without_claims(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        slot = setting.slot()
        with transactions.begin() as tx:
            expected = Offer(slot=slot, researcher=sample.researcher(), claims=())
            assert tx.time_slots.get(slot.id) == expected
            assert tx.time_slots.lock(slot.id) == expected

    def test_an_unknown_slot_is_none(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            assert tx.time_slots.get(sample.slot().id) is None
            assert tx.time_slots.lock(sample.slot().id) is None

    def test_a_slot_shows_every_claim_that_overlaps_it_by_start(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        earlier, later = setting.held(1), setting.held(2)
        for session in (earlier, later):
            setting.withdraw(sample.slot(id=session.time_slot_id))
        (recut,) = setting.publish(sample.slot(3, period=sample.hour(25.5)))
        assert _claims(transactions, recut.id) == (earlier.claim(), later.claim())

    def test_a_claim_that_only_touches_the_slot_does_not_matter(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.held(1)
        setting.held(3)
        between = setting.slot(2)
        assert _claims(transactions, between.id) == ()

    def test_a_canceled_session_claims_nothing(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        setting.save(sample.canceled(session))
        assert _claims(transactions, session.time_slot_id) == ()

    def test_an_expired_hold_is_shown_with_its_deadline(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        assert _claims(transactions, session.time_slot_id) == (session.claim(),)

    def test_a_session_of_another_researcher_claims_nothing_here(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        mine = setting.slot(1)
        setting.researcher(2)
        (theirs,) = setting.publish(sample.slot(2, researcher_id=sample.identity("researcher", 2), period=mine.period))
        setting.book(sample.held(theirs))
        assert _claims(transactions, mine.id) == ()

    def test_slots_are_listed_by_start_within_a_half_open_period(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        at_the_end = setting.slot(1, period=sample.hour(48))
        last = setting.slot(2, period=sample.hour(47))
        first = setting.slot(3, period=sample.hour(24))
        setting.slot(4, period=sample.hour(23))
        assert [offer.slot for offer in _starting(transactions, DAY)] == [first, last]
        assert [offer.slot for offer in _starting(transactions, Period(DAY.end, sample.after(hours=49)))] == [
            at_the_end
        ]

    def test_a_list_tells_the_same_of_a_slot_as_asking_for_it(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.held(1)
        setting.confirmed(2)
        setting.slot(3)
        listed = _starting(transactions, DAY)
        with transactions.begin() as tx:
            assert list(listed) == [tx.time_slots.get(offer.slot.id) for offer in listed]

    def test_nobodys_list_is_empty(self, transactions: Transactions) -> None:
        assert list(_starting(transactions, DAY)) == []

    def test_a_withdrawn_slot_is_listed_only_while_a_session_has_it(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        free, booked = setting.slot(1), setting.held(2)
        setting.withdraw(free)
        setting.withdraw(sample.slot(id=booked.time_slot_id))
        listed = _starting(transactions, DAY)
        assert [(offer.slot.id, offer.slot.withdrawn) for offer in listed] == [(booked.time_slot_id, True)]
        setting.save(sample.canceled(booked))
        assert list(_starting(transactions, DAY)) == []

    def test_a_withdrawn_slot_is_still_given(self, transactions: Transactions, setting: Setting) -> None:
        slot = setting.slot()
        setting.withdraw(slot)
        with transactions.begin() as tx:
            offer = tx.time_slots.get(slot.id)
        assert offer is not None
        assert offer.slot == replace(slot, withdrawn=True)

    def test_a_revived_slot_is_the_same_slot(self, transactions: Transactions, setting: Setting) -> None:
        slot = setting.slot()
        setting.withdraw(slot)
        with transactions.begin() as tx:
            tx.time_slots.publish(Publication(revive=(slot.id,)), researcher_id=RESEARCHER, ids=())
        assert [offer.slot for offer in _starting(transactions, DAY)] == [slot]

    def test_a_retired_slot_keeps_its_session_and_is_offered_again_when_restored(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        booked = setting.held()
        with transactions.begin() as tx:
            tx.time_slots.publish(Publication(retire=(booked.time_slot_id,)), researcher_id=RESEARCHER, ids=())
            retired = tx.time_slots.get(booked.time_slot_id)
            tx.time_slots.publish(Publication(restore=(booked.time_slot_id,)), researcher_id=RESEARCHER, ids=())
            restored = tx.time_slots.get(booked.time_slot_id)
        assert retired is not None
        assert restored is not None
        assert (retired.slot.retired, restored.slot.retired) == (True, False)
        assert not retired.slot.withdrawn
        assert retired.claims == restored.claims == (booked.claim(),)

    def test_a_publication_withdraws_before_it_adds(self, transactions: Transactions, setting: Setting) -> None:
        old = setting.slot(1)
        new = sample.slot(2, period=Period(old.period.start, sample.after(hours=25.5)))
        with transactions.begin() as tx:
            change = Publication(withdraw=(old.id,), add=(new.period,))
            tx.time_slots.publish(change, researcher_id=RESEARCHER, ids=[new.id])
        assert [offer.slot for offer in _starting(transactions, DAY)] == [new]

    def test_an_empty_publication_changes_nothing(self, transactions: Transactions, setting: Setting) -> None:
        slot = setting.slot()
        with transactions.begin() as tx:
            tx.time_slots.publish(Publication(keep=(slot.id,)), researcher_id=RESEARCHER, ids=())
        assert [offer.slot for offer in _starting(transactions, DAY)] == [slot]

    def test_a_large_publication_is_carried_out(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher()
        slots = [sample.slot(number, period=sample.hour(24 + number)) for number in range(500)]
        setting.publish(*slots)
        month = Period(sample.after(hours=24), sample.after(hours=24 + 500))
        assert [offer.slot for offer in _starting(transactions, month)] == slots

    def test_published_slots_never_overlap(self, setting: Setting) -> None:
        setting.slot(1)
        with refused("a published slot over another one"):
            setting.publish(sample.slot(2, period=sample.hour(25.5)))

    def test_a_slot_cannot_be_revived_over_another_one(self, transactions: Transactions, setting: Setting) -> None:
        old = setting.slot(1)
        setting.withdraw(old)
        setting.publish(sample.slot(2, period=sample.hour(25.5)))
        with refused("a revived slot over another one"), transactions.begin() as tx:
            tx.time_slots.publish(Publication(revive=(old.id,)), researcher_id=RESEARCHER, ids=())

    def test_two_researchers_may_offer_the_same_time(self, transactions: Transactions, setting: Setting) -> None:
        mine = setting.slot(1)
        setting.researcher(2)
        second = sample.identity("researcher", 2)
        (theirs,) = setting.publish(sample.slot(2, researcher_id=second, period=mine.period))
        assert [offer.slot for offer in _starting(transactions, DAY)] == [mine]
        with transactions.begin() as tx:
            offers = tx.time_slots.starting(researcher_id=second, during=DAY)
        assert [offer.slot for offer in offers] == [theirs]

    def test_a_slot_needs_its_researcher(self, setting: Setting) -> None:
        with refused("a slot of nobody"):
            setting.publish(sample.slot())

    def test_whoever_locks_a_slot_next_waits_and_then_sees_the_new_claim(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        slot = setting.slot()
        session = sample.held(slot)

        def book(tx: Transaction) -> None:
            tx.sessions.add(session)

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.time_slots.lock(slot.id),
            then=book,
            second=lambda tx: tx.time_slots.lock(slot.id),
        )
        assert seen is not None
        assert list(seen.claims) == [session.claim()]

    def test_whoever_locks_a_slot_for_another_client_waits_and_then_sees_the_new_claim(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = sample.held(setting.slot())

        def book(tx: Transaction) -> None:
            tx.sessions.add(session)

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.time_slots.lock_for(session.time_slot_id, user_id="client-1"),
            then=book,
            second=lambda tx: tx.time_slots.lock_for(session.time_slot_id, user_id="client-2"),
        )
        assert seen is not None
        assert list(seen.offer.claims) == [session.claim()]

    def test_whoever_locks_a_calendars_slots_waits_for_who_books_one_and_then_sees_it_booked(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        session = sample.held(setting.slot())

        def book(tx: Transaction) -> None:
            tx.sessions.add(session)

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.time_slots.lock_for(session.time_slot_id, user_id="client-1"),
            then=book,
            second=lambda tx: tx.time_slots.lock_published(researcher_id=RESEARCHER, overlapping=DAY),
        )
        assert [slot.booked for slot in seen] == [True]

    def test_whoever_locks_a_slot_next_sees_its_researcher_as_changed_meanwhile(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        slot = setting.slot()

        def deactivate(tx: Transaction) -> None:
            tx.researchers.save(sample.researcher(active=False))

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.time_slots.lock(slot.id),
            then=deactivate,
            second=lambda tx: tx.time_slots.lock(slot.id),
        )
        assert seen is not None
        assert seen.researcher.active is False


def _starting(transactions: Transactions, during: Period) -> Sequence[Offer]:
    with transactions.begin() as tx:
        return tx.time_slots.starting(researcher_id=RESEARCHER, during=during)


def _claims(transactions: Transactions, slot_id: UUID) -> tuple[Claim, ...]:
    with transactions.begin() as tx:
        offer = tx.time_slots.get(slot_id)
    assert offer is not None
    return tuple(offer.claims)
