"""The booked consultations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from consulting.adapters.postgres import session_statements as statements
from consulting.adapters.postgres.claims import claim_of
from consulting.adapters.postgres.link import Link, Row
from consulting.adapters.postgres.values import read_policy, write_policy
from consulting.application.ports.records import BookingFilter, Place
from consulting.domain.cancellation import CanceledBy, Cancellation, CancellationReason
from consulting.domain.meetings import Meeting
from consulting.domain.money import Money
from consulting.domain.period import Period
from consulting.domain.session_states import PaymentStatus, Status
from consulting.domain.sessions import Client, Session
from consulting.domain.time_slots import Claim


def session_of(row: Row) -> Session:
    """Read a session from a row that has all columns of the table."""
    return Session(
        id=row.id,
        client=Client(user_id=row.user_id, email=row.client_email, name=row.client_name, timezone=row.client_timezone),
        researcher_id=row.researcher_id,
        time_slot_id=row.time_slot_id,
        period=Period(row.start_time, row.end_time),
        paper_id=row.paper_id,
        questions=row.questions,
        price=Money(row.price_amount, row.price_currency),
        policy=read_policy(row.policy),
        status=Status(row.status),
        payment_status=PaymentStatus(row.payment_status),
        expires_at=row.expires_at,
        meeting=_meeting_of(row),
        cancellation=_cancellation_of(row),
        no_show=row.no_show,
        sequence=row.sequence,
        confirmed_at=row.confirmed_at,
        rescheduled_at=row.rescheduled_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _meeting_of(row: Row) -> Meeting | None:
    if row.meeting_id is None:
        return None
    return Meeting(id=row.meeting_id, join_link=row.meeting_join_link, host=row.meeting_host)


def _cancellation_of(row: Row) -> Cancellation | None:
    if row.canceled_at is None:
        return None
    return Cancellation(
        by=CanceledBy(row.canceled_by),
        reason=CancellationReason(row.cancellation_reason),
        note=row.cancellation_note,
        at=row.canceled_at,
    )


def _columns(session: Session) -> Mapping[str, Any]:
    meeting, cancellation = session.meeting, session.cancellation
    return {
        "id": session.id,
        "researcher_id": session.researcher_id,
        "time_slot_id": session.time_slot_id,
        "start_time": session.period.start,
        "end_time": session.period.end,
        "user_id": session.client.user_id,
        "client_email": session.client.email,
        "client_name": session.client.name,
        "client_timezone": session.client.timezone,
        "paper_id": session.paper_id,
        "questions": session.questions,
        "price_amount": session.price.amount,
        "price_currency": session.price.currency,
        "policy": Jsonb(write_policy(session.policy)),
        "status": session.status.value,
        "payment_status": session.payment_status.value,
        "expires_at": session.expires_at,
        "meeting_id": meeting and meeting.id,
        "meeting_join_link": meeting and meeting.join_link,
        "meeting_host": meeting and meeting.host,
        "canceled_by": cancellation and cancellation.by.value,
        "cancellation_reason": cancellation and cancellation.reason.value,
        "cancellation_note": cancellation and cancellation.note,
        "canceled_at": cancellation and cancellation.at,
        "no_show": session.no_show,
        "sequence": session.sequence,
        "confirmed_at": session.confirmed_at,
        "rescheduled_at": session.rescheduled_at,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
    }


class PostgresSessions:
    """The booked consultations."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def get(self, id: UUID) -> Session | None:
        """Give the session as it was last saved."""
        row = self._link.one(statements.GET, id=id)
        return None if row is None else session_of(row)

    def lock(self, id: UUID) -> Session | None:
        """Give the session and keep its lock until the transaction ends."""
        row = self._link.one(statements.LOCK, id=id)
        return None if row is None else session_of(row)

    def add(self, session: Session) -> None:
        """Keep a new session. Raises SlotUnavailable, at the end at the latest, if it overlaps another.

        It goes along with what is asked next, or with the commit.
        """
        self._link.later((statements.ADD, _columns(session)))

    def add_free(self, session: Session, *, at: datetime) -> int:
        """Keep a new free session as `add` does, and count its client's other free ones still to come.

        Whoever adds another one for this client waits until the transaction ends. All of it is one way to the server.
        """
        user_id = session.client.user_id
        _, ((others,),), _ = self._link.together(
            (statements.LOCK_BOOKINGS, {"number": statements.number_of(user_id)}),
            (statements.FREE_TO_COME, {"user_id": user_id, "at": at}),
            (statements.ADD, _columns(session)),
        )
        return int(others)

    def save(self, session: Session) -> None:
        """Keep a known session's new values. Raises as `add`, and LookupError if it isn't known."""
        self._link.change(statements.SAVE, what=f"session {session.id}", **_columns(session))

    def of_researcher(self, researcher_id: UUID, *, overlapping: Period) -> Sequence[Session]:
        """List the researcher's sessions that aren't canceled and overlap the period, by start; expired holds too."""
        rows = self._link.rows(
            statements.OF_RESEARCHER, researcher_id=researcher_id, start=overlapping.start, end=overlapping.end
        )
        return [session_of(row) for row in rows]

    def of_client(
        self,
        user_id: str,
        *,
        status: Status | None,
        starting: Period | None,
        after: UUID | None,
        limit: int,
        at: datetime,
    ) -> Sequence[Session]:
        """List the client's sessions, the newest first (by id); `status` is the effective one at this instant."""
        values: dict[str, Any] = {"user_id": user_id, "limit": limit}
        if status is not None:
            values["at"] = at
        if starting is not None:
            values |= {"start": starting.start, "end": starting.end}
        if after is not None:
            values["after"] = after
        statement = statements.of_client(status=status, starting=starting is not None, after=after is not None)
        return [session_of(row) for row in self._link.rows(statement, **values)]

    def of_person(self, user_id: str, *, researcher_id: UUID | None, since: datetime, limit: int) -> Sequence[Session]:
        """List sessions of this client and of this researcher that were confirmed, the latest start first."""
        values: dict[str, Any] = {"start": since, "limit": limit}
        rows = list(self._link.rows(statements.OF_CLIENT_SINCE, user_id=user_id, **values))
        if researcher_id is not None:
            rows += self._link.rows(statements.OF_RESEARCHER_SINCE, researcher_id=researcher_id, **values)
        found = {row.id: session_of(row) for row in rows}
        return sorted(found.values(), key=lambda each: (each.period.start, each.id), reverse=True)[:limit]

    def booked(
        self, researcher_id: UUID, *, wanted: BookingFilter, after: Place | None, limit: int, at: datetime
    ) -> Sequence[Session]:
        """List the researcher's sessions, the earliest first where `wanted.ended` is False, else the latest first."""
        values: dict[str, Any] = {"researcher_id": researcher_id, "limit": limit, "at": at}
        if wanted.user_id is not None:
            values["user_id"] = wanted.user_id
        if wanted.starting is not None:
            values |= {"start": wanted.starting.start, "end": wanted.starting.end}
        if after is not None:
            values |= {"after_start": after.start, "after": after.id}
        statement = statements.booked(
            ended=wanted.ended,
            status=wanted.status,
            by_client=wanted.user_id is not None,
            starting=wanted.starting is not None,
            after=after is not None,
        )
        return [session_of(row) for row in self._link.rows(statement, **values)]

    def notes(self, id: UUID) -> str | None:
        """Give what the session's researcher noted for themselves."""
        row = self._link.one(statements.NOTES, id=id)
        return None if row is None else str(row.notes)

    def keep_notes(self, id: UUID, notes: str | None) -> None:
        """Keep the researcher's notes on a known session, None for none at all."""
        if notes is None:
            self._link.rows(statements.FORGET_NOTES, id=id)
        else:
            self._link.rows(statements.KEEP_NOTES, session_id=id, notes=notes)

    def claims(self, *, researcher_id: UUID, overlapping: Period) -> Sequence[Claim]:
        """List the claims of the researcher's sessions that overlap the period, expired holds too, by start."""
        rows = self._link.rows(
            statements.CLAIMS, researcher_id=researcher_id, start=overlapping.start, end=overlapping.end
        )
        return [claim_of(row) for row in rows]

    def expired(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        """List holds whose deadline has passed, the oldest first."""
        return [row.id for row in self._link.rows(statements.EXPIRED, at=at, limit=limit)]

    def ended(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        """List confirmed sessions that have ended, the oldest first."""
        return [row.id for row in self._link.rows(statements.ENDED, at=at, limit=limit)]

    def starting(self, *, during: Period, limit: int, after: UUID | None = None) -> Sequence[Session]:
        """List confirmed sessions that start in the period, ended ones too, by id."""
        values: dict[str, Any] = {"start": during.start, "end": during.end, "limit": limit}
        if after is None:
            rows = self._link.rows(statements.STARTING, **values)
        else:
            rows = self._link.rows(statements.STARTING_AFTER, **values, after=after)
        return [session_of(row) for row in rows]
