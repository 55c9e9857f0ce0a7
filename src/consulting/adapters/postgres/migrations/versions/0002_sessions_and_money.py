"""Sessions, payments and refunds, and the work that comes of them."""

from __future__ import annotations

from alembic import op

from consulting.adapters.postgres.migrations.checks import instants, lengths

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SESSIONS = f"""
CREATE TABLE sessions (
    id uuid NOT NULL,
    researcher_id uuid NOT NULL,
    time_slot_id uuid NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL,
    user_id text NOT NULL,
    client_email text NOT NULL,
    client_name text,
    client_timezone text NOT NULL,
    paper_id text,
    questions text,
    price_amount bigint NOT NULL,
    price_currency text NOT NULL,
    policy jsonb NOT NULL,
    status text NOT NULL,
    payment_status text NOT NULL,
    expires_at timestamptz,
    meeting_id text,
    meeting_join_link text,
    meeting_host text,
    canceled_by text,
    cancellation_reason text,
    cancellation_note text,
    canceled_at timestamptz,
    no_show boolean NOT NULL,
    sequence integer NOT NULL,
    confirmed_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_time_slot_id_researcher_id_fkey
        FOREIGN KEY(time_slot_id, researcher_id) REFERENCES time_slots (id, researcher_id),
    CONSTRAINT sessions_period CHECK (start_time < end_time),
    {
    instants(
        "sessions", "start_time", "end_time", "expires_at", "canceled_at", "confirmed_at", "created_at", "updated_at"
    )
},
    CONSTRAINT sessions_state
        CHECK ((status, payment_status) IN (
            ('scheduled', 'pending'), ('scheduled', 'failed'), ('scheduled', 'completed'),
            ('completed', 'completed'), ('completed', 'refunded'),
            ('canceled', 'pending'), ('canceled', 'failed'), ('canceled', 'completed'), ('canceled', 'refunded'))),
    CONSTRAINT sessions_deadline
        CHECK ((expires_at IS NOT NULL) = (status = 'scheduled' AND payment_status IN ('pending', 'failed'))),
    CONSTRAINT sessions_price CHECK (price_amount >= 0),
    CONSTRAINT sessions_free CHECK (price_amount > 0 OR payment_status = 'completed'),
    CONSTRAINT sessions_price_currency CHECK (price_currency ~ '^[a-z]{{3}}$'),
    CONSTRAINT sessions_canceled CHECK ((canceled_at IS NOT NULL) = (status = 'canceled')),
    CONSTRAINT sessions_cancellation CHECK (num_nulls(canceled_by, cancellation_reason, canceled_at) IN (0, 3)),
    CONSTRAINT sessions_canceled_by_known CHECK (canceled_by IN ('client', 'researcher', 'admin', 'system')),
    CONSTRAINT sessions_cancellation_reason_known
        CHECK (cancellation_reason IN (
            'hold_expired', 'canceled_by_client', 'canceled_by_researcher', 'canceled_by_admin', 'refunded_outside')),
    CONSTRAINT sessions_meeting CHECK (num_nulls(meeting_id, meeting_join_link, meeting_host) IN (0, 3)),
    CONSTRAINT sessions_no_show CHECK (NOT no_show OR status = 'completed'),
    CONSTRAINT sessions_sequence CHECK (sequence >= 0),
    {
    lengths(
        "sessions",
        user_id=255,
        client_email=320,
        client_name=200,
        client_timezone=64,
        paper_id=255,
        questions=20000,
        meeting_id=255,
        meeting_join_link=2000,
        meeting_host=320,
        cancellation_note=2000,
    )
},
    CONSTRAINT sessions_no_overlap
        EXCLUDE USING gist (researcher_id WITH =, tstzrange(start_time, end_time) WITH &&) WHERE (status <> 'canceled'),
    CONSTRAINT sessions_researcher_id_fkey FOREIGN KEY(researcher_id) REFERENCES researchers (id)
);
CREATE INDEX sessions_by_deadline ON sessions (expires_at, id) WHERE expires_at IS NOT NULL;
CREATE INDEX sessions_by_end ON sessions (end_time, id) WHERE status = 'scheduled' AND payment_status = 'completed';
CREATE INDEX sessions_by_start ON sessions (start_time, id) WHERE status = 'scheduled' AND payment_status = 'completed';
CREATE INDEX sessions_holds_of_client ON sessions (user_id) WHERE expires_at IS NOT NULL;
CREATE INDEX sessions_of_client ON sessions (user_id, id);
CREATE INDEX sessions_of_slot ON sessions (time_slot_id) WHERE status <> 'canceled';
"""

PAYMENTS = f"""
CREATE TABLE payments (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    attempt integer NOT NULL,
    intent_id text,
    price_amount bigint NOT NULL,
    price_currency text NOT NULL,
    state text NOT NULL,
    received_amount bigint,
    received_currency text,
    dispute text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT payments_pkey PRIMARY KEY (id),
    CONSTRAINT payments_session_id_attempt_key UNIQUE (session_id, attempt),
    CONSTRAINT payments_intent_id_key UNIQUE (intent_id),
    CONSTRAINT payments_id_session_id_key UNIQUE (id, session_id),
    CONSTRAINT payments_attempt CHECK (attempt > 0),
    CONSTRAINT payments_price CHECK (price_amount > 0),
    CONSTRAINT payments_price_currency CHECK (price_currency ~ '^[a-z]{{3}}$'),
    CONSTRAINT payments_state_known CHECK (state IN ('open', 'failed', 'canceled', 'succeeded', 'mismatched')),
    CONSTRAINT payments_received CHECK (num_nulls(received_amount, received_currency) IN (0, 2)),
    CONSTRAINT payments_received_amount CHECK (received_amount > 0),
    CONSTRAINT payments_received_currency CHECK (received_currency ~ '^[a-z]{{3}}$'),
    CONSTRAINT payments_succeeded CHECK (state <> 'succeeded' OR received_amount IS NOT NULL),
    CONSTRAINT payments_dispute_known CHECK (dispute IN ('open', 'won', 'lost')),
    {instants("payments", "created_at", "updated_at")},
    {lengths("payments", intent_id=255)},
    CONSTRAINT payments_session_id_fkey FOREIGN KEY(session_id) REFERENCES sessions (id)
);
CREATE INDEX payments_alive ON payments (id) WHERE state IN ('failed', 'open');
CREATE UNIQUE INDEX payments_one_alive ON payments (session_id) WHERE state IN ('failed', 'open');
"""

REFUNDS = f"""
CREATE TABLE refunds (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    session_id uuid NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    reason text NOT NULL,
    state text NOT NULL,
    tries smallint NOT NULL,
    provider_id text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT refunds_pkey PRIMARY KEY (id),
    CONSTRAINT refunds_payment_id_session_id_fkey
        FOREIGN KEY(payment_id, session_id) REFERENCES payments (id, session_id),
    CONSTRAINT refunds_provider_id_key UNIQUE (provider_id),
    CONSTRAINT refunds_amount CHECK (amount > 0),
    CONSTRAINT refunds_currency CHECK (currency ~ '^[a-z]{{3}}$'),
    CONSTRAINT refunds_reason_known
        CHECK (reason IN ('canceled', 'late_payment', 'charged_twice', 'mismatch', 'goodwill', 'outside')),
    CONSTRAINT refunds_state_known CHECK (state IN ('requested', 'pending', 'succeeded', 'failed')),
    CONSTRAINT refunds_tries CHECK (tries BETWEEN 1 AND 2),
    {instants("refunds", "created_at", "updated_at")},
    {lengths("refunds", provider_id=255)}
);
CREATE INDEX refunds_of_payment ON refunds (payment_id);
CREATE INDEX refunds_of_session ON refunds (session_id);
"""

REVIEWS = f"""
CREATE TABLE reviews (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    researcher_id uuid NOT NULL,
    user_id text NOT NULL,
    stars smallint NOT NULL,
    comment text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT reviews_pkey PRIMARY KEY (id),
    CONSTRAINT reviews_one_a_session UNIQUE (session_id),
    CONSTRAINT reviews_stars CHECK (stars BETWEEN 1 AND 5),
    {instants("reviews", "created_at", "updated_at")},
    {lengths("reviews", user_id=255, comment=4000)},
    CONSTRAINT reviews_session_id_fkey FOREIGN KEY(session_id) REFERENCES sessions (id),
    CONSTRAINT reviews_researcher_id_fkey FOREIGN KEY(researcher_id) REFERENCES researchers (id)
);
CREATE INDEX reviews_of_researcher ON reviews (researcher_id, id);
"""

NOTIFICATIONS = f"""
CREATE TABLE notifications (
    session_id uuid NOT NULL,
    kind text NOT NULL,
    recipient text NOT NULL,
    about text NOT NULL,
    message_id text NOT NULL,
    marked_at timestamptz NOT NULL,
    CONSTRAINT notifications_pkey PRIMARY KEY (session_id, kind, recipient, about),
    {instants("notifications", "marked_at")},
    {lengths("notifications", kind=64, recipient=64, about=255, message_id=998)},
    CONSTRAINT notifications_session_id_fkey FOREIGN KEY(session_id) REFERENCES sessions (id)
);
"""

OUTBOX = f"""
CREATE TABLE outbox (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    lane text NOT NULL,
    errand text NOT NULL,
    data jsonb NOT NULL,
    version smallint NOT NULL,
    recorded_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    postponed_until timestamptz,
    standing text DEFAULT 'waiting' NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    leased_by text,
    leased_until timestamptz,
    error text,
    ended_at timestamptz,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_lane_known CHECK (lane IN ('meeting', 'money', 'mail')),
    CONSTRAINT outbox_errand_known
        CHECK (errand IN ('create_meeting', 'move_meeting', 'delete_meeting', 'cancel_intent', 'refund', 'notify')),
    CONSTRAINT outbox_data CHECK (jsonb_typeof(data) = 'object'),
    CONSTRAINT outbox_version CHECK (version > 0),
    CONSTRAINT outbox_standing_known CHECK (standing IN ('waiting', 'done', 'dead')),
    CONSTRAINT outbox_attempts CHECK (attempts >= 0),
    CONSTRAINT outbox_lease CHECK (num_nulls(leased_by, leased_until) IN (0, 2)),
    CONSTRAINT outbox_ended CHECK ((ended_at IS NULL) = (standing = 'waiting')),
    {instants("outbox", "recorded_at", "due_at", "postponed_until", "leased_until", "ended_at")},
    {lengths("outbox", leased_by=255, error=20000)},
    CONSTRAINT outbox_session_id_fkey FOREIGN KEY(session_id) REFERENCES sessions (id)
);
CREATE INDEX outbox_ended ON outbox (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX outbox_lanes ON outbox (session_id, lane, recorded_at, id) WHERE standing = 'waiting';
CREATE INDEX outbox_waiting ON outbox (recorded_at, id) WHERE standing = 'waiting';
"""

INBOX = f"""
CREATE TABLE inbox (
    id uuid NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    kind text NOT NULL,
    intent_id text,
    refund_id text,
    received_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    standing text DEFAULT 'waiting' NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    leased_by text,
    leased_until timestamptz,
    error text,
    ended_at timestamptz,
    CONSTRAINT inbox_pkey PRIMARY KEY (id),
    CONSTRAINT inbox_source_external_id_key UNIQUE (source, external_id),
    CONSTRAINT inbox_standing_known CHECK (standing IN ('waiting', 'done', 'dead')),
    CONSTRAINT inbox_attempts CHECK (attempts >= 0),
    CONSTRAINT inbox_lease CHECK (num_nulls(leased_by, leased_until) IN (0, 2)),
    CONSTRAINT inbox_ended CHECK ((ended_at IS NULL) = (standing = 'waiting')),
    {instants("inbox", "received_at", "due_at", "leased_until", "ended_at")},
    {lengths("inbox", source=64, external_id=255, kind=255, intent_id=255, refund_id=255, leased_by=255, error=20000)}
);
CREATE INDEX inbox_ended ON inbox (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX inbox_waiting ON inbox (received_at, id) WHERE standing = 'waiting';
"""

IDEMPOTENCY_KEYS = f"""
CREATE TABLE idempotency_keys (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    state text NOT NULL,
    leased_until timestamptz,
    status_code smallint,
    headers jsonb,
    body bytea,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, key),
    CONSTRAINT idempotency_keys_state_known CHECK (state IN ('started', 'finished')),
    CONSTRAINT idempotency_keys_started CHECK ((state = 'started') = (leased_until IS NOT NULL)),
    CONSTRAINT idempotency_keys_finished
        CHECK ((state = 'finished') = (num_nulls(status_code, headers, body) = 0)),
    CONSTRAINT idempotency_keys_status_code CHECK (status_code BETWEEN 100 AND 599),
    CONSTRAINT idempotency_keys_fingerprint CHECK (octet_length(fingerprint) = 32),
    {instants("idempotency_keys", "leased_until", "created_at")},
    {lengths("idempotency_keys", caller=255, key=255)}
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
"""

WORKER_HEARTBEATS = f"""
CREATE TABLE worker_heartbeats (
    worker text NOT NULL,
    started_at timestamptz NOT NULL,
    beaten_at timestamptz NOT NULL,
    loops jsonb NOT NULL,
    CONSTRAINT worker_heartbeats_pkey PRIMARY KEY (worker),
    CONSTRAINT worker_heartbeats_loops CHECK (jsonb_typeof(loops) = 'object'),
    {instants("worker_heartbeats", "started_at", "beaten_at")},
    {lengths("worker_heartbeats", worker=255)}
);
CREATE INDEX worker_heartbeats_by_age ON worker_heartbeats (beaten_at);
"""

TABLES = (SESSIONS, PAYMENTS, REFUNDS, REVIEWS, NOTIFICATIONS, OUTBOX, INBOX, IDEMPOTENCY_KEYS, WORKER_HEARTBEATS)


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE worker_heartbeats, idempotency_keys, inbox, outbox, notifications,
            reviews, refunds, payments, sessions
        """
    )
