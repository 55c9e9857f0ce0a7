"""The published slots, with the claims that sessions have on them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import islice, takewhile
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import TSTZRANGE

from consulting.adapters.postgres.claims import BY_START, CLAIM, LIVE, ON_SLOT, claim_of
from consulting.adapters.postgres.link import Link, Row, Rows
from consulting.adapters.postgres.next_available import overlap
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.readings import Reading
from consulting.adapters.postgres.researchers import researcher_of
from consulting.adapters.postgres.session_statements import HELD_UNTIL, TURN_OF_A_CLIENT, number_of
from consulting.adapters.postgres.tables import fixed, period, researchers, sessions, time_slots
from consulting.adapters.postgres.tables.metadata import Instant
from consulting.adapters.postgres.values import END, START
from consulting.application.ports.records import Offer, Offers, OfferToClient
from consulting.domain.period import Period
from consulting.domain.publishing import Publication, PublishedSlot
from consulting.domain.researchers import Researcher
from consulting.domain.session_states import Status
from consulting.domain.time_slots import Claim, TimeSlot

_ID, _RESEARCHER = bindparam("id", type_=Uuid), bindparam("researcher_id", type_=Uuid)
_IDS = bindparam("ids", type_=ARRAY(Uuid))

_SLOT = (
    time_slots.c.id.label("slot_id"),
    time_slots.c.researcher_id.label("slot_researcher_id"),
    time_slots.c.start_time.label("slot_start"),
    time_slots.c.end_time.label("slot_end"),
    time_slots.c.withdrawn.label("slot_withdrawn"),
    time_slots.c.retired.label("slot_retired"),
)
LONGEST = text("interval '24 hours'")
"""No slot is longer, by a constraint: so what starts in a range ends soon after it."""

_own = sessions.alias("own")
_HAD = exists().where(_own.c.time_slot_id == time_slots.c.id, _own.c.status != fixed(Status.CANCELED))

# NO KEY: sessions refer to their slot by a foreign key, and saving one must not wait for whoever judges the slot.
_LOCKED = select(time_slots.c.id).where(time_slots.c.id == _ID).with_for_update(key_share=True)
_OFFERED = (
    select(*_SLOT, *CLAIM, researchers)
    .select_from(time_slots)
    .join(researchers, researchers.c.id == time_slots.c.researcher_id)
    .outerjoin(sessions, ON_SLOT)
    .where(time_slots.c.id == _ID)
    .order_by(*BY_START)
)
LOCK, OFFER = prepare(_LOCKED), prepare(_OFFERED)
# What locks is done before what is around it: the slot first, then the client's bookings.
LOCK_FOR = prepare(select(TURN_OF_A_CLIENT).select_from(_LOCKED.subquery("locked")))
OFFER_FOR = prepare(_OFFERED.add_columns(func.array(HELD_UNTIL.scalar_subquery()).label("deadlines")))
_STARTING = (
    select(*_SLOT)
    .where(
        time_slots.c.researcher_id == _RESEARCHER,
        time_slots.c.start_time >= START,
        time_slots.c.start_time < END,
        ~time_slots.c.withdrawn | _HAD,
    )
    .order_by(time_slots.c.start_time, time_slots.c.end_time, time_slots.c.id)
)
# All claims of the range at once: a look into the range index for each slot costs four times as much for a week.
_CLAIMS_ON_STARTING = (
    select(*CLAIM)
    .where(
        sessions.c.researcher_id == _RESEARCHER,
        overlap(period(sessions.c), func.tstzrange(START, END + LONGEST, type_=TSTZRANGE)),
        LIVE,
    )
    .order_by(*BY_START)
)

_OVERLAPPING = (
    time_slots.c.researcher_id == _RESEARCHER,
    time_slots.c.start_time > START - LONGEST,
    time_slots.c.start_time < END,
    time_slots.c.end_time > START,
)
LOCK_PUBLISHED = prepare(
    select(time_slots.c.id).where(*_OVERLAPPING).order_by(time_slots.c.id).with_for_update(key_share=True)
)
PUBLISHED = prepare(select(*_SLOT, _HAD.label("slot_had")).where(*_OVERLAPPING).order_by(time_slots.c.id))

_TURNED = update(time_slots).where(time_slots.c.id == func.any(_IDS), time_slots.c.researcher_id == _RESEARCHER)
_YES, _NO = text("true"), text("false")
WITHDRAW = prepare(_TURNED.values(withdrawn=_YES, retired=_NO).returning(time_slots.c.id))
RETIRE = prepare(_TURNED.values(retired=_YES).returning(time_slots.c.id))
REVIVE = prepare(_TURNED.values(withdrawn=_NO, retired=_NO).returning(time_slots.c.id))
RESTORE = prepare(_TURNED.values(retired=_NO).returning(time_slots.c.id))
_NEW = (
    func.unnest(_IDS, bindparam("starts", type_=ARRAY(Instant)), bindparam("ends", type_=ARRAY(Instant)))
    .table_valued("id", "start_time", "end_time", name="new")
    .render_derived()
)
ADD = prepare(
    time_slots.insert().from_select(
        ["id", "researcher_id", "start_time", "end_time"],
        select(_NEW.c.id, _RESEARCHER, _NEW.c.start_time, _NEW.c.end_time),
    )
)


class PostgresTimeSlots:
    """The published slots."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def get(self, id: UUID) -> Offer | None:
        """Give the slot with its researcher and claims, without a lock."""
        return _offer(self._link.rows(OFFER, id=id))

    def lock(self, id: UUID) -> Offer | None:
        """Give the slot as it stands once nobody else holds its lock, and keep the lock until the transaction ends.

        Two statements on purpose: each sees what was committed before *it* began. A single one that locks and joins
        would wait for the lock and then still show the claims from before its wait.
        """
        _, rows = self._link.together((LOCK, {"id": id}), (OFFER, {"id": id}))
        return _offer(rows)

    def lock_for(self, id: UUID, *, user_id: str) -> OfferToClient | None:
        """Lock the slot as `lock` does, then what the client holds, on the same way to the server.

        Two statements, as in `lock`: what the former holders of both locks committed must be seen.
        """
        _, rows = self._link.together(
            (LOCK_FOR, {"id": id, "number": number_of(user_id)}), (OFFER_FOR, {"id": id, "user_id": user_id})
        )
        offer = _offer(rows)
        return None if offer is None else OfferToClient(offer=offer, deadlines=tuple(rows[0].deadlines))

    def starting(self, *, researcher_id: UUID, during: Period) -> Offers:
        """List the slots that start in the period, by start: published ones, and withdrawn ones that a session has."""
        return OFFERS_STARTING(self._link, researcher_id=researcher_id, start=during.start, end=during.end)

    def lock_published(self, *, researcher_id: UUID, overlapping: Period) -> Sequence[PublishedSlot]:
        """Lock and list, by id, all slots that overlap the period; `booked` where a session has the slot.

        The list is read after the locks were won, as in `lock`.
        """
        asked = {"researcher_id": researcher_id, "start": overlapping.start, "end": overlapping.end}
        _, rows = self._link.together((LOCK_PUBLISHED, asked), (PUBLISHED, asked))
        return [
            PublishedSlot(
                id=row.slot_id,
                period=Period(row.slot_start, row.slot_end),
                booked=row.slot_had,
                withdrawn=row.slot_withdrawn,
                retired=row.slot_retired,
            )
            for row in rows
        ]

    def publish(self, publication: Publication, *, researcher_id: UUID, ids: Sequence[UUID]) -> None:
        """Carry out a difference: withdraw and retire, then revive, restore and add.

        Raises LookupError for slots that aren't the researcher's.
        """
        periods = publication.add
        if len(ids) != len(periods):
            raise ValueError("each added slot needs an id")
        turns = (
            (WITHDRAW, publication.withdraw),
            (RETIRE, publication.retire),
            (REVIVE, publication.revive),
            (RESTORE, publication.restore),
        )
        new = {"ids": list(ids), "starts": [each.start for each in periods], "ends": [each.end for each in periods]}
        *turned, _ = self._link.together(
            *((turn, {"researcher_id": researcher_id, "ids": list(slots)}) for turn, slots in turns if slots),
            (ADD, {"researcher_id": researcher_id, **new}),
        )
        if sum(map(len, turned)) != sum(len(slots) for _, slots in turns):
            raise LookupError("some of the slots are not this researcher's")


def _offer(rows: Rows) -> Offer | None:
    return _with_claims(rows, researcher_of(rows[0])) if rows else None


def _offers(found: Rows, slots: Rows, around: Rows) -> Offers:
    """Put together one researcher, their slots and the claims around these."""
    if not slots:
        return Offers()
    researcher = researcher_of(found[0])
    if not around:
        return Offers([Offer(slot=_slot(row), researcher=researcher, claims=()) for row in slots])
    claims = [claim_of(row) for row in around]
    ends = [claim.period.end for claim in claims]
    return Offers([_among(claims, ends, slot=_slot(row), researcher=researcher) for row in slots])


OFFERS_STARTING = Reading(
    select(researchers).where(researchers.c.id == _RESEARCHER),
    _STARTING,
    _CLAIMS_ON_STARTING,
    make=_offers,
    most=30_000,
)
"""What `starting` reads; 20,000 slots take some 11 MB, and their claims more."""


def _with_claims(rows: Rows, researcher: Researcher) -> Offer:
    """Read a slot from its rows: one for each claim on it, or a single one without."""
    claims = tuple(claim_of(row) for row in rows if row.claim_session_id is not None)
    return Offer(slot=_slot(rows[0]), researcher=researcher, claims=claims)


def _among(claims: Sequence[Claim], ends: Sequence[datetime], *, slot: TimeSlot, researcher: Researcher) -> Offer:
    """Pick a slot's claims out of its researcher's, which never overlap each other: so they end in the same order."""
    later = islice(claims, bisect_right(ends, slot.period.start), None)
    own = takewhile(lambda claim: claim.period.start < slot.period.end, later)
    return Offer(slot=slot, researcher=researcher, claims=tuple(own))


def _slot(row: Row) -> TimeSlot:
    return TimeSlot(
        id=row.slot_id,
        researcher_id=row.slot_researcher_id,
        period=Period(row.slot_start, row.slot_end),
        withdrawn=row.slot_withdrawn,
        retired=row.slot_retired,
    )
