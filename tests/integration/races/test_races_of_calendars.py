"""Clients against researchers: booking while the calendar is changed, in several processes on one database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

from consulting.adapters.contracts.turns import HEAD_START, PATIENCE
from consulting.application.availability import keep
from consulting.domain.availability import Block, OneOffSlot
from consulting.domain.local_time import LocalWindow
from consulting.domain.period import Period
from tests.integration.races.arena import Arena, Hours, Round
from tests.integration.races.crowd import DONE, counted
from tests.integration.races.deeds import edit_hours, offer_once, take_time_off, top_up

Rounds = Callable[[], Iterator[Round]]


def test_a_session_and_a_block_of_its_time_never_both_stand(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "11:00")
        block = all_day_off(now, hours)

        blocked, booked = now.race(
            partial(take_time_off, caller=hours.account, block=block), *now.bookers(hours.slots[0], 1)
        )

        now.saw(f"block {blocked.name}, booking {booked.name}")
        assert (blocked.name, booked.name) in {(DONE, "SlotUnavailable"), ("TimeIsBooked", DONE)}
        assert len(now.sessions(hours.researcher)) == (booked.name == DONE)
        assert now.published(hours.researcher) == now.rightly_published(hours.researcher)


def test_a_block_of_several_slots_stands_only_if_none_of_them_is_booked(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "14:00")
        block = all_day_off(now, hours)
        bookers = [booker for slot in hours.slots for booker in now.bookers(slot, 2)]

        blocked, *others = now.race(partial(take_time_off, caller=hours.account, block=block), *bookers)

        standing = now.sessions(hours.researcher)
        now.saw("booked" if standing else "blocked")
        assert blocked.name == ("TimeIsBooked" if standing else DONE)
        assert counted(others) == counted_without_none({DONE: len(standing), "SlotUnavailable": 8 - len(standing)})
        assert now.published(hours.researcher) == now.rightly_published(hours.researcher)


def test_a_slot_that_new_hours_take_away_is_either_booked_and_kept_or_refused_and_withdrawn(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "14:00")
        later = replace(hours.pattern, window=LocalWindow.parse(start="10:30", end="14:30"))
        bookers = [booker for slot in hours.slots for booker in now.bookers(slot, 1)]

        edited, topped_up, *others = now.race(
            partial(edit_hours, caller=hours.account, pattern=later),
            partial(top_up, researcher_id=hours.researcher.id),
            *bookers,
        )

        assert edited.name == topped_up.name == DONE
        kept = {slot.id for slot, booked in zip(hours.slots, others, strict=True) if booked.name == DONE}
        now.saw(f"{len(kept)} of 4 kept:")
        assert {session.time_slot_id for session in now.sessions(hours.researcher)} == kept
        assert counted(others) == counted_without_none({DONE: len(kept), "SlotUnavailable": 4 - len(kept)})
        assert now.published(hours.researcher) == now.rightly_published(hours.researcher)


def test_a_one_off_slot_is_either_booked_and_stays_or_moved_and_can_not_be_booked(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "11:00")
        there, later = one_off_slots(now, hours)
        now.market.save_one_off(there, caller=hours.account)
        slot = now.market.offered(hours.researcher)[-1].slot
        assert slot.period == there.period

        moved, booked = now.race(partial(offer_once, caller=hours.account, slot=later), *now.bookers(slot, 1))

        now.saw(f"move {moved.name}, booking {booked.name}")
        assert (moved.name, booked.name) in {(DONE, "SlotUnavailable"), ("TimeIsTaken", DONE)}
        assert now.published(hours.researcher) == now.rightly_published(hours.researcher)


def test_two_edits_and_a_top_up_at_once_leave_the_slots_of_one_of_the_edits(rounds: Rounds) -> None:
    for now in rounds():
        hours = now.open_hours("10:00", "14:00")
        edits = [
            replace(hours.pattern, window=LocalWindow.parse(start=start, end=end))
            for start, end in (("10:30", "14:30"), ("15:00", "19:00"))
        ]

        outcomes = now.race(
            *(partial(edit_hours, caller=hours.account, pattern=edit) for edit in edits),
            partial(top_up, researcher_id=hours.researcher.id),
        )

        assert counted(outcomes) == {DONE: 3}
        assert len(now.published(hours.researcher)) == 4
        assert now.published(hours.researcher) == now.rightly_published(hours.researcher)


def test_a_top_up_that_comes_while_hours_change_waits_and_leaves_the_new_ones(arena: Arena, seed: int) -> None:
    for now in arena.rounds(1, seed=seed):
        hours = now.open_hours("10:00", "14:00")
        later = replace(hours.pattern, window=LocalWindow.parse(start="15:00", end="19:00"))

        with ThreadPoolExecutor(1) as threads:
            with now.market.calendars.open(hours.account) as calendar:
                keep(calendar, later)
                now.market.calendars.publish(calendar)
                topped_up = threads.submit(top_up, now.market, researcher_id=hours.researcher.id)
                time.sleep(2 * HEAD_START)
                assert not topped_up.done()
            topped_up.result(PATIENCE)

        assert now.published(hours.researcher) == now.rightly_published(hours.researcher)


def all_day_off(now: Round, hours: Hours) -> Block:
    whole = Period(hours.slots[0].period.start, hours.slots[-1].period.end)
    return Block(id=now.market.ids.new(), researcher_id=hours.researcher.id, period=whole)


def one_off_slots(now: Round, hours: Hours) -> tuple[OneOffSlot, OneOffSlot]:
    """Give a slot after the hours, and the same one as it is half an hour later."""
    start, half_an_hour = hours.slots[-1].period.end, timedelta(minutes=30)
    period = Period(start, start + 2 * half_an_hour)
    slot = OneOffSlot(id=now.market.ids.new(), researcher_id=hours.researcher.id, period=period)
    return slot, replace(slot, period=Period(period.start + half_an_hour, period.end + half_an_hour))


def counted_without_none(names: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in names.items() if number}
