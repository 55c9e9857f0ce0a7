"""What admins did, and the keys that they handed out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, CheckConstraint, Column, LargeBinary, Named, Table, Text, TypedColumns, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.event import listen

from consulting.adapters.postgres.tables.metadata import (
    LONGEST_ID,
    Instant,
    Texts,
    at_most,
    instants,
    metadata,
    one_of,
)
from consulting.domain.admin_acts import Act
from consulting.domain.api_keys import LONGEST_NAME, SHOWN_LETTERS, Scope


class _AdminActs(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    acted_at: Named[datetime] = Column(Instant)
    acted_by: Named[str] = Column(Text)
    act: Named[str] = Column(Text)
    subject: Named[str] = Column(Text)
    before: Named[dict[str, Any]] = Column(JSONB)
    after: Named[dict[str, Any]] = Column(JSONB)


admin_acts = Table(
    "admin_acts",
    metadata,
    _AdminActs,
    one_of("act", Act),
    CheckConstraint("jsonb_typeof(before) = 'object' AND jsonb_typeof(after) = 'object'", name="values"),
    instants("acted_at"),
    at_most(acted_by=LONGEST_ID, subject=LONGEST_ID),
)

APPEND_ONLY = (
    """
    CREATE FUNCTION admin_acts_are_for_ever() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''what admins did stays written down as it is''; END'
    """,
    """
    CREATE TRIGGER admin_acts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_acts
    FOR EACH STATEMENT EXECUTE FUNCTION admin_acts_are_for_ever()
    """,
)
for statement in APPEND_ONLY:
    listen(admin_acts, "after_create", DDL(statement))  # type: ignore[no-untyped-call] # SQLAlchemy's DDL has no types


class _ApiKeys(TypedColumns):
    id: Named[UUID] = Column(primary_key=True)
    name: Named[str] = Column(Text)
    prefix: Named[str] = Column(Text)
    hash: Named[bytes] = Column(LargeBinary)
    scopes: Named[list[str]] = Column(Texts)
    created_by: Named[str] = Column(Text)
    created_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime | None] = Column(Instant)
    revoked_at: Named[datetime | None] = Column(Instant)
    last_used_at: Named[datetime | None] = Column(Instant)


_SCOPES = ", ".join(f"'{scope}'" for scope in Scope)

api_keys = Table(
    "api_keys",
    metadata,
    _ApiKeys,
    UniqueConstraint("hash"),
    CheckConstraint("octet_length(hash) = 32", name="hash"),
    CheckConstraint(f"cardinality(scopes) > 0 AND scopes <@ ARRAY[{_SCOPES}]", name="scopes_known"),
    instants("created_at", "expires_at", "revoked_at", "last_used_at"),
    at_most(name=LONGEST_NAME, prefix=SHOWN_LETTERS, created_by=LONGEST_ID),
)
