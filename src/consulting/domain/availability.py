"""What researchers say about their time: weekly patterns, overrides of single dates, one-off slots, and blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import ClassVar, Final
from uuid import UUID

from consulting.domain.errors import FieldProblem, OverrideExists, TooManyRules, ValidationFailed
from consulting.domain.local_time import LocalWindow, timezone_problems
from consulting.domain.period import Period

SHORTEST_SLOT, LONGEST_SLOT = 5, 480
LONGEST_GAP = 240
MOST_WEEKS = 52
MOST_WINDOWS = 48
MOST_PATTERNS, MOST_OVERRIDES, MOST_ONE_OFFS, MOST_BLOCKS = 60, 400, 400, 400
_MINUTE = timedelta(minutes=1)
LONGEST_DATE: Final = timedelta(days=3)
"""A date that is so long ago is over in every zone, with hours that pass its midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Weekly hours: a local window on one weekday, cut into slots of `slot_minutes` with `gap_minutes` between them.

    `weekday` is 0 for Monday to 6 for Sunday. The pattern holds on local dates from `valid_from` to `valid_until`, both
    included, of every n-th week (`every_weeks`), counted from the Monday-to-Sunday week of `valid_from`. A window that
    passes midnight belongs to the date on which it starts. Raises ValidationFailed with everything that is wrong.
    """

    id: UUID
    researcher_id: UUID
    weekday: int
    window: LocalWindow
    timezone: str
    slot_minutes: int
    gap_minutes: int = 0
    valid_from: date
    valid_until: date | None = None
    every_weeks: int = 1

    def __post_init__(self) -> None:
        """Refuse a pattern that can't be expanded."""
        problems = [
            *_outside("weekday", self.weekday, least=0, most=6),
            *timezone_problems(self.timezone),
            *_cut_problems(slot_minutes=self.slot_minutes, gap_minutes=self.gap_minutes),
            *_outside("every_weeks", self.every_weeks, least=1, most=MOST_WEEKS),
        ]
        if self.valid_until is not None and self.valid_until < self.valid_from:
            problems.append(FieldProblem("valid_until", "the last day is not before valid_from"))
        if problems:
            raise ValidationFailed(problems)

    def dates(self, *, first: date, last: date) -> Iterator[date]:
        """Give the local dates from `first` to `last`, both included, on which the window starts."""
        stride = 7 * self.every_weeks
        anchor = self.valid_from.toordinal() - self.valid_from.weekday() + self.weekday
        lower = max(first, self.valid_from).toordinal()
        upper = min(last, self.valid_until or last).toordinal()
        next_date = anchor + -(-(lower - anchor) // stride) * stride
        return map(date.fromordinal, range(next_date, upper + 1, stride))


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Other hours on one date, or none: it replaces every pattern's window that starts on that local date.

    Which date that is, each pattern's own zone says; the override's own windows are read in the override's zone.
    Raises ValidationFailed, also for windows that overlap each other.
    """

    id: UUID
    researcher_id: UUID
    date: date
    timezone: str
    windows: tuple[LocalWindow, ...] = ()
    slot_minutes: int
    gap_minutes: int = 0

    def __post_init__(self) -> None:
        """Refuse an override that can't be expanded."""
        problems = [
            *timezone_problems(self.timezone),
            *_cut_problems(slot_minutes=self.slot_minutes, gap_minutes=self.gap_minutes),
            *_windows_problems(self.windows),
        ]
        if problems:
            raise ValidationFailed(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOffSlot:
    """A single slot that no weekly hours give: hours that are open once, for exactly one slot.

    No override replaces it, since it belongs to no date's hours. It begins on a full minute and lasts whole minutes, as
    few and as many as any slot may. Raises ValidationFailed.
    """

    gap_minutes: ClassVar[int] = 0

    id: UUID
    researcher_id: UUID
    period: Period

    def __post_init__(self) -> None:
        """Refuse a slot that no hours could give."""
        problems = []
        if self.period.start.second or self.period.start.microsecond:
            problems.append(FieldProblem("start_time", "give a full minute"))
        if self.period.duration % _MINUTE or not SHORTEST_SLOT <= self.slot_minutes <= LONGEST_SLOT:
            least_and_most = f"{SHORTEST_SLOT} to {LONGEST_SLOT}"
            problems.append(FieldProblem("end_time", f"give an instant {least_and_most} whole minutes after the start"))
        if problems:
            raise ValidationFailed(problems)

    @property
    def slot_minutes(self) -> int:
        """How long it lasts."""
        return self.period.duration // _MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Time off: no slot that overlaps it is offered, whatever the hours say."""

    id: UUID
    researcher_id: UUID
    period: Period
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything that one researcher has said about their time."""

    patterns: tuple[Pattern, ...] = ()
    overrides: tuple[Override, ...] = ()
    one_offs: tuple[OneOffSlot, ...] = ()
    blocks: tuple[Block, ...] = ()

    @property
    def giving(self) -> tuple[Pattern | Override | OneOffSlot, ...]:
        """All that gives slots: patterns, then overrides, then one-off slots."""
        return (*self.patterns, *self.overrides, *self.one_offs)

    @property
    def all(self) -> tuple[Pattern | Override | OneOffSlot | Block, ...]:
        """All that gives slots, then blocks."""
        return (*self.giving, *self.blocks)


Giving = Pattern | Override | OneOffSlot
"""A rule that gives slots."""

Rule = Giving | Block
"""One thing that a researcher says about their time."""


def over_from(rule: Rule) -> datetime | None:
    """Give an instant (UTC) from which a rule says nothing about time that is still to come; None if there is none."""
    if isinstance(rule, OneOffSlot | Block):
        return rule.period.end
    last = rule.date if isinstance(rule, Override) else rule.valid_until
    if last is None or last > date.max - LONGEST_DATE:
        return None
    return datetime.combine(last + LONGEST_DATE, time.min, UTC)


def require_room(rule: Rule, *, among: Rules, at: datetime) -> Rule | None:
    """Give the rule that makes room for a new one: that of its kind which is over for longest. None if none needs to.

    A rule that is known already only changes, so there is room for it. Raises TooManyRules if all that a researcher may
    have are still to come, and OverrideExists for another override of the same date.
    """
    kept = [each for each in among.all if type(each) is type(rule)]
    for each in kept:
        if isinstance(each, Override) and isinstance(rule, Override) and each.date == rule.date and each.id != rule.id:
            raise OverrideExists(id=str(each.id))
    most = MOST[type(rule)]
    if len(kept) < most or any(each.id == rule.id for each in kept):
        return None
    over = [(end, each.id.int, each) for each in kept if (end := over_from(each)) is not None and end <= at]
    if not over:
        raise TooManyRules(most=most)
    return min(over)[2]


MOST = {Pattern: MOST_PATTERNS, Override: MOST_OVERRIDES, OneOffSlot: MOST_ONE_OFFS, Block: MOST_BLOCKS}
"""How many rules of each kind are kept of a researcher."""


def _outside(field: str, value: int, *, least: int, most: int) -> list[FieldProblem]:
    return [] if least <= value <= most else [FieldProblem(field, f"give a whole number from {least} to {most}")]


def _cut_problems(*, slot_minutes: int, gap_minutes: int) -> list[FieldProblem]:
    return [
        *_outside("slot_minutes", slot_minutes, least=SHORTEST_SLOT, most=LONGEST_SLOT),
        *_outside("gap_minutes", gap_minutes, least=0, most=LONGEST_GAP),
    ]


def _windows_problems(windows: Sequence[LocalWindow]) -> list[FieldProblem]:
    problems = []
    if len(windows) > MOST_WINDOWS:
        problems.append(FieldProblem("windows", f"give at most {MOST_WINDOWS} windows"))
    in_order = sorted(windows, key=lambda window: window.start)
    for earlier, later in pairwise(in_order):
        if later.start.minutes < earlier.closing_minutes:
            problems.append(FieldProblem("windows", f"{earlier} and {later} overlap"))
    return problems
