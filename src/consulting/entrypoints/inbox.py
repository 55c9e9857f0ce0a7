"""The commands that look after the inbox: what they print, and whether they did what was asked."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import click

from consulting.application.ports.backlog import OPEN
from consulting.application.ports.inbox import DeadMessage
from consulting.entrypoints.console import complain
from consulting.entrypoints.container import Container

LONGEST_ERROR: Final = 100


def show_dead(container: Container, *, limit: int) -> None:
    """Print the messages that were given up, each on a line; then how many there are in each state."""
    with container.transactions().begin() as tx:
        dead = tx.inbox.dead(limit=limit)
        depth = tx.inbox.depth(at=container.clock().now())
    for each in dead:
        click.echo(_line(each))
    click.echo(f"inbox: {', '.join(f'{each.value}: {depth[each]}' for each in OPEN)}")


def retry(container: Container, id: UUID) -> bool:
    """Have a dead message settled again, its tries counted anew; False if no message of this id is dead."""
    with container.transactions().begin() as tx:
        revived = tx.inbox.revive(id, at=container.clock().now())
    return _told(id, revived, done="is due now")


def drop(container: Container, id: UUID) -> bool:
    """Be done with a dead message; False if no message of this id is dead."""
    with container.transactions().begin() as tx:
        dropped = tx.inbox.drop(id)
    return _told(id, dropped, done="is dropped")


def _told(id: UUID, was_dead: bool, *, done: str) -> bool:  # noqa: FBT001 -- the two ways it may have gone
    if was_dead:
        click.echo(f"{id} {done}")
    else:
        complain(f"no message {id} was given up")
    return was_dead


def _line(dead: DeadMessage) -> str:
    event = dead.event
    about = [f"{name}={value}" for name, value in (("intent", event.intent_id), ("refund", event.refund_id)) if value]
    parts = [str(dead.id), event.source, event.kind, event.external_id, *about, f"tries={dead.attempts}"]
    if dead.error is not None:
        parts.append(f"error={' '.join(dead.error.split())[:LONGEST_ERROR]}")
    return "  ".join(parts)
