"""The fields of expertise that are in use, as the database counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, bindparam, select, true

from consulting.adapters.postgres.link import Link
from consulting.adapters.postgres.prepared import prepare
from consulting.adapters.postgres.tables import expertise_spellings, expertise_topics
from consulting.adapters.postgres.tables.metadata import CodePoints
from consulting.adapters.postgres.values import LIMIT
from consulting.application.ports.expertise import ExpertiseTag

_TOPIC = expertise_topics.c.topic
_FROM, _BEYOND = bindparam("prefix", type_=CodePoints), bindparam("beyond", type_=CodePoints)
_AFTER_ALL_LETTERS: Final = chr(0x10FFFF)


def _as_most_write_it(topics: Select[Any]) -> Select[Any]:
    """Take the first of these topics, and add the spelling that most use."""
    best = topics.order_by(expertise_topics.c.researchers.desc(), _TOPIC).limit(LIMIT).subquery("best")
    spelling = expertise_spellings.c
    usual = (
        select(spelling.tag)
        .where(spelling.topic == best.c.topic)
        .order_by(spelling.researchers.desc(), spelling.tag)
        .limit(1)
        .lateral("usual")
    )
    listed = select(usual.c.tag, best.c.researchers).select_from(best).join(usual, true())
    return listed.order_by(best.c.researchers.desc(), best.c.topic)


IN_USE = prepare(_as_most_write_it(select(expertise_topics)))
# Planned for each prefix: of many the most used are soon met, and few are found sooner by themselves.
BEGINNING = prepare(_as_most_write_it(select(expertise_topics).where(_TOPIC >= _FROM, _TOPIC < _BEYOND))).planned_anew()


class PostgresExpertise:
    """What active researchers say they know."""

    def __init__(self, link: Link) -> None:
        """Work over this connection."""
        self._link = link

    def beginning_with(self, prefix: str, *, limit: int) -> Sequence[ExpertiseTag]:
        """List fields whose topic begins with the prefix, which is one itself; all for an empty one."""
        if prefix:
            rows = self._link.rows(BEGINNING, prefix=prefix, beyond=prefix + _AFTER_ALL_LETTERS, limit=limit)
        else:
            rows = self._link.rows(IN_USE, limit=limit)
        return [ExpertiseTag(tag=row.tag, researchers=row.researchers) for row in rows]
