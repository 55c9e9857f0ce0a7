"""Mail: how it is written, and how it is delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from consulting.domain.errors import ConsultingError
from consulting.domain.period import Period
from consulting.domain.refunds import Refund
from consulting.domain.researchers import Researcher
from consulting.domain.sessions import Session

PORT_VERSION: Final = 1
"""The version of the port Mailer and of Mail: it rises with every change that an adapter has to follow."""


class MailRefused(ConsultingError):
    """The mail server refuses this mail for good."""

    code = "MAIL_REFUSED"


class MailUnavailable(ConsultingError):
    """The mail server doesn't take this mail at the moment: it is known not to have been taken."""

    code = "MAIL_UNAVAILABLE"


class SenderRefused(MailUnavailable):
    """The mail server takes no mail from us, whatever it is: our settings are to be mended."""

    code = "MAIL_SENDER_REFUSED"


class MailUncertain(ConsultingError):
    """The mail was handed over and the mail server's answer got lost: nobody knows whether it was taken."""

    code = "MAIL_UNCERTAIN"


class Kind(StrEnum):
    """What a mail is about."""

    CONFIRMATION = "confirmation"
    LINK = "link"
    RECEIPT = "receipt"
    REMINDER_24H = "reminder_24h"
    REMINDER_1H = "reminder_1h"
    CANCELLATION = "cancellation"
    RESCHEDULED = "rescheduled"
    REFUND_DONE = "refund_done"
    REFUND_FAILED = "refund_failed"
    SLOT_LOST = "slot_lost"
    BOOKING_NOTICE = "booking_notice"


class Role(StrEnum):
    """To whom it goes."""

    CLIENT = "client"
    RESEARCHER = "researcher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """All that a mail tells of: the session as it stands, its researcher, and what belongs to this kind."""

    kind: Kind
    role: Role
    session: Session
    researcher: Researcher
    refunds: tuple[Refund, ...] = ()
    before: Period | None = None
    message_id: str
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A session as this one of its two people has it in their calendar."""

    session: Session
    researcher: Researcher
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail ready to go; `calendar` is an iCalendar object whose METHOD is `calendar_method`."""

    message_id: str
    to_name: str | None
    to_address: str
    subject: str
    text: str
    html: str
    calendar: bytes | None = None
    calendar_method: str | None = None


class Letters(Protocol):
    """The hand that writes."""

    def write(self, occasion: Occasion) -> Mail:
        """Write the mail in both forms, times in the reader's own zone, with its .ics where the kind has one."""

    def calendar(self, *, session: Session, researcher: Researcher, role: Role) -> bytes:
        """Write the session as this one of its two people has it in their calendar, as an iCalendar object.

        METHOD is REQUEST, or CANCEL once it is canceled; a session that hasn't changed gives the same object again.
        """

    def feed(self, entries: Sequence[CalendarEntry]) -> bytes:
        """Write one iCalendar object of all these sessions for a calendar program that asks for it again and again.

        METHOD is PUBLISH, and the UIDs are those of the mails.
        """


class Mailer(Protocol):
    """The post."""

    def send(self, mail: Mail) -> None:
        """Hand the mail to the mail server, once, as it was written.

        - It ends within 45 seconds, and may be called from several threads at once.
        - The mail goes to its one recipient under its own Message-ID, so that a repeat is known for one.
        - Text, HTML, names and subject arrive in any letters; a calendar arrives as an invitation with its METHOD.
        - A line break in a name or subject never writes a header; what is no address is refused.
        - The adapter remembers nothing: it never repeats a mail by itself once that was handed over.
        - MailRefused: this mail won't be taken, ever.
        - MailUnavailable: it wasn't taken, and is sent again later.
        - SenderRefused: so is every mail of ours, until somebody mends the settings.
        - MailUncertain: it may have been taken; a repeat may be the second copy.
        - No other error is raised.
        """


def message_id(*, session_id: UUID, kind: Kind, role: Role, about: str, domain: str) -> str:
    """Name a mail so that a repeat of it has the same name."""
    return f"<{kind}.{role}.{about}.{session_id}@{domain}>"
