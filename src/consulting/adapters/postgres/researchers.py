"""The experts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, Integer, Text, Uuid, bindparam, delete, func, select, true
from sqlalchemy.dialects.postgresql import insert

from consulting.adapters.postgres.directory_cursors import write_cursor
from consulting.adapters.postgres.directory_search import Directory
from consulting.adapters.postgres.link import Link, Row, Step
from consulting.adapters.postgres.next_available import NEXT_AVAILABLE, NEXT_SLOTS, next_slot_of
from consulting.adapters.postgres.openings import settle_openings
from consulting.adapters.postgres.prepared import insert_into, prepare, update_of
from consulting.adapters.postgres.tables import researcher_words, researchers, vocabulary
from consulting.adapters.postgres.tables.metadata import CodePoints
from consulting.adapters.postgres.values import LIMIT, read_policy, write_policy
from consulting.application.ports.directory import EVERYBODY, DirectoryFilter, Listed
from consulting.domain.directory import (
    SHORTEST_FORGIVEN,
    DirectorySort,
    SearchSort,
    place,
    topic,
    weights,
    without_a_letter,
)
from consulting.domain.money import Money
from consulting.domain.researchers import Rating, Researcher
from consulting.domain.time_slots import TimeSlot

_ID = bindparam("id", type_=Uuid)
_ONE = select(researchers).where(researchers.c.id == _ID)

GET = prepare(_ONE)
# NO KEY: a booking refers to its researcher by a foreign key, which must not wait for whoever changes the calendar.
LOCK = prepare(_ONE.with_for_update(key_share=True))
OF_USER = prepare(select(researchers).where(researchers.c.user_id == bindparam("user_id", type_=Text)))
ADD = prepare(insert_into(researchers))
SAVE = prepare(update_of(researchers).returning(researchers.c.id))

_ACTIVE_IDS = select(researchers.c.id).where(researchers.c.active).order_by(researchers.c.id).limit(LIMIT)
ACTIVE_IDS = prepare(_ACTIVE_IDS)
ACTIVE_IDS_AFTER = prepare(_ACTIVE_IDS.where(researchers.c.id > bindparam("after", type_=Uuid)))

_REGISTER = select(researchers).order_by(researchers.c.id).limit(LIMIT)
REGISTER = prepare(_REGISTER)
REGISTER_AFTER = prepare(_REGISTER.where(researchers.c.id > bindparam("after", type_=Uuid)))

_OWN_WORDS = researcher_words.c.researcher_id == _ID
WORDS = prepare(select(researcher_words.c.word, researcher_words.c.weight, researcher_words.c.name).where(_OWN_WORDS))
FORGET_WORDS = prepare(
    delete(researcher_words).where(
        _OWN_WORDS, researcher_words.c.word == func.any(bindparam("words", type_=ARRAY(CodePoints)))
    )
)
_TOLD = (
    func.unnest(bindparam("words", type_=ARRAY(Text)), bindparam("weights", type_=ARRAY(Integer)))
    .table_valued("word", "weight", name="told")
    .render_derived()
)
ADD_WORDS = prepare(
    researcher_words.insert().from_select(
        ["researcher_id", "word", "weight", "name"],
        select(_ID, _TOLD.c.word, _TOLD.c.weight, bindparam("name", type_=CodePoints)).select_from(_TOLD).where(true()),
    )
)
_LEARNT = func.unnest(bindparam("words", type_=ARRAY(Text))).table_valued("word", name="learnt").render_derived()
NEW_WORDS = prepare(
    select(_LEARNT.c.word).where(~select(vocabulary.c.word).where(vocabulary.c.word == _LEARNT.c.word).exists())
)
LEARN = prepare(
    insert(vocabulary)
    .values(word=bindparam("word", type_=Text), without_a_letter=bindparam("without_a_letter", type_=ARRAY(Text)))
    .on_conflict_do_nothing()
)


def researcher_of(row: Row) -> Researcher:
    """Read a researcher from a row that has all columns of the table."""
    return Researcher(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        email=row.email,
        bio=row.bio,
        expertise=tuple(row.expertise),
        achievements=tuple(row.achievements),
        rate=Money(row.rate_amount, row.rate_currency),
        timezone=row.timezone,
        verified=row.verified,
        active=row.active,
        avatar_url=row.avatar_url,
        affiliation=row.affiliation,
        papers=tuple(row.papers),
        zoom_user=row.zoom_user,
        notice=row.notice,
        horizon=row.horizon,
        gap_minutes=row.gap_minutes,
        policy=read_policy(row.policy),
        rating=Rating(total=row.rating_total, count=row.rating_count),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _columns(researcher: Researcher) -> Mapping[str, Any]:
    return {
        "id": researcher.id,
        "user_id": researcher.user_id,
        "name": researcher.name,
        "email": researcher.email,
        "bio": researcher.bio,
        "expertise": list(researcher.expertise),
        "topics": [topic(each) for each in researcher.expertise],
        "achievements": list(researcher.achievements),
        "rate_amount": researcher.rate.amount,
        "rate_currency": researcher.rate.currency,
        "timezone": researcher.timezone,
        "verified": researcher.verified,
        "active": researcher.active,
        "avatar_url": researcher.avatar_url,
        "affiliation": researcher.affiliation,
        "papers": list(researcher.papers),
        "zoom_user": researcher.zoom_user,
        "notice": researcher.notice,
        "horizon": researcher.horizon,
        "gap_minutes": researcher.gap_minutes,
        "policy": Jsonb(write_policy(researcher.policy)),
        "rating_total": researcher.rating.total,
        "rating_count": researcher.rating.count,
        "created_at": researcher.created_at,
        "updated_at": researcher.updated_at,
        "affiliation_topic": None if researcher.affiliation is None else topic(researcher.affiliation),
    }


def _listed(row: Row, sort: DirectorySort) -> Listed:
    researcher = researcher_of(row)
    if sort is DirectorySort.NEXT_AVAILABLE:
        cursor = write_cursor(*place(researcher, sort=sort, soonest=row.soonest))
    else:
        cursor = write_cursor(*place(researcher, sort=sort))
    return Listed(researcher=researcher, next_available=next_slot_of(row), cursor=cursor)


class PostgresResearchers:
    """The experts."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def get(self, id: UUID) -> Researcher | None:
        """Give the researcher, deactivated ones too."""
        row = self._link.one(GET, id=id)
        return None if row is None else researcher_of(row)

    def of_user(self, user_id: str) -> Researcher | None:
        """Give the researcher whose account this is."""
        row = self._link.one(OF_USER, user_id=user_id)
        return None if row is None else researcher_of(row)

    def lock(self, id: UUID) -> Researcher | None:
        """Give the researcher and let nobody else lock them until the transaction ends."""
        row = self._link.one(LOCK, id=id)
        return None if row is None else researcher_of(row)

    def add(self, researcher: Researcher) -> None:
        """Keep a new researcher."""
        self._link.rows(ADD, **_columns(researcher))
        self._learn(researcher, known={})

    def save(self, researcher: Researcher) -> None:
        """Keep a known researcher's new values; LookupError if they aren't known."""
        saved, told = self._link.together((SAVE, _columns(researcher)), (WORDS, {"id": researcher.id}))
        if not saved:
            raise LookupError(f"researcher {researcher.id} is not kept")
        self._learn(researcher, known={row.word: (row.weight, row.name) for row in told})

    def page(
        self,
        *,
        wanted: DirectoryFilter,
        after: str | None,
        limit: int,
        at: datetime,
        sort: DirectorySort = DirectorySort.NAME,
    ) -> Sequence[Listed]:
        """List active researchers in the order asked for. Raises ValidationFailed (field `cursor`)."""
        directory = Directory(self._link, wanted=wanted, limit=limit, at=at)
        return [_listed(row, sort) for row in directory.listed(sort, after=after)]

    def search(
        self,
        *,
        query: str,
        after: str | None,
        limit: int,
        at: datetime,
        wanted: DirectoryFilter = EVERYBODY,
        sort: SearchSort = SearchSort.RELEVANCE,
    ) -> Sequence[Listed]:
        """List active researchers that match. Raises ValidationFailed (field `cursor`)."""
        directory, order = Directory(self._link, wanted=wanted, limit=limit, at=at), sort.as_listed
        if order is not None:
            return [_listed(row, order) for row in directory.found(query, order, after=after)]
        return [
            Listed(
                researcher=researcher_of(row),
                next_available=next_slot_of(row),
                cursor=write_cursor(score, row.name, str(row.id)),
            )
            for score, row in directory.best(query, after=after)
        ]

    def next_available(self, id: UUID, *, at: datetime) -> TimeSlot | None:
        """Give the researcher's earliest slot that could be booked at this instant."""
        row = self._link.one(NEXT_AVAILABLE, id=id, at=at)
        return None if row is None else next_slot_of(row)

    def register(self, *, after: UUID | None, limit: int) -> Sequence[Researcher]:
        """List all researchers, deactivated ones too, by id; those after the one of this id."""
        if after is None:
            rows = self._link.rows(REGISTER, limit=limit)
        else:
            rows = self._link.rows(REGISTER_AFTER, limit=limit, after=after)
        return [researcher_of(row) for row in rows]

    def next_slots(self, id: UUID, *, at: datetime, limit: int) -> Sequence[TimeSlot]:
        """Give the researcher's slots that could be booked at this instant, the soonest first."""
        rows = self._link.rows(NEXT_SLOTS, id=id, at=at, limit=limit)
        return [slot for row in rows if (slot := next_slot_of(row)) is not None]

    def settle_openings(self, *, at: datetime, limit: int) -> int:
        """Note anew when some can next be booked, whose note may have run out; give their number."""
        return settle_openings(self._link, at=at, limit=limit)

    def active_ids(self, *, after: UUID | None, limit: int) -> Sequence[UUID]:
        """List the ids of active researchers in order of id."""
        if after is None:
            rows = self._link.rows(ACTIVE_IDS, limit=limit)
        else:
            rows = self._link.rows(ACTIVE_IDS_AFTER, limit=limit, after=after)
        return [row.id for row in rows]

    def _learn(self, researcher: Researcher, *, known: Mapping[str, tuple[int, str]]) -> None:
        """Keep the words by which the researcher is found while active, and what misspellings lead to them."""
        weighted = weights(researcher) if researcher.active else {}
        told = {word: (weight, researcher.name) for word, weight in weighted.items()}
        gone = [word for word in known if told.get(word) != known[word]]
        came = {word: weight for word, (weight, name) in told.items() if known.get(word) != (weight, name)}
        forgivable = sorted(word for word in came if len(word) >= SHORTEST_FORGIVEN - 1)
        steps: list[Step] = []
        if gone:
            steps.append((FORGET_WORDS, {"id": researcher.id, "words": gone}))
        if came:
            own = {
                "id": researcher.id,
                "name": researcher.name,
                "words": list(came),
                "weights": list(came.values()),
            }
            steps += [(ADD_WORDS, own), (NEW_WORDS, {"words": forgivable})]
        if not steps:
            return
        *_, new = self._link.together(*steps)
        # In one order for everybody: so that two who learn the same words don't wait for each other in a ring.
        words = sorted(row.word for row in new) if came else []
        self._link.together(
            *((LEARN, {"word": each, "without_a_letter": list(without_a_letter(each))}) for each in words)
        )
