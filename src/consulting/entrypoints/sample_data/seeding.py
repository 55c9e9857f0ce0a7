"""Putting the sample researchers into an instance."""

from __future__ import annotations

from consulting.application.ports.clock import Clock, Identities
from consulting.application.ports.transactions import Transactions
from consulting.entrypoints.container import Container
from consulting.entrypoints.sample_data.people import Person, people


def seed(container: Container) -> None:
    """Add the sample researchers that are missing, with their hours, and publish their slots as far as slots go.

    Whoever is there already stays as they are, so seeding again changes nothing that somebody has changed since.
    """
    transactions, clock, ids = container.transactions(), container.clock(), container.identities()
    publish = container.publish_slots()
    for person in people():
        _add(person, transactions=transactions, clock=clock, ids=ids)
        publish(person.id)


def _add(person: Person, *, transactions: Transactions, clock: Clock, ids: Identities) -> None:
    with transactions.begin() as tx:
        if tx.researchers.get(person.id) is not None:
            return
        tx.researchers.add(person.researcher(at=clock.now()))
        for pattern in person.patterns(ids=ids):
            tx.availability.save_pattern(pattern)
