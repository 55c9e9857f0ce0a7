"""Crowds: sets of researchers, each a whole number that has a bit for everybody in it, at the place of their number.

A hundred thousand people are 12 kB, and two crowds are laid over each other in microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from consulting.adapters.postgres.tables.bearers import STRETCH

Crowd = int

NOBODY: Final[Crowd] = 0
EVERYBODY: Final[Crowd] = -1
"""Has a bit at each place; a crowd that is asked for anything is less."""

_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_YES = ord("1")


def read_stretch(sent: bytes, *, stretch: int) -> Crowd:
    """Read a stretch as the server sends bits: how many there are, then the bits, the first one leftmost."""
    return int.from_bytes(sent[4:].translate(_TURNED), "little") << stretch * STRETCH


def written(crowd: Crowd) -> bytes:
    """Write a crowd as the server's `get_bit` reads bytes."""
    return crowd.to_bytes(crowd.bit_length() // 8 + 1, "little")


def crowd_of(numbers: Sequence[int]) -> Crowd:
    """Give the crowd of those who have these numbers."""
    marks = bytearray(b"0" * (max(numbers, default=0) + 1))
    for number in numbers:
        marks[number] = _YES
    marks.reverse()
    return int(marks, 2)


def numbers_in(crowd: Crowd) -> Sequence[int]:
    """Give the numbers of those in a crowd, in order."""
    marks = f"{crowd:b}"[::-1]
    numbers, number = [], marks.find("1")
    while number >= 0:
        numbers.append(number)
        number = marks.find("1", number + 1)
    return numbers


def at_most(figure: int, *, members: Crowd, digits: Mapping[int, Crowd]) -> Crowd:
    """Give those of `members` whose figure is no more than this; `digits` are who has each binary digit in theirs."""
    if figure < 0:
        return NOBODY
    less, equal = NOBODY, members
    for digit in range(max(figure.bit_length(), *digits, 0), -1, -1):
        having = digits.get(digit, NOBODY)
        if figure >> digit & 1:
            less |= equal & ~having
            equal &= having
        else:
            equal &= ~having
    return less | equal


def by_score(words: Iterable[Mapping[int, Crowd]], *, among: Crowd = EVERYBODY) -> Mapping[int, Crowd]:
    """Give who of `among` has each score: what each word counts, where it counts most for them, added up.

    For each word it is said who has it with so many points. Whoever lacks one of the words has no score.
    """
    scores = {0: among}
    for counting in words:
        scores = _added(scores, _where_most(counting))
    return scores


def _where_most(counting: Mapping[int, Crowd]) -> Mapping[int, Crowd]:
    seen, most = NOBODY, {}
    for points in sorted(counting, reverse=True):
        most[points] = counting[points] & ~seen
        seen |= counting[points]
    return most


def _added(scores: Mapping[int, Crowd], counting: Mapping[int, Crowd]) -> dict[int, Crowd]:
    added: dict[int, Crowd] = {}
    for score, scored in scores.items():
        for points, having in counting.items():
            if both := scored & having:
                added[score + points] = added.get(score + points, NOBODY) | both
    return added
