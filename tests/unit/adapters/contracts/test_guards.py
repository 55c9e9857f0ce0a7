from __future__ import annotations

from textwrap import dedent

import pytest

from consulting.adapters.contracts.contract import Contract, HollowedOut
from consulting.adapters.contracts.mailer import MailerContract
from consulting.adapters.contracts.payment_gateway import PaymentGatewayContract
from consulting.adapters.contracts.storage import StorageContract

pytest_plugins = ["pytester"]
PLAIN = ("--disable-plugin-autoload", "-p", "hypothesispytest", "-p", "no:cacheprovider")
VERDICTS = (*PLAIN, "-p", "consulting.adapters.contracts.verdicts")


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


def test_the_suite_itself_is_not_changed_from_outside() -> None:
    with pytest.raises(HollowedOut, match="test_it_says_please of PolitenessContract"):
        PolitenessContract.test_it_says_please = print  # type: ignore[method-assign, assignment] # the fault to be found

    with pytest.raises(HollowedOut, match="test_it_says_please of PolitenessContract"):
        del PolitenessContract.test_it_says_please


def test_the_payment_suites_charge_in_some_currency() -> None:
    with pytest.raises(HollowedOut, match="TestFree sets currencies without usd"):

        class TestFree(PaymentGatewayContract):
            currencies = ()


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
    result = pytester.runpytest_inprocess("-q", *VERDICTS)
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
    result = pytester.runpytest_inprocess("-q", *VERDICTS)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*HollowedOut: TestSkipped is marked skip*"])


POLITENESS = """
    import pytest
    from consulting.adapters.contracts.contract import Contract

    class PolitenessContract(Contract):
        @pytest.fixture
        def manners(self):
            return "thank you"

        def test_it_says_please(self):
            assert True

        def test_it_says_thank_you(self, manners):
            assert manners == "thank you"
"""


def run(pytester: pytest.Pytester, adapter: str, *options: str) -> pytest.RunResult:
    """Judge this subclass of the suite of politeness."""
    pytester.makepyfile(politeness=POLITENESS, test_adapter=f"import pytest\nimport politeness\n{dedent(adapter)}")
    return pytester.runpytest_inprocess(*VERDICTS, *options)


def test_a_fixture_that_skips_fails_the_promise_and_names_it(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        class TestShy(politeness.PolitenessContract):
            @pytest.fixture
            def manners(self):
                pytest.skip("no account here")
        """,
    )
    assert result.parseoutcomes() == {"passed": 1, "errors": 1}
    result.stdout.fnmatch_lines(
        [
            "*HollowedOut: TestShy is skipped or expected to fail here (Skipped: no account here): what a suite asks*",
            "unproven promise: it says thank you (PolitenessContract)",
            "consulting: TestShy breaks 1 of 2 promises",
        ]
    )


def test_a_fixture_that_expects_failure_fails_the_promise(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        class TestShy(politeness.PolitenessContract):
            @pytest.fixture
            def manners(self):
                pytest.xfail("some day")
        """,
    )
    assert result.parseoutcomes() == {"passed": 1, "errors": 1}


@pytest.mark.parametrize("mark", ["skip", "xfail", "xfail(strict=True)", "skipif(True, reason='no time')"])
def test_a_mark_on_the_whole_module_fails_every_promise(pytester: pytest.Pytester, mark: str) -> None:
    result = run(
        pytester, f"pytestmark = pytest.mark.{mark}\nclass TestMarked(politeness.PolitenessContract):\n    pass\n"
    )
    assert set(result.parseoutcomes()) <= {"failed", "errors"}
    assert sum(result.parseoutcomes().values()) == 2


def test_a_mark_that_a_conftest_sets_fails_the_promise(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        def pytest_collection_modifyitems(items):
            items[0].add_marker(pytest.mark.skip(reason="flaky"))
        """
    )
    result = run(pytester, "class TestMarked(politeness.PolitenessContract):\n    pass\n")
    assert result.parseoutcomes() == {"passed": 1, "errors": 1}


POLITE = "class TestPolite(politeness.PolitenessContract):\n    pass\n"


def test_a_conftest_that_drops_tests_of_the_suite_fails_the_run(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_collection_modifyitems(items):\n    del items[1:]")
    result = run(pytester, POLITE, "-q")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "consulting: TestPolite was asked for 1 of 2 promises, so the others are not proven",
            "consulting: HollowedOut: promises are left out, and not by the command line: look into conftest.py*",
        ]
    )


def test_a_conftest_that_drops_all_of_the_suite_fails_the_run(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_collection_modifyitems(items):\n    del items[:-1]")
    result = run(pytester, f"{POLITE}\ndef test_something_else():\n    pass\n")
    assert (result.ret, result.parseoutcomes()) == (pytest.ExitCode.TESTS_FAILED, {"passed": 1})
    result.stdout.fnmatch_lines(["consulting: TestPolite was asked for 0 of 2 promises*"])


def test_settings_of_pytest_that_leave_out_a_promise_fail_the_run(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\naddopts = -k please")
    assert run(pytester, POLITE).ret == pytest.ExitCode.TESTS_FAILED


def test_a_conftest_that_answers_for_the_tests_fails_them(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import pytest\n\n@pytest.hookimpl(tryfirst=True)\ndef pytest_pyfunc_call(pyfuncitem):\n    return True"
    )
    result = run(pytester, POLITE)
    assert result.parseoutcomes() == {"failed": 2}
    result.stdout.fnmatch_lines(
        ["E *HollowedOut: the test of TestPolite is never called: look for pytest_pyfunc_call*"]
    )


def test_a_test_that_is_replaced_while_tests_run_fails(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_runtest_setup(item):\n    item.obj = lambda: None")
    result = run(pytester, POLITE)
    assert result.parseoutcomes() == {"failed": 2}
    result.stdout.fnmatch_lines(["E *HollowedOut: the test of TestPolite is replaced while tests run"])


def test_settings_of_pytest_under_which_tests_are_not_found_stop_the_run(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npython_functions = check_*")
    result = run(pytester, "class TestHidden(politeness.PolitenessContract):\n    def check_it(self):\n        pass\n")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*HollowedOut: TestHidden is collected without 2 tests of its suite*"])


def test_a_run_that_names_no_broken_promises_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        politeness=POLITENESS, test_adapter="from politeness import PolitenessContract as P\nclass TestA(P): ..."
    )
    result = pytester.runpytest_inprocess(*PLAIN, "-p", "no:consulting.adapters.contracts.verdicts")
    assert result.parseoutcomes() == {"errors": 2}
    result.stdout.fnmatch_lines(["pytest runs without the suite's own plugin*"])


def test_the_guard_itself_cannot_be_replaced() -> None:
    with pytest.raises(HollowedOut, match="_verdicts_are_given"):

        class TestRude(PolitenessContract):
            _verdicts_are_given = None  # type: ignore[assignment] # the fault to be found


def test_an_adapters_own_tests_may_be_skipped(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        class TestPolite(politeness.PolitenessContract):
            @pytest.mark.skip
            def test_it_bows(self):
                pass
        """,
    )
    assert result.parseoutcomes() == {"passed": 2, "skipped": 1}
    result.stdout.fnmatch_lines(["consulting: TestPolite keeps all 2 promises of its suite"])


def test_a_part_of_the_suite_is_said_to_prove_a_part(pytester: pytest.Pytester) -> None:
    result = run(pytester, "class TestPolite(politeness.PolitenessContract):\n    pass\n", "-k", "please")
    result.stdout.fnmatch_lines(["consulting: TestPolite was asked for 1 of 2 promises, so the others are not proven"])


def test_a_failure_names_the_broken_promise_and_what_was_compared(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        class TestRude(politeness.PolitenessContract):
            @pytest.fixture
            def manners(self):
                return "give it to me"
        """,
    )
    result.stdout.fnmatch_lines(
        ["E *broken promise: it says thank you (PolitenessContract)", "consulting: TestRude breaks 1 of 2 promises"]
    )
