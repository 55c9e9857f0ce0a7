"""The Stripe adapter while Stripe fails, hangs, answers nonsense or refuses us, over real sockets."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import stripe

from consulting.adapters.stripe import StripeGateway
from consulting.application.ports.payment_gateway import (
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
    PaymentOutcomeUnknown,
)
from consulting.domain.refunds import RefundState
from consulting.entrypoints.supervisor.ports import free_port, listening
from tests.integration.adapters.payers import PRICE, SESSION, gateway_at, paid
from tests.integration.instance import PATIENCE, eventually

HOST = "127.0.0.1"


def test_a_server_error_is_retried_with_the_same_key(gateway: StripeGateway, outside: Any) -> None:
    outside.fault("stripe", "status", "payment_intents.create", value=500)
    intent = gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert [each["id"] for each in outside.stripe("payment_intents")["data"]] == [intent.id]


def test_a_lost_answer_is_asked_for_again_and_charges_nothing_twice(gateway: StripeGateway, outside: Any) -> None:
    intent = paid(gateway, outside)
    outside.fault("stripe", "drop_answer", "refunds.create")
    refund = gateway.refund(key="r:1", intent_id=intent.id, amount=PRICE)
    assert refund.state is RefundState.SUCCEEDED
    assert [each["id"] for each in outside.stripe("refunds")["data"]] == [refund.id]


@pytest.mark.parametrize(
    ("fault", "value", "count"), [("status", 500, 3), ("drop_answer", None, 3), ("hang", 120, 1)], ids=str
)
def test_a_write_whose_outcome_is_unknown_says_so_and_can_be_repeated(
    gateway: StripeGateway, hasty: StripeGateway, outside: Any, fault: str, value: float | None, count: int
) -> None:
    intent = paid(gateway, outside)
    outside.fault("stripe", fault, "refunds.create", value=value, count=count)
    with pytest.raises(PaymentOutcomeUnknown):
        (hasty if fault == "hang" else gateway).refund(key="r:1", intent_id=intent.id, amount=PRICE)
    eventually(lambda: outside.faults_left() == 0)
    if fault == "hang":
        outside.clear_faults()  # and what hangs goes on
        eventually(lambda: outside.stripe("refunds")["data"])
    assert gateway.refund(key="r:1", intent_id=intent.id, amount=PRICE).state is RefundState.SUCCEEDED
    assert len(outside.stripe("refunds")["data"]) == 1


def test_a_hanging_provider_is_given_up_within_seconds_and_not_asked_twice(hasty: StripeGateway, outside: Any) -> None:
    outside.fault("stripe", "hang", "payment_intents.retrieve", value=120, count=2)
    began = time.monotonic()
    with pytest.raises(PaymentGatewayUnavailable) as unavailable:
        hasty.retrieve_intent("pi_1")
    assert not isinstance(unavailable.value, PaymentOutcomeUnknown)
    assert time.monotonic() - began < 60
    assert outside.faults_left() == 1


def test_while_the_first_of_two_equal_requests_runs_the_second_has_no_answer_yet(
    gateway: StripeGateway, hasty: StripeGateway, outside: Any
) -> None:
    outside.fault("stripe", "hang", "payment_intents.create", value=120)
    with pytest.raises(PaymentOutcomeUnknown):
        hasty.create_intent(key="k", amount=PRICE, session_id=SESSION)
    eventually(lambda: outside.faults_left() == 0)
    with pytest.raises(PaymentOutcomeUnknown):  # 409: the first one is still at work
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_read_that_fails_is_unavailable(gateway: StripeGateway, outside: Any, status: int) -> None:
    outside.fault("stripe", "status", "payment_intents.retrieve", value=status, count=3)
    with pytest.raises(PaymentGatewayUnavailable) as unavailable:
        gateway.retrieve_intent("pi_1")
    assert not isinstance(unavailable.value, PaymentOutcomeUnknown)


def test_being_too_fast_is_unavailable_and_nothing_was_done(gateway: StripeGateway, outside: Any) -> None:
    outside.fault("stripe", "status", "payment_intents.create", value=429)
    with pytest.raises(PaymentGatewayUnavailable) as unavailable:
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert not isinstance(unavailable.value, PaymentOutcomeUnknown)
    assert outside.stripe("payment_intents")["data"] == []


def test_a_refused_connection_did_nothing() -> None:
    with (
        closed_port() as port,
        closing(gateway_at(f"http://127.0.0.1:{port}")) as gateway,
        pytest.raises(PaymentGatewayUnavailable) as unavailable,
    ):
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert not isinstance(unavailable.value, PaymentOutcomeUnknown)


def test_a_refused_connection_after_a_lost_answer_leaves_the_doubt() -> None:
    with (
        one_answerless_server() as port,
        closing(gateway_at(f"http://127.0.0.1:{port}")) as gateway,
        pytest.raises(PaymentOutcomeUnknown),
    ):
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'{"id": "pi_1"}', b"\xff"], ids=["html", "list", "partial", "no text"]
)
def test_an_answer_that_makes_no_sense_leaves_a_write_in_doubt(body: bytes) -> None:
    with (
        server_that_says(body) as port,
        closing(gateway_at(f"http://127.0.0.1:{port}")) as gateway,
        pytest.raises(PaymentOutcomeUnknown),
    ):
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    with (
        server_that_says(body) as port,
        closing(gateway_at(f"http://127.0.0.1:{port}")) as gateway,
        pytest.raises(PaymentGatewayUnavailable),
    ):
        gateway.retrieve_intent("pi_1")


@pytest.mark.parametrize(("version", "sent"), [("2026-01-28.clover", "2026-01-28.clover"), (None, stripe.api_version)])
def test_requests_ask_for_the_version_that_is_set_or_else_for_the_sdks_own(version: str | None, sent: str) -> None:
    heard: list[bytes] = []
    with (
        server_that_says(b"{}", heard=heard) as port,
        closing(gateway_at(f"http://127.0.0.1:{port}", version=version)) as gateway,
        pytest.raises(PaymentGatewayUnavailable),
    ):
        gateway.retrieve_intent("pi_1")

    assert f"stripe-version: {sent}".encode() in heard[0].lower()


def test_wrong_keys_are_misconfigured_and_appear_nowhere(outside: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        closing(gateway_at(f"{outside.url}/stripe", key="sk_test_wrong_and_secret")) as gateway,
        pytest.raises(PaymentGatewayMisconfigured) as refused,
    ):
        gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert "wrong_and_secret" not in f"{refused.value!r} {refused.value.__cause__!r} {caplog.text} {gateway!r}"
    assert "AuthenticationError" in caplog.text


def test_client_secrets_never_reach_the_log(gateway: StripeGateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    intent = gateway.create_intent(key="k", amount=PRICE, session_id=SESSION)
    assert intent.client_secret is not None
    assert intent.client_secret not in caplog.text
    assert "sk_test_sandbox" not in caplog.text


@contextmanager
def closed_port() -> Iterator[int]:
    """Give a port at which nobody listens, and which nobody is given meanwhile."""
    yield free_port(host=HOST)


@contextmanager
def one_answerless_server() -> Iterator[int]:
    """Take one request, drop it, and refuse every connection after that."""
    port = free_port(host=HOST)
    server = listening(port, host=HOST, variable="", wait_seconds=0)
    server.settimeout(PATIENCE)

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            server.close()
            connection.recv(65_536)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield port
    thread.join(PATIENCE)


@contextmanager
def server_that_says(body: bytes, *, heard: list[bytes] | None = None) -> Iterator[int]:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(PATIENCE)

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            request = connection.recv(65_536)
            if heard is not None:
                heard.append(request)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
            )

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    thread.join(PATIENCE)
    server.close()
