"""When each researcher could next be booked, kept so that lists can go by it.

`soonest` is the start of the first slot that could be booked, as long as `certain_until` lies ahead. From then on the
row is in doubt, and readers look at the slots themselves: so a list is right whether or not anybody settles doubts.
Whatever changes a calendar raises the doubt in its own transaction, by triggers, so that no writer can forget it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DDL, Column, ForeignKey, Index, Named, Table, TypedColumns, text
from sqlalchemy.event import listen

from consulting.adapters.postgres.tables.metadata import Instant, metadata


class _Openings(TypedColumns):
    researcher_id: Named[UUID] = Column(ForeignKey("researchers.id", ondelete="CASCADE"), primary_key=True)
    soonest: Named[datetime] = Column(Instant, server_default=text("'9999-12-31 23:59:59.999999+00'"))
    certain_until: Named[datetime] = Column(Instant, server_default=text("'-infinity'"))
    number: Named[int | None]  # the researcher's, for who walks the index; kept by the trigger that adds the row


openings = Table("openings", metadata, _Openings)
Index(
    "openings_by_start",
    openings.c.soonest,
    openings.c.researcher_id,
    postgresql_include=["number", "certain_until"],
)
Index("openings_by_certainty", openings.c.certain_until)

_DOUBT = "UPDATE openings SET certain_until = '-infinity' WHERE certain_until > '-infinity' AND"
# Taken before the look at the row: a worker that is settling it might write what it saw before this change.
_WAIT = "PERFORM 1 FROM openings WHERE researcher_id"

KEPT_RIGHT = (
    """
    CREATE FUNCTION openings_of_researchers() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO openings (researcher_id, number) SELECT id, number FROM added;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER openings_added AFTER INSERT ON researchers REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION openings_of_researchers()
    """,
    f"""
    CREATE FUNCTION openings_doubt_terms() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {_WAIT} = NEW.id FOR NO KEY UPDATE;
        {_DOUBT} researcher_id = NEW.id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER openings_by_terms AFTER UPDATE OF notice, horizon, active ON researchers FOR EACH ROW
    WHEN ((OLD.notice, OLD.horizon, OLD.active) IS DISTINCT FROM (NEW.notice, NEW.horizon, NEW.active))
    EXECUTE FUNCTION openings_doubt_terms()
    """,
    """
    CREATE FUNCTION openings_doubt_slots() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE each record;
    BEGIN
        FOR each IN SELECT researcher_id AS id, min(start_time) AS first FROM changed GROUP BY 1 ORDER BY 1 LOOP
            PERFORM 1 FROM openings WHERE researcher_id = each.id FOR NO KEY UPDATE;
            UPDATE openings SET certain_until = '-infinity'
            WHERE certain_until > '-infinity' AND researcher_id = each.id AND each.first <= soonest;
        END LOOP;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER openings_by_new_slots AFTER INSERT ON time_slots REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION openings_doubt_slots()
    """,
    """
    CREATE TRIGGER openings_by_gone_slots AFTER DELETE ON time_slots REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION openings_doubt_slots()
    """,
    """
    CREATE TRIGGER openings_by_slots AFTER UPDATE ON time_slots REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION openings_doubt_slots()
    """,
    # A booking touches the row only if it takes the very slot that is kept; its lock on the slot lets no other do so.
    f"""
    CREATE FUNCTION openings_doubt_taken() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {_DOUBT} researcher_id = NEW.researcher_id AND soonest >= NEW.start_time AND soonest < NEW.end_time;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER openings_by_bookings AFTER INSERT ON sessions FOR EACH ROW
    WHEN (NEW.status <> 'canceled') EXECUTE FUNCTION openings_doubt_taken()
    """,
    """
    CREATE TRIGGER openings_by_claims AFTER UPDATE OF status, start_time, end_time, expires_at ON sessions FOR EACH ROW
    WHEN (NEW.status <> 'canceled' AND (OLD.status, OLD.start_time, OLD.end_time, OLD.expires_at)
        IS DISTINCT FROM (NEW.status, NEW.start_time, NEW.end_time, NEW.expires_at))
    EXECUTE FUNCTION openings_doubt_taken()
    """,
    f"""
    CREATE FUNCTION openings_doubt_freed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {_WAIT} = OLD.researcher_id FOR NO KEY UPDATE;
        {_DOUBT} researcher_id = OLD.researcher_id AND OLD.start_time <= soonest;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER openings_by_freed_time AFTER UPDATE OF status, start_time, end_time, expires_at ON sessions
    FOR EACH ROW WHEN (OLD.status <> 'canceled' AND (NEW.status = 'canceled'
        OR (OLD.start_time, OLD.end_time) IS DISTINCT FROM (NEW.start_time, NEW.end_time)
        OR NEW.expires_at < COALESCE(OLD.expires_at, 'infinity')))
    EXECUTE FUNCTION openings_doubt_freed()
    """,
    """
    CREATE TRIGGER openings_by_gone_sessions AFTER DELETE ON sessions FOR EACH ROW
    WHEN (OLD.status <> 'canceled') EXECUTE FUNCTION openings_doubt_freed()
    """,
)
for statement in KEPT_RIGHT:
    listen(metadata, "after_create", DDL(statement))  # type: ignore[no-untyped-call] # SQLAlchemy's DDL has no types
