"""What is promised about the provider's own books: all that was booked is listed, whoever did it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from consulting.adapters.contracts.contract import missing
from consulting.adapters.contracts.outside import Line, error_of, in_time, told
from consulting.adapters.contracts.payment_gateway.fixtures import (
    PRICE,
    SESSION,
    PaymentProvider,
    PaymentsContract,
    opened,
    paid,
)
from consulting.application.ports.payment_gateway import (
    PaymentGateway,
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
)
from consulting.application.ports.provider_books import ProviderBooks
from consulting.domain.money import Money

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HALF = PRICE.share(percent=50)


class ProviderBooksContract(PaymentsContract):
    """For providers that let us read their books; the fixture `books` gives those that `gateway` writes."""

    @pytest.fixture
    def books(self) -> ProviderBooks:
        """Give the books."""
        missing("books", gives="the ProviderBooks that the gateway writes")

    def test_charges_are_listed_with_their_session_and_unpaid_intents_are_not(
        self, gateway: PaymentGateway, provider: PaymentProvider, books: ProviderBooks
    ) -> None:
        intent = paid(gateway, provider)
        opened(gateway, key="session-1:2")
        provider.is_declined(opened(gateway, key="session-1:3"))
        (charge,) = books.charges(since=LONG_AGO)
        assert charge.id
        assert (charge.intent_id, charge.received, charge.session_id) == (intent.id, PRICE, SESSION)

    def test_refunds_are_listed_whoever_made_them(
        self, gateway: PaymentGateway, provider: PaymentProvider, books: ProviderBooks
    ) -> None:
        intent = paid(gateway, provider)
        ours = gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        provider.refunds_elsewhere(intent, Money(1, "usd"))
        listed = list(books.refunds(since=LONG_AGO))
        assert {(each.intent_id, each.refund.amount, each.refund.key) for each in listed} == {
            (intent.id, HALF, "r1:1"),
            (intent.id, Money(1, "usd"), None),
        }
        assert ours in [each.refund for each in listed]

    def test_a_long_list_is_read_to_its_end(
        self, gateway: PaymentGateway, provider: PaymentProvider, books: ProviderBooks
    ) -> None:
        intent = paid(gateway, provider)
        for number in range(103):
            gateway.refund(key=f"r{number}:1", intent_id=intent.id, amount=Money(1, "usd"))
        assert len(list(books.refunds(since=LONG_AGO))) == 103
        assert len(gateway.refunds_of_intent(intent.id)) == 103

    def test_what_was_booked_since_then_is_listed_in_whatever_zone_that_is_said(
        self, gateway: PaymentGateway, provider: PaymentProvider, books: ProviderBooks
    ) -> None:
        intent = paid(gateway, provider)
        gateway.refund(key="r1:1", intent_id=intent.id, amount=HALF)
        for zone in (UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))):
            since = datetime.fromtimestamp(time.time() - 60, tz=zone)
            assert [each.intent_id for each in books.charges(since=since)] == [intent.id], "a charge is left out"
            assert [each.intent_id for each in books.refunds(since=since)] == [intent.id], "a refund is left out"

    def test_books_that_cannot_be_read_are_no_empty_books(self, books: ProviderBooks, line: Line) -> None:
        for name, listed in _lists(books):
            with line.unreachable(), in_time():
                error = error_of(listed)
            assert isinstance(error, PaymentGatewayUnavailable), told(name, error, due="PaymentGatewayUnavailable")

    def test_silent_books_are_given_up_within_seconds(self, books: ProviderBooks, line: Line) -> None:
        with line.silent(), in_time():
            error = error_of(lambda: list(books.charges(since=LONG_AGO)))
        assert isinstance(error, PaymentGatewayUnavailable), told("charges", error, due="PaymentGatewayUnavailable")

    def test_refused_credentials_show_no_empty_books(self, books: ProviderBooks, line: Line) -> None:
        for name, listed in _lists(books):
            with line.credentials_refused():
                error = error_of(listed)
            assert isinstance(error, PaymentGatewayMisconfigured), told(name, error, due="PaymentGatewayMisconfigured")

    def test_nothing_is_listed_where_nothing_was_booked(self, books: ProviderBooks) -> None:
        lists = (books.charges, books.refunds, books.disputes)
        assert [list(each(since=LONG_AGO)) for each in lists] == [[], [], []]


def _lists(books: ProviderBooks) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "charges", lambda: list(books.charges(since=LONG_AGO))
    yield "refunds", lambda: list(books.refunds(since=LONG_AGO))
    yield "disputes", lambda: list(books.disputes(since=LONG_AGO))
