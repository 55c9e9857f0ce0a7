"""Who has what a list or a search asks for: a bit for each researcher, and orders that have it beside them."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NUMBERS = """
ALTER TABLE researchers ADD COLUMN number integer NOT NULL GENERATED ALWAYS AS IDENTITY;
ALTER TABLE openings ADD COLUMN number integer;
UPDATE openings SET number = researchers.number FROM researchers WHERE id = researcher_id;
CREATE TABLE bearers (
    trait text COLLATE "C" NOT NULL,
    grade smallint NOT NULL,
    stretch smallint NOT NULL,
    marks bit(16384) NOT NULL,
    CONSTRAINT bearers_pkey PRIMARY KEY (trait, grade, stretch)
);
"""

REMADE = {
    "openings_by_start": "openings (soonest, researcher_id)",
    "researchers_by_name": "researchers (name, id) WHERE active",
    "researchers_by_rate": "researchers (rate_currency, rate_amount, name, id) WHERE active",
    "researchers_by_rate_down": "researchers (rate_currency, (-rate_amount), name, id) WHERE active",
    "researchers_by_rating": """researchers (
        (-((rating_total::bigint * 1000000) / GREATEST(rating_count, 1))), (-rating_count), name, id) WHERE active""",
}
DROPPED = {
    "researchers_by_affiliation": "researchers (affiliation_topic, name, id) WHERE active",
    "researchers_by_topic": "researchers USING gin (topics)",
    "researcher_words_by_word": "researcher_words (word, weight, name, researcher_id)",
}
MADE = """
CREATE INDEX openings_by_start ON openings (soonest, researcher_id) INCLUDE (number, certain_until);
CREATE INDEX researchers_by_name ON researchers (name, id) INCLUDE (number) WHERE active;
CREATE INDEX researchers_by_rate ON researchers (rate_currency, rate_amount, name, id) INCLUDE (number) WHERE active;
CREATE INDEX researchers_by_rate_down ON researchers (rate_currency, (-rate_amount), name, id)
    INCLUDE (number, rate_amount) WHERE active;
CREATE INDEX researchers_by_rating ON researchers (
    (-((rating_total::bigint * 1000000) / GREATEST(rating_count, 1))), (-rating_count), name, id
) INCLUDE (number, rating_total, rating_count) WHERE active;
CREATE INDEX researchers_by_number ON researchers (number)
    INCLUDE (id, name, active, rate_currency, rate_amount, rating_total, rating_count);
"""

_OPENINGS = """
CREATE OR REPLACE FUNCTION openings_of_researchers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO openings ({columns}) SELECT {values} FROM added;
    RETURN NULL;
END $$
"""

_TAKE_TURNS = "PERFORM pg_advisory_xact_lock(2, 0);"  # 1 is a client's bookings
_MARK = "bit_or(set_bit(0::bit(16384), number % 16384, 1))"
_KEEP = "ON CONFLICT (trait, grade, stretch) DO UPDATE SET marks = kept.marks | excluded.marks"


def _traits(row: str) -> str:
    columns = ("active", "topics", "affiliation_topic", "verified", "rate_currency", "rate_amount")
    return f"bearers_traits({', '.join(f'{row}.{column}' for column in columns)})"


def _words(row: str) -> str:
    return f"""
        SELECT 'word ' || word AS trait, weight AS grade, number / 16384 AS stretch, {_MARK} AS marks
        FROM {row} JOIN researchers ON id = researcher_id GROUP BY 1, 2, 3
    """


KEPT_RIGHT = (
    # A change finds room on the page, and what can be compressed is; no row leaves its page for another table.
    "ALTER TABLE bearers SET (fillfactor = 70, toast_tuple_target = 128), ALTER marks SET STORAGE MAIN",
    """
    CREATE FUNCTION bearers_traits(
        active boolean, topics text[], affiliation text, verified boolean, currency text, amount bigint
    ) RETURNS TABLE (trait text, grade smallint) LANGUAGE sql STABLE AS $$
        SELECT DISTINCT trait, grade::smallint FROM (
            SELECT 'field ' || encode(sha256(convert_to(topic, 'UTF8')), 'hex'), 0 FROM unnest(topics) AS topic
            UNION ALL SELECT 'institution ' || encode(sha256(convert_to(affiliation, 'UTF8')), 'hex'), 0
            UNION ALL SELECT 'verified', verified::int
            UNION ALL SELECT 'rate ' || currency, -1
            UNION ALL SELECT 'rate ' || currency, digit FROM generate_series(0, 62) digit WHERE amount >> digit & 1 = 1
        ) AS told (trait, grade)
        WHERE active AND trait IS NOT NULL
    $$
    """,
    f"""
    CREATE FUNCTION bearers_of_added() RETURNS trigger LANGUAGE plpgsql SET enable_hashagg = off AS $$
    BEGIN
        {_TAKE_TURNS}
        INSERT INTO bearers AS kept
        SELECT trait, grade, number / 16384, {_MARK} FROM added, {_traits("added")} GROUP BY 1, 2, 3
        {_KEEP};
        RETURN NULL;
    END $$
    """,
    f"""
    CREATE FUNCTION bearers_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {_TAKE_TURNS}
        UPDATE bearers AS kept SET marks = set_bit(kept.marks, OLD.number % 16384, 0)
        FROM (SELECT * FROM {_traits("OLD")} EXCEPT SELECT * FROM {_traits("NEW")}) AS lost
        WHERE kept.trait = lost.trait AND kept.grade = lost.grade AND kept.stretch = OLD.number / 16384;
        INSERT INTO bearers AS kept
        SELECT trait, grade, NEW.number / 16384, set_bit(0::bit(16384), NEW.number % 16384, 1)
        FROM (SELECT * FROM {_traits("NEW")} EXCEPT SELECT * FROM {_traits("OLD")}) AS won
        {_KEEP};
        RETURN NULL;
    END $$
    """,
    # The words go first: afterwards nobody knows any more whose they were.
    f"""
    CREATE FUNCTION bearers_of_gone() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM researcher_words WHERE researcher_id = OLD.id;
        {_TAKE_TURNS}
        UPDATE bearers AS kept SET marks = set_bit(kept.marks, OLD.number % 16384, 0)
        FROM {_traits("OLD")} AS lost
        WHERE kept.trait = lost.trait AND kept.grade = lost.grade AND kept.stretch = OLD.number / 16384;
        RETURN OLD;
    END $$
    """,
    f"""
    CREATE FUNCTION bearers_of_words() RETURNS trigger LANGUAGE plpgsql SET enable_hashagg = off AS $$
    BEGIN
        {_TAKE_TURNS}
        IF TG_OP <> 'INSERT' THEN
            UPDATE bearers AS kept SET marks = kept.marks & ~lost.marks FROM ({_words("gone")}) AS lost
            WHERE kept.trait = lost.trait AND kept.grade = lost.grade AND kept.stretch = lost.stretch;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO bearers AS kept {_words("came")} {_KEEP};
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER bearers_of_added AFTER INSERT ON researchers REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION bearers_of_added()
    """,
    # Spellings alone are no trait, but whoever counts them is waited for: the turn has to be taken before.
    """
    CREATE TRIGGER bearers_of_changed
    AFTER UPDATE OF active, expertise, topics, affiliation_topic, verified, rate_currency, rate_amount ON researchers
    FOR EACH ROW WHEN (
        (OLD.active, OLD.verified, OLD.expertise, OLD.topics) IS DISTINCT FROM
            (NEW.active, NEW.verified, NEW.expertise, NEW.topics)
        OR (OLD.affiliation_topic, OLD.rate_currency, OLD.rate_amount) IS DISTINCT FROM
            (NEW.affiliation_topic, NEW.rate_currency, NEW.rate_amount))
    EXECUTE FUNCTION bearers_of_changed()
    """,
    """
    CREATE TRIGGER bearers_of_gone BEFORE DELETE ON researchers FOR EACH ROW EXECUTE FUNCTION bearers_of_gone()
    """,
    """
    CREATE TRIGGER bearers_of_new_words AFTER INSERT ON researcher_words REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION bearers_of_words()
    """,
    """
    CREATE TRIGGER bearers_of_words AFTER UPDATE ON researcher_words REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION bearers_of_words()
    """,
    """
    CREATE TRIGGER bearers_of_gone_words AFTER DELETE ON researcher_words REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION bearers_of_words()
    """,
)

FILL = (
    f"""
    INSERT INTO bearers SELECT trait, grade, number / 16384, {_MARK}
    FROM researchers, {_traits("researchers")} GROUP BY 1, 2, 3
    """,
    f"INSERT INTO bearers {_words('researcher_words')}",
)
TRIGGERS = {
    "bearers_of_added": "researchers",
    "bearers_of_changed": "researchers",
    "bearers_of_gone": "researchers",
    "bearers_of_new_words": "researcher_words",
    "bearers_of_words": "researcher_words",
    "bearers_of_gone_words": "researcher_words",
}
FUNCTIONS = ("bearers_of_added", "bearers_of_changed", "bearers_of_gone", "bearers_of_words", "bearers_traits")


def upgrade() -> None:
    op.execute(NUMBERS)
    op.execute(_OPENINGS.format(columns="researcher_id, number", values="id, number"))
    for index in (*REMADE, *DROPPED):
        op.execute(f"DROP INDEX {index}")
    op.execute(MADE)
    for statement in (*KEPT_RIGHT, *FILL):
        op.execute(statement)


def downgrade() -> None:
    for trigger, table in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute(_OPENINGS.format(columns="researcher_id", values="id"))
    for index in ("researchers_by_number", *REMADE):
        op.execute(f"DROP INDEX {index}")
    for index, columns in (REMADE | DROPPED).items():
        op.execute(f"CREATE INDEX {index} ON {columns}")
    op.execute(
        "DROP TABLE bearers; ALTER TABLE openings DROP COLUMN number; ALTER TABLE researchers DROP COLUMN number"
    )
