"""The commands that show and forget what is kept of a user: what they print."""

from __future__ import annotations

import click
import msgspec

from consulting.entrypoints.apikeys import OPERATOR
from consulting.entrypoints.container import Container
from consulting.entrypoints.http.privacy_wire import export_json


def export(container: Container, user_id: str) -> None:
    """Print all that is kept of the user, as JSON. Raises UserNotFound."""
    record = container.export_user()(user_id, caller=OPERATOR)
    click.echo(msgspec.json.format(export_json(record), indent=2).decode())


def erase(container: Container, user_id: str) -> None:
    """Forget the user. Raises UserNotFound, LiveSessions and UserIsResearcher."""
    done = container.erase_user()(user_id, caller=OPERATOR)
    click.echo(f"erased; {done.sessions} sessions are kept as those of {done.pseudonym}")
