"""The commands that look after the outbox: what they print, and whether they did what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import click

from consulting.application.ports.backlog import OPEN, WorkState
from consulting.application.ports.outbox import ListedEntry
from consulting.entrypoints.container import Container

LONGEST_ERROR: Final = 100


def show_list(container: Container, *, state: WorkState | None, limit: int) -> None:
    """Print the errands in this state, or all open ones, each on a line; then how many there are in each state."""
    now = container.clock().now()
    with container.transactions().begin() as tx:
        errands = tx.outbox.listed(state=state, limit=limit, at=now)
        depth = tx.outbox.depth(at=now)
    for each in errands:
        click.echo(_line(each))
    counts = ", ".join(f"{each.value}: {depth[each]}" for each in OPEN)
    oldest = "" if depth.oldest is None else f"; the oldest waits since {_instant(depth.oldest)}"
    click.echo(f"outbox: {counts}{oldest}")


def show_one(container: Container, id: UUID) -> bool:
    """Print all that is known of an errand; False if there is none of this id."""
    with container.transactions().begin() as tx:
        found = tx.outbox.show(id, at=container.clock().now())
    if found is None:
        return _complaint(f"there is no errand {id}")
    for name, value in _facts(found).items():
        click.echo(f"{name + ':':<12} {value}")
    return True


def retry(container: Container, id: UUID) -> bool:
    """Have a dead errand carried out again, its tries counted anew; False if no errand of this id is dead."""
    with container.transactions().begin() as tx:
        revived = tx.outbox.revive(id, at=container.clock().now())
    if not revived:
        return _complaint(f"no errand {id} was given up: there is nothing to retry")
    click.echo(f"{id} is due now")
    return True


def drop(container: Container, id: UUID) -> bool:
    """Forget an errand; False if there is none of this id that waits or is dead."""
    now = container.clock().now()
    with container.transactions().begin() as tx:
        found = tx.outbox.show(id, at=now)
        dropped = tx.outbox.drop(id, at=now)
    if found is None or not dropped:
        standing = "there is none" if found is None else f"it is {found.state.value}"
        return _complaint(f"errand {id} can't be dropped: {standing}")
    click.echo(f"dropped {_line(found)}")
    return True


def _line(listed: ListedEntry) -> str:
    entry = listed.entry
    what = " ".join([entry.errand.value, *(entry.data[each] for each in ("kind", "role") if each in entry.data)])
    parts = [str(entry.id), listed.state.value, what, f"session={entry.session_id}", f"tries={listed.attempts}"]
    if listed.state is WorkState.LATER:
        parts.append(f"next={_instant(listed.next_try)}")
    if listed.error is not None:
        parts.append(f"error={' '.join(listed.error.split())[:LONGEST_ERROR]}")
    return "  ".join(parts)


def _facts(listed: ListedEntry) -> Mapping[str, object]:
    entry = listed.entry
    facts = {
        "id": entry.id,
        "state": listed.state.value,
        "errand": entry.errand.value,
        "session": entry.session_id,
        "lane": entry.lane.value,
        "data": " ".join(f"{name}={value}" for name, value in sorted(entry.data.items())) or None,
        "recorded": _instant(entry.recorded_at),
        "tries": listed.attempts,
        "next try": _instant(listed.next_try) if listed.state in {WorkState.DUE, WorkState.LATER} else None,
        "in hand of": listed.leased_by,
        "error": listed.error,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _complaint(line: str) -> bool:
    click.echo(f"consulting: {line}", err=True)
    return False
