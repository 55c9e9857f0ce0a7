"""The settings: one declaration of every `CONSULTING_*` variable, from which loading and the README's table follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from consulting.entrypoints.plugins import Chosen, Port
from consulting.entrypoints.settings_declaration import REQUIRED, variable
from consulting.entrypoints.settings_values import (
    above_zero,
    collector_address,
    database_address,
    folder,
    mail_address,
    mount,
    networks,
    one_of,
    origins,
    page_address,
    seconds,
    text,
    two_leads,
    web_address,
    whole,
)


class Mode(StrEnum):
    """Whether real people and real money are at the other end."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


class Pooler(StrEnum):
    """Whether the database is reached through a pooler, and how long that lets a client keep a connection."""

    NONE = "none"
    TRANSACTION = "transaction"


class LogLevel(StrEnum):
    """The least important lines that are logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """How log lines are written."""

    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the program was told. Each field is the variable `CONSULTING_` and the field's name in capitals.

    A default in braces is another setting's value. Secrets are left out of the text that `repr` gives.
    """

    mode: Mode = variable(
        one_of(Mode),
        default="production",
        sandbox="sandbox",
        meaning="`production`, or `sandbox`, which `consulting run` sets: everything that follows then has a default",
    )
    home: Path = variable(
        folder, default="{here}/.consulting", meaning="folder of this instance's data, its database included"
    )
    host: str = variable(text, default="127.0.0.1", meaning="address that the API listens on")
    port: int = variable(whole(0, 65535), default="8000", meaning="port that the API listens on; 0: a free one")
    public_url: str = variable(
        web_address,
        default=REQUIRED,
        sandbox="http://127.0.0.1:{port}",
        meaning="address of the API as clients see it; https in production",
    )
    cors_origins: tuple[str, ...] = variable(
        origins,
        default="none",
        sandbox="localhost",
        meaning="origins of the web pages that may call the API, with commas between; `localhost` is any port of the "
        "browser's own machine",
    )
    page: str = variable(
        mount,
        default="/",
        meaning="path of the booking page, such as `/` or `/book`; `none`: there is no page (docs/page.md)",
    )
    page_embedders: tuple[str, ...] = variable(
        origins,
        default="none",
        meaning="origins of the web pages that may show the booking page in a frame or window of theirs and hand it a "
        "token, with commas between",
    )
    page_sign_in_url: str = variable(
        page_address,
        default="",
        meaning="where the booking page sends people who have no token; empty: it tells them to come from your site",
    )
    metrics_token: str = variable(
        text,
        default="",
        secret=True,
        meaning="bearer token for /metrics and the details of /health/ready; empty: admins see the measurements",
    )
    processes: int = variable(
        whole(1, 256), default="{cores}", meaning="API processes; by default one for each core of the machine"
    )
    threads: int = variable(
        whole(1, 64),
        default="5",
        meaning="database connections of each process, each for one call at a time; more are slower",
    )
    max_body_bytes: int = variable(
        whole(1024, 1 << 30), default="1048576", meaning="longest request body that is read; a longer one is 413"
    )
    request_seconds: float = variable(
        seconds, default="30", meaning="how long a request may take to arrive before its connection is closed"
    )
    keep_alive_seconds: int = variable(
        whole(1, 3600),
        default="75",
        meaning="how long a connection without a request is kept; longer than a proxy in front keeps its own",
    )
    trusted_proxies: tuple[str, ...] = variable(
        networks,
        default="none",
        meaning="addresses or networks of the proxies in front, whose `X-Forwarded-For` counts; any other's is ignored",
    )
    writes_per_minute: int = variable(
        whole(1, 1_000_000), default="600", sandbox="60000", meaning="writes that a caller may make a minute"
    )
    writes_burst: int = variable(
        whole(1, 1_000_000), default="300", sandbox="30000", meaning="writes that a caller may make at once"
    )
    key_writes_per_minute: int = variable(
        whole(1, 10_000_000),
        default="6000",
        sandbox="600000",
        meaning="writes that may come by one API key a minute, for all the users together whom it acts for",
    )
    key_writes_burst: int = variable(
        whole(1, 10_000_000), default="3000", sandbox="300000", meaning="how many of them may come at once"
    )
    strangers_per_minute: int = variable(
        whole(1, 1_000_000),
        default="1200",
        sandbox="600000",
        meaning="requests without a valid token that may come from one address a minute",
    )
    strangers_burst: int = variable(
        whole(1, 1_000_000), default="600", sandbox="300000", meaning="how many of them may come at once"
    )
    log_level: LogLevel = variable(
        one_of(LogLevel), default="INFO", meaning="least important lines logged: DEBUG, INFO, WARNING or ERROR"
    )
    log_format: LogFormat = variable(
        one_of(LogFormat), default="json", sandbox="text", meaning="`json`, an object a line, or `text` for a terminal"
    )
    tracing_url: str = variable(
        collector_address,
        default="",
        secret=True,
        meaning="where a collector takes traces (OpenTelemetry's OTLP over HTTP), such as "
        "`http://127.0.0.1:4318/v1/traces`; needs `consulting[tracing]`; empty: nothing is traced",
    )
    tracing_share: Decimal = variable(
        above_zero(1), default="1", meaning="share of the requests and errands that are traced, such as 0.05"
    )
    database_url: str = variable(
        database_address,
        default=REQUIRED,
        sandbox="",
        secret=True,
        meaning="PostgreSQL 15 or newer, several hosts too; in the sandbox empty for the embedded one",
    )
    database_pooler: Pooler = variable(
        one_of(Pooler),
        default="none",
        meaning="`transaction`: that address leads to PgBouncer in transaction mode, see docs/scaling.md",
    )
    database_listen_url: str = variable(
        database_address,
        default="",
        secret=True,
        meaning="the way past the pooler, to be woken by the database and to migrate it; empty: workers look every 2 s",
    )

    hold_minutes: Decimal = variable(
        above_zero(1440), default="15", meaning="how long an unpaid session keeps its slot; decimals are fine"
    )
    holds_per_user: int = variable(whole(1, 10_000), default="5", meaning="unpaid sessions a user may have at once")
    free_sessions_per_user: int = variable(
        whole(1, 10_000), default="20", meaning="sessions of free researchers a user may have still to come"
    )
    publish_days: int = variable(whole(1, 400), default="60", meaning="how many days ahead slots are published")
    reminder_hours: tuple[timedelta, timedelta] = variable(
        two_leads, default="24,1", meaning="how many hours before a session its two reminders go out"
    )
    reconcile_seconds: float = variable(
        seconds, default="60", meaning="how often the worker compares open payments with the provider's books"
    )

    jwt_secret: str = variable(
        text,
        default="",
        secret=True,
        meaning="shared secret of the tokens (HS256), 32 bytes or more: this or CONSULTING_JWT_JWKS; "
        "the sandbox makes one and keeps it in its home",
    )
    jwt_jwks: str = variable(text, default="", meaning="URL or file of the issuer's public keys (RS256, ES256, EdDSA)")
    jwt_issuer: str = variable(
        text, default=REQUIRED, sandbox="consulting-sandbox", meaning="`iss` that tokens must carry"
    )
    jwt_audience: str = variable(text, default=REQUIRED, sandbox="consulting", meaning="`aud` that tokens must carry")

    sandbox_port: int = variable(
        whole(0, 65535), default="8001", meaning="port of the sandbox's Stripe, Zoom and mail page; 0: a free one"
    )
    sandbox_smtp_port: int = variable(
        whole(0, 65535), default="0", meaning="port of the sandbox's mail server; 0: a free one"
    )

    payment_gateway: str = variable(
        text, default="stripe", meaning="who charges: `stripe`, or the name of a plugin, see docs/plugins.md"
    )
    meeting_rooms: str = variable(
        text,
        default="zoom",
        meaning="where sessions take place: `zoom`, `jitsi`, which needs no account, or the name of a plugin",
    )
    mailer: str = variable(text, default="smtp", meaning="who delivers the mails: `smtp`, or the name of a plugin")
    plugins: Mapping[Port, Chosen] = field(default_factory=dict)
    """Those three as they were found, each with its own settings."""

    templates: str = variable(
        text, default="", meaning="folder of your own templates for the mails, see docs/letters.md; empty: only ours"
    )
    smtp_from: str = variable(
        mail_address,
        default=REQUIRED,
        sandbox="Consulting <sessions@consulting.example>",
        meaning="sender of all mails, whoever delivers them",
    )

    @property
    def wake_up_url(self) -> str:
        """Where the database can wake a worker; empty where a pooler stands in between."""
        return self.database_listen_url or ("" if self.database_pooler is Pooler.TRANSACTION else self.database_url)

    @property
    def hold(self) -> timedelta:
        """How long an unpaid session keeps its slot."""
        return timedelta(seconds=float(self.hold_minutes * 60))
