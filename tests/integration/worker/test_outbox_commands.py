"""`consulting outbox` as an operator uses it."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from consulting.application.errands import LEASE
from consulting.application.ports.outbox import LeasedEntry
from tests.integration import commands
from tests.integration.worker.conftest import Workshop

UNKNOWN = UUID("01931b6e-6f5c-7c3a-8d2e-4b1f0a9c7e11")


class Operator:
    """Runs the command against the workshop's database."""

    group = "outbox"

    def __init__(self, workshop: Workshop, home: Path) -> None:
        self._environ = commands.clean_environ(
            CONSULTING_DATABASE_URL=workshop.settings.database_url, CONSULTING_HOME=str(home)
        )

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return commands.run(self.group, *arguments, environ=self._environ)

    def afresh(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return commands.afresh(self.group, *arguments, environ=self._environ)


@pytest.fixture
def outbox(workshop: Workshop, tmp_path: Path) -> Operator:
    return Operator(workshop, tmp_path)


def leased(workshop: Workshop) -> dict[str, LeasedEntry]:
    """Book a free session and lease its first mail and its meeting."""
    workshop.booked(workshop.researcher("lise"))
    with workshop.market.transactions.begin() as tx:
        both = tx.outbox.lease(worker="one", limit=2, lease=LEASE, at=workshop.market.clock.now())
    return {each.entry.lane.value: each for each in both}


def bury(workshop: Workshop, errand: LeasedEntry) -> str:
    with workshop.market.transactions.begin() as tx:
        assert tx.outbox.bury(errand, error="MailRefused('no such\nuser')", at=workshop.market.clock.now())
    return str(errand.entry.id)


def test_an_empty_outbox_is_listed_as_such(outbox: Operator) -> None:
    done = outbox.afresh("list")

    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "outbox: due: 0, later: 0, behind: 0, leased: 0, dead: 0\n",
        "",
    )


def test_errands_are_listed_with_how_they_stand_and_counted(workshop: Workshop, outbox: Operator) -> None:
    both = leased(workshop)
    dead = bury(workshop, both["mail"])

    done = outbox("list")
    only_dead = outbox("list", "--state", "dead")

    *lines, counts = done.stdout.splitlines()
    assert counts.startswith("outbox: due: 1, later: 0, behind: 0, leased: 1, dead: 1; the oldest waits since 20")
    assert len(lines) == 3
    (line, _) = only_dead.stdout.splitlines()
    assert line in lines
    assert line.startswith(f"{dead}  dead  notify confirmation client  session=")
    assert line.endswith("tries=1  error=MailRefused('no such user')")


def test_one_errand_is_shown_with_its_data_and_its_error(workshop: Workshop, outbox: Operator) -> None:
    dead = bury(workshop, leased(workshop)["mail"])

    done = outbox("show", dead)

    shown = dict(line.split(":", 1) for line in done.stdout.splitlines() if ":" in line)
    assert (shown["id"].strip(), shown["state"].strip(), shown["tries"].strip()) == (dead, "dead", "1")
    assert shown["data"].strip() == "kind=confirmation role=client"
    assert "MailRefused" in shown["error"]


def test_what_was_given_up_is_retried_by_command(workshop: Workshop, outbox: Operator) -> None:
    dead = bury(workshop, leased(workshop)["mail"])

    done = outbox("retry", dead)
    again = outbox("retry", dead)

    assert (done.returncode, done.stdout) == (0, f"{dead} is due now\n")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == f"consulting: no errand {dead} was given up: there is nothing to retry\n"
    with workshop.market.transactions.begin() as tx:
        later = workshop.market.clock.now() + LEASE + timedelta(seconds=1)
        assert dead in {str(each.entry.id) for each in tx.outbox.lease(worker="two", limit=9, lease=LEASE, at=later)}


def test_an_errand_is_dropped_by_command_unless_somebody_has_it_in_hand(workshop: Workshop, outbox: Operator) -> None:
    both = leased(workshop)
    dead = bury(workshop, both["mail"])
    in_hand = str(both["meeting"].entry.id)

    done, refused = outbox("drop", dead), outbox("drop", in_hand)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"dropped {dead}  dead  notify confirmation client  ")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"consulting: errand {in_hand} can't be dropped: it is leased\n"
    assert workshop.read(f"SELECT count(*) FROM outbox WHERE id = '{dead}'") == "0"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("show", f"there is no errand {UNKNOWN}"),
        ("retry", f"no errand {UNKNOWN} was given up: there is nothing to retry"),
        ("drop", f"errand {UNKNOWN} can't be dropped: there is none"),
    ],
)
def test_an_unknown_errand_is_named_and_ends_with_status_1(outbox: Operator, command: str, said: str) -> None:
    done = outbox(command, str(UNKNOWN))

    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"consulting: {said}\n")


def test_a_word_that_is_no_id_ends_with_status_2(outbox: Operator) -> None:
    done = outbox("show", "nonsense")

    assert done.returncode == 2
    assert "nonsense" in done.stderr
