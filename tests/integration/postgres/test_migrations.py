from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString, TypeAlias

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory

from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.tables import metadata
from consulting.entrypoints import database
from consulting.entrypoints.database import migrate, migrations
from tests.integration.instance import PATIENCE

CATALOGUE = {
    "columns": """
        SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), ordering.collname, a.attidentity, a.attgenerated
        FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        LEFT JOIN pg_collation ordering ON ordering.oid = a.attcollation
        WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'alembic_version'
    """,
    # PostgreSQL 18 lists NOT NULL here too; the columns above say it in every version.
    "constraints": """
        SELECT conrelid::regclass || '.' || conname, contype, pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conrelid::regclass::text <> 'alembic_version'
    """,
    "indexes": """
        SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    """,
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    # Blanks don't matter. Extensions have their own; `refuse` belongs to no table, so migrations alone make it.
    "functions": r"""
        SELECT proname, regexp_replace(pg_get_functiondef(oid), '\s+', ' ', 'g') FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proname <> 'refuse'
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    """,
    "storage": """
        SELECT 'storage of ' || relname, reloptions, (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND attstorage = 'm')
        FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    """,
}


BEFORE_THE_FIRST_RELEASE = {"0006", "0017"}
"""The only ones that a version before them can't live with; none such may be added."""

Catalogue: TypeAlias = Mapping[str, Mapping[str, Any]]


def catalogue(url: str) -> Catalogue:
    with psycopg.connect(url) as connection:
        return {what: {row[0]: row[1:] for row in connection.execute(query)} for what, query in CATALOGUE.items()}


def revisions() -> list[str]:
    scripts = ScriptDirectory.from_config(migrations(database_url=""))
    return [script.revision for script in scripts.walk_revisions()][::-1]


def test_migrations_make_the_tables_that_the_code_knows(database_url: str, empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION btree_gist")
    engine = open_engine(url=empty_database_url, pool_size=1)
    metadata.create_all(engine)
    engine.dispose()

    migrated, declared = catalogue(database_url), catalogue(empty_database_url)
    assert set(migrated["columns"]) == {
        f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.c
    }
    assert migrated == declared


def test_every_revision_can_be_undone_and_done_again(empty_database_url: str) -> None:
    config = migrations(database_url=empty_database_url)
    for revision in revisions():
        command.upgrade(config, revision)
        after = catalogue(empty_database_url)
        command.downgrade(config, "-1")
        command.upgrade(config, revision)
        assert catalogue(empty_database_url) == after


def test_all_the_way_down_leaves_nothing(empty_database_url: str) -> None:
    config = migrations(database_url=empty_database_url)
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    assert not any(catalogue(empty_database_url).values())


def test_processes_that_migrate_at_once_take_turns(empty_database_url: str) -> None:
    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(migrate, database_url=empty_database_url) for _ in range(3)]:
            done.result(PATIENCE)
    assert catalogue(empty_database_url)["columns"]


def test_a_database_that_is_up_to_date_is_left_alone(database_url: str) -> None:
    before = catalogue(database_url)
    migrate(database_url=database_url)
    assert catalogue(database_url) == before


def test_nobody_waits_long_behind_a_migration_that_finds_a_table_held(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PAUSE_SECONDS", 0.5)
    command.upgrade(migrations(database_url=empty_database_url), "0014")
    with ThreadPoolExecutor(1) as thread, psycopg.connect(empty_database_url) as dump:
        dump.execute("LOCK TABLE reviews IN ACCESS SHARE MODE")  # as pg_dump does, all the time
        migrating = thread.submit(migrate, database_url=empty_database_url)
        with psycopg.connect(empty_database_url, autocommit=True) as reader:
            reader.execute("SET statement_timeout = '60s'")  # the dump goes on until it was read
            waited, until = 0.0, time.monotonic() + 2 * PATIENCE
            while waited < 0.1:
                assert time.monotonic() < until
                waited = seconds_of(reader, "SELECT count(*) FROM reviews")
        assert not migrating.done()
        dump.rollback()
        migrating.result(PATIENCE)

    assert catalogue(empty_database_url)["columns"].get("reviews.hidden_at")


def seconds_of(reader: psycopg.Connection, query: LiteralString) -> float:
    began = time.monotonic()
    reader.execute(query)
    return time.monotonic() - began


def test_each_migration_leaves_the_database_good_for_the_version_before_it(empty_database_url: str) -> None:
    config, broken = migrations(database_url=empty_database_url), {}
    before = catalogue(empty_database_url)
    for revision in revisions():
        command.upgrade(config, revision)
        after = catalogue(empty_database_url)
        broken[revision] = sorted({*_taken_away(before, after), *_refused_from_now_on(before, after)})
        before = after

    assert {revision for revision, found in broken.items() if found} == BEFORE_THE_FIRST_RELEASE, broken


def _taken_away(before: Catalogue, after: Catalogue) -> Iterator[str]:
    """Name the columns that the version before reads and wouldn't find, or not as they were."""
    kept = after["columns"]
    for name, (kind, *_) in before["columns"].items():
        if name not in kept or kept[name][0] != kind:
            yield name


def _refused_from_now_on(before: Catalogue, after: Catalogue) -> Iterator[str]:
    """Name what would refuse rows as the version before writes them: columns it doesn't give, and new uniqueness."""
    tables = {name.partition(".")[0] for name in before["columns"]}
    for name, (_, needed, default, _, identity, generated) in after["columns"].items():
        given = name in before["columns"] and (before["columns"][name][1] or default is not None)
        if name.partition(".")[0] in tables and needed and not (given or default or identity or generated):
            yield name
    for name, (kind, *_) in after["constraints"].items():
        if name not in before["constraints"] and name.partition(".")[0] in tables and kind in {"f", "p", "u", "x"}:
            yield name
    for name, (made,) in after["indexes"].items():
        table = made.partition(" ON public.")[2].partition(" ")[0]
        if name not in before["indexes"] and table in tables and made.startswith("CREATE UNIQUE"):
            yield name
