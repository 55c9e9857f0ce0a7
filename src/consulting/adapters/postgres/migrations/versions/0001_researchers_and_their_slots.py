"""Researchers, their hours and their slots."""

from __future__ import annotations

from alembic import op

from consulting.adapters.postgres.migrations.checks import instants, lengths

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

RESEARCHERS = f"""
CREATE TABLE researchers (
    id uuid NOT NULL,
    user_id text,
    name text COLLATE "C" NOT NULL,
    email text NOT NULL,
    bio text,
    expertise text[] NOT NULL,
    topics text[] NOT NULL,
    achievements text[] NOT NULL,
    rate_amount bigint NOT NULL,
    rate_currency text NOT NULL,
    timezone text NOT NULL,
    verified boolean NOT NULL,
    active boolean NOT NULL,
    avatar_url text,
    affiliation text,
    papers text[] NOT NULL,
    zoom_user text,
    notice interval NOT NULL,
    horizon interval NOT NULL,
    policy jsonb NOT NULL,
    rating_total integer NOT NULL,
    rating_count integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT researchers_pkey PRIMARY KEY (id),
    CONSTRAINT researchers_rate_amount CHECK (rate_amount >= 0),
    CONSTRAINT researchers_rate_currency CHECK (rate_currency ~ '^[a-z]{{3}}$'),
    CONSTRAINT researchers_terms
        CHECK (notice BETWEEN interval '0 days' AND interval '36500 days'
            AND horizon BETWEEN interval '0 days' AND interval '36500 days'),
    CONSTRAINT researchers_rating CHECK (rating_total BETWEEN rating_count AND 5 * rating_count),
    CONSTRAINT researchers_expertise
        CHECK (cardinality(expertise) <= 100 AND cardinality(topics) = cardinality(expertise)),
    CONSTRAINT researchers_lists CHECK (cardinality(achievements) <= 100 AND cardinality(papers) <= 1000),
    {instants("researchers", "created_at", "updated_at")},
    {
    lengths(
        "researchers",
        user_id=255,
        name=200,
        email=320,
        bio=20000,
        timezone=64,
        avatar_url=2000,
        affiliation=200,
        zoom_user=320,
    )
}
);
CREATE INDEX researchers_active ON researchers (id) WHERE active;
CREATE INDEX researchers_by_name ON researchers (name, id) WHERE active;
CREATE INDEX researchers_by_topic ON researchers USING gin (topics);
CREATE UNIQUE INDEX researchers_one_an_account ON researchers (user_id) WHERE user_id IS NOT NULL;
"""

RESEARCHER_WORDS = """
CREATE TABLE researcher_words (
    researcher_id uuid NOT NULL,
    word text COLLATE "C" NOT NULL,
    weight smallint NOT NULL,
    CONSTRAINT researcher_words_pkey PRIMARY KEY (researcher_id, word),
    CONSTRAINT researcher_words_researcher_id_fkey
        FOREIGN KEY(researcher_id) REFERENCES researchers (id) ON DELETE CASCADE
);
CREATE INDEX researcher_words_by_word ON researcher_words (word, researcher_id, weight);
"""

VOCABULARY = """
CREATE TABLE vocabulary (
    word text COLLATE "C" NOT NULL,
    without_a_letter text[] NOT NULL,
    CONSTRAINT vocabulary_pkey PRIMARY KEY (word)
);
CREATE INDEX vocabulary_without_a_letter ON vocabulary USING gin (without_a_letter);
"""

AVAILABILITY_PATTERNS = f"""
CREATE TABLE availability_patterns (
    id uuid NOT NULL,
    researcher_id uuid NOT NULL,
    weekday smallint NOT NULL,
    start_minute smallint NOT NULL,
    end_minute smallint NOT NULL,
    timezone text NOT NULL,
    slot_minutes smallint NOT NULL,
    gap_minutes smallint NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    every_weeks smallint NOT NULL,
    CONSTRAINT availability_patterns_pkey PRIMARY KEY (id),
    CONSTRAINT availability_patterns_weekday CHECK (weekday BETWEEN 0 AND 6),
    CONSTRAINT availability_patterns_window
        CHECK (start_minute BETWEEN 0 AND 1439 AND end_minute BETWEEN 0 AND 1440 AND start_minute <> end_minute),
    CONSTRAINT availability_patterns_cut
        CHECK (slot_minutes BETWEEN 5 AND 480 AND gap_minutes BETWEEN 0 AND 240),
    CONSTRAINT availability_patterns_dates
        CHECK (valid_from >= '0001-01-01' AND valid_from <= '9999-12-31'
            AND valid_until <= '9999-12-31' AND valid_until >= valid_from),
    CONSTRAINT availability_patterns_every_weeks CHECK (every_weeks BETWEEN 1 AND 52),
    {lengths("availability_patterns", timezone=64)},
    CONSTRAINT availability_patterns_researcher_id_fkey FOREIGN KEY(researcher_id) REFERENCES researchers (id)
);
CREATE INDEX availability_patterns_of_researcher ON availability_patterns (researcher_id);
"""

AVAILABILITY_OVERRIDES = f"""
CREATE TABLE availability_overrides (
    id uuid NOT NULL,
    researcher_id uuid NOT NULL,
    date date NOT NULL,
    timezone text NOT NULL,
    windows jsonb NOT NULL,
    slot_minutes smallint NOT NULL,
    gap_minutes smallint NOT NULL,
    CONSTRAINT availability_overrides_pkey PRIMARY KEY (id),
    CONSTRAINT availability_overrides_date CHECK (date BETWEEN '0001-01-01' AND '9999-12-31'),
    CONSTRAINT availability_overrides_windows CHECK (jsonb_typeof(windows) = 'array'),
    CONSTRAINT availability_overrides_cut
        CHECK (slot_minutes BETWEEN 5 AND 480 AND gap_minutes BETWEEN 0 AND 240),
    {lengths("availability_overrides", timezone=64)},
    CONSTRAINT availability_overrides_researcher_id_fkey FOREIGN KEY(researcher_id) REFERENCES researchers (id)
);
CREATE INDEX availability_overrides_of_researcher ON availability_overrides (researcher_id);
"""

AVAILABILITY_BLOCKS = f"""
CREATE TABLE availability_blocks (
    id uuid NOT NULL,
    researcher_id uuid NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL,
    reason text,
    CONSTRAINT availability_blocks_pkey PRIMARY KEY (id),
    CONSTRAINT availability_blocks_period CHECK (start_time < end_time),
    {instants("availability_blocks", "start_time", "end_time")},
    {lengths("availability_blocks", reason=1000)},
    CONSTRAINT availability_blocks_researcher_id_fkey FOREIGN KEY(researcher_id) REFERENCES researchers (id)
);
CREATE INDEX availability_blocks_of_researcher ON availability_blocks (researcher_id);
"""

TIME_SLOTS = f"""
CREATE TABLE time_slots (
    id uuid NOT NULL,
    researcher_id uuid NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL,
    withdrawn boolean DEFAULT false NOT NULL,
    CONSTRAINT time_slots_pkey PRIMARY KEY (id),
    CONSTRAINT time_slots_period CHECK (start_time < end_time),
    CONSTRAINT time_slots_at_most_a_day CHECK (end_time <= start_time + interval '24 hours'),
    {instants("time_slots", "start_time", "end_time")},
    CONSTRAINT time_slots_researcher_id_start_time_end_time_key UNIQUE (researcher_id, start_time, end_time),
    CONSTRAINT time_slots_id_researcher_id_key UNIQUE (id, researcher_id),
    CONSTRAINT time_slots_no_overlap
        EXCLUDE USING gist (researcher_id WITH =, tstzrange(start_time, end_time) WITH &&) WHERE (NOT withdrawn),
    CONSTRAINT time_slots_researcher_id_fkey FOREIGN KEY(researcher_id) REFERENCES researchers (id)
);
"""

TABLES = (
    RESEARCHERS,
    RESEARCHER_WORDS,
    VOCABULARY,
    AVAILABILITY_PATTERNS,
    AVAILABILITY_OVERRIDES,
    AVAILABILITY_BLOCKS,
    TIME_SLOTS,
)


def upgrade() -> None:
    # Equality of ids within a GiST index, for the constraints against overlap. It stays on the way down: it may have
    # been there before.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for table in TABLES:
        op.execute(table)


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE time_slots, availability_blocks, availability_overrides, availability_patterns,
            vocabulary, researcher_words, researchers
        """
    )
