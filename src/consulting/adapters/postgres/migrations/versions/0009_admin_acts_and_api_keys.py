"""The trail of what admins did, and the keys of partners' backends."""

from __future__ import annotations

from alembic import op

from consulting.adapters.postgres.migrations.checks import instants, lengths

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ADMIN_ACTS = f"""
CREATE TABLE admin_acts (
    id uuid NOT NULL,
    acted_at timestamptz NOT NULL,
    acted_by text NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    CONSTRAINT admin_acts_pkey PRIMARY KEY (id),
    CONSTRAINT admin_acts_act_known
        CHECK (act IN (
            'add_researcher', 'change_researcher', 'cancel_session', 'refund_session', 'retry_errand',
            'create_api_key', 'revoke_api_key', 'export_user', 'erase_user')),
    CONSTRAINT admin_acts_values CHECK (jsonb_typeof(before) = 'object' AND jsonb_typeof(after) = 'object'),
    {instants("admin_acts", "acted_at")},
    {lengths("admin_acts", acted_by=255, subject=255)}
);
CREATE FUNCTION admin_acts_are_for_ever() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''what admins did stays written down as it is''; END';
CREATE TRIGGER admin_acts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_acts
FOR EACH STATEMENT EXECUTE FUNCTION admin_acts_are_for_ever();
"""

API_KEYS = f"""
CREATE TABLE api_keys (
    id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_hash_key UNIQUE (hash),
    CONSTRAINT api_keys_hash CHECK (octet_length(hash) = 32),
    CONSTRAINT api_keys_scopes_known
        CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'book', 'calendar', 'act:users', 'admin']),
    {instants("api_keys", "created_at", "expires_at", "revoked_at", "last_used_at")},
    {lengths("api_keys", name=100, prefix=11, created_by=255)}
);
"""


def upgrade() -> None:
    for statement in (ADMIN_ACTS, API_KEYS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE admin_acts, api_keys; DROP FUNCTION admin_acts_are_for_ever()")
