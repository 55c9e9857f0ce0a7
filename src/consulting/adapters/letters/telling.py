"""What a letter tells, gathered for the templates. Names are plain text here; the templates escape them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC
from functools import reduce
from typing import Any, Final
from urllib.parse import urlsplit

from consulting.adapters.letters.wording import When, date_in_utc, lines, one_line, span, starts, when
from consulting.application.ports.mailer import Kind, Occasion, Role
from consulting.domain.money import Money
from consulting.domain.refunds import Refund, RefundReason
from consulting.domain.session_states import PaymentStatus
from consulting.domain.sessions import Session

_REASONS: Final = {
    Kind.CANCELLATION: frozenset({RefundReason.CANCELED, RefundReason.OUTSIDE}),
    Kind.SLOT_LOST: frozenset({RefundReason.LATE_PAYMENT}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The words that every template may use; a name that isn't here is an error in the template."""

    kind: str
    to_researcher: bool
    researcher: str
    client: str | None
    affiliation: str | None
    when: When
    before: When | None
    moved: bool
    length: str
    starts: str
    link: str | None
    free: bool
    price: str
    paid_on: str
    reference: str
    paper: str | None
    questions: str | None
    canceled_by: str | None
    reason: str | None
    note: str | None
    charged: bool
    refund: str | None
    refund_is_whole: bool
    refund_reason: str | None

    def words(self) -> dict[str, Any]:
        """Give the names and values for a template."""
        return {**asdict(self), "when": self.when, "before": self.before}


def tell(occasion: Occasion) -> Telling:
    """Gather what this letter tells, times in the zone of whoever reads it."""
    session, researcher = occasion.session, occasion.researcher
    timezone = researcher.timezone if occasion.role is Role.RESEARCHER else session.client.timezone
    refunds = _told_of(occasion)
    refund = _added(refunds)
    canceled = session.cancellation
    return Telling(
        kind=occasion.kind.value,
        to_researcher=occasion.role is Role.RESEARCHER,
        researcher=one_line(researcher.name) or "your researcher",
        client=one_line(session.client.name or "") or None,
        affiliation=one_line(researcher.affiliation or "") or None,
        when=when(session.period, timezone=timezone),
        before=when(occasion.before, timezone=timezone) if occasion.before else None,
        moved=session.rescheduled_at is not None,
        length=span(session.period.duration),
        starts=starts(session.period.start, at=occasion.written_at.astimezone(UTC)),
        link=join_link(session),
        free=session.free,
        price=str(session.price),
        paid_on=date_in_utc(session.confirmed_at or occasion.written_at),
        reference=str(session.id),
        paper=one_line(session.paper_id or "") or None,
        questions=lines(session.questions or "") or None,
        canceled_by=canceled.by.value if canceled else None,
        reason=canceled.reason.value if canceled else None,
        note=lines(canceled.note or "") or None if canceled else None,
        charged=session.payment_status in {PaymentStatus.COMPLETED, PaymentStatus.REFUNDED} and not session.free,
        refund=str(refund) if refund else None,
        refund_is_whole=refund == session.price,
        refund_reason=refunds[-1].reason.value if refunds else None,
    )


def join_link(session: Session) -> str | None:
    """Give the client's link, if there is one and it is a web address."""
    link = "".join(lines(session.meeting.join_link).split()) if session.meeting else ""
    return link if urlsplit(link).scheme in {"http", "https"} else None


def _told_of(occasion: Occasion) -> tuple[Refund, ...]:
    """Pick the refunds that this letter is about: a second charge that went back is no part of a cancellation."""
    reasons = _REASONS.get(occasion.kind)
    return tuple(each for each in occasion.refunds if reasons is None or each.reason in reasons)


def _added(refunds: Sequence[Refund]) -> Money | None:
    """Add them up, failed ones too: whether a refund failed is a letter of its own."""
    return reduce(Money.__add__, (refund.amount for refund in refunds)) if refunds else None
