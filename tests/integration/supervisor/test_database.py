from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
from alembic.script import ScriptDirectory

from consulting.entrypoints.database import migrate, migrations
from tests.integration.instance import PATIENCE


def revision(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row
    return str(row[0])


def test_several_that_migrate_at_once_take_turns(empty_database_url: str) -> None:
    head = ScriptDirectory.from_config(migrations(database_url=empty_database_url)).get_current_head()

    migrating = [
        subprocess.Popen(
            [sys.executable, "-m", "consulting.entrypoints.cli", "migrate"],
            env={**os.environ, "CONSULTING_DATABASE_URL": empty_database_url},
        )
        for _ in range(3)
    ]

    assert [process.wait(PATIENCE) for process in migrating] == [0, 0, 0]
    assert revision(empty_database_url) == head


def test_a_copy_of_the_migrated_database_is_its_tests_own(database_url: str, module_database_url: str) -> None:
    with psycopg.connect(database_url) as one, psycopg.connect(module_database_url) as other:
        one.execute("CREATE TABLE mine ()")
        one.commit()

        assert revision(database_url) == revision(module_database_url)
        with pytest.raises(psycopg.errors.UndefinedTable):
            other.execute("SELECT FROM mine")


def test_a_database_that_does_not_answer_is_told_as_such() -> None:
    with pytest.raises(psycopg.OperationalError):
        migrate(database_url="postgresql://nobody@127.0.0.1:1/none")
