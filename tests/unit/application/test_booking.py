from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from consulting.application.callers import Caller
from consulting.application.ports.outbox import Errand
from consulting.domain.errors import (
    EmailRequired,
    FreeSessionLimitReached,
    HoldLimitReached,
    OwnSlot,
    SessionNotFound,
    SlotNotFound,
    SlotUnavailable,
)
from consulting.domain.money import Money
from consulting.domain.session_states import SC, SP, Status
from tests.unit.application.marketplace import FREE_SESSIONS_PER_USER, HOLD, account_of, client
from tests.unit.application.scene import ADA, BEA, PRICE, Scene

STRANGER = client("cyd")
ADMIN = Caller(user_id="root", roles=frozenset({"admin"}))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_hold_takes_the_slot_and_freezes_price_policy_and_deadline(scene: Scene) -> None:
    slot = scene.slot()

    session = scene.held(slot=slot)

    assert session.state == SP
    assert session.price == Money(PRICE, "usd")
    assert session.policy == scene.lise.policy
    assert session.expires_at == scene.market.clock.now() + HOLD
    assert not scene.market.slot(slot.id, caller=None).available
    assert scene.waiting() == set()


def test_a_hold_never_lasts_beyond_the_start(scene: Scene) -> None:
    with scene.market.transactions.begin() as tx:
        tx.researchers.save(replace(scene.lise, notice=timedelta(0)))
    slot = scene.slot(ahead=timedelta(0))
    scene.market.clock.set(slot.period.start - timedelta(minutes=5))

    assert scene.held(slot=slot).expires_at == slot.period.start


def test_a_taken_slot_is_refused_even_to_the_one_who_holds_it(scene: Scene) -> None:
    slot = scene.slot()
    scene.held(slot=slot)

    for caller in (ADA, BEA):
        with pytest.raises(SlotUnavailable):
            scene.held(slot=slot, by=caller)


def test_an_expired_hold_is_free_for_others_at_its_deadline_without_any_worker(scene: Scene) -> None:
    slot = scene.slot()
    former = scene.held(slot=slot)
    scene.intent_of(former)
    scene.expire(former)

    assert scene.market.slot(slot.id, caller=None).available
    assert scene.held(slot=slot, by=BEA).state == SP
    assert scene.saved(former).hold_expired
    assert scene.waiting() == {Errand.CANCEL_INTENT}


def test_a_hold_stands_until_the_last_microsecond_before_its_deadline(scene: Scene) -> None:
    slot = scene.slot()
    session = scene.held(slot=slot)
    assert session.expires_at is not None
    scene.market.clock.set(session.expires_at - timedelta(microseconds=1))

    with pytest.raises(SlotUnavailable):
        scene.held(slot=slot, by=BEA)


def test_a_free_researchers_session_is_confirmed_at_once(scene: Scene) -> None:
    session = scene.free()

    assert (session.state, session.expires_at) == (SC, None)
    assert scene.payments(session) == []
    assert scene.waiting() == {Errand.CREATE_MEETING, Errand.NOTIFY}


def test_a_researcher_cannot_book_themselves(scene: Scene) -> None:
    with pytest.raises(OwnSlot):
        scene.held(by=account_of(scene.lise))


def test_booking_needs_an_address_for_the_mails(scene: Scene) -> None:
    with pytest.raises(EmailRequired):
        scene.held(by=Caller(user_id="nameless"))


def test_an_unknown_slot_is_not_found(scene: Scene) -> None:
    with pytest.raises(SlotNotFound):
        scene.market.book(caller=ADA, time_slot_id=UUID(int=1))


def test_holds_are_limited_but_expired_and_confirmed_ones_do_not_count(scene: Scene) -> None:
    first = scene.held()
    scene.confirmed()
    scene.held()
    free_slot = scene.slot()

    with pytest.raises(HoldLimitReached):
        scene.held(slot=free_slot)
    scene.free()
    scene.expire(first)

    assert scene.held(slot=free_slot).state == SP


def test_free_sessions_to_come_are_limited_but_canceled_begun_and_paid_ones_do_not_count(scene: Scene) -> None:
    first, *_, last = [scene.free() for _ in range(FREE_SESSIONS_PER_USER)]
    with pytest.raises(FreeSessionLimitReached):
        scene.free()

    scene.free(by=BEA)
    scene.confirmed()
    scene.market.cancel(last.id, caller=ADA)
    assert scene.free().state == SC
    with pytest.raises(FreeSessionLimitReached):
        scene.free()

    scene.market.clock.set(first.period.start)
    assert scene.free().state == SC
    with pytest.raises(FreeSessionLimitReached):
        scene.free()


def test_a_free_session_too_many_leaves_nothing_behind_and_its_slot_to_others(scene: Scene) -> None:
    for _ in range(FREE_SESSIONS_PER_USER):
        scene.free()
    slot = scene.slot(of=scene.emmy)
    before = scene.market.transactions.snapshot()

    with pytest.raises(FreeSessionLimitReached):
        scene.held(slot=slot)

    assert scene.market.transactions.snapshot() == before
    assert scene.held(slot=slot, by=BEA).state == SC


def test_a_taken_slot_of_a_free_researcher_is_refused_as_taken_before_any_limit(scene: Scene) -> None:
    taken = scene.free(by=BEA)
    for _ in range(FREE_SESSIONS_PER_USER):
        scene.free()

    with pytest.raises(SlotUnavailable):
        scene.market.book(caller=ADA, time_slot_id=taken.time_slot_id)


def test_whoever_has_as_many_free_sessions_as_allowed_may_still_move_one_and_hold_others(scene: Scene) -> None:
    mine = [scene.free() for _ in range(FREE_SESSIONS_PER_USER)]
    slot = scene.slot(ahead=timedelta(hours=48), of=scene.emmy)

    moved = scene.market.reschedule(mine[-1].id, time_slot_id=slot.id, caller=ADA).session

    assert moved.time_slot_id == slot.id
    assert scene.held().state == SP


def test_a_taken_slot_is_refused_as_taken_before_any_limit(scene: Scene) -> None:
    slot = scene.slot()
    scene.held(slot=slot, by=BEA)
    scene.held()
    scene.held()

    with pytest.raises(SlotUnavailable):
        scene.held(slot=slot)


def test_a_refused_booking_leaves_nothing_behind(scene: Scene) -> None:
    scene.held()
    scene.held()
    before = scene.market.transactions.snapshot()

    with pytest.raises(HoldLimitReached):
        scene.held()

    assert scene.market.transactions.snapshot() == before


def test_a_session_is_shown_to_its_client_its_researcher_and_admins_only(scene: Scene) -> None:
    session = scene.held()

    for caller in (ADA, account_of(scene.lise), ADMIN):
        assert scene.market.session(session.id, caller=caller).session.id == session.id
    for caller in (BEA, STRANGER, account_of(scene.emmy)):
        with pytest.raises(SessionNotFound):
            scene.market.session(session.id, caller=caller)


def test_a_session_reads_as_expired_before_anybody_has_swept_it(scene: Scene) -> None:
    session = scene.held()
    scene.expire(session)

    shown = scene.market.session(session.id, caller=ADA).session

    assert (shown.status, shown.hold_expired) == (Status.CANCELED, True)
    assert scene.saved(session).status is Status.SCHEDULED


def test_a_client_lists_their_own_sessions_newest_first_page_by_page(scene: Scene) -> None:
    mine = [scene.free() for _ in range(3)]
    scene.free(by=BEA)

    first = scene.market.sessions(caller=ADA, status=None, starting=None, after=None, limit=2)
    rest = scene.market.sessions(caller=ADA, status=None, starting=None, after=first[-1].session.id, limit=2)

    assert [view.session.id for view in [*first, *rest]] == [session.id for session in reversed(mine)]


def test_sessions_are_filtered_by_the_state_they_have_now(scene: Scene) -> None:
    held, free = scene.held(), scene.free()
    scene.expire(held)

    def listed(status: Status) -> list[UUID]:
        views = scene.market.sessions(caller=ADA, status=status, starting=None, after=None, limit=10)
        return [view.session.id for view in views]

    assert listed(Status.CANCELED) == [held.id]
    assert listed(Status.SCHEDULED) == [free.id]


def test_sweeping_expires_holds_and_completes_what_has_ended(scene: Scene) -> None:
    held, free = scene.held(), scene.free()

    scene.market.clock.set(free.period.end)
    assert scene.market.sweep() == 2
    assert scene.market.sweep() == 0

    assert scene.saved(held).status is Status.CANCELED
    assert scene.saved(free).status is Status.COMPLETED


def test_a_swept_hold_gives_its_time_back_only_if_the_rules_still_give_it(scene: Scene) -> None:
    slot = scene.slot()
    held = scene.held(slot=slot)
    with scene.market.transactions.begin() as tx:
        for pattern in tx.availability.rules(scene.lise.id).patterns:
            tx.availability.remove(pattern.id, researcher_id=scene.lise.id)
    scene.expire(held)

    scene.market.sweep()

    assert not scene.market.slot(slot.id, caller=None).available
