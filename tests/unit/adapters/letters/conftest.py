from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from consulting.adapters.letters import HtmlLetters, open_letters
from consulting.application.ports.mailer import Kind, Occasion, Role
from consulting.domain.cancellation import DEFAULT_POLICY
from consulting.domain.meetings import Meeting
from consulting.domain.money import Money
from consulting.domain.period import Period
from consulting.domain.refunds import Refund, RefundReason, RefundState
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import PaymentStatus, Status
from consulting.domain.sessions import Client, Session

NOW = datetime(2026, 11, 1, 14, 0, tzinfo=UTC)
START = datetime(2026, 11, 2, 14, 0, tzinfo=UTC)
SESSION_ID = UUID("0192f0c1-0000-7000-8000-000000000001")
LINK = "https://zoom.example/j/123?pwd=a&b=c"


def researcher(**changes: Any) -> Researcher:
    plain = Researcher(
        id=UUID(int=1),
        user_id="r-1",
        name="Dr. Ada Ångström",
        email="ada@example.org",
        bio=None,
        expertise=(),
        achievements=(),
        rate=Money(12_550, "usd"),
        timezone="America/New_York",
        verified=True,
        active=True,
        avatar_url=None,
        affiliation=None,
        papers=(),
        zoom_user=None,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(plain, **changes)


def session(**changes: Any) -> Session:
    plain = Session(
        id=SESSION_ID,
        client=Client(user_id="u-1", email="kim@example.net", name="Kim Park", timezone="Europe/Berlin"),
        researcher_id=UUID(int=1),
        time_slot_id=UUID(int=2),
        period=Period(START, START + timedelta(hours=1)),
        paper_id="10.1000/paper",
        questions="Why does <b>it</b> converge?\nAnd how fast?",
        price=Money(12_550, "usd"),
        policy=DEFAULT_POLICY,
        status=Status.SCHEDULED,
        payment_status=PaymentStatus.COMPLETED,
        expires_at=None,
        meeting=Meeting(id="123", join_link=LINK, host="host@example.org"),
        sequence=0,
        confirmed_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(plain, **changes)


def refund(amount: int = 12_550, **changes: Any) -> Refund:
    plain = Refund(
        id=UUID(int=9),
        payment_id=UUID(int=8),
        session_id=SESSION_ID,
        amount=Money(amount, "usd"),
        reason=RefundReason.CANCELED,
        state=RefundState.REQUESTED,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(plain, **changes)


def occasion(kind: Kind, role: Role = Role.CLIENT, **changes: Any) -> Occasion:
    plain = Occasion(
        kind=kind,
        role=role,
        session=session(),
        researcher=researcher(),
        message_id=f"<{kind.value}@consulting.example>",
        written_at=NOW,
    )
    return replace(plain, **changes)


@pytest.fixture(scope="session")
def letters() -> HtmlLetters:
    return open_letters(
        public_url="https://api.consulting.example",
        sender_name="Consulting",
        sender_address="sessions@consulting.example",
        uid_domain="consulting.example",
    )


@pytest.fixture
def an_occasion() -> Callable[..., Occasion]:
    return occasion


@pytest.fixture
def a_session() -> Callable[..., Session]:
    return session


@pytest.fixture
def a_researcher() -> Callable[..., Researcher]:
    return researcher


@pytest.fixture
def a_refund() -> Callable[..., Refund]:
    return refund
