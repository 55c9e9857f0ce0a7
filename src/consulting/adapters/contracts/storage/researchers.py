"""What is promised about researchers, one by one and locked."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.adapters.contracts.turns import refused, second_after_first
from consulting.application.ports.transactions import Transaction, Transactions
from consulting.domain.cancellation import PRESETS
from consulting.domain.money import Money
from consulting.domain.researchers import Rating

UNICODE = "Zoë Ångström-Łukasiewicz 王小明 👩🏽‍🔬 «x» 'y' \"z\" \\ %s"


class ResearchersContract(RecordsContract):
    """Researchers are kept as they are, found by id and account, and locked one at a time."""

    def test_a_researcher_comes_back_as_it_was_kept(self, transactions: Transactions, setting: Setting) -> None:
        kept = setting.researcher(
            name=UNICODE,
            bio=UNICODE,
            expertise=(UNICODE, "statistics", "statistics"),
            achievements=(),
            papers=(),
            rate=Money(1, "jpy"),
            notice=timedelta(minutes=90),
            horizon=timedelta(days=7),
            policy=PRESETS["strict"],
            rating=Rating(total=4, count=1),
            zoom_user="ada@meet.example.org",
            created_at=sample.after(microseconds=123456),
        )
        with transactions.begin() as tx:
            assert tx.researchers.get(kept.id) == kept

    def test_a_researcher_comes_back_with_nothing_where_nothing_was_said(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        kept = setting.researcher(user_id=None, bio=None, avatar_url=None, affiliation=None, rating=Rating())
        with transactions.begin() as tx:
            assert tx.researchers.get(kept.id) == kept

    def test_instants_come_back_in_utc(self, transactions: Transactions, setting: Setting) -> None:
        kept = setting.researcher()
        with transactions.begin() as tx:
            found = tx.researchers.get(kept.id)
        assert found is not None
        assert found.created_at.tzinfo is UTC

    def test_an_unknown_researcher_is_none(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            assert tx.researchers.get(sample.researcher().id) is None
            assert tx.researchers.lock(sample.researcher().id) is None
            assert tx.researchers.of_user("nobody") is None

    def test_a_researcher_is_found_by_their_account(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1)
        second = setting.researcher(2)
        setting.researcher(3, user_id=None)
        with transactions.begin() as tx:
            assert tx.researchers.of_user("researcher-2") == second

    def test_an_account_belongs_to_one_researcher(self, setting: Setting) -> None:
        setting.researcher(1, user_id="the-same")
        with refused("a second researcher of one account"):
            setting.researcher(2, user_id="the-same")

    def test_a_deactivated_researcher_is_still_given(self, transactions: Transactions, setting: Setting) -> None:
        kept = setting.researcher(active=False)
        with transactions.begin() as tx:
            assert tx.researchers.get(kept.id) == kept
            assert tx.researchers.lock(kept.id) == kept

    def test_saving_keeps_the_new_values_of_this_researcher_alone(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.researcher(1)
        other = setting.researcher(2)
        changed = sample.researcher(
            1, name="Ada Changed", rate=Money(0, "eur"), expertise=("physics",), updated_at=sample.after(hours=1)
        )
        with transactions.begin() as tx:
            tx.researchers.save(changed)
        with transactions.begin() as tx:
            assert tx.researchers.get(changed.id) == changed
            assert tx.researchers.get(other.id) == other

    def test_an_unknown_researcher_cannot_be_saved(self, transactions: Transactions) -> None:
        with refused("saving a researcher that was never added"), transactions.begin() as tx:
            tx.researchers.save(sample.researcher())

    @pytest.mark.parametrize("nothing", ["name", "timezone"])
    def test_a_researcher_has_a_name_and_a_time_zone(self, setting: Setting, nothing: str) -> None:
        with refused(f"a researcher without a {nothing}"):
            setting.researcher(1, **{nothing: ""})
        setting.researcher()
        with refused(f"a researcher who lost the {nothing}"), setting.transactions.begin() as tx:
            tx.researchers.save(sample.researcher(1, **{nothing: ""}))

    def test_a_researcher_cannot_be_added_twice(self, setting: Setting) -> None:
        setting.researcher()
        with refused("adding a researcher twice"):
            setting.researcher()

    def test_a_locked_calendar_makes_the_next_one_wait_and_then_see_the_change(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        kept = setting.researcher()
        changed = sample.researcher(name="Ada Changed")

        def change(tx: Transaction) -> None:
            tx.researchers.save(changed)

        seen = second_after_first(
            transactions,
            first=lambda tx: tx.researchers.lock(kept.id),
            then=change,
            second=lambda tx: tx.researchers.lock(kept.id),
        )
        assert seen == changed

    def test_active_researchers_are_listed_by_id(self, transactions: Transactions, setting: Setting) -> None:
        for number in (3, 1, 4, 2):
            setting.researcher(number, active=number != 2)
        with transactions.begin() as tx:
            first = list(tx.researchers.active_ids(after=None, limit=2))
            rest = list(tx.researchers.active_ids(after=first[-1], limit=9))
        assert [*first, *rest] == [sample.identity("researcher", number) for number in (1, 3, 4)]
