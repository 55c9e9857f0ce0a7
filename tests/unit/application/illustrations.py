"""The examples of docs/availability.md: what each one tells, and the picture that the use cases make of it.

An example is a fenced block, `week` or `day`: lines of rules, an empty line, and the picture with what was answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from consulting.application.availability import Calendars
from consulting.application.ports.records import Offer
from consulting.domain.availability import Block, OneOffSlot, Override, Pattern
from consulting.domain.local_time import LocalWindow
from consulting.domain.period import Period
from consulting.domain.publishing import Publication
from tests.unit.application.marketplace import account_of, client, in_memory

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
HALF_HOUR = timedelta(minutes=30)
EXAMPLE = re.compile(r"^```(week|day)\n(.*?)\n\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
HOURS = re.compile(
    r"(?P<on>\S+) (?P<windows>[\d: -]+|none)(?:, slots of (?P<slot>\d+))?(?:, gap of (?P<gap>\d+))?"
    r"(?:, every (?P<weeks>\d+) weeks from (?P<since>\S+))?"
)


def drawn(view: str, told: str) -> str:
    """Draw what comes of the lines of an example."""
    first, *lines = told.splitlines()
    timezone, on = first.split(f", the {view} of ")
    story = Story(ZoneInfo(timezone), date.fromisoformat(on))
    for line in lines:
        story.tell(line)
    sketch = week_of if view == "week" else day_of
    return "\n".join([*sketch(story.offers(), story.first, story.tz), *story.answers])


class Story:
    """One researcher's calendar; it begins two days before the first date of the picture."""

    def __init__(self, tz: ZoneInfo, first: date) -> None:
        self.tz, self.first = tz, first
        self.start = datetime.combine(first, time.min, tz).astimezone(UTC)
        self.market = in_memory(at=self.start - timedelta(days=2))
        self.market.calendars = Calendars(
            self.market.transactions, self.market.clock, self.market.ids, timedelta(days=9)
        )
        self.researcher = self.market.add_researcher("lise", rate=0, timezone=tz.key)
        self.account = account_of(self.researcher)
        self.answers: list[str] = []

    def tell(self, line: str) -> None:
        word, _, rest = line.removeprefix("then ").partition(" ")
        acts: dict[str, Callable[[str], Publication | None]] = {
            "pattern": lambda told: self.market.save_pattern(self._pattern(told), caller=self.account),
            "override": lambda told: self.market.save_override(self._override(told), caller=self.account),
            "slot": lambda told: self.market.save_one_off(self._one_off(told), caller=self.account),
            "block": lambda told: self.market.block(self._block(told), caller=self.account),
            "gap": self._new_gap,
            "zone": self._new_zone,
            "booked": self._booked,
            "why": self._why,
        }
        publication = acts[word](rest)
        if line.startswith("then ") and publication is not None:
            added = len(publication.add) + len(publication.revive)
            kept = len(publication.kept_booked)
            self.answers.append(f"added {added}, removed {len(publication.withdraw)}, kept_booked {kept}")

    def offers(self) -> Sequence[Offer]:
        """Give what is published from the first date on, for a week."""
        with self.market.transactions.begin() as tx:
            return tx.time_slots.starting(
                researcher_id=self.researcher.id, during=Period(self.start, self.start + timedelta(days=7))
            )

    def _pattern(self, told: str) -> Pattern:
        said = _read(told)
        start, end = said["windows"].split("-")
        return Pattern(
            id=self.market.ids.new(),
            researcher_id=self.researcher.id,
            weekday=DAYS.index(said["on"]),
            window=LocalWindow.parse(start=start, end=end),
            timezone=self.tz.key,
            slot_minutes=int(said["slot"]),
            gap_minutes=int(said["gap"] or 0),
            every_weeks=int(said["weeks"] or 1),
            valid_from=date.fromisoformat(said["since"] or "2026-01-01"),
        )

    def _override(self, told: str) -> Override:
        said = _read(told)
        windows = [] if said["windows"] == "none" else [each.split("-") for each in said["windows"].split()]
        return Override(
            id=self.market.ids.new(),
            researcher_id=self.researcher.id,
            date=date.fromisoformat(said["on"]),
            timezone=self.tz.key,
            windows=tuple(LocalWindow.parse(start=start, end=end) for start, end in windows),
            slot_minutes=int(said["slot"] or 60),
        )

    def _one_off(self, told: str) -> OneOffSlot:
        start, minutes = re.fullmatch(r"(.*) of (\d+)", told).groups()  # type: ignore[union-attr] # or the test fails
        at = self._instant(start)
        period = Period(at, at + timedelta(minutes=int(minutes)))
        return OneOffSlot(id=self.market.ids.new(), researcher_id=self.researcher.id, period=period)

    def _block(self, told: str) -> Block:
        start, end = (self._instant(each) for each in told.split(" to "))
        return Block(id=self.market.ids.new(), researcher_id=self.researcher.id, period=Period(start, end))

    def _new_gap(self, told: str) -> Publication:
        return self.market.edit_profile(lambda it: replace(it, gap_minutes=int(told)), caller=self.account).publication

    def _new_zone(self, told: str) -> Publication:
        return self.market.edit_profile(lambda it: replace(it, timezone=told), caller=self.account).publication

    def _booked(self, told: str) -> None:
        at = self._instant(told)
        wanted = next(each.slot.id for each in self.offers() if each.slot.period.start == at)
        self.market.book(caller=client("ada"), time_slot_id=wanted)

    def _why(self, told: str) -> None:
        said = self.market.explain(self._instant(told), caller=self.account)
        judgement = "offered" if said.offered else "not offered"
        self.answers.append(f"{told}: {judgement} ({', '.join(each.reason for each in said.because)})")

    def _instant(self, told: str) -> datetime:
        return datetime.fromisoformat(told).replace(tzinfo=self.tz).astimezone(UTC)


def week_of(offers: Sequence[Offer], first: date, tz: ZoneInfo) -> Iterator[str]:
    """Draw seven columns, with a row for each half hour of the wall clock between the first slot and the last."""
    dates = [first + timedelta(days=number) for number in range(7)]
    rows = [_half_hours(offer, tz) for offer in offers]
    marks = {place: mark for row in rows for place, mark in row}
    clocks = sorted({clock for _, clock in marks})
    yield (" " * 7 + "".join(f"{DAYS[each.weekday()]} {each.day:02}".ljust(9) for each in dates)).rstrip()
    clock = clocks[0]
    while clock <= clocks[-1]:
        hour = f"{clock // 60:02}:{clock % 60:02}"
        yield (hour.ljust(7) + "".join(marks.get((each, clock), "·").ljust(9) for each in dates)).rstrip()
        clock += 30


def day_of(offers: Sequence[Offer], first: date, tz: ZoneInfo) -> Iterator[str]:
    """Draw a row for each half hour of real time: what it is in UTC, what the wall clock reads, and what is offered."""
    day = [each for each in offers if each.slot.period.start.astimezone(tz).date() == first]
    yield "UTC    wall   slots"
    at = day[0].slot.period.start
    while at < day[-1].slot.period.end:
        wall = f"{at.astimezone(tz):%H:%M}"
        running = next((each.slot.period for each in day if each.slot.period.contains(at)), None)
        shown = "·" if running is None else f"┌{wall}" if running.start == at else "│"
        yield f"{at:%H:%M}  {wall}  {shown}"
        at += HALF_HOUR


def _half_hours(offer: Offer, tz: ZoneInfo) -> Iterator[tuple[tuple[date, int], str]]:
    """Give the places of the slot in the picture: its first half hour shows its start, and `#` or `x` if booked."""
    mark = "x" if offer.slot.retired else "#" if offer.claims else ""
    at = offer.slot.period.start
    while at < offer.slot.period.end:
        local = at.astimezone(tz)
        minutes = local.hour * 60 + local.minute
        shown = f"┌{local:%H:%M}{mark}" if at == offer.slot.period.start else "│"
        yield (local.date(), minutes - minutes % 30), shown
        at += HALF_HOUR


def _read(told: str) -> dict[str, str]:
    found = HOURS.fullmatch(told)
    assert found is not None, told
    return found.groupdict()
