"""How well a researcher matches what somebody searches for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from consulting.domain.researchers import Researcher

SHORTEST_FORGIVEN: Final = 5
"""A word of this many letters may differ by one edit."""

LONGEST_QUERY, MOST_WORDS, LONGEST_WORD = 500, 12, 40
"""What is looked at: letters of a query, different words of a query, letters of any word. The rest doesn't matter."""

ONE_EDIT: Final = 10
"""What a word that differs by one edit counts less than the word itself."""

WEIGHTS: Final = (80, 60, 40, 20)
"""What a word counts in a researcher's name, expertise, affiliation and bio."""

_NAME, _EXPERTISE, _AFFILIATION, _BIO = WEIGHTS


NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""Stands for the start of a slot where there is none: after all that there are."""


_EPOCH, _MICROSECOND = datetime.fromtimestamp(0, UTC), timedelta(microseconds=1)


class DirectorySort(StrEnum):
    """In which order researchers are listed; a minus turns it around.

    Whoever is equal comes by name, then id; in the order of the next slot by id alone.
    """

    NAME = "name"
    RATE = "rate"
    RATE_DOWN = "-rate"
    RATING = "rating"
    NEXT_AVAILABLE = "next_available"


class SearchSort(StrEnum):
    """In which order a search lists whom it found: the best match first, or as any other list."""

    RELEVANCE = "relevance"
    NAME = "name"
    RATE = "rate"
    RATE_DOWN = "-rate"
    RATING = "rating"
    NEXT_AVAILABLE = "next_available"

    @property
    def as_listed(self) -> DirectorySort | None:
        """The order of a list that this is; None by relevance."""
        return None if self is SearchSort.RELEVANCE else DirectorySort(self.value)


Place = tuple[int | str, ...]
"""Where somebody stands in a list; the last part is the id."""

_WORD = re.compile(r"[^\W_]+")
_LETTERS_WITHOUT_ACCENT = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
)


def words(text: str) -> tuple[str, ...]:
    """Split a text into its words, without regard to case and accents; of a very long one only the beginning counts."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    found = _WORD.findall(plain.casefold().translate(_LETTERS_WITHOUT_ACCENT))
    return tuple(word[:LONGEST_WORD] for word in found)


def place(researcher: Researcher, *, sort: DirectorySort, soonest: datetime = NEVER) -> Place:
    """Give the researcher's place in a list: places of one order compare as the list goes.

    Rates of one currency stand together, since those of several can't be compared. The best rating comes first; of
    equal ones that which more people gave. `soonest` is when the next slot that could be booked starts; whoever has
    none comes last.
    """
    if sort is DirectorySort.NEXT_AVAILABLE:
        return (soonest - _EPOCH) // _MICROSECOND, str(researcher.id)
    rate, rating = researcher.rate, researcher.rating
    first: Mapping[DirectorySort, Place] = {
        DirectorySort.NAME: (),
        DirectorySort.RATE: (rate.currency, rate.amount),
        DirectorySort.RATE_DOWN: (rate.currency, -rate.amount),
        DirectorySort.RATING: (-rating.standing, -rating.count),
    }
    return (*first[sort], researcher.name, str(researcher.id))


def wanted_words(query: str) -> tuple[str, ...]:
    """Give the different words of a query; however long it is, they are few."""
    return tuple(dict.fromkeys(words(query[:LONGEST_QUERY])))[:MOST_WORDS]


def topic(expertise: str) -> str:
    """Give the form in which two ways to write one field of expertise are the same."""
    return " ".join(words(expertise))


def matches(wanted: str, word: str) -> bool:
    """Tell whether a word of the query is this word, or at most one edit away from it if it is long enough.

    An edit is one letter added, left out or changed, or two neighbours in the wrong order.
    """
    return wanted == word or (len(wanted) >= SHORTEST_FORGIVEN and _one_edit_apart(wanted, word))


def weights(researcher: Researcher) -> Mapping[str, int]:
    """Give every word by which the researcher can be found, and what it counts: a name more than a word of the bio."""
    known: dict[str, int] = {}
    for weight, text in _fields(researcher):
        for word in words(text):
            known.setdefault(word, weight)
    return known


def score(researcher: Researcher, *, query: str) -> int:
    """Say how well the researcher matches the query: more is better, nothing when a word of it matches nowhere.

    Each word counts where it matches best: in the name more than in the expertise, the affiliation, the bio; a word
    that is exactly the same counts more than one that differs by an edit.
    """
    known = weights(researcher)
    found = [_best(wanted, known) for wanted in wanted_words(query)]
    return sum(found) if all(found) else 0


def without_a_letter(word: str) -> frozenset[str]:
    """Give the word and what is left of it without one of its letters.

    Words that are one edit apart have one of these in common, so an index of them finds all that `matches` can accept.
    """
    return frozenset({word, *(word[:place] + word[place + 1 :] for place in range(len(word)))})


def _fields(researcher: Researcher) -> Iterator[tuple[int, str]]:
    """Give the texts that are searched, from the weightiest on."""
    yield _NAME, researcher.name
    yield _EXPERTISE, " ".join(researcher.expertise)
    yield _AFFILIATION, researcher.affiliation or ""
    yield _BIO, researcher.bio or ""


def _best(wanted: str, known: Mapping[str, int]) -> int:
    exact = known.get(wanted, 0)
    return max([exact, *(weight - ONE_EDIT for word, weight in known.items() if matches(wanted, word))])


def _one_edit_apart(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    same = next((place for place, letter in enumerate(shorter) if letter != longer[place]), len(shorter))
    if len(shorter) < len(longer):
        return shorter[same:] == longer[same + 1 :]
    return one[same + 1 :] == other[same + 1 :] or _neighbours_swapped(one[same:], other[same:])


def _neighbours_swapped(one: str, other: str) -> bool:
    return one[:2] == other[1::-1] and one[2:] == other[2:]
