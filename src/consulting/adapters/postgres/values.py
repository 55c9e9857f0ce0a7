"""How the domain's small values lie in columns and documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, func
from sqlalchemy.dialects.postgresql import TSTZRANGE

from consulting.adapters.postgres.tables.metadata import Instant
from consulting.domain.cancellation import CancellationPolicy, Tier
from consulting.domain.money import Money

AT = bindparam("at", type_=Instant)
START, END = bindparam("start", type_=Instant), bindparam("end", type_=Instant)
LIMIT = bindparam("limit", type_=Integer)
ASKED_PERIOD: ColumnElement[Any] = func.tstzrange(START, END, type_=TSTZRANGE)

_MICROSECOND = timedelta(microseconds=1)


def write_policy(policy: CancellationPolicy) -> list[dict[str, int]]:
    """Give the policy as a document: tiers from the longest notice to the shortest."""
    return [{"notice_microseconds": tier.notice // _MICROSECOND, "percent": tier.percent} for tier in policy.tiers]


def read_policy(document: Sequence[dict[str, int]]) -> CancellationPolicy:
    """Read what `write_policy` wrote."""
    return _policy(tuple([(tier["notice_microseconds"], tier["percent"]) for tier in document]))


@lru_cache(maxsize=256)
def _policy(tiers: tuple[tuple[int, int], ...]) -> CancellationPolicy:
    """Make a policy once: every researcher has one, and most have one of a few."""
    return CancellationPolicy(tuple(Tier(microseconds * _MICROSECOND, percent) for microseconds, percent in tiers))


def read_money(amount: int | None, currency: str | None) -> Money | None:
    """Read money from its two columns; None where there is none."""
    return None if amount is None or currency is None else Money(amount, currency)
