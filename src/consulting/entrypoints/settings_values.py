"""How the text of an environment variable becomes a value. Each reader raises ValueError with what to give instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

Choice = TypeVar("Choice", bound=StrEnum)
POSTGRES_SCHEMES = {"postgres", "postgresql", "postgresql+psycopg"}
TAKEN_PATHS = {"api", "health", "metrics", "schema"}


def text(value: str) -> str:
    """Take it as it stands."""
    return value


def folder(value: str) -> Path:
    """Read a folder, which need not exist; `~` is the account's home."""
    return Path(value).expanduser().absolute()


def whole(low: int, high: int) -> Callable[[str], int]:
    """Make a reader of whole numbers in these bounds, both inclusive."""

    def read(value: str) -> int:
        if value.isascii() and value.isdecimal() and low <= int(value[:20]) <= high:
            return int(value)
        raise ValueError(f"give a whole number from {low} to {high}")

    return read


def above_zero(high: int) -> Callable[[str], Decimal]:
    """Make a reader of decimals above zero, up to and with this bound."""

    def read(value: str) -> Decimal:
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal(0)
        if number.is_finite() and 0 < number <= high:
            return number
        raise ValueError(f"give a number above 0, up to {high}")

    return read


def seconds(value: str) -> float:
    """Read a duration of up to an hour."""
    return float(above_zero(3600)(value))


def two_leads(value: str) -> tuple[timedelta, timedelta]:
    """Read two numbers of hours, the larger first."""
    read = above_zero(24 * 30)
    longer, comma, shorter = value.partition(",")
    if comma:
        hours = read(longer.strip()), read(shorter.strip())
        if hours[0] > hours[1]:
            return timedelta(hours=float(hours[0])), timedelta(hours=float(hours[1]))
    raise ValueError("give two numbers of hours with a comma between, the larger first")


def networks(value: str) -> tuple[str, ...]:
    """Read addresses and networks of machines; `none` is none of them."""
    if value.strip().lower() == "none":
        return ()
    try:
        return tuple(str(ip_network(word)) for word in words(value))
    except ValueError:
        raise ValueError("give addresses or networks such as 10.0.0.0/8 with commas between, or none") from None


def words(value: str) -> tuple[str, ...]:
    """Read words between commas."""
    found = tuple(word.strip() for word in value.split(",") if word.strip())
    if not found:
        raise ValueError("give one word or several with commas between")
    return found


def origins(value: str) -> tuple[str, ...]:
    """Read origins of web pages between commas, as browsers send them; `none` is none at all."""
    return (
        ()
        if value.lower() == "none"
        else tuple(_origin(each.strip().lower()) for each in value.split(",") if each.strip())
    )


def _origin(value: str) -> str:
    parts = urlsplit(value)
    is_origin = parts.scheme in {"http", "https"} and parts.hostname and value == f"{parts.scheme}://{parts.netloc}"
    if value == "localhost" or (is_origin and "@" not in value and "*" not in value):
        return value
    raise ValueError("give origins such as https://app.example.org, without a path; `localhost` for this machine's")


def one_of(choices: type[Choice]) -> Callable[[str], Choice]:
    """Make a reader of an enumeration's values, whatever their case."""

    def read(value: str) -> Choice:
        for choice in choices:
            if choice.value.lower() == value.lower():
                return choice
        raise ValueError(f"give one of: {', '.join(choices)}")

    return read


def web_address(value: str) -> str:
    """Read the address of an HTTP server, kept without a slash at its end."""
    return _server_address(value, such_as="https://api.example.org")


def collector_address(value: str) -> str:
    """Read the address where a collector takes traces, its path included."""
    return _server_address(value, such_as="http://127.0.0.1:4318/v1/traces")


def _server_address(value: str, *, such_as: str) -> str:
    if not _is_server(value):
        raise ValueError(f"give an address such as {such_as}, without a query")
    return value.rstrip("/")


def _is_server(value: str) -> bool:
    """Tell whether it is the address of a server; what the library has against it may quote a password in it."""
    try:
        parts = urlsplit(value)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:
        return False
    return has_host and parts.scheme in {"http", "https"} and not (parts.query or parts.fragment)


def page_address(value: str) -> str:
    """Read the address of a web page, which may have a query."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not value.isprintable():
        raise ValueError("give an address such as https://app.example.org/sign-in?to=booking")
    return value


def mount(value: str) -> str:
    """Read the path that something is served under, kept without a slash at its end but for `/`; `none` is empty."""
    if value.lower() == "none":
        return ""
    first = value.strip("/").partition("/")[0]
    if re.fullmatch(r"/|(/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])+/?", value) is None or first in TAKEN_PATHS:
        raise ValueError(f"give a path such as / or /book, but none below {', '.join(sorted(TAKEN_PATHS))}; or none")
    return value.rstrip("/") or "/"


def database_address(value: str) -> str:
    """Read a PostgreSQL URL, which may name several hosts."""
    scheme, separator, rest = value.partition("://")
    if scheme not in POSTGRES_SCHEMES or not separator or not rest:
        raise ValueError("give a URL such as postgresql://user:password@host:5432/database")
    return f"postgresql://{rest}"


def mail_address(value: str) -> str:
    """Read a sender, with or without a name before the address in angle brackets."""
    if "@" not in value or not value.isprintable():
        raise ValueError("give a sender such as Consulting <sessions@example.org>")
    return value
