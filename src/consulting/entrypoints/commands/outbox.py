"""The commands for what must still be done outside."""

from __future__ import annotations

from uuid import UUID

import click

from consulting.entrypoints.commands.preparing import container_for_hand_work


@click.group()
def outbox() -> None:
    """See what must still be done outside (mails, meetings, refunds), retry what was given up, or drop it."""


@outbox.command("list")
@click.option("--state", type=click.Choice(["due", "later", "behind", "leased", "dead", "done"]), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
def list_errands(*, state: str | None, limit: int) -> None:
    """List open errands, the oldest first, and count them by state."""
    from consulting.application.ports.backlog import WorkState
    from consulting.entrypoints import outbox as errands

    with container_for_hand_work() as container:
        errands.show_list(container, state=None if state is None else WorkState(state), limit=limit)


@outbox.command("show")
@click.argument("id", type=click.UUID)
def show_errand(*, id: UUID) -> int:
    """Show all that is known of one errand."""
    from consulting.entrypoints import outbox as errands

    with container_for_hand_work() as container:
        return 0 if errands.show_one(container, id) else 1


@outbox.command("retry")
@click.argument("id", type=click.UUID)
def retry_errand(*, id: UUID) -> int:
    """Have an errand that was given up carried out again."""
    from consulting.entrypoints import outbox as errands

    with container_for_hand_work() as container:
        return 0 if errands.retry(container, id) else 1


@outbox.command("drop")
@click.argument("id", type=click.UUID)
def drop_errand(*, id: UUID) -> int:
    """Forget an errand that nobody has in hand; it will never be carried out."""
    from consulting.entrypoints import outbox as errands

    with container_for_hand_work() as container:
        return 0 if errands.drop(container, id) else 1
