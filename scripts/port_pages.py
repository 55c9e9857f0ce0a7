"""The pages in docs/ports, written anew from the code: its promises, its values, and what its suite tests."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from consulting import contracts
from consulting.adapters.contracts.contract import Contract
from consulting.application.ports import (
    expertise,
    inbox,
    mailer,
    meeting_rooms,
    outbox,
    payment_gateway,
    provider_books,
    records,
    retries,
    reviews,
    transactions,
)
from consulting.domain import meetings, money, payments, refunds
from consulting.domain.errors import ConsultingError
from consulting.domain.period import Period

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "ports"
WRITTEN = "<!-- Written by `make ports` from the code; a test compares the two. -->"


class Page(NamedTuple):
    """What stands on one page: protocols, the values that they hand over, suites, and the hands that these ask for."""

    name: str
    title: str
    home: ModuleType
    ports: Sequence[type]
    values: Sequence[type]
    suites: Sequence[type]
    hands: Sequence[type] = ()


PAGES = (
    Page(
        "payment-gateway",
        "PaymentGateway",
        payment_gateway,
        [payment_gateway.PaymentGateway],
        [
            payments.Intent,
            payments.IntentStatus,
            payments.Dispute,
            refunds.ProviderRefund,
            refunds.RefundState,
            money.Money,
            inbox.ProviderEvent,
        ],
        [contracts.PaymentGatewayContract, contracts.PaymentDisputesContract],
        [
            contracts.PaymentProvider,
            contracts.PaymentMessages,
            contracts.SignedMessage,
            contracts.Line,
            contracts.PaymentBank,
        ],
    ),
    Page(
        "provider-books",
        "ProviderBooks",
        provider_books,
        [provider_books.ProviderBooks],
        [provider_books.BookedCharge, provider_books.BookedRefund, provider_books.BookedDispute],
        [contracts.ProviderBooksContract],
    ),
    Page(
        "meeting-rooms",
        "MeetingRooms",
        meeting_rooms,
        [meeting_rooms.MeetingRooms],
        [meeting_rooms.MeetingRequest, meetings.Meeting, Period],
        [contracts.MeetingProviderContract],
        [contracts.MeetingProvider, contracts.Line],
    ),
    Page(
        "mailer",
        "Mailer",
        mailer,
        [mailer.Mailer],
        [mailer.Mail],
        [contracts.MailerContract],
        [contracts.MailServer],
    ),
    Page(
        "storage",
        "Transactions",
        transactions,
        [
            transactions.Transactions,
            transactions.Transaction,
            *(
                each
                for each in vars(records).values()
                if getattr(each, "_is_protocol", False) and each.__module__ == records.__name__
            ),
            reviews.Reviews,
            expertise.Expertise,
            outbox.Outbox,
            inbox.Inbox,
            retries.Retries,
        ],
        [expertise.ExpertiseTag],
        [contracts.StorageContract],
    ),
)


def text_of(page: Page) -> str:
    """Write the page."""
    parts = [
        WRITTEN,
        f"# {page.title}",
        inspect.getdoc(page.home) or "",
        *_version(page.home),
        *(_port(port) for port in page.ports),
        *_section("Errors", _errors(page.home)),
        *_section("Values", map(_value, page.values)),
        *_section("What the suite asks for", map(_hand, page.hands)),
        *_section("What the suite tests", _promises(page.suites)),
    ]
    return "\n\n".join(parts) + "\n"


def _version(home: ModuleType) -> Iterator[str]:
    version = getattr(home, "PORT_VERSION", None)
    if version is not None:
        yield (
            f"This is version {version}, for the `port_version` of a plugin. Ports and errors are in\n"
            "`consulting.ports`, values in `consulting.domain`, suites in `consulting.contracts`. How they are used:\n"
            "[writing an adapter](../writing-an-adapter.md)."
        )


def _section(title: str, parts: Iterator[str] | map[str]) -> Iterator[str]:
    written = list(parts)
    if written:
        yield "\n\n".join([f"## {title}", *written])


def _port(port: type) -> str:
    return "\n\n".join([f"## {port.__name__}", _doc(port), *_methods(port)])


def _hand(hand: type) -> str:
    return "\n\n".join([f"### {hand.__name__}", _doc(hand), *_methods(hand)])


def _methods(port: type) -> Iterator[str]:
    for name, member in vars(port).items():
        asked = member.fget if isinstance(member, property) else member
        if not name.startswith("_") and callable(asked):
            yield f"```python\n{_signature(asked, is_property=isinstance(member, property))}\n```\n\n{_doc(asked)}"


def _signature(function: Callable[..., Any], *, is_property: bool) -> str:
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(node, ast.FunctionDef)
    assert node.returns is not None
    given = ast.unparse(node.args).removeprefix("self").removeprefix(", ")
    answer = ast.unparse(node.returns)
    return f"{node.name}: {answer}" if is_property else f"{node.name}({given}) -> {answer}"


def _errors(home: ModuleType) -> Iterator[str]:
    for name, found in vars(home).items():
        if isinstance(found, type) and issubclass(found, ConsultingError) and found.__module__ == home.__name__:
            yield f"- `{name}` ({found.__mro__[1].__name__}): {_doc(found)}"


def _value(value: type) -> str:
    return "\n\n".join([f"### {value.__name__}", _doc(value), *_contents(value)])


def _contents(value: type) -> Iterator[str]:
    if issubclass(value, Enum):
        yield ", ".join(f"`{each.name}`" for each in value)
    elif is_dataclass(value):
        yield "\n".join(f"- `{field.name}: {field.type}`" for field in fields(value))


def _promises(suites: Sequence[type]) -> Iterator[str]:
    for suite in suites:
        for part in reversed([each for each in suite.__mro__ if issubclass(each, Contract)]):
            tests = [name for name in vars(part) if name.startswith("test_")]
            if tests:
                told = "\n".join(f"- {name.removeprefix('test_').replace('_', ' ')}" for name in tests)
                yield f"`{part.__name__}`: {_doc(part)}\n\n{told}"


def _doc(thing: object) -> str:
    return inspect.getdoc(thing) or ""


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in PAGES:
        (FOLDER / f"{each.name}.md").write_text(text_of(each), encoding="utf-8")
