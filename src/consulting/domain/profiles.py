"""What researchers say about themselves, and which of their rules follow it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from consulting.domain.availability import LONGEST_GAP, Override, Pattern
from consulting.domain.errors import FieldProblem, ValidationFailed
from consulting.domain.local_time import timezone_problems
from consulting.domain.researchers import Researcher
from consulting.domain.texts import unreadable

LONGEST_NOTICE = timedelta(days=30)
LONGEST_HORIZON = timedelta(days=365)
MOST_TOPICS, LONGEST_TOPIC = 30, 100
MOST_ACHIEVEMENTS, LONGEST_ACHIEVEMENT = 50, 500
LONGEST_URL = 2000

_Hours = TypeVar("_Hours", Pattern, Override)


def require_valid_profile(researcher: Researcher) -> None:
    """Raise ValidationFailed with all that is wrong with what researchers say about themselves."""
    problems = profile_problems(researcher)
    if problems:
        raise ValidationFailed(problems)


def profile_problems(researcher: Researcher) -> list[FieldProblem]:
    """Name all that is wrong with what is said about a researcher, by themselves or by whoever adds them."""
    return [
        *timezone_problems(researcher.timezone),
        *unreadable("name", researcher.name),
        *unreadable("bio", researcher.bio),
        *unreadable("affiliation", researcher.affiliation),
        *_texts_problems("expertise", researcher.expertise, most=MOST_TOPICS, longest=LONGEST_TOPIC),
        *_texts_problems("achievements", researcher.achievements, most=MOST_ACHIEVEMENTS, longest=LONGEST_ACHIEVEMENT),
        *_url_problems("avatar_url", researcher.avatar_url),
        *_terms_problems(researcher),
    ]


def following(rules: Iterable[_Hours], *, before: Researcher, now: Researcher) -> Iterator[_Hours]:
    """Give the hours that follow a changed profile, as they are now.

    Hours in the profile's former zone mean the same wall clock times in the new one, and hours with its former gap have
    the new gap. Those that say otherwise stay as they are.
    """
    for rule in rules:
        timezone = now.timezone if rule.timezone == before.timezone else rule.timezone
        gap = now.gap_minutes if rule.gap_minutes == before.gap_minutes else rule.gap_minutes
        if (timezone, gap) != (rule.timezone, rule.gap_minutes):
            yield replace(rule, timezone=timezone, gap_minutes=gap)


def _terms_problems(researcher: Researcher) -> Iterator[FieldProblem]:
    if not timedelta(0) <= researcher.notice <= LONGEST_NOTICE:
        most = LONGEST_NOTICE // timedelta(minutes=1)
        yield FieldProblem("notice_minutes", f"give a whole number from 0 to {most}")
    if not 0 <= researcher.gap_minutes <= LONGEST_GAP:
        yield FieldProblem("gap_minutes", f"give a whole number from 0 to {LONGEST_GAP}")
    if not timedelta(days=1) <= researcher.horizon <= LONGEST_HORIZON:
        yield FieldProblem("horizon_days", f"give a whole number from 1 to {LONGEST_HORIZON.days}")


def _texts_problems(field: str, texts: Sequence[str], *, most: int, longest: int) -> Iterator[FieldProblem]:
    if len(texts) > most:
        yield FieldProblem(field, f"give at most {most}")
    if any(not text.strip() or len(text) > longest for text in texts):
        yield FieldProblem(field, f"give texts of 1 to {longest} letters")
    if len({text.casefold() for text in texts}) < len(texts):
        yield FieldProblem(field, "give each one once")
    yield from unreadable(field, *texts)


def _url_problems(field: str, url: str | None) -> Iterator[FieldProblem]:
    if url is not None and (len(url) > LONGEST_URL or not _safe(url)):
        yield FieldProblem(field, f"give an address that starts with https://, of at most {LONGEST_URL} letters")


def _safe(url: str) -> bool:
    """Tell whether it is a plain https address: no user in it, and nothing that a page could be broken with."""
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in " \"'<>\\^`{|}"):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False
