"""When each researcher could next be booked, kept right by the database itself."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OPENINGS = """
CREATE TABLE openings (
    researcher_id uuid NOT NULL,
    soonest timestamptz NOT NULL DEFAULT '9999-12-31 23:59:59.999999+00',
    certain_until timestamptz NOT NULL DEFAULT '-infinity',
    CONSTRAINT openings_pkey PRIMARY KEY (researcher_id),
    CONSTRAINT openings_researcher_id_fkey FOREIGN KEY (researcher_id) REFERENCES researchers (id) ON DELETE CASCADE
);
CREATE INDEX openings_by_start ON openings (soonest, researcher_id);
CREATE INDEX openings_by_certainty ON openings (certain_until);
INSERT INTO openings (researcher_id) SELECT id FROM researchers;
"""

_DOUBT = "UPDATE openings SET certain_until = '-infinity' WHERE certain_until > '-infinity' AND"
_WAIT = "PERFORM 1 FROM openings WHERE researcher_id"

KEPT_RIGHT = (
    """
    CREATE FUNCTION openings_of_researchers() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO openings (researcher_id) SELECT id FROM added;
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

TRIGGERS = {
    "openings_added": "researchers",
    "openings_by_terms": "researchers",
    "openings_by_new_slots": "time_slots",
    "openings_by_gone_slots": "time_slots",
    "openings_by_slots": "time_slots",
    "openings_by_bookings": "sessions",
    "openings_by_claims": "sessions",
    "openings_by_freed_time": "sessions",
    "openings_by_gone_sessions": "sessions",
}
FUNCTIONS = ("of_researchers", "doubt_terms", "doubt_slots", "doubt_taken", "doubt_freed")


def upgrade() -> None:
    for statement in (OPENINGS, *KEPT_RIGHT):
        op.execute(statement)


def downgrade() -> None:
    for trigger, table in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION openings_{function}")
    op.execute("DROP TABLE openings")
