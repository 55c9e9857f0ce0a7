"""What both people of a session are told on the way to its start, for each way that it can go."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from consulting.domain.sessions import Session
from tests.unit.application.scene import ADA, Scene

HOUR = timedelta(hours=1)
DAY, LAST_HOUR = "reminder_24h", "reminder_1h"
TIMELINES = {
    "booked two days ahead": (50, [], [DAY, LAST_HOUR]),
    "booked a day ahead to the hour": (24, [], [DAY, LAST_HOUR]),
    "booked half a day ahead": (12, [], [LAST_HOUR]),
    "canceled by the client before all": (50, [(30, "cancel")], ["cancellation"]),
    "canceled by the client after the first reminder": (50, [(20, "cancel")], [DAY, "cancellation"]),
    "canceled by the client after both": (50, [(0.5, "cancel")], [DAY, LAST_HOUR, "cancellation"]),
    "moved to a later day before all": (30, [(28, "move")], ["rescheduled", DAY, LAST_HOUR]),
    "moved twice": (30, [(29, "move"), (28, "move")], ["rescheduled", "rescheduled", DAY, LAST_HOUR]),
    "moved, then canceled": (30, [(28, "move"), (27, "cancel")], ["rescheduled", "cancellation"]),
}


@pytest.mark.parametrize(("ahead", "events", "told"), TIMELINES.values(), ids=TIMELINES)
def test_everybody_is_told_what_is_true_and_no_more(
    ahead: int, events: list[tuple[float, str]], told: list[str]
) -> None:
    scene = Scene()
    session = scene.confirmed(slot=scene.slot(ahead=ahead * HOUR))
    start = session.period.start
    first = {"receipt.client": 1, "confirmation.client": 1, "booking_notice.researcher": 1}

    for hours, event in events:
        pass_time(scene, until=start - hours * HOUR)
        happen(scene, session, event)
    pass_time(scene, until=scene.saved(session).period.end)

    refunded = {"refund_done.client": 1} if "cancellation" in told and scene.refunds(session) else {}
    later = Counter(f"{kind}.{role}" for kind in told for role in ("client", "researcher"))
    assert Counter(scene.mails()) == Counter(first) + later + Counter(refunded)


def pass_time(scene: Scene, *, until: datetime) -> None:
    """Let the worker work every quarter of an hour."""
    while scene.market.clock.now() < until:
        scene.market.work()
        scene.market.remind()
        scene.market.clock.advance(HOUR / 4)
    scene.market.work()


def happen(scene: Scene, session: Session, event: str) -> None:
    if event == "cancel":
        scene.market.cancel(session.id, caller=ADA)
    else:
        moved = scene.slot(ahead=scene.saved(session).period.start - scene.market.clock.now() + 24 * HOUR)
        scene.market.reschedule(session.id, time_slot_id=moved.id, caller=ADA)
