"""What is promised about patterns, overrides, one-off slots and blocks."""

from __future__ import annotations

from datetime import date, timedelta

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import refused
from consulting.application.ports.transactions import Transactions
from consulting.domain.availability import Rules
from consulting.domain.local_time import LocalWindow

FIRST, SECOND = sample.identity("researcher", 1), sample.identity("researcher", 2)


class AvailabilityContract(RecordsContract):
    """Rules come back as they were kept, to their own researcher alone."""

    def test_rules_come_back_as_they_were_kept(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher()
        pattern = sample.pattern(
            1,
            window=LocalWindow.parse(start="22:00", end="24:00"),
            gap_minutes=15,
            valid_until=date(2027, 1, 31),
            every_weeks=2,
        )
        override, block, one_off = sample.override(2), sample.block(3), sample.one_off(4)
        with transactions.begin() as tx:
            tx.availability.save_pattern(pattern)
            tx.availability.save_override(override)
            tx.availability.save_one_off(one_off)
            tx.availability.save_block(block)
        assert _rules(transactions) == Rules(
            patterns=(pattern,), overrides=(override,), one_offs=(one_off,), blocks=(block,)
        )

    def test_what_was_not_said_comes_back_unsaid(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher()
        pattern, override = sample.pattern(1, valid_until=None), sample.override(2, windows=())
        block = sample.block(3, reason=None)
        with transactions.begin() as tx:
            tx.availability.save_pattern(pattern)
            tx.availability.save_override(override)
            tx.availability.save_block(block)
        assert _rules(transactions) == Rules(patterns=(pattern,), overrides=(override,), blocks=(block,))

    def test_saving_a_rule_again_replaces_it(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher()
        changed = (
            sample.pattern(1, weekday=4, slot_minutes=45),
            sample.override(2, windows=()),
            sample.block(3, period=sample.hour(50), reason="Ill"),
            sample.one_off(4, period=sample.hour(51)),
        )
        with transactions.begin() as tx:
            tx.availability.save_pattern(sample.pattern(1))
            tx.availability.save_override(sample.override(2))
            tx.availability.save_block(sample.block(3))
            tx.availability.save_one_off(sample.one_off(4))
        with transactions.begin() as tx:
            tx.availability.save_pattern(changed[0])
            tx.availability.save_override(changed[1])
            tx.availability.save_block(changed[2])
            tx.availability.save_one_off(changed[3])
        assert _rules(transactions) == Rules(
            patterns=changed[:1], overrides=changed[1:2], blocks=changed[2:3], one_offs=changed[3:]
        )

    def test_rules_are_given_to_their_own_researcher(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1)
        setting.researcher(2)
        mine = {sample.pattern(1), sample.pattern(3, weekday=2)}
        with transactions.begin() as tx:
            for pattern in (*mine, sample.pattern(2, researcher_id=SECOND)):
                tx.availability.save_pattern(pattern)
            assert set(tx.availability.rules(FIRST).patterns) == mine
            assert tx.availability.rules(SECOND).patterns == (sample.pattern(2, researcher_id=SECOND),)

    def test_blocks_may_overlap_and_last_long(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher()
        blocks = {sample.block(number, period=sample.hour(48 + number / 2)) for number in (1, 2, 3)}
        with transactions.begin() as tx:
            for block in blocks:
                tx.availability.save_block(block)
        assert set(_rules(transactions).blocks) == blocks

    def test_somebody_without_rules_has_none(self, transactions: Transactions) -> None:
        assert _rules(transactions) == Rules()

    def test_any_kind_of_rule_is_removed_by_its_id(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher()
        with transactions.begin() as tx:
            tx.availability.save_pattern(sample.pattern(1))
            tx.availability.save_override(sample.override(2))
            tx.availability.save_block(sample.block(3))
            tx.availability.save_one_off(sample.one_off(4))
        with transactions.begin() as tx:
            ids = [sample.identity("rule", number) for number in (1, 2, 3, 4)]
            assert all(tx.availability.remove(each, researcher_id=FIRST) for each in ids)
        assert _rules(transactions) == Rules()

    def test_nobody_removes_what_is_not_theirs_or_not_there(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1)
        setting.researcher(2)
        with transactions.begin() as tx:
            tx.availability.save_pattern(sample.pattern(1))
            assert tx.availability.remove(sample.pattern(1).id, researcher_id=SECOND) is False
            assert tx.availability.remove(sample.identity("rule", 9), researcher_id=FIRST) is False
        assert _rules(transactions).patterns == (sample.pattern(1),)

    def test_a_rule_needs_its_researcher(self, transactions: Transactions) -> None:
        with refused("a pattern of nobody"), transactions.begin() as tx:
            tx.availability.save_pattern(sample.pattern())
        with refused("a block of nobody"), transactions.begin() as tx:
            tx.availability.save_block(sample.block())
        with refused("a one-off slot of nobody"), transactions.begin() as tx:
            tx.availability.save_one_off(sample.one_off())

    def test_instants_of_a_block_keep_their_microseconds(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher()
        period = sample.hour(48)
        odd = sample.block(period=type(period)(period.start + timedelta(microseconds=1), period.end))
        with transactions.begin() as tx:
            tx.availability.save_block(odd)
        assert _rules(transactions).blocks == (odd,)


def _rules(transactions: Transactions) -> Rules:
    with transactions.begin() as tx:
        return tx.availability.rules(FIRST)
