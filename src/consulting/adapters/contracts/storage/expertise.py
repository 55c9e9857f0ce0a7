"""What is promised about the fields of expertise that are in use."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import at_once, undone
from consulting.application.ports.transactions import TransactionConflict, Transactions
from consulting.domain.researchers import Researcher


def _fields(transactions: Transactions, prefix: str = "", *, limit: int = 50) -> list[tuple[str, int]]:
    with transactions.begin() as tx:
        return [(each.tag, each.researchers) for each in tx.expertise.beginning_with(prefix, limit=limit)]


def _save(transactions: Transactions, researcher: Researcher) -> None:
    for _ in range(50):
        try:
            with transactions.begin() as tx:
                tx.researchers.save(researcher)
                return
        except TransactionConflict:
            continue


class ExpertiseContract(RecordsContract):
    """Fields are counted as researchers have them at every moment, in the spelling that most use."""

    def test_fields_in_use_come_with_their_numbers_the_most_used_first(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.researcher(1, expertise=("logic", "statistics"))
        setting.researcher(2, expertise=("statistics", "genomics"))
        setting.researcher(3, expertise=("statistics", "genomics", "ethics"))
        expected = [("statistics", 3), ("genomics", 2), ("ethics", 1), ("logic", 1)]
        assert _fields(transactions) == expected
        assert _fields(transactions, limit=2) == expected[:2]

    def test_only_fields_that_begin_so_are_listed(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1, expertise=("Machine learning", "machines", "Ångström physics", "learning"))
        assert _fields(transactions, "machine") == [("Machine learning", 1), ("machines", 1)]
        assert _fields(transactions, "machine l") == [("Machine learning", 1)]
        assert _fields(transactions, "angstrom") == [("Ångström physics", 1)]
        assert _fields(transactions, "statistics") == []

    def test_ways_to_write_one_field_are_one_in_the_spelling_that_most_use(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number, tag in enumerate(("Genomics", "genomics", "GENOMICS", "genomics"), start=1):
            setting.researcher(number, expertise=(tag,))
        setting.researcher(5, expertise=("Machine-Learning", "machine learning"))
        assert _fields(transactions) == [("genomics", 4), ("Machine-Learning", 1)]

    def test_a_field_without_a_word_is_none(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1, expertise=("???", "C++"))
        assert _fields(transactions) == [("C++", 1)]

    def test_numbers_follow_what_researchers_change(self, transactions: Transactions, setting: Setting) -> None:
        one = setting.researcher(1, expertise=("logic", "ethics"))
        other = setting.researcher(2, expertise=("logic",))
        _save(transactions, replace(one, expertise=("Ethics", "genomics")))
        assert _fields(transactions) == [("Ethics", 1), ("genomics", 1), ("logic", 1)]
        _save(transactions, replace(other, bio="Changed nothing that counts."))
        assert _fields(transactions) == [("Ethics", 1), ("genomics", 1), ("logic", 1)]

    def test_whoever_is_not_active_does_not_count(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1, expertise=("logic",), active=False)
        other = setting.researcher(2, expertise=("logic", "ethics"))
        assert _fields(transactions) == [("ethics", 1), ("logic", 1)]
        _save(transactions, replace(other, active=False))
        assert _fields(transactions) == []
        _save(transactions, other)
        assert _fields(transactions) == [("ethics", 1), ("logic", 1)]

    def test_what_is_undone_does_not_count(self, transactions: Transactions, setting: Setting) -> None:
        one = setting.researcher(1, expertise=("logic",))
        with undone(transactions) as tx:
            tx.researchers.save(replace(one, expertise=("ethics",)))
        assert _fields(transactions) == [("logic", 1)]

    def test_several_who_change_at_once_are_all_counted(self, transactions: Transactions, setting: Setting) -> None:
        fields = ("logic", "ethics", "genomics")
        made = [setting.researcher(number, expertise=fields) for number in range(1, 5)]
        turned = [replace(each, expertise=(fields[number % 3], "optics")) for number, each in enumerate(made)]
        outcomes = at_once(*(partial(_save, transactions, each) for each in turned))
        assert [each.raised for each in outcomes] == [None] * len(made)
        assert _fields(transactions) == [("optics", 4), ("logic", 2), ("ethics", 1), ("genomics", 1)]
