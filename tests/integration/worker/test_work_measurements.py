"""What /metrics tells of the work of all processes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from consulting.adapters.postgres.engine import open_engine
from consulting.adapters.postgres.heartbeats import Heartbeat, LoopState, WorkerHeartbeats
from consulting.adapters.postgres.open_business import OpenBusiness
from consulting.adapters.postgres.transactions import PostgresTransactions
from consulting.application.errands import LEASE
from consulting.entrypoints.http.work_measurements import WorkMeasurements
from tests.integration.instance import eventually
from tests.integration.worker.conftest import Workshop
from tests.unit.application.marketplace import client

Measured = Mapping[str, float]
BUSY = 120.0
"""The seconds that a busy machine may take between two steps of a test."""

INTERVALS = {"sweep": timedelta(seconds=2), "slots": timedelta(hours=1)}


def measurements(workshop: Workshop) -> WorkMeasurements:
    market = workshop.market
    return WorkMeasurements(
        market.transactions,
        WorkerHeartbeats(workshop.engine),
        OpenBusiness(workshop.engine),
        market.clock,
        intervals=INTERVALS,
    )


def measured(work: WorkMeasurements) -> Measured:
    """Read the exposition as Prometheus does: each value under its name and its labels, `loop` before `worker`."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(work.exposition().decode())
        for sample in family.samples
    }


def test_without_work_everything_is_zero(workshop: Workshop) -> None:
    found = measured(measurements(workshop))

    assert found["consulting_database_up"] == 1
    assert found["consulting_outbox_errands due"] == found["consulting_outbox_errands dead"] == 0
    assert found["consulting_inbox_messages due"] == found["consulting_inbox_messages dead"] == 0
    assert found["consulting_outbox_oldest_seconds"] == found["consulting_inbox_oldest_seconds"] == 0


def test_errands_are_counted_by_state_and_the_oldest_has_an_age(workshop: Workshop) -> None:
    workshop.booked(workshop.researcher("lise"))
    now = workshop.market.clock.now()
    with workshop.market.transactions.begin() as tx:
        one, _ = tx.outbox.lease(worker="one", limit=2, lease=LEASE, at=now)
        tx.outbox.bury(one, error="refused", at=now)
    workshop.change(
        "UPDATE outbox SET recorded_at = recorded_at - interval '1 hour', due_at = due_at - interval '1 hour'"
    )

    found = measured(measurements(workshop))

    states = [found[f"consulting_outbox_errands {state}"] for state in ("due", "later", "leased", "dead")]
    assert sum(states) == 3
    assert (states[2], states[3]) == (1, 1)
    assert 3600 <= found["consulting_outbox_oldest_seconds"] < 3600 + BUSY


def test_each_loop_of_a_worker_tells_how_long_it_took_and_when_it_last_ended_well(workshop: Workshop) -> None:
    work = measurements(workshop)
    with workshop.working() as container:
        worker = container.worker_name()
        eventually(
            lambda: f"consulting_worker_loop_last_success_timestamp_seconds reminders {worker}" in measured(work),
        )
        found = measured(work)

    assert found[f"consulting_worker_heartbeat_age_seconds {worker}"] < BUSY
    for loop in ("relay_mail", "inbox", "sweep", "openings", "reminders", "reconciliation", "slots", "pruning"):
        assert found[f"consulting_worker_loop_failing {loop} {worker}"] == 0
    success = found[f"consulting_worker_loop_last_success_timestamp_seconds reminders {worker}"]
    assert abs(success - workshop.market.clock.now().timestamp()) < BUSY
    assert found[f"consulting_worker_loop_seconds reminders {worker}"] < BUSY


def test_holds_are_counted_and_those_that_are_over_show_how_late_the_sweep_is(workshop: Workshop) -> None:
    workshop.booked(workshop.researcher("lise", rate=100), count=3)
    workshop.change(
        "UPDATE sessions SET created_at = created_at - ago, updated_at = updated_at - ago,"
        " expires_at = expires_at - ago"
        " FROM (SELECT interval '20 minutes' AS ago) AS time WHERE id = (SELECT id FROM sessions ORDER BY id LIMIT 1)"
    )

    found = measured(measurements(workshop))

    assert (found["consulting_holds live"], found["consulting_holds over"]) == (2, 1)
    assert 280 <= found["consulting_holds_over_seconds"] < 300 + BUSY
    assert found["consulting_paid_unconfirmed"] == found["consulting_paid_unconfirmed_seconds"] == 0


def test_a_payment_that_the_provider_told_of_is_shown_until_it_is_settled(workshop: Workshop) -> None:
    [session] = workshop.booked(workshop.researcher("lise", rate=100))
    opened = workshop.market.open_intent(session.id, caller=client("client-0"))
    intent = opened.intent.id
    workshop.gateway.client_pays(intent)
    workshop.change(
        "INSERT INTO inbox (id, source, external_id, kind, intent_id, received_at, due_at)"
        f" VALUES (gen_random_uuid(), 'stripe', 'evt_1', 'payment_intent.succeeded', '{intent}',"
        " now() - interval '5 minutes', now() - interval '5 minutes')"
    )
    before = measured(measurements(workshop))
    with workshop.working():
        eventually(lambda: measured(measurements(workshop))["consulting_paid_unconfirmed"] == 0)

    assert before["consulting_paid_unconfirmed"] == 1
    assert 300 <= before["consulting_paid_unconfirmed_seconds"] < 300 + BUSY
    assert workshop.read("SELECT payment_status FROM sessions") == "completed"


def test_a_loop_that_nobody_ends_lags_and_one_that_any_worker_ends_does_not(workshop: Workshop) -> None:
    now = workshop.market.clock.now()
    for worker, ago in (("one", 2), ("other", 90)):
        ended = LoopState(seconds=0.1, last_success=now - timedelta(seconds=ago), failing_since=None)
        slots = LoopState(seconds=0.1, last_success=now - timedelta(minutes=70), failing_since=None)
        loops = {"sweep": ended, "slots": slots}
        WorkerHeartbeats(workshop.engine).beat(Heartbeat(worker=worker, started_at=now, beaten_at=now, loops=loops))

    found = measured(measurements(workshop))

    assert found["consulting_tick_lag_seconds sweep"] < 60
    assert 600 <= found["consulting_tick_lag_seconds slots"] < 600 + BUSY


def test_a_worker_that_died_is_shown_with_the_age_of_its_last_sign_of_life(workshop: Workshop) -> None:
    now = workshop.market.clock.now()
    failing = LoopState(seconds=1.5, last_success=None, failing_since=now - timedelta(minutes=9))
    beat = Heartbeat(worker="gone", started_at=now, beaten_at=now - timedelta(minutes=5), loops={"slots": failing})
    WorkerHeartbeats(workshop.engine).beat(beat)

    found = measured(measurements(workshop))

    assert 300 <= found["consulting_worker_heartbeat_age_seconds gone"] < 300 + BUSY
    assert found["consulting_worker_loop_failing slots gone"] == 1
    assert "consulting_worker_loop_last_success_timestamp_seconds slots gone" not in found


def test_a_database_that_is_away_is_told_as_such(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    nowhere = open_engine(url="postgresql://127.0.0.1:1/nothing", pool_size=1)
    work = WorkMeasurements(
        PostgresTransactions(nowhere),
        WorkerHeartbeats(nowhere),
        OpenBusiness(nowhere),
        workshop.market.clock,
        intervals=INTERVALS,
    )

    assert measured(work) == {"consulting_database_up": 0}
    assert "STORAGE_UNAVAILABLE" in caplog.text
