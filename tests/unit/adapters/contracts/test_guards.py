from __future__ import annotations

import pytest

from consulting.adapters.contracts.contract import Contract, HollowedOut
from consulting.adapters.contracts.mailer import MailerContract
from consulting.adapters.contracts.storage import StorageContract

pytest_plugins = ["pytester"]


class PolitenessContract(Contract):
    def test_it_says_please(self) -> None:
        raise AssertionError("it never does")

    def test_it_says_thank_you(self) -> None:
        raise AssertionError("it never does")


def test_a_suite_refuses_a_subclass_that_overrides_a_test() -> None:
    with pytest.raises(HollowedOut, match="test_it_says_please of PolitenessContract"):

        class TestRude(PolitenessContract):
            def test_it_says_please(self) -> None:
                return


def test_a_suite_refuses_a_subclass_that_removes_a_test() -> None:
    with pytest.raises(HollowedOut, match="test_it_says_thank_you"):

        class TestRude(PolitenessContract):
            test_it_says_thank_you = None  # type: ignore[assignment] # the fault to be found


def test_a_suite_refuses_a_test_replaced_by_another_base_class() -> None:
    class Rude:
        def test_it_says_please(self) -> None:
            return

    with pytest.raises(HollowedOut, match="test_it_says_please"):

        class TestRude(Rude, PolitenessContract):
            pass


def test_a_suite_refuses_a_test_replaced_after_its_class_was_made() -> None:
    class TestRude(PolitenessContract):
        pass

    with pytest.raises(HollowedOut, match="test_it_says_please"):
        TestRude.test_it_says_please = print  # type: ignore[method-assign, assignment] # the fault to be found


@pytest.mark.parametrize("mark", [pytest.mark.skip, pytest.mark.skipif(True, reason="no time"), pytest.mark.xfail])
def test_a_suite_refuses_a_subclass_that_is_skipped_or_expected_to_fail(mark: pytest.MarkDecorator) -> None:
    with pytest.raises(HollowedOut, match="can't be left out"):

        class TestMarked(PolitenessContract):
            pytestmark = mark

    class TestDecorated(PolitenessContract):
        pass

    with pytest.raises(HollowedOut, match="can't be left out"):
        mark(TestDecorated)


def test_a_suite_refuses_a_subclass_that_pytest_would_not_collect() -> None:
    with pytest.raises(HollowedOut, match="start with Test"):

        class Rude(PolitenessContract):
            pass

    with pytest.raises(HollowedOut, match="__test__"):

        class TestRude(PolitenessContract):
            __test__ = False


def test_other_marks_further_tests_and_fixtures_are_welcome() -> None:
    @pytest.mark.proof
    class TestPolite(PolitenessContract):
        @pytest.fixture
        def manners(self) -> None:
            return

        def test_it_says_you_are_welcome(self) -> None:
            return

    assert issubclass(TestPolite, PolitenessContract)


def test_no_suite_replaces_a_test_of_another_one() -> None:
    names = [name for suite in StorageContract.__bases__ for name in vars(suite) if name.startswith("test_")]
    assert len(names) == len(set(names))


def test_a_missing_fixture_fails_every_test_and_says_what_to_provide(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from consulting.adapters.contracts.mailer import MailerContract

        class TestForgetful(MailerContract):
            pass
        """
    )
    result = pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider")
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"errors"}
    assert outcomes["errors"] >= sum(name.startswith("test_") for name in vars(MailerContract))
    result.stdout.fnmatch_lines(["*provide a fixture `mailer` in your subclass of the suite: the Mailer to judge*"])


def test_a_hollowed_out_suite_stops_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from consulting.adapters.contracts.mailer import MailerContract

        @pytest.mark.skip(reason="later")
        class TestSkipped(MailerContract):
            pass
        """
    )
    result = pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*HollowedOut: TestSkipped is marked skip*"])
