"""What is promised about the trail of admins' acts, and about API keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import refused, undone
from consulting.application.ports.transactions import Transactions
from consulting.domain.admin_acts import Act, AdminAct
from consulting.domain.api_keys import ApiKey, Scope, issue


def _act(number: int) -> AdminAct:
    return AdminAct(
        id=sample.identity("act", number),
        at=sample.after(minutes=number),
        by="admin-1",
        act=Act.CHANGE_RESEARCHER,
        subject=str(sample.identity("researcher", 1)),
        before={"verified": False, "user": None},
        after={"verified": True, "user": "user-1", "nested": {"rates": [1, 2]}},
    )


def _key(number: int, *, expires_at: datetime | None = None) -> ApiKey:
    return issue(
        id=sample.identity("key", number),
        key=f"ck_{number:043}",
        name=f"Partner {number}",
        scopes=frozenset({Scope.READ, Scope.ACT_USERS}),
        created_by="admin-1",
        expires_at=expires_at,
        at=sample.NOW,
    )


class AdminActsContract(RecordsContract):
    """Every act is written once, and comes back as it was written, the newest first."""

    def test_acts_come_back_as_they_were_written_the_newest_first(self, transactions: Transactions) -> None:
        acts = [_act(number) for number in range(1, 6)]
        with transactions.begin() as tx:
            assert list(tx.admin_acts.page(after=None, limit=9)) == []
            for act in acts:
                tx.admin_acts.add(act)
        with transactions.begin() as tx:
            first = tx.admin_acts.page(after=None, limit=2)
            rest = tx.admin_acts.page(after=first[-1].id, limit=9)
        assert [*first, *rest] == acts[::-1]

    def test_an_act_is_written_once(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            tx.admin_acts.add(_act(1))
        with refused("the same act again"), transactions.begin() as tx:
            tx.admin_acts.add(_act(1))

    def test_an_act_is_undone_with_its_transaction(self, transactions: Transactions) -> None:
        with undone(transactions) as tx:
            tx.admin_acts.add(_act(1))
        with transactions.begin() as tx:
            assert list(tx.admin_acts.page(after=None, limit=9)) == []


class ApiKeysContract(RecordsContract):
    """Keys are found by their hash, and their last use is what was noted last."""

    def test_keys_come_back_as_they_were_kept(self, transactions: Transactions) -> None:
        first, second = _key(1), _key(2, expires_at=sample.after(days=9))
        with transactions.begin() as tx:
            tx.api_keys.add(first)
            tx.api_keys.add(second)
        with transactions.begin() as tx:
            assert tx.api_keys.get(first.id) == first
            assert tx.api_keys.of_hash(second.hash) == second
            assert tx.api_keys.of_hash(b"\0" * 32) is None
            assert tx.api_keys.get(sample.identity("key", 9)) is None
            assert list(tx.api_keys.page(after=None, limit=9)) == [second, first]
            assert list(tx.api_keys.page(after=second.id, limit=9)) == [first]

    def test_a_hash_belongs_to_one_key(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            tx.api_keys.add(_key(1))
        with refused("two keys of one hash"), transactions.begin() as tx:
            tx.api_keys.add(replace(_key(2), hash=_key(1).hash))

    def test_saving_a_key_leaves_its_last_use_alone(self, transactions: Transactions) -> None:
        key = _key(1)
        with transactions.begin() as tx:
            tx.api_keys.add(key)
            tx.api_keys.note_use(key.id, at=sample.after(minutes=5))
            tx.api_keys.save(key.revoked(at=sample.after(minutes=6)))
        with transactions.begin() as tx:
            found = tx.api_keys.get(key.id)
        assert found == replace(key, revoked_at=sample.after(minutes=6), last_used_at=sample.after(minutes=5))

    def test_a_later_use_is_not_forgotten_for_an_earlier_one(self, transactions: Transactions) -> None:
        key = _key(1)
        with transactions.begin() as tx:
            tx.api_keys.add(key)
        for minutes in (5, 3):
            with transactions.begin() as tx:
                tx.api_keys.note_use(key.id, at=sample.after(minutes=minutes))
        with transactions.begin() as tx:
            found = tx.api_keys.get(key.id)
        assert found is not None
        assert found.last_used_at == sample.after(minutes=5)

    def test_an_unknown_key_cannot_be_saved(self, transactions: Transactions) -> None:
        with refused("saving a key that was never added"), transactions.begin() as tx:
            tx.api_keys.save(_key(1))


class RegisterContract(RecordsContract):
    """Admins see every researcher and every errand, page by page."""

    def test_all_researchers_are_listed_by_id_deactivated_ones_too(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        kept = {number: setting.researcher(number, active=number != 2) for number in (3, 1, 2)}
        with transactions.begin() as tx:
            first = tx.researchers.register(after=None, limit=2)
            rest = tx.researchers.register(after=first[-1].id, limit=9)
        assert [*first, *rest] == [kept[1], kept[2], kept[3]]

    def test_errands_are_listed_after_the_last_one_seen(self, transactions: Transactions, setting: Setting) -> None:
        session = setting.held()
        errands = [sample.errand(session, number) for number in (1, 2, 3)]
        with transactions.begin() as tx:
            tx.outbox.add(errands)
        last = errands[0]
        with transactions.begin() as tx:
            after = (last.recorded_at, last.id)
            listed = tx.outbox.listed(state=None, limit=9, at=sample.after(minutes=1), after=after)
            due = tx.outbox.listed(state=listed[0].state, limit=1, at=sample.after(minutes=1), after=after)
        assert [each.entry for each in listed] == errands[1:]
        assert [each.entry for each in due] == errands[1:2]
