"""The commands for partners' keys."""

from __future__ import annotations

from uuid import UUID

import click

from consulting.entrypoints.commands.preparing import container_for_hand_work


@click.group()
def apikey() -> None:
    """Hand out API keys for partners' backends, and take them back."""


@apikey.command("create")
@click.option("--name", required=True, help="Whose key it is.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(["read", "book", "calendar", "act:users", "admin"]),
    help="What it is for; may be repeated.",
)
@click.option("--days", type=click.IntRange(1, 36_500), help="How long it opens; without it, until it is revoked.")
def create_key(*, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Print a new key, which nobody can see again."""
    from consulting.entrypoints import apikeys

    with container_for_hand_work() as container:
        apikeys.create(container, name=name, scopes=scopes, days=days)


@apikey.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
def list_keys(*, limit: int) -> None:
    """List the keys, the newest first: their beginnings, what they are for, and when they were used last."""
    from consulting.entrypoints import apikeys

    with container_for_hand_work() as container:
        apikeys.show_list(container, limit=limit)


@apikey.command("revoke")
@click.argument("id", type=click.UUID)
def revoke_key(*, id: UUID) -> None:
    """Revoke a key for good, everywhere within seconds."""
    from consulting.entrypoints import apikeys

    with container_for_hand_work() as container:
        apikeys.revoke(container, id)
