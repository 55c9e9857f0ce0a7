"""Rounds of a piece of work, ours and the limit's in turn, and what is said of them."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.load import Timings


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something to measure: a round of ours and a round of its limit, each given the number of the round."""

    name: str
    limit: str
    ours: Callable[[int], Timings]
    limits: Callable[[int], Timings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What came of a work. Rates are per second, `ratios` ours by the limit's, one a round.

    `cpu_us` are the CPU microseconds of our server for each request, None where they weren't looked at.
    """

    name: str
    limit: str
    ratios: tuple[float, ...]
    rate: float
    limit_rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None
    limit_cpu_us: float | None

    @property
    def ratio(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.ratios)

    def row(self) -> str:
        """Write it as a line of the table."""
        spread = f"{min(self.ratios):.2f}-{max(self.ratios):.2f}"
        return (
            f"{self.name:<50}{self.limit:<18}{self.ratio:>6.2f}  {spread:<11}{self.rate:>9,.0f}{self.limit_rate:>9,.0f}"
            f"{self.p50_ms:>9.2f}{self.p99_ms:>9.2f}{_or_nothing(self.cpu_us)}{_or_nothing(self.limit_cpu_us)}"
        )


def tails(figures: Sequence[Figure]) -> str:
    """Say how far the slowest answers are from the usual ones where many are asked for at once."""
    told = [f"{each.name} {each.p99_ms / each.p50_ms:.1f}" for each in figures if "32 at once" in each.name]
    return f"p99 by p50 (aim: below 10): {'; '.join(told)}"


HEADINGS = (
    f"{'work':<50}{'limit':<18}{'ratio':>6}  {'spread':<11}{'ours/s':>9}{'limit/s':>9}{'p50 ms':>9}{'p99 ms':>9}"
    f"{'CPU µs':>8}{'limit':>8}"
)


def measure(works: Sequence[Work], *, rounds: int) -> list[Figure]:
    """Run all works in every round, each beside its limit; which of the two goes first changes with the round."""
    taken: dict[str, list[tuple[Timings, Timings]]] = {work.name: [] for work in works}
    for number in range(rounds):
        for work in works:
            taken[work.name].append(_pair(work, number))
    return [_figure(work, taken[work.name]) for work in works]


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write the results for a machine to read."""
    told = [
        {
            "name": each.name,
            "ratio": round(each.ratio, 3),
            "limit": each.limit,
            "rounds": [round(ratio, 3) for ratio in each.ratios],
            "p50_ms": round(each.p50_ms, 3),
            "p99_ms": round(each.p99_ms, 3),
        }
        for each in figures
    ]
    path.write_text(json.dumps(told, indent=2) + "\n")


def _pair(work: Work, number: int) -> tuple[Timings, Timings]:
    if number % 2:
        limit = work.limits(number)
        return work.ours(number), limit
    return work.ours(number), work.limits(number)


def _figure(work: Work, pairs: Sequence[tuple[Timings, Timings]]) -> Figure:
    each = sorted(one for ours, _ in pairs for one in ours.each)
    return Figure(
        name=work.name,
        limit=work.limit,
        ratios=tuple(ours.rate / limit.rate for ours, limit in pairs),
        rate=statistics.median(ours.rate for ours, _ in pairs),
        limit_rate=statistics.median(limit.rate for _, limit in pairs),
        p50_ms=1000 * each[len(each) // 2],
        p99_ms=1000 * each[min(len(each) - 1, len(each) * 99 // 100)],
        cpu_us=_cpu([ours for ours, _ in pairs]),
        limit_cpu_us=_cpu([limit for _, limit in pairs]),
    )


def _cpu(rounds: Sequence[Timings]) -> float | None:
    """Give the CPU microseconds a request, of the round that was disturbed least."""
    found = [1e6 * each.cpu / len(each.each) for each in rounds if each.cpu is not None]
    return min(found, default=None)


def _or_nothing(number: float | None) -> str:
    return f"{'':>8}" if number is None else f"{number:>8,.0f}"
