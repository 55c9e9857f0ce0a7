"""Writing down what admins do, in the transaction in which they do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from consulting.application.callers import Caller
from consulting.application.ports.clock import Identities
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.admin_acts import Act, AdminAct


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An act before it has an id, an author and a time."""

    act: Act
    subject: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def write_down(tx: Transaction, deed: Deed, *, by: Caller, ids: Identities, at: datetime) -> None:
    """Add an act to the trail."""
    act = AdminAct(
        id=ids.new(),
        at=at,
        by=by.user_id,
        act=deed.act,
        subject=deed.subject,
        before=deed.before,
        after=deed.after,
    )
    tx.admin_acts.add(act)


@dataclass(frozen=True, slots=True)
class ListAdminActs:
    """List what admins did, the newest first.

    - Each act is written in the same transaction as what it did, and can't be changed afterwards, not even by SQL.
    - Of users a trace is kept instead of their ids, which only those can recognize who know the id.
    """

    transactions: Transactions

    def __call__(self, *, after: UUID | None, limit: int) -> Sequence[AdminAct]:
        """Give one page, those before the act of this id."""
        with self.transactions.begin() as tx:
            return tx.admin_acts.page(after=after, limit=limit)
