"""Who has what a list or a search asks for: for each trait a bit for every researcher, at the place of their number.

A trait is a word, a field of expertise, an institution, being verified or not, or a currency; its grade is the weight
of the word, whether they are verified, or a binary digit of the rate. A hundred thousand people are 12 kB of a trait,
so whom a query means is found by laying a few rows over each other, however common its words are. The numbers are
divided into stretches, one row each, so that a change writes little; a row with few bits is compressed.

Only active researchers have traits. Triggers keep all of it in the transaction of the change, so that no writer can
forget it. They take turns at that: whose traits are changed is nearly always in the same rows as somebody else.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import DDL, Column, Named, SmallInteger, Table, TypedColumns
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.event import listen

from consulting.adapters.postgres.tables.metadata import CodePoints, metadata

STRETCH: Final = 16_384
"""How many researchers have their bits in one row: just enough for PostgreSQL to compress a row that has few."""


class _Bearers(TypedColumns):
    trait: Named[str] = Column(CodePoints, primary_key=True)
    grade: Named[int] = Column(SmallInteger, primary_key=True)
    stretch: Named[int] = Column(SmallInteger, primary_key=True)
    marks: Named[str] = Column(BIT(STRETCH))


bearers = Table("bearers", metadata, _Bearers)

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


BEARERS_TOLD: Final = f"""
    SELECT trait, grade, number FROM researchers, {_traits("researchers")}
    UNION ALL
    SELECT 'word ' || word COLLATE "C", weight, number FROM researcher_words JOIN researchers ON id = researcher_id
"""
"""Who must have which bit: each trait and grade with a researcher's number."""

BEARERS_ANEW: Final = (
    "DELETE FROM bearers",
    f"""
    INSERT INTO bearers SELECT trait, grade, number / 16384, {_MARK} FROM researchers, {_traits("researchers")}
    GROUP BY 1, 2, 3
    """,
    f"INSERT INTO bearers {_words('researcher_words')}",
)
"""Makes all bits anew, while nobody changes a researcher."""

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
for statement in KEPT_RIGHT:
    # A percent sign is the toolkit's own, unless it is doubled.
    listen(metadata, "after_create", DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call] # DDL has no types
