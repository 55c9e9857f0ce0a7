from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.domain.admin_acts import Act, AdminAct
from consulting.domain.api_keys import Scope, issue


@pytest.fixture(scope="module")
def connection(module_database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Keep one act and one key."""
    engine = open_engine(url=module_database_url, pool_size=1)
    act = AdminAct(
        id=sample.identity("act", 1), at=sample.NOW, by="admin-1", act=Act.RETRY_ERRAND, subject="1", after={"tries": 0}
    )
    key = issue(
        id=sample.identity("key", 1),
        key="ck_" + "x" * 43,
        name="Partner",
        scopes=frozenset(Scope),
        created_by="admin-1",
        expires_at=None,
        at=sample.NOW,
    )
    with PostgresTransactions(engine).begin() as tx:
        tx.admin_acts.add(act)
        tx.api_keys.add(key)
    engine.dispose()
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    "change",
    ["UPDATE admin_acts SET acted_by = 'somebody else'", "DELETE FROM admin_acts", "TRUNCATE admin_acts"],
)
def test_what_admins_did_can_be_changed_by_nobody(connection: psycopg.Connection[Any], change: str) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="stays written down"):
        connection.execute(change.encode())
    assert connection.execute("SELECT acted_by, after FROM admin_acts").fetchall() == [("admin-1", {"tries": 0})]


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ("hash = 'short'", "api_keys_hash"),
        ("scopes = '{}'", "api_keys_scopes_known"),
        ("scopes = '{everything}'", "api_keys_scopes_known"),
        ("created_at = 'infinity'", "api_keys_instants"),
        ("prefix = repeat('x', 12)", "api_keys_lengths"),
    ],
)
def test_a_key_that_contradicts_itself_is_refused(
    connection: psycopg.Connection[Any], changes: str, constraint: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        connection.execute(f"UPDATE api_keys SET {changes}".encode())
    assert refused.value.diag.constraint_name == constraint
