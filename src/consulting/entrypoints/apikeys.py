"""The commands that hand out API keys and take them back: what they print."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import click

from consulting.application.callers import Caller
from consulting.domain.api_keys import ApiKey, Scope
from consulting.entrypoints.container import Container

OPERATOR = Caller(user_id="command", person=False)
"""Who acts where somebody does so at the terminal of the machine."""


def create(container: Container, *, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Print the key, and nothing else: it is shown this once."""
    expires_at = None if days is None else container.clock().now() + timedelta(days=days)
    chosen = frozenset(Scope(each) for each in scopes)
    issued = container.create_api_key()(name=name, scopes=chosen, expires_at=expires_at, caller=OPERATOR)
    click.echo(issued.key)


def show_list(container: Container, *, limit: int) -> None:
    """Print the newest keys, each on a line."""
    now = container.clock().now()
    for key in container.list_api_keys()(after=None, limit=limit):
        standing = "valid" if key.valid(at=now) else "revoked" if key.revoked_at is not None else "expired"
        click.echo("  ".join([str(key.id), standing, key.prefix, ",".join(sorted(key.scopes)), _used(key), key.name]))


def revoke(container: Container, id: UUID) -> None:
    """Revoke the key. Raises ApiKeyNotFound."""
    revoked = container.revoke_api_key()(id, caller=OPERATOR)
    click.echo(f"{revoked.id} opens nothing any more")


def _used(key: ApiKey) -> str:
    return "never used" if key.last_used_at is None else f"used {key.last_used_at:%Y-%m-%dT%H:%MZ}"
