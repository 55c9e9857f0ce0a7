"""`consulting inbox` as an operator uses it, once a provider's message was given up."""

from __future__ import annotations

import subprocess
from pathlib import Path
from uuid import UUID

import pytest

from consulting.adapters.contracts import sample
from tests.integration.worker.conftest import Workshop
from tests.integration.worker.test_outbox_commands import Operator

UNKNOWN = UUID("01931b6e-6f5c-7c3a-8d2e-4b1f0a9c7e11")
COUNTS = "inbox: due: {due}, later: 0, behind: 0, leased: 0, dead: {dead}"


class InboxOperator(Operator):
    """Runs `consulting inbox` against the workshop's database."""

    group = "inbox"


@pytest.fixture
def inbox(workshop: Workshop, tmp_path: Path) -> InboxOperator:
    return InboxOperator(workshop, tmp_path)


@pytest.fixture
def dead(workshop: Workshop) -> str:
    """Give the id of a message that was given up."""
    at = workshop.market.clock.now()
    with workshop.market.transactions.begin() as tx:
        tx.inbox.receive(sample.message(1, intent_id="pi_1"), id=sample.identity("message", 1), at=at)
        (entry,) = tx.inbox.lease(worker="one", limit=1, lease=sample.after(minutes=1) - sample.NOW, at=at)
        tx.inbox.bury(entry, error="KeyError('no such\nfield')", at=at)
    return str(entry.id)


def told(done: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    return done.returncode, done.stdout, done.stderr


def test_a_message_that_was_given_up_is_listed_and_retried_by_command(
    workshop: Workshop, inbox: InboxOperator, dead: str
) -> None:
    line, counts = inbox.afresh("list").stdout.splitlines()
    retried, again, after = inbox("retry", dead), inbox("retry", dead), inbox("list")

    assert line.startswith(f"{dead}  acme  payment.succeeded  evt_1  ")
    assert line.endswith("intent=pi_1  tries=1  error=KeyError('no such field')")
    assert counts == COUNTS.format(due=0, dead=1)
    assert told(retried) == (0, f"{dead} is due now\n", "")
    assert told(again) == (1, "", f"consulting: no message {dead} was given up\n")
    assert told(after) == (0, f"{COUNTS.format(due=1, dead=0)}\n", "")
    assert workshop.read("SELECT attempts FROM inbox") == "0"


def test_a_message_that_was_given_up_is_dropped_by_command_and_stays_known(
    workshop: Workshop, inbox: InboxOperator, dead: str
) -> None:
    dropped, unknown = inbox("drop", dead), inbox("drop", str(UNKNOWN))

    assert told(dropped) == (0, f"{dead} is dropped\n", "")
    assert told(unknown) == (1, "", f"consulting: no message {UNKNOWN} was given up\n")
    assert workshop.read("SELECT standing FROM inbox") == "done"
