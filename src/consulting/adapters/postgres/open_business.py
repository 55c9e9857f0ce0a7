"""What clients have begun and nobody has finished: holds, and payments that we know of without a confirmed session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, text

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import prepare

HOLDS = prepare(
    text(
        "SELECT count(*) FILTER (WHERE expires_at > :at) AS live, count(*) FILTER (WHERE expires_at <= :at) AS over,"
        " min(expires_at) FILTER (WHERE expires_at <= :at) AS oldest_over"
        " FROM sessions WHERE expires_at IS NOT NULL"
    )
)
PAID = prepare(
    text(
        "SELECT count(*) AS number, min(since) AS oldest FROM ("
        " SELECT i.received_at AS since FROM inbox i JOIN payments p ON p.intent_id = i.intent_id"
        " WHERE i.standing IN ('waiting', 'dead') AND i.kind = 'payment_intent.succeeded' AND p.state <> 'succeeded'"
        " UNION ALL"
        " SELECT p.updated_at FROM sessions s JOIN payments p ON p.session_id = s.id"
        " WHERE s.expires_at IS NOT NULL AND p.state = 'succeeded') AS paid"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """How many there are at one instant, and since when (UTC) the oldest waits.

    `live_holds` can still be paid; `over_holds` are past their deadline and not swept yet, though their slots are free.
    `paid` are payments that the provider has told us of, or that we have seen, whose session isn't confirmed.
    """

    live_holds: int
    over_holds: int
    oldest_over: datetime | None
    paid: int
    oldest_paid: datetime | None


class OpenBusiness:
    """Counts what is unfinished; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        """Take connections from this engine's pool."""
        self._engine = engine

    def at(self, at: datetime) -> Unfinished:
        """Count at this instant. Raises StorageUnavailable."""
        link = Link(self._engine)
        try:
            [holds], [paid] = link.together((HOLDS, {"at": at}), (PAID, {}))
            link.commit()
        finally:
            link.close()
        return Unfinished(
            live_holds=holds.live,
            over_holds=holds.over,
            oldest_over=holds.oldest_over,
            paid=paid.number,
            oldest_paid=paid.oldest,
        )
