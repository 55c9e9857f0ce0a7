"""The commands that look after the books: what they print, and whether all is well."""

from __future__ import annotations

from collections.abc import Iterator

import click

from consulting.application.audit import told
from consulting.application.ports.inspection import Finding
from consulting.entrypoints.container import Container


def audit(container: Container, *, provider: bool) -> bool:
    """Print every finding on a line of its own, or one line that there is none; tell whether there is none."""
    found = 0
    for found, finding in enumerate(_findings(container, provider=provider), start=1):  # noqa: B007 -- it counts
        click.echo(told(finding))
    extent = ", ".join(f"{what.replace('_', ' ')}: {count}" for what, count in container.audit().extent().items())
    click.echo(f"audit: {found or 'no'} finding{'' if found == 1 else 's'} ({extent})")
    return not found


def reconcile(container: Container) -> bool:
    """Compare once with the payment provider, and tell whether all of it worked."""
    done = container.reconcile_payments()()
    click.echo(f"reconcile: looked into {done.asked}, failed at {done.failed}")
    return not done.failed


def _findings(container: Container, *, provider: bool) -> Iterator[Finding]:
    yield from container.audit()()
    if provider:
        yield from container.compare_with_provider()()
