from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from consulting.adapters.letters import HtmlLetters
from consulting.application.ports.mailer import Kind, Mail, Occasion, Role
from consulting.domain.cancellation import CanceledBy, Cancellation, CancellationReason
from consulting.domain.meetings import Meeting
from consulting.domain.money import Money
from consulting.domain.period import Period
from consulting.domain.refunds import RefundReason, RefundState
from consulting.domain.session_states import PaymentStatus, Status
from consulting.domain.sessions import Client, Session

AnOccasion = Callable[..., Occasion]
ASession = Callable[..., Session]
NOW = datetime(2026, 11, 1, 14, 0, tzinfo=UTC)
EVERY = [(kind, role) for kind in Kind for role in Role]


class Words(HTMLParser):
    """What a reader sees of an HTML mail, and its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.words.append("" if tag == "bdi" else " ")
        self.links.extend(value or "" for name, value in attrs if name == "href")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return flat("".join(self.words))


def flat(text: str) -> str:
    return " ".join(text.split())


def canceled(session: Session, *, by: CanceledBy, reason: CancellationReason, note: str | None = None) -> Session:
    return replace(
        session,
        status=Status.CANCELED,
        payment_status=PaymentStatus.REFUNDED,
        sequence=1,
        cancellation=Cancellation(by=by, reason=reason, note=note, at=NOW),
    )


@pytest.mark.parametrize(("kind", "role"), EVERY)
def test_every_letter_says_the_same_in_both_forms(
    letters: HtmlLetters, an_occasion: AnOccasion, a_refund: Callable[..., Any], kind: Kind, role: Role
) -> None:
    mail = letters.write(an_occasion(kind, role, refunds=(a_refund(),)))
    seen = Words(mail.html).text
    for line in mail.text.splitlines():
        for part in re.split(r": +", line.removeprefix("  > ")):
            if not set(part) <= {"=", "-"}:
                assert flat(part).removesuffix(":") in seen


@pytest.mark.parametrize(("kind", "role"), EVERY)
def test_every_letter_shows_the_readers_own_time_its_zone_and_utc(
    letters: HtmlLetters, an_occasion: AnOccasion, kind: Kind, role: Role
) -> None:
    mail = letters.write(an_occasion(kind, role))
    hours, zone = (
        ("15:00–16:00", "Europe/Berlin (CET, UTC+01:00)")
        if role is Role.CLIENT
        else ("09:00–10:00", "America/New_York (EST, UTC\N{MINUS SIGN}05:00)")
    )
    for said in (mail.text, Words(mail.html).text):
        assert hours in said
        assert zone in said
        assert "14:00–15:00 UTC" in said


@pytest.mark.parametrize(("kind", "role"), EVERY)
def test_a_letter_goes_to_its_reader_under_its_own_name(
    letters: HtmlLetters, an_occasion: AnOccasion, kind: Kind, role: Role
) -> None:
    mail = letters.write(an_occasion(kind, role))
    expected = ("Kim Park", "kim@example.net") if role is Role.CLIENT else ("Dr. Ada Ångström", "ada@example.org")
    assert (mail.to_name, mail.to_address) == expected
    assert mail.message_id == f"<{kind.value}@consulting.example>"


@pytest.mark.parametrize(("kind", "role"), EVERY)
def test_subjects_are_one_line_and_keep_private_things_private(
    letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession, kind: Kind, role: Role
) -> None:
    client = Client(user_id="u", email="kim@example.net", name="Kim\r\nBcc: everybody@example.com", timezone="UTC")
    mail = letters.write(an_occasion(kind, role, session=a_session(client=client)))
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject
    for private in ("converge", "10.1000", "Kim", "Bcc", "zoom.example"):
        assert private not in mail.subject


@pytest.mark.parametrize(("kind", "role"), EVERY)
def test_what_people_typed_stays_text(
    letters: HtmlLetters,
    an_occasion: AnOccasion,
    a_session: ASession,
    a_researcher: Callable[..., Any],
    kind: Kind,
    role: Role,
) -> None:
    evil = "<script>alert(1)</script>"
    client = Client(user_id="u", email="kim@example.net", name=evil, timezone="Europe/Berlin")
    session = canceled(
        a_session(client=client, questions=evil, paper_id=evil),
        by=CanceledBy.CLIENT,
        reason=CancellationReason.BY_CLIENT,
        note=evil,
    )
    mail = letters.write(an_occasion(kind, role, session=session, researcher=a_researcher(name=evil)))
    assert "script" not in Words(mail.html).tags
    assert evil not in mail.html


def test_the_mail_is_styled_in_place_and_loads_nothing(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    page = Words(letters.write(an_occasion(Kind.CONFIRMATION)).html)
    assert not {"script", "link", "style", "img", "iframe"} & set(page.tags)


def test_a_confirmation_brings_the_link(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    mail = letters.write(an_occasion(Kind.CONFIRMATION))
    assert "https://zoom.example/j/123?pwd=a&b=c" in mail.text
    assert Words(mail.html).links == ["https://zoom.example/j/123?pwd=a&b=c"]
    assert "125.50 USD" in mail.text


def test_a_confirmation_without_a_link_says_that_it_follows(
    letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession
) -> None:
    mail = letters.write(an_occasion(Kind.CONFIRMATION, session=a_session(meeting=None)))
    assert "It follows in a second mail" in flat(mail.text)
    assert Words(mail.html).links == []


@pytest.mark.parametrize("role", Role)
def test_a_late_link_is_the_promised_one_and_one_after_a_move_takes_the_place_of_others(
    letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession, role: Role
) -> None:
    first = letters.write(an_occasion(Kind.LINK, role))
    changed = letters.write(an_occasion(Kind.LINK, role, session=a_session(rescheduled_at=NOW)))

    assert "As promised, this is the link to your session with" in flat(first.text)
    assert "takes the place" not in flat(first.text)
    assert "is now this one. It takes the place of any that we sent before." in flat(changed.text)
    assert "As promised" not in flat(changed.text)


def test_a_link_that_is_no_web_address_is_never_offered(
    letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession
) -> None:
    meeting = Meeting(id="1", join_link="javascript:alert(1)", host="host@example.org")
    mail = letters.write(an_occasion(Kind.CONFIRMATION, session=a_session(meeting=meeting)))
    assert "javascript:" not in mail.html + mail.text
    assert b"javascript:" not in (mail.calendar or b"")


def test_a_receipt_has_amount_tax_line_and_reference(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    mail = letters.write(an_occasion(Kind.RECEIPT))
    assert re.search(r"^Amount: +125\.50 USD$", mail.text, re.MULTILINE)
    assert re.search(r"^Tax: +none charged$", mail.text, re.MULTILINE)
    assert re.search(r"^Reference: +0192f0c1-0000-7000-8000-000000000001$", mail.text, re.MULTILINE)
    assert re.search(r"^Paid on: +1 November 2026 \(UTC\)$", mail.text, re.MULTILINE)


@pytest.mark.parametrize(
    ("price", "written"),
    [(Money(5000, "jpy"), "5000 JPY"), (Money(12_345, "kwd"), "12.345 KWD"), (Money(5, "usd"), "0.05 USD")],
)
def test_amounts_have_the_decimals_of_their_currency(
    letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession, price: Money, written: str
) -> None:
    assert written in letters.write(an_occasion(Kind.RECEIPT, session=a_session(price=price))).text


@pytest.mark.parametrize(
    ("by", "reason", "role", "said"),
    [
        (CanceledBy.CLIENT, CancellationReason.BY_CLIENT, Role.CLIENT, "You canceled this session"),
        (CanceledBy.CLIENT, CancellationReason.BY_CLIENT, Role.RESEARCHER, "Kim Park canceled this session"),
        (CanceledBy.RESEARCHER, CancellationReason.BY_RESEARCHER, Role.CLIENT, "Dr. Ada Ångström canceled"),
        (CanceledBy.RESEARCHER, CancellationReason.BY_RESEARCHER, Role.RESEARCHER, "You canceled this session"),
        (CanceledBy.ADMIN, CancellationReason.BY_ADMIN, Role.CLIENT, "Our team canceled this session"),
        (CanceledBy.SYSTEM, CancellationReason.REFUNDED_OUTSIDE, Role.CLIENT, "given back in full by us"),
        (CanceledBy.SYSTEM, CancellationReason.HOLD_EXPIRED, Role.CLIENT, "not paid for in time"),
    ],
)
def test_a_cancellation_tells_who_and_why(
    letters: HtmlLetters,
    an_occasion: AnOccasion,
    a_session: ASession,
    by: CanceledBy,
    reason: CancellationReason,
    role: Role,
    said: str,
) -> None:
    session = canceled(a_session(), by=by, reason=reason, note="I am ill,\nsorry")
    mail = letters.write(an_occasion(Kind.CANCELLATION, role, session=session))
    assert said in flat(mail.text)
    assert said in Words(mail.html).text
    assert "  > I am ill,\n  > sorry" in mail.text


@pytest.mark.parametrize(
    ("amounts", "status", "said"),
    [
        ((6275,), PaymentStatus.REFUNDED, "You get 62.75 USD back of 125.50 USD"),
        ((12_550,), PaymentStatus.REFUNDED, "You get 125.50 USD back, the whole price"),
        ((), PaymentStatus.COMPLETED, "nothing is given back"),
        ((), PaymentStatus.PENDING, "You have not been charged"),
    ],
)
def test_a_cancellation_tells_what_is_given_back(
    letters: HtmlLetters,
    an_occasion: AnOccasion,
    a_session: ASession,
    a_refund: Callable[..., Any],
    amounts: tuple[int, ...],
    status: PaymentStatus,
    said: str,
) -> None:
    session = canceled(a_session(), by=CanceledBy.CLIENT, reason=CancellationReason.BY_CLIENT)
    session = replace(session, payment_status=status)
    second_charge = a_refund(9_900, reason=RefundReason.CHARGED_TWICE, state=RefundState.SUCCEEDED)
    refunds = (second_charge, *(a_refund(amount) for amount in amounts))
    mail = letters.write(an_occasion(Kind.CANCELLATION, session=session, refunds=refunds))
    assert said in flat(mail.text)
    assert "99.00" not in mail.text


def test_a_free_session_that_is_canceled_speaks_of_no_money(
    letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession
) -> None:
    session = canceled(a_session(price=Money(0, "usd")), by=CanceledBy.CLIENT, reason=CancellationReason.BY_CLIENT)
    text = letters.write(an_occasion(Kind.CANCELLATION, session=session)).text
    assert "Nothing was to be paid" in text
    assert "USD" not in text


def test_a_moved_session_shows_where_it_was(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    before = Period(datetime(2026, 11, 1, 23, 30, tzinfo=UTC), datetime(2026, 11, 2, 0, 30, tzinfo=UTC))
    mail = letters.write(an_occasion(Kind.RESCHEDULED, before=before))
    assert re.search(r"^Before: +Monday, 2 November 2026, 00:30–01:30$", mail.text, re.MULTILINE)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(hours=24), "in 24 hours"),
        (timedelta(minutes=59, seconds=40), "in 1 hour"),
        (timedelta(minutes=30), "in 30 minutes"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(seconds=5), "now"),
    ],
)
def test_a_reminder_says_how_far_off_the_start_really_is(
    letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession, ahead: timedelta, said: str
) -> None:
    start = a_session().period.start
    mail = letters.write(an_occasion(Kind.REMINDER_1H, written_at=start - ahead))
    assert f"Your session starts {said}" in mail.text
    assert f"starts {said}," in mail.subject


@pytest.mark.parametrize("reason", list(RefundReason))
def test_a_refund_says_why(
    letters: HtmlLetters, an_occasion: AnOccasion, a_refund: Callable[..., Any], reason: RefundReason
) -> None:
    mail = letters.write(an_occasion(Kind.REFUND_DONE, refunds=(a_refund(reason=reason),)))
    assert "125.50 USD" in mail.subject
    assert ".It" not in mail.text
    assert ".The" not in mail.text


def test_the_researcher_reads_what_the_client_asks(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    mail = letters.write(an_occasion(Kind.BOOKING_NOTICE, Role.RESEARCHER))
    assert "  > Why does <b>it</b> converge?\n  > And how fast?" in mail.text
    assert "Why does &lt;b&gt;it&lt;/b&gt; converge?" in mail.html
    assert "Kim Park has booked a session with you" in mail.text


@pytest.mark.parametrize(
    "name",
    ["محمد بن سلمان", "עדה", "👩‍🔬 Zoë", 'O\'Brien, Conor "Con"', "李小龍", "x" * 500, "\x00\x07", "\u202eevil", ""],
)
def test_any_name_makes_a_proper_letter(
    letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession, a_researcher: Callable[..., Any], name: str
) -> None:
    client = Client(user_id="u", email="kim@example.net", name=name, timezone="Europe/Berlin")
    for kind, role in EVERY:
        occasion = an_occasion(kind, role, session=a_session(client=client), researcher=a_researcher(name=name))
        mail = letters.write(occasion)
        assert not re.search(
            r"[\x00-\x08\x0b-\x1f\u202a-\u202e]", mail.text + mail.html + mail.subject + (mail.to_name or "")
        )


def test_a_name_that_runs_from_right_to_left_is_kept_apart(
    letters: HtmlLetters, an_occasion: AnOccasion, a_researcher: Callable[..., Any]
) -> None:
    mail = letters.write(an_occasion(Kind.CONFIRMATION, researcher=a_researcher(name="محمد")))
    assert "\N{FIRST STRONG ISOLATE}محمد\N{POP DIRECTIONAL ISOLATE}" in mail.subject
    assert "<bdi>محمد</bdi>" in mail.html
    assert "<bdi>" not in mail.html.partition("<title>")[2].partition("</title>")[0]


def test_an_unknown_zone_is_shown_in_utc(letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession) -> None:
    client = Client(user_id="u", email="kim@example.net", name=None, timezone="Mars/Olympus")
    mail = letters.write(an_occasion(Kind.CONFIRMATION, session=a_session(client=client)))
    assert re.search(r"^Zone: +UTC$", mail.text, re.MULTILINE)
    assert mail.to_name is None


@pytest.mark.parametrize(
    ("timezone", "start", "hours", "zone"),
    [
        ("Asia/Kathmandu", (2026, 6, 1, 18, 0), "23:45–00:45 on Tuesday, 2 June 2026", "Asia/Kathmandu (UTC+05:45)"),
        (
            "Europe/Berlin",
            (2026, 10, 25, 0, 30),
            "02:30 (UTC+02:00) – 02:30 (UTC+01:00)",
            "Europe/Berlin (CEST, UTC+02:00)",
        ),
        ("America/St_Johns", (2026, 1, 1, 12, 0), "08:30–09:30", "America/St_Johns (NST, UTC\N{MINUS SIGN}03:30)"),
        ("UTC", (2026, 1, 1, 12, 0), "12:00–13:00", "UTC"),
    ],
)
def test_times_are_clear_across_midnight_and_clock_changes(
    letters: HtmlLetters,
    an_occasion: AnOccasion,
    a_session: ASession,
    timezone: str,
    start: tuple[int, int, int, int, int],
    hours: str,
    zone: str,
) -> None:
    begins = datetime(*start, tzinfo=UTC)
    client = Client(user_id="u", email="kim@example.net", name="Kim", timezone=timezone)
    session = a_session(client=client, period=Period(begins, begins + timedelta(hours=1)))
    text = letters.write(an_occasion(Kind.CONFIRMATION, session=session)).text
    assert re.search(rf"^Time: +{re.escape(hours)}$", text, re.MULTILINE)
    assert re.search(rf"^Zone: +{re.escape(zone)}$", text, re.MULTILINE)


def test_the_same_occasion_is_written_the_same_twice(letters: HtmlLetters, an_occasion: AnOccasion) -> None:
    first: Mail = letters.write(an_occasion(Kind.CONFIRMATION))
    assert letters.write(an_occasion(Kind.CONFIRMATION)) == first


def test_a_word_without_end_is_broken_instead_of_widening_the_mail(
    letters: HtmlLetters, an_occasion: AnOccasion, a_session: ASession
) -> None:
    word = "a" * 200
    session = a_session(questions=word, client=Client(user_id="u", email="k@example.net", name=word, timezone="UTC"))

    markup = letters.write(an_occasion(Kind.BOOKING_NOTICE, Role.RESEARCHER, session=session)).html

    holders = re.findall(rf"<(?:p|blockquote)([^>]*)>(?:<bdi>)?{word}", markup)
    assert len(holders) == 2
    assert all("overflow-wrap:anywhere" in holder for holder in holders)
