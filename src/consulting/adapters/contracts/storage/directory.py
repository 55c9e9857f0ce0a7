"""What is promised about finding researchers: lists, pages, search, the next free slot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from consulting.adapters.contracts import sample
from consulting.adapters.contracts.storage.records import RecordsContract, Setting
from consulting.application.ports.directory import EVERYBODY, DirectoryFilter, Listed
from consulting.application.ports.transactions import Transactions
from consulting.domain.directory import DirectorySort, SearchSort
from consulting.domain.errors import ValidationFailed
from consulting.domain.money import Money
from consulting.domain.researchers import Rating

NO_CURSORS = ("", "nonsense", "é", "AAAA", "bnVsbA==", "e30=", "W10=", "!" * 500)


def _page(
    transactions: Transactions,
    wanted: DirectoryFilter = EVERYBODY,
    *,
    after: str | None = None,
    limit: int = 50,
    sort: DirectorySort = DirectorySort.NAME,
) -> Sequence[Listed]:
    with transactions.begin() as tx:
        return tx.researchers.page(wanted=wanted, after=after, limit=limit, at=sample.NOW, sort=sort)


def _one_by_one(transactions: Transactions, sort: DirectorySort) -> Sequence[Listed]:
    seen: list[Listed] = []
    while page := _page(transactions, sort=sort, after=seen[-1].cursor if seen else None, limit=1):
        seen.extend(page)
    return seen


def _search(
    transactions: Transactions,
    query: str,
    wanted: DirectoryFilter = EVERYBODY,
    *,
    after: str | None = None,
    limit: int = 50,
    sort: SearchSort = SearchSort.RELEVANCE,
) -> Sequence[Listed]:
    with transactions.begin() as tx:
        return tx.researchers.search(query=query, wanted=wanted, sort=sort, after=after, limit=limit, at=sample.NOW)


def _names(listed: Sequence[Listed]) -> list[str]:
    return [each.researcher.name for each in listed]


class DirectoryContract(RecordsContract):
    """Lists come in their order, go on where they ended, and leave out whoever isn't active."""

    def test_active_researchers_are_listed_by_name(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1, name="Marie")
        setting.researcher(2, name="Ada")
        setting.researcher(3, name="Noor")
        setting.researcher(4, name="Ben", active=False)
        assert _names(_page(transactions)) == ["Ada", "Marie", "Noor"]

    def test_pages_join_without_gap_or_repeat_though_names_are_equal(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        kept = [setting.researcher(number, name="Ada" if number % 2 else "Ben") for number in (5, 3, 1, 4, 2)]
        seen: list[Listed] = []
        for _ in range(9):
            page = _page(transactions, after=seen[-1].cursor if seen else None, limit=2)
            seen.extend(page)
            if len(page) < 2:
                break
        assert [each.researcher for each in seen] == sorted(kept, key=lambda each: (each.name, each.id))

    def test_lists_go_by_rate_within_a_currency_and_by_rating(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number, name, rate, rating in (
            (1, "Ada", Money(20_000, "usd"), Rating(9, 2)),
            (2, "Ben", Money(10_000, "usd"), Rating()),
            (3, "Cleo", Money(15_000, "eur"), Rating(18, 4)),
            (4, "Dan", Money(10_000, "usd"), Rating(5, 1)),
        ):
            setting.researcher(number, name=name, rate=rate, rating=rating)
        expected = {
            DirectorySort.NAME: ["Ada", "Ben", "Cleo", "Dan"],
            DirectorySort.RATE: ["Cleo", "Ben", "Dan", "Ada"],
            DirectorySort.RATE_DOWN: ["Cleo", "Ada", "Ben", "Dan"],
            DirectorySort.RATING: ["Dan", "Cleo", "Ada", "Ben"],
            DirectorySort.NEXT_AVAILABLE: ["Ada", "Ben", "Cleo", "Dan"],
        }
        for sort, names in expected.items():
            assert _names(_page(transactions, sort=sort)) == names
            assert _names(_one_by_one(transactions, sort)) == names

    def test_filters_on_the_lowest_rate_and_the_affiliation(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1, name="Ada", rate=Money(10_000, "usd"), affiliation="École Polytechnique")
        setting.researcher(2, name="Ben", rate=Money(9_999, "usd"), affiliation=None)
        setting.researcher(3, name="Cleo", rate=Money(10_000, "eur"), affiliation="Polytechnique")
        assert _names(_page(transactions, DirectoryFilter(lowest_rate=Money(10_000, "usd")))) == ["Ada"]
        assert _names(_page(transactions, DirectoryFilter(affiliation="ecole  POLYTECHNIQUE"))) == ["Ada"]
        assert _names(_page(transactions, DirectoryFilter(affiliation="École"))) == []
        assert _names(_page(transactions, DirectoryFilter(affiliation="!"))) == []

    def test_a_filter_finds_those_with_a_free_slot_before_an_instant(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        slot = setting.slot(2)
        setting.held(1)
        setting.researcher(2, name="Nobody's")
        until = DirectoryFilter(available_before=slot.period.start)
        beyond = DirectoryFilter(available_before=slot.period.start + timedelta(microseconds=1))
        assert _names(_page(transactions, until)) == []
        assert [each.next_available for each in _page(transactions, beyond)] == [slot]

    def test_whoever_can_be_booked_sooner_comes_first_and_whoever_cannot_comes_last(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        people = [setting.researcher(number, name=name) for number, name in enumerate("ABCDE", start=1)]
        for number, who, hour in ((1, 0, 50), (2, 2, 30), (3, 2, 70), (4, 3, 30), (5, 4, 26)):
            slot = sample.slot(number, researcher_id=people[who].id, period=sample.hour(hour))
            setting.publish(slot)
            if number == 5:
                setting.book(sample.confirmed(slot))
        expected = ["C", "D", "A", "B", "E"]
        for _ in range(2):
            assert _names(_page(transactions, sort=DirectorySort.NEXT_AVAILABLE)) == expected
            assert _names(_one_by_one(transactions, DirectorySort.NEXT_AVAILABLE)) == expected
            with transactions.begin() as tx:
                tx.researchers.settle_openings(at=sample.NOW, limit=50)

    def test_the_order_of_the_next_slot_keeps_up_with_bookings_and_with_time(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        people = [setting.researcher(number, name=name) for number, name in enumerate("AB", start=1)]
        slots = [
            sample.slot(number, researcher_id=people[who].id, period=sample.hour(hour))
            for number, who, hour in ((1, 0, 26), (2, 1, 28), (3, 0, 30), (4, 1, 29))
        ]
        setting.publish(slots[0], slots[2])
        setting.publish(slots[1], slots[3])

        def order(*, hours: float = 0) -> list[str]:
            with transactions.begin() as tx:
                return _names(
                    tx.researchers.page(
                        wanted=EVERYBODY,
                        sort=DirectorySort.NEXT_AVAILABLE,
                        after=None,
                        limit=9,
                        at=sample.NOW + timedelta(hours=hours),
                    )
                )

        with transactions.begin() as tx:
            tx.researchers.settle_openings(at=sample.NOW, limit=50)
        assert (order(), order(hours=26), order(hours=29)) == (["A", "B"], ["B", "A"], ["A", "B"])
        session = sample.confirmed(slots[0])
        setting.book(session)
        assert order() == ["B", "A"]
        setting.save(sample.canceled(session))
        assert order() == ["A", "B"]
        setting.withdraw(slots[0])
        assert order() == ["B", "A"]

    def test_at_the_last_instant_of_its_notice_a_slot_still_counts(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.researcher(1, name="A", notice=timedelta(hours=25))
        slot = setting.slot(1)
        with_time = DirectoryFilter(available_before=slot.period.start + timedelta(days=1))
        last = slot.period.start - timedelta(hours=25)
        for _ in range(2):
            for at, expected in ((last, [slot]), (last + timedelta(microseconds=1), [])):
                with transactions.begin() as tx:
                    by_start = tx.researchers.page(
                        wanted=with_time, sort=DirectorySort.NEXT_AVAILABLE, after=None, limit=9, at=at
                    )
                    by_name = tx.researchers.page(wanted=with_time, after=None, limit=9, at=at)
                assert [each.next_available for each in by_start] == expected
                assert [each.next_available for each in by_name] == expected
            with transactions.begin() as tx:
                tx.researchers.settle_openings(at=last, limit=9)
        with transactions.begin() as tx:
            assert tx.researchers.settle_openings(at=last, limit=9) == 0

    def test_a_search_takes_every_filter_and_order_of_a_list(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        for number, name, rate, rating in (
            (1, "Ada", 300, Rating(4, 1)),
            (2, "Ben", 100, Rating(5, 1)),
            (3, "Cleo", 200, Rating(3, 1)),
            (4, "Dan", 250, Rating()),
        ):
            knows = ("optics",) if name != "Dan" else ("law",)
            setting.researcher(
                number, name=name, rate=Money(rate, "usd"), rating=rating, expertise=knows, verified=name != "Ben"
            )
        expected = {
            SearchSort.RELEVANCE: ["Ada", "Ben", "Cleo"],
            SearchSort.NAME: ["Ada", "Ben", "Cleo"],
            SearchSort.RATE: ["Ben", "Cleo", "Ada"],
            SearchSort.RATE_DOWN: ["Ada", "Cleo", "Ben"],
            SearchSort.RATING: ["Ben", "Ada", "Cleo"],
            SearchSort.NEXT_AVAILABLE: ["Ada", "Ben", "Cleo"],
        }
        for sort, names in expected.items():
            assert _names(_search(transactions, "opticks", sort=sort)) == names
            first = _search(transactions, "optics", sort=sort, limit=2)
            rest = _search(transactions, "optics", sort=sort, after=first[-1].cursor)
            assert _names(first) + _names(rest) == names
            kept = DirectoryFilter(verified=True, lowest_rate=Money(200, "usd"), highest_rate=Money(250, "usd"))
            assert _names(_search(transactions, "optics", kept, sort=sort)) == ["Cleo"]

    def test_a_cursor_of_another_order_is_refused(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1)
        for sort in DirectorySort:
            cursor = _page(transactions, sort=sort)[0].cursor
            for other in DirectorySort:
                if {sort, other} in ({DirectorySort.RATE, DirectorySort.RATE_DOWN}, {sort}):
                    continue
                with pytest.raises(ValidationFailed):
                    _page(transactions, sort=other, after=cursor)

    def test_a_list_goes_on_after_somebody_who_is_gone(self, transactions: Transactions, setting: Setting) -> None:
        for number, name in enumerate(("Ada", "Ben", "Cleo"), start=1):
            setting.researcher(number, name=name)
        cursor = _page(transactions, limit=2)[-1].cursor
        with transactions.begin() as tx:
            tx.researchers.save(sample.researcher(2, name="Ben", active=False))
        assert _names(_page(transactions, after=cursor)) == ["Cleo"]

    @pytest.mark.parametrize("cursor", NO_CURSORS)
    def test_a_list_refuses_a_cursor_that_no_list_gave(self, transactions: Transactions, cursor: str) -> None:
        with pytest.raises(ValidationFailed) as refusal:
            _page(transactions, after=cursor)
        assert [problem.field for problem in refusal.value.problems] == ["cursor"]

    def test_the_filter_on_verified_takes_both_kinds(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1, name="Ada", verified=True)
        setting.researcher(2, name="Ben", verified=False)
        assert _names(_page(transactions, DirectoryFilter(verified=True))) == ["Ada"]
        assert _names(_page(transactions, DirectoryFilter(verified=False))) == ["Ben"]

    def test_the_filter_on_expertise_takes_a_whole_field_whatever_its_case(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.researcher(1, name="Ada", expertise=("Machine Learning", "physics"))
        setting.researcher(2, name="Ben", expertise=("machine tools",))
        assert _names(_page(transactions, DirectoryFilter(expertise="machine learning"))) == ["Ada"]
        assert _names(_page(transactions, DirectoryFilter(expertise="machine"))) == []

    def test_the_highest_rate_is_included_and_compares_within_its_currency(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.researcher(1, name="Ada", rate=Money(10_000, "usd"))
        setting.researcher(2, name="Ben", rate=Money(10_001, "usd"))
        setting.researcher(3, name="Cleo", rate=Money(5_000, "eur"))
        assert _names(_page(transactions, DirectoryFilter(highest_rate=Money(10_000, "usd")))) == ["Ada"]

    def test_who_is_free_is_found_by_a_rate_of_nothing(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1, name="Ada", rate=Money(0, "usd"))
        setting.researcher(2, name="Ben", rate=Money(1, "usd"))
        setting.researcher(3, name="Cleo", rate=Money(0, "eur"))
        nothing = Money(0, "usd")
        assert _names(_page(transactions, DirectoryFilter(highest_rate=nothing))) == ["Ada"]
        assert _names(_page(transactions, DirectoryFilter(lowest_rate=nothing))) == ["Ada", "Ben"]
        assert _names(_page(transactions, DirectoryFilter(lowest_rate=nothing, highest_rate=nothing))) == ["Ada"]

    def test_filters_hold_together(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(1, name="Ada", verified=False, expertise=("physics",))
        setting.researcher(2, name="Ben", verified=True, expertise=("physics",))
        setting.researcher(3, name="Cleo", verified=True, expertise=("law",))
        assert _names(_page(transactions, DirectoryFilter(verified=True, expertise="physics"))) == ["Ben"]

    def test_search_finds_every_word_in_any_of_the_four_fields(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        setting.researcher(1, name="Ada Stone", expertise=("optics",), affiliation="Lyon", bio="Lasers.")
        setting.researcher(2, name="Ben Stone", expertise=("law",), affiliation="Porto", bio="Courts.")
        assert _names(_search(transactions, "stone optics lyon lasers")) == ["Ada Stone"]
        assert _names(_search(transactions, "stone optics porto")) == []

    def test_search_puts_the_name_before_expertise_before_affiliation_before_bio(
        self, transactions: Transactions, setting: Setting
    ) -> None:
        plain = {"expertise": (), "affiliation": None, "bio": None}
        setting.researcher(1, **{**plain, "name": "D", "bio": "Knows optics."})
        setting.researcher(2, **{**plain, "name": "C", "affiliation": "Institute of Optics"})
        setting.researcher(3, **{**plain, "name": "B", "expertise": ("optics",)})
        setting.researcher(4, **{**plain, "name": "Z Optics"})
        assert _names(_search(transactions, "optics")) == ["Z Optics", "B", "C", "D"]

    @pytest.mark.parametrize("query", ["ZOE", "zoë", "angstrom", "Ångström", "angstrm", "angstroem", "angsrtom"])
    def test_search_minds_neither_case_nor_accents_nor_one_edit_in_a_long_word(
        self, transactions: Transactions, setting: Setting, query: str
    ) -> None:
        setting.researcher(name="Zoë Ångström")
        assert _names(_search(transactions, query)) == ["Zoë Ångström"]

    @pytest.mark.parametrize("query", ["zob", "angst", "ngstrm", "zoë stone"])
    def test_search_forgives_no_more_than_that(self, transactions: Transactions, setting: Setting, query: str) -> None:
        setting.researcher(name="Zoë Ångström")
        assert _names(_search(transactions, query)) == []

    @pytest.mark.parametrize("query", ["", "  ", "?!", "%", "_", "\\"])
    def test_a_query_without_a_word_finds_nobody(
        self, transactions: Transactions, setting: Setting, query: str
    ) -> None:
        setting.researcher()
        assert _names(_search(transactions, query)) == []

    @pytest.mark.parametrize("query", ["o'brien", "100%", "a:b & c | !d <-> (e)", "back\\slash", "\u202eright"])
    def test_a_query_is_never_more_than_words(self, transactions: Transactions, setting: Setting, query: str) -> None:
        setting.researcher(name=f"Somebody {query}")
        setting.researcher(2, name="Another")
        assert _names(_search(transactions, query)) == [f"Somebody {query}"]

    def test_search_leaves_out_whoever_is_not_active(self, transactions: Transactions, setting: Setting) -> None:
        setting.researcher(name="Ada", active=False)
        assert _names(_search(transactions, "ada")) == []

    def test_pages_of_a_search_join_without_gap_or_repeat(self, transactions: Transactions, setting: Setting) -> None:
        for number in range(1, 8):
            words = ("optics",) if number % 2 else ()
            setting.researcher(number, name=f"Ada {number % 3}", expertise=words, bio="All about optics.")
        whole = [each.researcher.id for each in _search(transactions, "optics")]
        seen: list[Listed] = []
        for _ in range(9):
            seen.extend(_search(transactions, "optics", after=seen[-1].cursor if seen else None, limit=2))
        assert len(whole) == 7
        assert [each.researcher.id for each in seen] == whole

    @pytest.mark.parametrize("cursor", NO_CURSORS)
    def test_a_search_refuses_a_cursor_that_no_search_gave(self, transactions: Transactions, cursor: str) -> None:
        with pytest.raises(ValidationFailed) as refusal:
            _search(transactions, "optics", after=cursor)
        assert [problem.field for problem in refusal.value.problems] == ["cursor"]
