"""The commands for what providers told us and what could not be settled."""

from __future__ import annotations

from uuid import UUID

import click

from consulting.entrypoints.commands.preparing import container_for_hand_work


@click.group()
def inbox() -> None:
    """See which messages of providers were given up; retry them, or drop them."""


@inbox.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
def list_messages(*, limit: int) -> None:
    """List messages that were given up, the oldest first, and count all by state."""
    from consulting.entrypoints import inbox as messages

    with container_for_hand_work() as container:
        messages.show_dead(container, limit=limit)


@inbox.command("retry")
@click.argument("id", type=click.UUID)
def retry_message(*, id: UUID) -> int:
    """Have a message that was given up settled again."""
    from consulting.entrypoints import inbox as messages

    with container_for_hand_work() as container:
        return 0 if messages.retry(container, id) else 1


@inbox.command("drop")
@click.argument("id", type=click.UUID)
def drop_message(*, id: UUID) -> int:
    """Be done with a message that was given up; what it is about is settled by reconciliation alone."""
    from consulting.entrypoints import inbox as messages

    with container_for_hand_work() as container:
        return 0 if messages.drop(container, id) else 1
