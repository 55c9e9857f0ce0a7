"""Deliberately wrong adapters: the kit is run over each, and has to fail with the promise that it breaks, in words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.adapters.contracts.wrong import gateways, mailers, rooms

pytest_plugins = ["pytester"]
OPTIONS = (
    *("--disable-plugin-autoload", "-p", "hypothesispytest", "-p", "consulting.adapters.contracts.verdicts"),
    *("-p", "no:cacheprovider", "--import-mode=importlib"),
)

GATEWAY = """
    import pytest
    from consulting.adapters.contracts import outside
    from tests.unit.adapters.contracts.wrong.gateways import {name}
    from tests.unit.adapters.memory.test_memory_payment_gateway import TestMemoryPaymentGateway as Right, clock

    class TestWrong(Right):
        @pytest.fixture(autouse=True)
        def within(self, monkeypatch):
            monkeypatch.setattr(outside, "WITHIN_SECONDS", 0.2 if "{name}" == "WaitsTooLong" else 60.0)

        @pytest.fixture
        def gateway(self, clock):
            return {name}(clock=clock)

    del Right
"""
ROOMS = """
    import pytest
    from tests.unit.adapters.contracts.wrong.rooms import {name}
    from tests.unit.adapters.memory.test_memory_meeting_rooms import TestMemoryMeetingRooms as Right

    class TestWrong(Right):
        @pytest.fixture
        def rooms(self):
            return {name}()

    del Right
"""
MAILER = """
    import pytest
    from tests.unit.adapters.contracts.wrong.mailers import {name}
    from tests.unit.adapters.memory.test_memory_mailer import TestMemoryMailer as Right

    class TestWrong(Right):
        @pytest.fixture
        def mailer(self):
            return {name}()

    del Right
"""

GATEWAYS = [
    (gateways.ChargesTwice, "the same key opens one intent", "the client can be charged twice"),
    (gateways.RefundsTwice, "the same key gives back once", "the money goes back twice"),
    (
        gateways.RepeatsARefundUnderANewKey,
        "a lost answer to a refund is called unknown and repeating gives back once",
        "money was given back twice",
    ),
    (gateways.LosesRefunds, "a part can be given back", "a refund is lost: less went back than was asked for"),
    (gateways.CallsARefusedRefundPending, "more than is left is refused for good", "has to be told as FAILED"),
    (
        gateways.SwallowsOutages,
        "an unreachable provider is told as unavailable",
        "retrieve_intent swallowed the error, PaymentGatewayUnavailable is due",
    ),
    (
        gateways.CallsDoubtAFailure,
        "a lost answer to a refund is called unknown and repeating gives back once",
        "the call may have been carried out, so PaymentOutcomeUnknown is due",
    ),
    (
        gateways.CallsWrongKeysAnOutage,
        "refused credentials are told as such",
        "create_intent raised PaymentGatewayUnavailable",
    ),
    (gateways.RaisesErrorsOfItsOwn, "an unreachable provider is told as unavailable", "ConnectionResetError"),
    (gateways.WaitsTooLong, "a silent provider is given up within seconds", "it has to end within"),
    (gateways.CountsInHundredths, "amounts are minor units in every currency", "1234100"),
    (
        gateways.CountsInHundredthsBothWays,
        "the provider charges what was agreed in every currency",
        "another amount was charged than agreed",
    ),
    (
        gateways.PromisesRefunds,
        "what is given back stands in the providers books in every currency",
        "a refund is lost: less went back than was asked for",
    ),
    (
        gateways.ForgetsTheZone,
        "what was booked since then is listed in whatever zone that is said",
        "a charge is left out",
    ),
    (gateways.CancelsNothing, "a canceled intent can no longer be paid", "a canceled intent was charged"),
    (gateways.LooksBeforeItOpens, "the same key at once opens one intent", "the session can be charged twice"),
    (
        gateways.KeepsKeysInTheProcess,
        "another process opens no other intent with the same key",
        "keys are kept in the process: the client can be charged twice",
    ),
    (
        gateways.KeepsKeysInTheProcess,
        "another process gives nothing more back with the same key",
        "keys are kept in the process: the money goes back twice",
    ),
    (gateways.TrustsEveryMessage, "a message without any header is refused", "WebhookSignatureInvalid is due"),
    (gateways.TrustsOldMessages, "an outdated message is refused", "WebhookSignatureInvalid is due"),
    (
        gateways.CountsRepeatsTwice,
        "a message that is delivered again has the same id",
        "a repeated event would be counted twice",
    ),
    (gateways.KeepsRefundsToItself, "a message about a refund names it", "what becomes of a refund"),
    (
        gateways.KnowsNoDisputes,
        "an open dispute is shown and has taken nothing yet",
        "a dispute is lost",
    ),
    (
        gateways.TakesAllThatIsDisputed,
        "a dispute that was lost shows what the bank took",
        "the bank took money that is counted as ours",
    ),
    (
        gateways.HasNoBooksInAnOutage,
        "books that cannot be read are no empty books",
        "charges swallowed the error, PaymentGatewayUnavailable is due",
    ),
]
MEETINGS = [
    (rooms.OpensTwice, "the provider has one meeting at the sessions time", "a meeting too many"),
    (rooms.MovesByOpeningAnother, "a moved meeting is the same one in the end", "the link that was mailed"),
    (rooms.ForgetsToMove, "a move takes the one meeting along", "takes place at another time than the session"),
    (rooms.HasOneRoomForAll, "two sessions never share a link", "strangers would meet"),
    (rooms.TellsTheTopic, "a link tells nothing of the topic", "the link tells whom the session is with"),
    (rooms.ClosesAll, "closing leaves other meetings alone", "another session's meeting was deleted"),
    (
        rooms.TakesUtcForLocalTime,
        "a meeting takes place at the sessions instant wherever its host is",
        "takes place at another time than the session",
    ),
    (
        rooms.SwallowsOutages,
        "an unreachable provider is told as unavailable",
        "close swallowed the error, MeetingRoomsUnavailable is due",
    ),
    (
        rooms.ClearsWhatItKnows,
        "clearing finds a meeting whose creation was not heard of",
        "the provider has a meeting too many",
    ),
    (
        rooms.CallsWrongKeysAnOutage,
        "refused credentials are told as such",
        "MeetingRoomsMisconfigured is due",
    ),
    (rooms.OpensWithoutAHost, "without a free host it says so", "DID NOT RAISE*NoFreeHost"),
]
MAILS = [
    (mailers.WritesHeadersAsTheyCome, "a line break adds no header", "wrote into the text"),
    (mailers.LosesTheMessageId, "a repeated mail has the same name", "a repeat has another Message-ID"),
    (mailers.LosesMails, "a mail arrives as it was written", "a mail is lost"),
    (mailers.SendsTwice, "a mail arrives as it was written", "more than one arrived"),
    (mailers.SwallowsRefusals, "a refusal for good is told as such", "DID NOT RAISE*MailRefused"),
    (mailers.CallsEveryRefusalPassing, "what is no address is refused for good", "MailUnavailable"),
    (mailers.CallsDoubtAFailure, "a lost answer is told as uncertain", "MailUnavailable"),
    (mailers.WritesAscii, "any letters arrive", "Zo"),
    (mailers.SendsFilesForInvitations, "an invitation arrives with its method", "REQUEST"),
]
WRONG = [
    pytest.param(module, adapter, promise, told, id=adapter.__name__)
    for module, table in ((GATEWAY, GATEWAYS), (ROOMS, MEETINGS), (MAILER, MAILS))
    for adapter, promise, told in table
]


HELPERS = {"EmptyBooks", "BooksByTheWallClock"}


@pytest.mark.parametrize(("module", "adapter", "promise", "told"), WRONG)
def test_a_wrong_adapter_fails_with_the_promise_that_it_breaks(
    pytester: pytest.Pytester, module: str, adapter: type[Any], promise: str, told: str
) -> None:
    pytester.makepyfile(test_wrong=module.format(name=adapter.__name__))

    result = pytester.runpytest_inprocess(*OPTIONS, "-k", f"test_{promise.replace(' ', '_')}")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines_random([f"E *{told}*", f"E *broken promise: {promise} (*Contract)"])


@pytest.mark.parametrize("module", [GATEWAY, ROOMS, MAILER])
def test_the_right_adapter_keeps_every_promise(pytester: pytest.Pytester, module: str) -> None:
    name = {GATEWAY: "MemoryPaymentGateway", ROOMS: "MemoryMeetingRooms", MAILER: "MemoryMailer"}[module]
    pytester.makepyfile(test_right=module.format(name=name))

    result = pytester.runpytest_inprocess(*OPTIONS)

    assert set(result.parseoutcomes()) == {"passed"}
    result.stdout.fnmatch_lines(["consulting: TestWrong keeps all * promises of its suite"])


def test_every_wrong_adapter_is_judged() -> None:
    for wrong, table in ((gateways, GATEWAYS), (rooms, MEETINGS), (mailers, MAILS)):
        made = {each for each in vars(wrong).values() if isinstance(each, type) and each.__module__ == wrong.__name__}
        assert {each.__name__ for each in made} - HELPERS == {adapter.__name__ for adapter, _, _ in table}
