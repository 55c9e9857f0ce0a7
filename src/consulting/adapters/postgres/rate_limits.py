"""Buckets of tokens in PostgreSQL: one statement takes from one, by the generic cell rate algorithm."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, Interval, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables.metadata import Instant
from consulting.adapters.postgres.tables.rate_limits import rate_limits
from consulting.application.ports.rate_limits import Rate, shortage

_WHO = bindparam("who", type_=Text)
_NOW = bindparam("now", type_=Instant)
_COST = bindparam("cost", type_=Interval)
_LATEST = bindparam("latest", type_=Instant)
_AFTERWARDS = func.greatest(rate_limits.c.full_at, _NOW) + _COST

TAKE = prepare(
    insert(rate_limits)
    .values(who=_WHO, full_at=_NOW + _COST)
    .on_conflict_do_update(
        index_elements=[rate_limits.c.who], set_={"full_at": _AFTERWARDS}, where=_AFTERWARDS <= _LATEST
    )
    .returning(rate_limits.c.full_at)
)
FULL_AT = prepare(select(rate_limits.c.full_at).where(rate_limits.c.who == _WHO))


class PostgresRateLimits:
    """A bucket of tokens for everybody, which all processes take from; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        """Take connections from this engine's pool."""
        self._engine = engine

    def take(self, *, who: str, tokens: int, rate: Rate, at: datetime) -> timedelta | None:
        """Take tokens out of somebody's bucket; if there are too few, take none and say how long to wait for them.

        Raises StorageUnavailable.
        """
        if tokens > rate.burst:
            return rate.cost(tokens)
        link = Link(self._engine)
        try:
            values = {"who": who, "now": at, "cost": rate.cost(tokens), "latest": at + rate.room}
            [taken] = link.commit((TAKE, values))
            if taken:
                return None
        finally:
            link.close()
        return self._shortage(who, tokens=tokens, rate=rate, at=at)

    def _shortage(self, who: str, *, tokens: int, rate: Rate, at: datetime) -> timedelta | None:
        link = Link(self._engine)
        try:
            [found] = link.commit((FULL_AT, {"who": who}))
        finally:
            link.close()
        return shortage(found[0].full_at if found else None, tokens=tokens, rate=rate, at=at) or rate.cost(1)
