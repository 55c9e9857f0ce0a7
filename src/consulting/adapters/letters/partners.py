"""A partner's own templates: whether each of them replaces one of ours, and can be written with."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from jinja2 import Environment, TemplateSyntaxError, meta

from consulting.application.ports.mailer import Kind, Mail, Occasion, Role
from consulting.domain.cancellation import DEFAULT_POLICY, CanceledBy, Cancellation, CancellationReason
from consulting.domain.meetings import Meeting
from consulting.domain.money import Money
from consulting.domain.period import Period
from consulting.domain.refunds import Refund, RefundReason, RefundState
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import PaymentStatus, Status
from consulting.domain.sessions import Client, Session

_NOW: Final = datetime(2026, 11, 1, 14, tzinfo=UTC)
_PERIOD: Final = Period(_NOW + timedelta(days=1), _NOW + timedelta(days=1, hours=1))
_TAG: Final = "<i data-typed>"
"""What somebody may type as a name; it must reach no HTML as it is."""


class TemplateFault(ValueError):
    """A template can't be used; the message names the file and the fault."""


class Writer(Protocol):
    """Whoever writes with the templates."""

    def write(self, occasion: Occasion) -> Mail:
        """Write a mail."""


def check_names(folder: Path, *, ours: Collection[str], environment: Environment) -> None:
    """Raise TemplateFault unless each template there replaces one of ours, or is used by one that does."""
    if not folder.is_dir():
        raise TemplateFault(f"{folder} is no folder")
    files = {each.name: each for each in sorted(folder.glob("*.jinja"))}
    used = {name for each in files.values() for name in _used_by(each, environment)}
    for name, file in files.items():
        if name not in ours and name not in used:
            nearest = difflib.get_close_matches(name, sorted(ours), n=1, cutoff=0)[0]
            raise TemplateFault(f"{file} replaces none of our templates; the nearest is {nearest}")


def _used_by(file: Path, environment: Environment) -> set[str]:
    try:
        return {name for name in meta.find_referenced_templates(environment.parse(file.read_text())) if name}
    except (TemplateSyntaxError, UnicodeDecodeError) as error:
        line = f", line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
        raise TemplateFault(f"{file}{line}: {error}") from None


@contextmanager
def naming_faults(folder: Path | None) -> Iterator[None]:
    """Let whatever goes wrong with the templates of this folder be a TemplateFault; without one, leave it as it is."""
    try:
        yield
    except Exception as error:
        if folder is None or isinstance(error, TemplateFault):
            raise
        raise TemplateFault(f"{_place(error, folder)}: {_fault(error)}") from None


def check_letters(letters: Writer, *, folder: Path) -> None:
    """Write a letter of each kind, of a session with everything and of one with next to nothing.

    Raises TemplateFault where one can't be written, has no subject, or lets through what people typed as markup.
    """
    for occasion in _occasions():
        with naming_faults(folder):
            mail = letters.write(occasion)
        if not mail.subject:
            raise TemplateFault(f"{folder}: a letter of the kind {occasion.kind} has an empty subject")
        if _TAG in mail.html:
            raise TemplateFault(f"{folder}: a letter of the kind {occasion.kind} doesn't escape what people typed")


def _place(error: Exception, folder: Path) -> str:
    """Name the line of the partner's where it happened, or else the folder."""
    if isinstance(error, TemplateSyntaxError) and error.filename is not None:
        return f"{error.filename}, line {error.lineno}"
    place = str(folder)
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if Path(file).parent == folder:
            compiled = frame.f_globals.get("__jinja_template__")
            place = f"{file}, line {compiled.get_corresponding_lineno(line) if compiled else line}"
    return place


def _fault(error: Exception) -> str:
    return "it has no block `subject`" if error.args == ("subject",) else str(error) or type(error).__name__


def _occasions() -> Iterator[Occasion]:
    for kind in Kind:
        for role in Role:
            for session, refunds in _told(kind):
                yield Occasion(
                    kind=kind,
                    role=role,
                    session=session,
                    researcher=_RESEARCHER if session.questions else replace(_RESEARCHER, affiliation=None),
                    refunds=refunds,
                    before=_PERIOD if refunds else None,
                    message_id="<sample@example.org>",
                    written_at=_NOW,
                )


def _told(kind: Kind) -> Iterator[tuple[Session, tuple[Refund, ...]]]:
    bare = replace(_SESSION, paper_id=None, questions=None, meeting=None, price=Money(0, "usd"))
    nameless = replace(bare, client=replace(bare.client, name=None))
    yield from ((_SESSION, (_REFUND,)), (replace(_SESSION, rescheduled_at=_NOW), ()), (nameless, ()))
    if kind is Kind.CANCELLATION:
        for by in CanceledBy:
            yield _canceled(_SESSION, by), (_REFUND,)
            yield _canceled(bare, by), ()


def _canceled(session: Session, by: CanceledBy) -> Session:
    reasons = {CanceledBy.SYSTEM: CancellationReason.HOLD_EXPIRED}
    reason = reasons.get(by, CancellationReason.BY_CLIENT)
    ended = Cancellation(by=by, reason=reason, note=_TAG if session.questions else None, at=_NOW)
    return replace(session, status=Status.CANCELED, cancellation=ended)


_RESEARCHER: Final = Researcher(
    id=UUID(int=1),
    user_id="researcher",
    name=f"Ada {_TAG}",
    email="ada@example.org",
    bio=None,
    expertise=(),
    achievements=(),
    rate=Money(12_000, "usd"),
    timezone="America/New_York",
    verified=True,
    active=True,
    avatar_url=None,
    affiliation=f"University {_TAG}",
    papers=(),
    zoom_user=None,
    created_at=_NOW,
    updated_at=_NOW,
)
_SESSION: Final = Session(
    id=UUID(int=2),
    client=Client(user_id="client", email="kim@example.org", name=f"Kim {_TAG}", timezone="Europe/Berlin"),
    researcher_id=_RESEARCHER.id,
    time_slot_id=UUID(int=3),
    period=_PERIOD,
    paper_id=f"paper {_TAG}",
    questions=f"Why? {_TAG}",
    price=Money(12_000, "usd"),
    policy=DEFAULT_POLICY,
    status=Status.SCHEDULED,
    payment_status=PaymentStatus.COMPLETED,
    expires_at=None,
    meeting=Meeting(id="1", join_link="https://meet.example.org/j/1", host="host@example.org"),
    confirmed_at=_NOW,
    created_at=_NOW,
    updated_at=_NOW,
)
_REFUND: Final = Refund(
    id=UUID(int=4),
    payment_id=UUID(int=5),
    session_id=_SESSION.id,
    amount=Money(6_000, "usd"),
    reason=RefundReason.CANCELED,
    state=RefundState.REQUESTED,
    created_at=_NOW,
    updated_at=_NOW,
)
