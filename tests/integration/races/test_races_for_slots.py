"""Who gets a slot when many want it at the same instant, in several processes on one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise

from consulting.domain.period import Period
from consulting.domain.publishing import Publication
from consulting.domain.session_states import SC, SP, Status
from tests.integration.races.arena import Arena, Hours, Round
from tests.integration.races.crowd import DONE, Attempt, counted
from tests.integration.races.deeds import book, cancel, expire, move
from tests.unit.application.marketplace import FREE_SESSIONS_PER_USER, HOLD, HOLDS_PER_USER, NOON

Rounds = Callable[[], Iterator[Round]]


def test_of_two_hundred_who_want_one_slot_exactly_one_gets_it(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "11:00")

        outcomes = now.race(*now.bookers(hours.slots[0], 200))

        assert counted(outcomes) == {DONE: 1, "SlotUnavailable": 199}
        winner = next(outcome.answer for outcome in outcomes if outcome.name == DONE)
        assert now.sessions(hours.researcher) == [winner]


def test_where_slots_overlap_by_a_fault_elsewhere_sessions_still_do_not(rounds: Rounds) -> None:
    for now in rounds():
        with overlapping_slots(now) as hours:
            bookers = [booker for slot in hours.slots for booker in now.bookers(slot, 5)]

            outcomes = now.race(*bookers)

            standing = now.sessions(hours.researcher)
            assert counted(outcomes) == {DONE: len(standing), "SlotUnavailable": len(bookers) - len(standing)}
            assert all(one.period.end <= next_one.period.start for one, next_one in pairwise(standing))
            assert all(any(slot.period.overlaps(each.period) for each in standing) for slot in hours.slots)


def test_nobody_holds_more_than_allowed_however_quick_they_are(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "16:00", minutes=30)
        ada, bea = now.somebody(), now.somebody()
        wishes = [(who, slot) for place, slot in enumerate(hours.slots) for who in [(ada, bea)[place % 2]]]

        outcomes = now.race(*(partial(book, caller=who, slot_id=slot.id) for who, slot in wishes))

        assert counted(outcomes) == {DONE: 2 * HOLDS_PER_USER, "HoldLimitReached": 12 - 2 * HOLDS_PER_USER}
        holders = [session.client.user_id for session in now.sessions(hours.researcher)]
        assert holders.count(ada.user_id) == holders.count(bea.user_id) == HOLDS_PER_USER


def test_nobody_has_more_free_sessions_to_come_than_allowed_however_quick_they_are(rounds: Rounds) -> None:
    for now in rounds():
        one, other = (
            now.open_hours("10:00", "14:00", minutes=30, free=True),
            now.open_hours("10:00", "14:00", free=True),
        )
        ada = now.somebody()

        outcomes = now.race(*(partial(book, caller=ada, slot_id=slot.id) for slot in (*one.slots, *other.slots)))

        refused = {"FreeSessionLimitReached": 12 - FREE_SESSIONS_PER_USER}
        assert counted(outcomes) == {DONE: FREE_SESSIONS_PER_USER, **refused}
        assert len([*now.sessions(one.researcher), *now.sessions(other.researcher)]) == FREE_SESSIONS_PER_USER


def test_an_expired_hold_goes_to_exactly_one_whether_or_not_it_has_been_swept(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "11:00")
        lapsed = now.booked(hours.slots[0])
        deadline = NOON + HOLD

        sweep = Attempt(deed=partial(expire, session_id=lapsed.session.id), at=deadline)
        bookers = [Attempt(deed=booker, at=deadline) for booker in now.bookers(hours.slots[0], 12)]
        outcomes = now.race(sweep, *bookers)

        assert counted(outcomes) == {DONE: 2, "SlotUnavailable": 11}
        assert now.session(lapsed.session.id).hold_expired
        assert [session.state for session in now.sessions(hours.researcher)] == [SP]
        assert now.published(hours.researcher) == now.rightly_published(hours.researcher)


def test_a_slot_that_is_given_up_returns_and_goes_to_one(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "12:00")
        given_up = now.booked(hours.slots[0])

        canceled, *others = now.race(
            partial(cancel, caller=given_up.caller, session_id=given_up.session.id),
            *now.bookers(hours.slots[0], 6),
        )

        assert canceled.name == DONE
        won = counted(others)[DONE]
        now.saw("taken at once" if won else "free again")
        assert counted(others) in ({"SlotUnavailable": 6}, {DONE: 1, "SlotUnavailable": 5})
        if not won:
            now.booked(hours.slots[0])
        assert now.session(given_up.session.id).status is Status.CANCELED
        assert [session.time_slot_id for session in now.sessions(hours.researcher)] == [hours.slots[0].id]
        assert now.published(hours.researcher) == now.rightly_published(hours.researcher)


def test_of_two_sessions_that_move_to_one_slot_exactly_one_does(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "13:00", free=True)
        bookings = [now.booked(slot) for slot in hours.slots[:2]]
        target = hours.slots[2]

        outcomes = now.race(
            *(partial(move, caller=each.caller, session_id=each.session.id, slot_id=target.id) for each in bookings)
        )

        now.saw("the first moved" if outcomes[0].name == DONE else "the second moved")
        assert counted(outcomes) == {DONE: 1, "SlotUnavailable": 1}
        after = [now.session(each.session.id) for each in bookings]
        assert sorted((session.state, session.sequence) for session in after) == [(SC, 0), (SC, 1)]
        for outcome, session, before in zip(outcomes, after, hours.slots[:2], strict=True):
            assert session.time_slot_id == (target.id if outcome.name == DONE else before.id)
        assert now.published(hours.researcher) == {slot.period for slot in hours.slots}


def test_two_sessions_that_want_each_others_slot_both_stay(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "12:00", free=True)
        one, other = (now.booked(slot) for slot in hours.slots)

        outcomes = now.race(
            partial(move, caller=one.caller, session_id=one.session.id, slot_id=hours.slots[1].id),
            partial(move, caller=other.caller, session_id=other.session.id, slot_id=hours.slots[0].id),
        )

        assert counted(outcomes) == {"SlotUnavailable": 2}
        assert list(now.sessions(hours.researcher)) == [one.session, other.session]


def test_a_session_that_moves_and_a_booker_do_not_both_get_the_slot(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "12:00", free=True)
        moving, target = now.booked(hours.slots[0]), hours.slots[1]

        outcomes = now.race(
            partial(move, caller=moving.caller, session_id=moving.session.id, slot_id=target.id),
            *now.bookers(target, 3),
        )

        now.saw("moved" if outcomes[0].name == DONE else "booked")
        assert counted(outcomes) == {DONE: 1, "SlotUnavailable": 3}
        assert now.published(hours.researcher) == {slot.period for slot in hours.slots}


@contextmanager
def overlapping_slots(now: Round) -> Iterator[Hours]:
    """Give a researcher slots of an hour that start every half hour, for as long as the block lasts.

    So long there is no constraint that keeps published slots apart: the one on sessions stands alone.
    """
    hours, half_an_hour = now.open_hours("10:00", "15:00"), timedelta(minutes=30)
    between = [Period(slot.period.start + half_an_hour, slot.period.end + half_an_hour) for slot in hours.slots]
    with without_constraint(now.arena, b"time_slots", b"time_slots_no_overlap"):
        ids = [now.market.ids.new() for _ in between]
        with now.market.transactions.begin() as tx:
            tx.time_slots.publish(Publication(add=tuple(between)), researcher_id=hours.researcher.id, ids=ids)
        published = tuple(shown.slot for shown in now.market.offered(hours.researcher))
        try:
            yield replace(hours, slots=published)
        finally:
            forget(now.arena, hours)


@contextmanager
def without_constraint(arena: Arena, table: bytes, name: bytes) -> Iterator[None]:
    [(rule,)] = arena.execute(b"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", name.decode())
    arena.execute(b"ALTER TABLE " + table + b" DROP CONSTRAINT " + name)
    try:
        yield
    finally:
        arena.execute(b"ALTER TABLE " + table + b" ADD CONSTRAINT " + name + b" " + str(rule).encode())


def forget(arena: Arena, hours: Hours) -> None:
    """Delete the researcher's sessions and slots."""
    whose = hours.researcher.id
    arena.execute(b"DELETE FROM outbox WHERE session_id IN (SELECT id FROM sessions WHERE researcher_id = %s)", whose)
    arena.execute(b"DELETE FROM sessions WHERE researcher_id = %s", whose)
    arena.execute(b"DELETE FROM time_slots WHERE researcher_id = %s", whose)
