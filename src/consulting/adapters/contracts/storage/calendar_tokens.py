"""What is promised about calendar tokens: one a user, and only the last one opens anything."""

from __future__ import annotations

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract
from consulting.adapters.contracts.turns import refused
from consulting.application.ports.transactions import Transactions

FIRST, SECOND = "a" * 64, "b" * 64


class CalendarTokensContract(RecordsContract):
    """A digest leads to its user as long as it is their last one."""

    def test_a_token_leads_to_its_user(self, transactions: Transactions) -> None:
        _keep(transactions, "ada", FIRST)
        _keep(transactions, "bea", SECOND)
        assert _users(transactions) == ["ada", "bea"]

    def test_a_new_token_takes_the_place_of_the_former(self, transactions: Transactions) -> None:
        _keep(transactions, "ada", FIRST)
        _keep(transactions, "ada", SECOND)
        assert _users(transactions) == [None, "ada"]

    def test_a_removed_token_leads_nowhere(self, transactions: Transactions) -> None:
        _keep(transactions, "ada", FIRST)
        _keep(transactions, "bea", SECOND)
        for _ in range(2):
            with transactions.begin() as tx:
                tx.calendar_tokens.remove("ada")
        assert _users(transactions) == [None, "bea"]

    def test_two_users_never_have_the_same_token(self, transactions: Transactions) -> None:
        _keep(transactions, "ada", FIRST)
        with refused("another user's token"), transactions.begin() as tx:
            tx.calendar_tokens.replace("bea", digest=FIRST, at=sample.NOW)
        assert _users(transactions) == ["ada", None]


def _keep(transactions: Transactions, user_id: str, digest: str) -> None:
    with transactions.begin() as tx:
        tx.calendar_tokens.replace(user_id, digest=digest, at=sample.NOW)


def _users(transactions: Transactions) -> list[str | None]:
    with transactions.begin() as tx:
        return [tx.calendar_tokens.user_of(digest) for digest in (FIRST, SECOND)]
