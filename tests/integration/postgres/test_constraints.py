"""What may never be, tried in plain SQL: the last line, whatever the program does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from psycopg import sql

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage import Setting
from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.transactions import PostgresTransactions


@pytest.fixture(scope="module")
def kept(module_database_url: str) -> str:
    """One row of each kind, which the tests try to spoil."""
    engine = open_engine(url=module_database_url, pool_size=2)
    setting = Setting(PostgresTransactions(engine))
    session = setting.held()
    payment = setting.payment(session)
    setting.refund(payment)
    setting.slot(2)
    with setting.transactions.begin() as tx:
        tx.reviews.add(sample.review(session))
        tx.notifications.mark(sample.notification(session))
        tx.outbox.add([sample.errand(session)])
        tx.inbox.receive(sample.message(), id=sample.identity("message", 1), at=sample.NOW)
        tx.availability.save_pattern(sample.pattern(1))
        tx.availability.save_override(sample.override(2))
        tx.availability.save_block(sample.block(3))
        tx.availability.save_one_off(sample.one_off(4))
    engine.dispose()
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO idempotency_keys VALUES ('c', 'k', decode(repeat('00', 32), 'hex'), 'started', %s, "
            "NULL, NULL, NULL, %s)",
            [sample.NOW, sample.NOW],
        )
    return module_database_url


@pytest.fixture
def connection(kept: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(kept) as connection:
        yield connection
        connection.rollback()


FOREVER = "'infinity'"
CANCELED = {
    "status": "'canceled'",
    "expires_at": "NULL",
    "canceled_by": "'system'",
    "cancellation_reason": "'hold_expired'",
    "canceled_at": "now()",
}
SPOILT = [
    ("researchers", {"rate_amount": "-1"}, "researchers_rate_amount"),
    ("researchers", {"rate_currency": "'USD'"}, "researchers_rate_currency"),
    ("researchers", {"notice": "interval '-1 minute'"}, "researchers_terms"),
    ("researchers", {"horizon": "interval '200 years'"}, "researchers_terms"),
    ("researchers", {"rating_total": "11"}, "researchers_rating"),
    ("researchers", {"topics": "'{}'"}, "researchers_expertise"),
    ("researchers", {"name": "repeat('x', 201)"}, "researchers_lengths"),
    ("researchers", {"name": "''"}, "researchers_named"),
    ("researchers", {"timezone": "''"}, "researchers_named"),
    ("researchers", {"created_at": FOREVER}, "researchers_instants"),
    ("availability_patterns", {"weekday": "7"}, "availability_patterns_weekday"),
    ("availability_patterns", {"end_minute": "start_minute"}, "availability_patterns_window"),
    ("availability_patterns", {"slot_minutes": "0"}, "availability_patterns_cut"),
    ("availability_patterns", {"valid_until": "valid_from - 1"}, "availability_patterns_dates"),
    ("availability_patterns", {"valid_until": FOREVER}, "availability_patterns_dates"),
    ("availability_patterns", {"every_weeks": "0"}, "availability_patterns_every_weeks"),
    ("availability_overrides", {"windows": "'{}'"}, "availability_overrides_windows"),
    ("availability_overrides", {"date": "'-infinity'"}, "availability_overrides_date"),
    ("availability_slots", {"end_time": "start_time"}, "availability_slots_period"),
    ("availability_slots", {"end_time": "start_time + interval '481 minutes'"}, "availability_slots_period"),
    ("availability_slots", {"end_time": "end_time + interval '1 second'"}, "availability_slots_minutes"),
    ("availability_slots", {"end_time": FOREVER}, "availability_slots_instants"),
    ("availability_blocks", {"end_time": "start_time"}, "availability_blocks_period"),
    ("availability_blocks", {"end_time": FOREVER}, "availability_blocks_instants"),
    ("time_slots", {"end_time": "start_time"}, "time_slots_period"),
    ("time_slots", {"end_time": "start_time + interval '25 hours'"}, "time_slots_at_most_a_day"),
    ("time_slots", {"start_time": "'-infinity'", "end_time": "'-infinity'"}, "time_slots_instants"),
    ("time_slots", {"start_time": "'0001-01-01 BC'", "end_time": "'0001-01-02 BC'"}, "time_slots_instants"),
    ("sessions", {"status": "'completed'", "expires_at": "NULL"}, "sessions_state"),
    ("sessions", {"payment_status": "'refunded'", "expires_at": "NULL"}, "sessions_state"),
    ("sessions", {"status": "'completed'", "payment_status": "'failed'", "expires_at": "NULL"}, "sessions_state"),
    ("sessions", {"status": "'lost'", "expires_at": "NULL"}, "sessions_state"),
    ("sessions", {"expires_at": "NULL"}, "sessions_deadline"),
    ("sessions", {"payment_status": "'completed'"}, "sessions_deadline"),
    ("sessions", {"expires_at": FOREVER}, "sessions_instants"),
    ("sessions", {"expires_at": "start_time + interval '1 microsecond'"}, "sessions_paid_before_start"),
    ("sessions", {"price_amount": "-1"}, "sessions_free"),
    ("sessions", {"price_amount": "0"}, "sessions_free"),
    ("sessions", {"price_amount": "-1", "payment_status": "'completed'", "expires_at": "NULL"}, "sessions_price"),
    ("sessions", {"price_currency": "'dollars'"}, "sessions_price_currency"),
    ("sessions", {"status": "'canceled'", "expires_at": "NULL"}, "sessions_canceled"),
    ("sessions", {"canceled_by": "'client'"}, "sessions_cancellation"),
    ("sessions", {**CANCELED, "canceled_by": "'nobody'"}, "sessions_canceled_by_known"),
    ("sessions", {**CANCELED, "cancellation_reason": "'rain'"}, "sessions_cancellation_reason_known"),
    ("sessions", {"meeting_id": "'1'"}, "sessions_meeting"),
    ("sessions", {"no_show": "true"}, "sessions_no_show"),
    ("sessions", {"sequence": "-1"}, "sessions_sequence"),
    ("sessions", {"end_time": "start_time"}, "sessions_period"),
    ("sessions", {"questions": "repeat('x', 20001)"}, "sessions_lengths"),
    ("payments", {"price_amount": "0"}, "payments_price"),
    ("payments", {"attempt": "0"}, "payments_attempt"),
    ("payments", {"state": "'paid'"}, "payments_state_known"),
    ("payments", {"state": "'succeeded'"}, "payments_succeeded"),
    ("payments", {"received_amount": "1"}, "payments_received"),
    ("payments", {"received_amount": "0", "received_currency": "'usd'"}, "payments_received_amount"),
    ("payments", {"dispute": "'maybe'"}, "payments_dispute_known"),
    ("refunds", {"amount": "0"}, "refunds_amount"),
    ("refunds", {"amount": "-5"}, "refunds_amount"),
    ("refunds", {"tries": "3"}, "refunds_tries"),
    ("refunds", {"reason": "'whim'"}, "refunds_reason_known"),
    ("refunds", {"state": "'gone'"}, "refunds_state_known"),
    ("reviews", {"stars": "0"}, "reviews_stars"),
    ("reviews", {"stars": "6"}, "reviews_stars"),
    ("reviews", {"comment": "repeat('x', 4001)"}, "reviews_lengths"),
    ("notifications", {"marked_at": FOREVER}, "notifications_instants"),
    ("outbox", {"lane": "'fast'"}, "outbox_lane_known"),
    ("outbox", {"errand": "'dance'"}, "outbox_errand_known"),
    ("outbox", {"standing": "'done'"}, "outbox_ended"),
    ("outbox", {"leased_by": "'one'"}, "outbox_lease"),
    ("outbox", {"data": "'[]'"}, "outbox_data"),
    ("outbox", {"attempts": "-1"}, "outbox_attempts"),
    ("inbox", {"standing": "'dead'"}, "inbox_ended"),
    ("inbox", {"leased_until": "now()"}, "inbox_lease"),
    ("idempotency_keys", {"state": "'finished'"}, "idempotency_keys_finished"),
    ("idempotency_keys", {"leased_until": "NULL"}, "idempotency_keys_started"),
    ("idempotency_keys", {"fingerprint": "'short'"}, "idempotency_keys_fingerprint"),
    ("idempotency_keys", {"state": "'lost'", "leased_until": "NULL"}, "idempotency_keys_state_known"),
    ("idempotency_keys", {"status_code": "99"}, "idempotency_keys_status_code"),
    ("idempotency_keys", {"leased_until": FOREVER}, "idempotency_keys_instants"),
    ("idempotency_keys", {"key": "repeat('x', 256)"}, "idempotency_keys_lengths"),
]


@pytest.mark.parametrize(("table", "changes", "constraint"), SPOILT)
def test_a_row_that_contradicts_itself_is_refused(
    connection: psycopg.Connection[Any], table: str, changes: Mapping[str, str], constraint: str
) -> None:
    assignments = ", ".join(f"{column} = {value}" for column, value in changes.items())
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        connection.execute(f"UPDATE {table} SET {assignments}".encode())
    assert refused.value.diag.constraint_name == constraint


COPIES = [
    ("sessions", {"id": "gen_random_uuid()"}, "sessions_no_overlap"),
    (
        "sessions",
        {
            "id": "gen_random_uuid()",
            "start_time": "start_time + interval '59 minutes'",
            "end_time": "end_time + interval '59 minutes'",
        },
        "sessions_no_overlap",
    ),
    ("time_slots", {"id": "gen_random_uuid()"}, "time_slots_researcher_id_start_time_end_time_key"),
    (
        "time_slots",
        {"id": "gen_random_uuid()", "start_time": "start_time + interval '1 minute'"},
        "time_slots_no_overlap",
    ),
    ("payments", {"id": "gen_random_uuid()", "attempt": "2", "intent_id": "NULL"}, "payments_one_alive"),
    (
        "payments",
        {"id": "gen_random_uuid()", "state": "'canceled'", "intent_id": "NULL"},
        "payments_session_id_attempt_key",
    ),
    ("payments", {"id": "gen_random_uuid()", "state": "'canceled'", "attempt": "2"}, "payments_intent_id_key"),
    ("reviews", {"id": "gen_random_uuid()"}, "reviews_one_a_session"),
    ("inbox", {"id": "gen_random_uuid()"}, "inbox_source_external_id_key"),
    ("researchers", {"id": "gen_random_uuid()"}, "researchers_one_an_account"),
    ("notifications", {"message_id": "'<2@example.org>'"}, "notifications_pkey"),
    ("idempotency_keys", {}, "idempotency_keys_pkey"),
]


@pytest.mark.parametrize(("table", "changes", "constraint"), COPIES)
def test_what_may_be_once_is_not_there_twice(
    connection: psycopg.Connection[Any], table: str, changes: Mapping[str, str], constraint: str
) -> None:
    with pytest.raises(psycopg.IntegrityError) as refused:
        copy(connection, table, changes)
    assert refused.value.diag.constraint_name == constraint


def copy(connection: psycopg.Connection[Any], table: str, changes: Mapping[str, str]) -> None:
    """Insert the table's first row once more, with changes; the server counts what it counted in the first."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attidentity = ''", [table]
    )
    names = [name for (name,) in found]
    copied = ", ".join(changes.get(name, name) for name in names)
    insert = f"INSERT INTO {table} ({', '.join(names)}) SELECT {copied} FROM {table} ORDER BY ctid LIMIT 1"
    connection.execute(insert.encode())


def test_a_withdrawn_slot_and_a_canceled_session_are_in_nobodys_way(connection: psycopg.Connection[Any]) -> None:
    copy(
        connection,
        "time_slots",
        {"id": "gen_random_uuid()", "start_time": "start_time + interval '1 minute'", "withdrawn": "true"},
    )
    copy(connection, "sessions", {**CANCELED, "id": "gen_random_uuid()"})


def test_a_session_is_never_on_another_researchers_slot(connection: psycopg.Connection[Any]) -> None:
    copy(connection, "researchers", {"id": "'00000000-0009-7000-8000-000000000000'", "user_id": "NULL"})
    connection.execute("DELETE FROM reviews")
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
        connection.execute("UPDATE sessions SET researcher_id = '00000000-0009-7000-8000-000000000000'")
    assert refused.value.diag.constraint_name == "sessions_of_their_slot"


def test_a_review_is_never_of_another_researcher_than_its_session(connection: psycopg.Connection[Any]) -> None:
    copy(connection, "researchers", {"id": "'00000000-0009-7000-8000-000000000000'", "user_id": "NULL"})
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
        connection.execute("UPDATE reviews SET researcher_id = '00000000-0009-7000-8000-000000000000'")
    assert refused.value.diag.constraint_name == "reviews_of_the_researcher"


ASTRAY = [
    ("sessions", {"start_time": "start_time + interval '1 minute'"}, "sessions_of_their_slot"),
    ("sessions", {"end_time": "end_time - interval '1 minute'"}, "sessions_of_their_slot"),
    ("sessions", {"time_slot_id": "(SELECT id FROM time_slots ORDER BY id DESC LIMIT 1)"}, "sessions_of_their_slot"),
    ("time_slots", {"end_time": "end_time - interval '1 minute'"}, "sessions_of_their_slot"),
    ("payments", {"price_amount": "price_amount + 1"}, "payments_of_the_price"),
    ("payments", {"price_currency": "'eur'"}, "payments_of_the_price"),
    ("sessions", {"price_amount": "price_amount + 1"}, "payments_of_the_price"),
    (
        "sessions",
        {"price_amount": "0", "payment_status": "'completed'", "expires_at": "NULL"},
        "payments_of_the_price",
    ),
]


@pytest.mark.parametrize(("table", "changes", "constraint"), ASTRAY)
def test_a_row_that_contradicts_what_it_belongs_to_is_refused(
    connection: psycopg.Connection[Any], table: str, changes: Mapping[str, str], constraint: str
) -> None:
    assignments = ", ".join(f"{column} = {value}" for column, value in changes.items())
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
        connection.execute(f"UPDATE {table} SET {assignments}".encode())
    assert refused.value.diag.constraint_name == constraint


def test_a_session_moves_to_another_slot_and_its_time_at_once(connection: psycopg.Connection[Any]) -> None:
    moved = connection.execute(
        "UPDATE sessions SET time_slot_id = slot.id, start_time = slot.start_time, end_time = slot.end_time"
        " FROM time_slots AS slot WHERE slot.id <> sessions.time_slot_id"
    )
    assert moved.rowcount == 1


def test_a_free_session_is_never_charged(connection: psycopg.Connection[Any]) -> None:
    free = "00000000-0009-7003-8000-000000000000"
    copy(connection, "sessions", {**CANCELED, "id": f"'{free}'", "price_amount": "0", "payment_status": "'completed'"})
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
        copy(connection, "payments", {"id": "gen_random_uuid()", "session_id": f"'{free}'", "intent_id": "NULL"})
    assert refused.value.diag.constraint_name == "payments_of_the_price"


def test_a_refund_is_of_a_payment_of_its_own_session(connection: psycopg.Connection[Any]) -> None:
    copy(connection, "sessions", {**CANCELED, "id": "'00000000-0009-7003-8000-000000000000'"})
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as refused:
        connection.execute("UPDATE refunds SET session_id = '00000000-0009-7003-8000-000000000000'")
    assert refused.value.diag.constraint_name == "refunds_payment_id_session_id_fkey"


@pytest.mark.parametrize("table", ["researchers", "time_slots", "sessions", "payments"])
def test_what_others_refer_to_cannot_be_deleted(connection: psycopg.Connection[Any], table: str) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
