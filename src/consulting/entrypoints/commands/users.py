"""The commands for what is kept of people."""

from __future__ import annotations

import click

from consulting.entrypoints.commands.preparing import container_for_hand_work


@click.group()
def user() -> None:
    """Show what is kept of a user, or forget it."""


@user.command("export")
@click.argument("user_id")
def export_user(*, user_id: str) -> None:
    """Print all that is kept of a user, as JSON."""
    from consulting.entrypoints import users

    with container_for_hand_work() as container:
        users.export(container, user_id)


@user.command("erase")
@click.argument("user_id")
def erase_user(*, user_id: str) -> None:
    """Forget a user for good; what is about money stays, without the person."""
    from consulting.entrypoints import users

    with container_for_hand_work() as container:
        users.erase(container, user_id)
