"""The settings: one declaration of every `CONSULTING_*` variable, from which loading and the README's table follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from consulting.entrypoints.settings_declaration import REQUIRED, variable
from consulting.entrypoints.settings_values import (
    above_zero,
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
    words,
)


class Mode(StrEnum):
    """Whether real people and real money are at the other end."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


class Tls(StrEnum):
    """How the connection to the mail server is kept private."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class Rooms(StrEnum):
    """Where sessions take place."""

    ZOOM = "zoom"
    JITSI = "jitsi"


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


WITH_ZOOM, WITH_JITSI = ("meeting_rooms", Rooms.ZOOM.value), ("meeting_rooms", Rooms.JITSI.value)


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
        whole(1, 64), default="5", meaning="threads, and database connections, of each process; more are slower"
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
    database_url: str = variable(
        database_address,
        default=REQUIRED,
        sandbox="",
        secret=True,
        meaning="PostgreSQL 15 or newer, several hosts too; in the sandbox empty for the embedded one",
    )

    hold_minutes: Decimal = variable(
        above_zero(1440), default="15", meaning="how long an unpaid session keeps its slot; decimals are fine"
    )
    holds_per_user: int = variable(whole(1, 10_000), default="5", meaning="unpaid sessions a user may have at once")
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

    stripe_secret_key: str = variable(
        text, default=REQUIRED, sandbox="sk_test_sandbox", secret=True, meaning="Stripe's secret key"
    )
    stripe_publishable_key: str = variable(
        text, default=REQUIRED, sandbox="pk_test_sandbox", meaning="Stripe's publishable key, handed to frontends"
    )
    stripe_webhook_secret: str = variable(
        text,
        default=REQUIRED,
        sandbox="whsec_sandbox",
        secret=True,
        meaning="secret that Stripe signs its events with, which go to `/api/payment/webhook`",
    )
    stripe_api_url: str = variable(
        web_address,
        default="https://api.stripe.com",
        sandbox="http://127.0.0.1:{sandbox_port}/stripe",
        meaning="where Stripe's API is",
    )
    stripe_api_version: str = variable(
        text, default="", meaning="version of Stripe's API; empty: the one that its SDK was made for"
    )
    stripe_timeout_seconds: float = variable(seconds, default="5", meaning="longest wait for Stripe")
    stripe_payment_method_types: tuple[str, ...] = variable(
        words, default="card", meaning="payment methods offered; bank debits stay unsettled for days"
    )

    meeting_rooms: Rooms = variable(
        one_of(Rooms), default="zoom", meaning="where sessions take place: `zoom`, or `jitsi`, which needs no account"
    )
    zoom_account_id: str = variable(
        text,
        default=REQUIRED,
        sandbox="sandbox-account",
        needed_by=WITH_ZOOM,
        meaning="account of Zoom's server-to-server OAuth app",
    )
    zoom_client_id: str = variable(
        text,
        default=REQUIRED,
        sandbox="sandbox-client",
        needed_by=WITH_ZOOM,
        meaning="client id of Zoom's server-to-server OAuth app",
    )
    zoom_client_secret: str = variable(
        text,
        default=REQUIRED,
        sandbox="sandbox-secret",
        secret=True,
        needed_by=WITH_ZOOM,
        meaning="secret of Zoom's OAuth app",
    )
    zoom_api_url: str = variable(
        web_address,
        default="https://api.zoom.us/v2",
        sandbox="http://127.0.0.1:{sandbox_port}/zoom/v2",
        meaning="where Zoom's API is",
    )
    zoom_oauth_url: str = variable(
        web_address,
        default="https://zoom.us/oauth/token",
        sandbox="http://127.0.0.1:{sandbox_port}/zoom/oauth/token",
        meaning="where Zoom gives out its tokens",
    )
    zoom_hosts: tuple[str, ...] = variable(
        words, default="me",
        sandbox="host-1@consulting.example,host-2@consulting.example,host-3@consulting.example",
        meaning="Zoom users that host the meetings, with commas between",
    )  # fmt: skip
    zoom_meetings_at_once: int = variable(
        whole(1, 100),
        default="1",
        meaning="meetings that one Zoom user may hold at the same time: 2 on Zoom's Business",
    )
    zoom_timeout_seconds: float = variable(seconds, default="10", meaning="longest wait for Zoom")

    jitsi_url: str = variable(
        web_address,
        default=REQUIRED,
        sandbox="https://meet.jit.si",
        needed_by=WITH_JITSI,
        meaning="where the rooms of a Jitsi Meet server are; https in production",
    )
    jitsi_secret: str = variable(
        text,
        default=REQUIRED,
        sandbox="sandbox-jitsi-secret-that-is-no-secret",
        secret=True,
        needed_by=WITH_JITSI,
        meaning="secret from which the rooms' names are made, 32 random bytes or more",
    )

    templates: str = variable(
        text, default="", meaning="folder of your own templates for the mails, see docs/letters.md; empty: only ours"
    )
    smtp_host: str = variable(text, default=REQUIRED, sandbox="127.0.0.1", meaning="mail server")
    smtp_port: int = variable(
        whole(0, 65535), default="587", sandbox="{sandbox_smtp_port}", meaning="port of the mail server"
    )
    smtp_username: str = variable(text, default="", meaning="account at the mail server; empty: none")
    smtp_password: str = variable(text, default="", secret=True, meaning="its password")
    smtp_tls: Tls = variable(
        one_of(Tls), default="starttls", sandbox="none", meaning="`none`, `starttls`, or `tls` from the first byte"
    )
    smtp_from: str = variable(
        mail_address,
        default=REQUIRED,
        sandbox="Consulting <sessions@consulting.example>",
        meaning="sender of all mails",
    )
    smtp_timeout_seconds: float = variable(seconds, default="10", meaning="longest wait for the mail server")

    @property
    def hold(self) -> timedelta:
        """How long an unpaid session keeps its slot."""
        return timedelta(seconds=float(self.hold_minutes * 60))
