"""What goes on for some seconds in many calendars at once; each gives how often everything ended how."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from uuid import UUID

from consulting.domain.availability import Block, OneOffSlot
from consulting.domain.errors import ConsultingError
from consulting.domain.local_time import LocalWindow
from consulting.domain.period import Period
from consulting.domain.researchers import Researcher
from tests.integration.races.arena import Hours
from tests.unit.application.marketplace import Marketplace, client

WINDOWS = [("09:00", "17:00"), ("09:30", "16:30"), ("10:15", "14:15"), ("12:00", "20:00")]


def book_busily(
    market: Marketplace, *, name: str, researchers: Sequence[Researcher], seconds: float, seed: str
) -> Counter[str]:
    """Book one offered slot after the other, each for somebody new, and now and then give one up."""
    random, seen = Random(seed), Counter[str]()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        offered = [shown for shown in market.offered(random.choice(researchers)) if shown.available]
        if offered:
            caller = client(f"{name}-{seen.total()}")
            seen[_tried(partial(_book, market, random, caller.user_id, random.choice(offered).slot.id), "booked")] += 1
    return seen


def edit_busily(market: Marketplace, *, calendars: Sequence[Hours], seconds: float, seed: str) -> Counter[str]:
    """Change hours, offer single slots, take time off, and come back, in one calendar after the other."""
    random, seen = Random(seed), Counter[str]()
    blocks: list[tuple[Hours, Block]] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        hours, kind = random.choice(calendars), random.choice(["hours", "one-off", "block", "comes back"])
        if kind == "hours":
            seen[_tried(partial(_edit, market, random, hours), kind)] += 1
        elif kind == "one-off":
            seen[_tried(partial(_offer_once, market, random, hours), kind)] += 1
        elif kind == "block":
            block = _some_block(market, random, hours)
            ended = _tried(partial(_block, market, random, hours, block), kind)
            seen[ended] += 1
            blocks += [(hours, block)] if ended == kind else []
        elif blocks:
            whose, block = blocks.pop(random.randrange(len(blocks)))
            seen[_tried(partial(market.remove_rule, Block, block.id, caller=whose.account), kind)] += 1
    return seen


def _tried(act: Callable[[], object], name: str) -> str:
    try:
        act()
    except ConsultingError as refusal:
        return type(refusal).__name__
    return name


def _book(market: Marketplace, random: Random, name: str, slot_id: UUID) -> None:
    caller = client(name)
    session = market.book(caller=caller, time_slot_id=slot_id).session
    if random.random() < 0.7:
        market.cancel(session.id, caller=caller)


def _edit(market: Marketplace, random: Random, hours: Hours) -> None:
    start, end = random.choice(WINDOWS)
    window = LocalWindow.parse(start=start, end=end)
    pattern = replace(hours.pattern, window=window, slot_minutes=random.choice([30, 60]))
    market.save_pattern(pattern, caller=hours.account)


def _offer_once(market: Marketplace, random: Random, hours: Hours) -> None:
    """Have one of three slots of one's own in this calendar, or move it."""
    start = hours.slots[0].period.start + timedelta(minutes=random.randrange(-120, 720, 15))
    slot = OneOffSlot(
        id=UUID(int=hours.researcher.id.int ^ ((random.randrange(3) + 1) << 32)),
        researcher_id=hours.researcher.id,
        period=Period(start, start + timedelta(minutes=random.choice([30, 45, 90]))),
    )
    market.save_one_off(slot, caller=hours.account)


def _some_block(market: Marketplace, random: Random, hours: Hours) -> Block:
    start = hours.slots[0].period.start + timedelta(minutes=random.randrange(0, 480, 15))
    return Block(
        id=market.ids.new(), researcher_id=hours.researcher.id, period=Period(start, start + timedelta(minutes=90))
    )


def _block(market: Marketplace, random: Random, hours: Hours, block: Block) -> None:
    market.block(block, caller=hours.account, cancel_sessions=random.random() < 0.5)
