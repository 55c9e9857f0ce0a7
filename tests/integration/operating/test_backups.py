"""docs/operating.md's backups, made and brought back: what comes back is whole, and work goes on with it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from consulting.entrypoints.database import migrate
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from tests.integration.operating.machines import Fleet, Machine, fleet
from tests.integration.operating.servers import copy_of

DATABASE, RESTORED = "consulting", "restored"
COUNTED = ("researchers", "time_slots", "sessions", "payments", "outbox", "idempotency_keys", "ledger_entries")


@dataclass(frozen=True)
class Business:
    """An instance that has booked and been paid, and the server that keeps it."""

    server: EmbeddedPostgres
    fleet: Fleet

    @property
    def machine(self) -> Machine:
        return self.fleet.machines[0]


@pytest.fixture(scope="module")
def business(module_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    with running_postgres(module_home, say=lambda _: None) as server:
        url = server.url(DATABASE)
        migrate(database_url=url)
        with fleet(tmp_path_factory.mktemp("business"), database_url=url, machines=1) as prepared:
            [machine] = prepared.machines
            machine.start("serve")
            machine.wait_until_live()
            for number in range(3):
                buy(prepared, f"client-{number}", prepared.slots[number])
            yield Business(server, prepared)


def buy(fleet: Fleet, user: str, slot: str) -> None:
    with fleet.machines[0].client(user) as client:
        session = client.post("/api/sessions", json={"time_slot_id": slot}).raise_for_status().json()
        intent = client.post("/api/payment/intent", json={"session_id": session["id"]}).raise_for_status().json()
        fleet.pay(intent)
        paid = {"session_id": session["id"], "payment_intent_id": intent["payment_intent_id"]}
        client.post("/api/payment/confirm", json=paid).raise_for_status()


def counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        found = {}
        for table in COUNTED:
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            assert row is not None
            found[table] = int(row[0])
        return found


def rules(url: str) -> dict[str, str]:
    """Give what the tables refuse, by the names of their constraints, and what their functions look at.

    Brackets that mean nothing are left out: a dump writes some more.
    """
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT conname, translate(pg_get_constraintdef(oid), '()', '') FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace"
            " UNION ALL SELECT proname || '()', prosrc FROM pg_proc WHERE proname LIKE '%sound'"
        )
        return dict(found.fetchall())


def work_goes_on(business: Business, url: str, slot: str) -> None:
    """Let the API go on with the database that was brought back; a session that it had can't be booked again."""
    environ = {**business.machine.environ, "CONSULTING_DATABASE_URL": url}
    other = Machine(home=business.machine.home, port=business.machine.port, environ=environ)
    business.machine.stop()
    other.start("serve")
    try:
        other.wait_until_live()
        with other.client("late") as late:
            assert late.post("/api/sessions", json={"time_slot_id": business.fleet.slots[0]}).status_code == 409
            assert late.post("/api/sessions", json={"time_slot_id": slot}).status_code == 201
    finally:
        other.stop()


def the_books_agree(business: Business, url: str) -> None:
    """Audit what was brought back, with the payment provider's own books."""
    environ = {**business.machine.environ, "CONSULTING_DATABASE_URL": url}
    audited = Machine(home=business.machine.home, port=0, environ=environ).command("audit", "--provider")
    assert audited.returncode == 0, audited.stdout + audited.stderr


def run(business: Business, program: str, *arguments: str) -> None:
    command = [str(business.server.binaries[program]), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr


def test_a_dump_comes_back_whole_and_work_goes_on_with_it(business: Business, tmp_path: Path) -> None:
    url, restored = business.server.url(DATABASE), business.server.url(RESTORED)
    dump = str(tmp_path / "consulting.dump")

    run(business, "pg_dump", "--format=custom", f"--file={dump}", url)
    run(business, "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={restored}", dump)

    assert counts(restored) == counts(url)
    assert counts(url)["sessions"] == 3
    assert rules(restored) == rules(url)
    the_books_agree(business, restored)
    work_goes_on(business, restored, business.fleet.slots[10])


def migrated(business: Business, name: str) -> str:
    """Make a database that has all tables and nothing in them; give its address."""
    url = business.server.url(name)
    migrate(database_url=url)
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM alembic_version")
    return url


def test_rows_alone_come_back_with_triggers_off_and_are_recounted_where_counts_are_missing(
    business: Business, tmp_path: Path
) -> None:
    original, restored, dump = business.server.url(DATABASE), migrated(business, "rows"), str(tmp_path / "rows.dump")
    machine = Machine(
        home=business.machine.home,
        port=0,
        environ={**business.machine.environ, "CONSULTING_DATABASE_URL": restored},
    )

    run(business, "pg_dump", "--format=custom", "--data-only", f"--file={dump}", original)
    rows = ["--exit-on-error", "--data-only", "--disable-triggers", f"--dbname={restored}", dump]
    run(business, "pg_restore", *rows)
    assert counts(restored) == counts(original)
    the_books_agree(business, restored)

    with psycopg.connect(restored) as connection:
        connection.execute("TRUNCATE expertise_topics, expertise_spellings, bearers, openings")
    found = machine.command("audit")
    assert found.returncode == 1
    assert {line.partition(" ")[0] for line in found.stdout.splitlines()} == {
        "field_miscounted",
        "trait_mistaken",
        "opening_missing",
        "audit:",
    }
    assert machine.command("recount").returncode == 0
    the_books_agree(business, restored)


def test_a_base_backup_starts_as_a_server_of_its_own_with_everything_in_it(business: Business) -> None:
    before = counts(business.server.url(DATABASE))
    with copy_of(business.server, standby=False) as copy:
        assert counts(copy.url(DATABASE)) == before
        the_books_agree(business, copy.url(DATABASE))
