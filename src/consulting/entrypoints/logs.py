"""Log lines on stderr: JSON for machines, one line of text for people, and nothing secret or personal in either.

What is personal is kept out where lines are written: they name ids, never names, addresses or anybody's words. What
slips in through a library or an exception is taken out here.
"""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from pythonjsonlogger.json import JsonFormatter

from consulting.entrypoints.settings import LogFormat, Settings

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The id of the request that is being answered; threads see it too."""

TALKATIVE: Final = (
    "alembic",
    "apscheduler",
    "asyncio",
    "httpcore",
    "httpx",
    "opentelemetry",
    "psycopg",
    "requests",
    "sqlalchemy",
    "stripe",
    "urllib3",
    "uvicorn",
)
"""Libraries that report each call, some with all that was sent; only what goes wrong in them is told, at any level."""

LONGEST_REASON: Final = 300
LONGEST_CHAIN: Final = 8

_HIDDEN: Final = "[hidden]"
_SECRETS: Final = tuple(
    (mark, re.compile(pattern))
    for mark, pattern in (
        ("bearer", r"(?i)\bbearer\s+[^\s\"',;]+"),
        ("eyj", r"\beyJ[\w-]*\.[\w-]*\.?[\w-]*"),
        ("_", r"\b(?:sk|rk|whsec)_\w{4,}"),
        ("ck_", r"\bck_[\w-]{4,}"),
        ("_secret_", r"(?<=_secret_)\w+"),
        ("/calendar/", r"(?<=/calendar/)[\w-]+(?=\.ics)"),
        ("://", r"(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)"),
        ("@", r"[^\s@<>\"'(),;:=\\]+@[\w-]+(?:\.[\w-]+)+"),
    )
)
"""Tokens, keys, client secrets, feed addresses, passwords in URLs, and mail addresses; and what none of them lacks.

Lines seldom have a secret: looking for the mark, in lower case, costs a tenth of looking for the pattern.
"""

_ROW: Final = "DETAIL:"
_ROW_AND_BEYOND: Final = re.compile(rf"\s*(?:\\n|\n)?{_ROW}.*", re.DOTALL)
"""The database quotes whole rows where it says why it refused one."""


def begin_logging(settings: Settings) -> None:
    """Write this process's log lines, in the form and from the level that the settings ask for."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if settings.log_format is LogFormat.JSON else TextLines())
    handler.addFilter(_name_request)
    logging.basicConfig(level=settings.log_level.value, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level))


def without_secrets(text: str) -> str:
    """Take out whatever looks like a secret or a mail address."""
    lower = text.lower()
    for mark, pattern in _SECRETS:
        if mark in lower:
            text = pattern.sub(_HIDDEN, text)
    return text


class JsonLines(JsonFormatter):
    """One JSON object a line: `timestamp`, `level`, `logger`, `message`, `process`, and what the line is about."""

    def __init__(self) -> None:
        """Choose the fields."""
        super().__init__(
            "%(levelname)s %(name)s %(message)s %(process)d",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
            timestamp=True,
        )

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        return super().format(discreet(record))


class TextLines(logging.Formatter):
    """One line of text, and below it the traceback if there is one."""

    converter: Callable[[float | None], time.struct_time] = time.gmtime

    def __init__(self) -> None:
        """Choose the fields."""
        line = "%(asctime)s.%(msecs)03dZ %(process)d %(levelname)s %(name)s: %(message)s"
        super().__init__(line, datefmt="%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Write one line, with the request's id at its end."""
        request = getattr(record, "request_id", None)
        shown = discreet(record)
        if request:
            shown.msg = f"{shown.msg} [{request}]"
        return super().format(shown)


def discreet(record: logging.LogRecord) -> logging.LogRecord:
    """Copy a record without what is secret or personal, its exception written out already."""
    shown = logging.LogRecord.__new__(logging.LogRecord)  # all that a new one would find out is overwritten
    vars(shown).update(vars(record))
    shown.msg, shown.args = without_secrets(_without_row(record.getMessage())), None
    if record.exc_info and record.exc_info[1] is not None:
        shown.exc_text, shown.exc_info = _told(record.exc_info[1]), None
    return shown


def _told(error: BaseException) -> str:
    """Write tracebacks, the cause first, with the first line of each reason only: others quote statements and rows."""
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and len(chain) < LONGEST_CHAIN:
        chain.insert(0, found)
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    return without_secrets("\nwhich led to\n".join(_one(each) for each in chain))


def _one(error: BaseException) -> str:
    reason = _without_row(str(error)).partition("\n")[0][:LONGEST_REASON]
    return f"{''.join(traceback.format_tb(error.__traceback__))}{type(error).__qualname__}: {reason}"


def _without_row(text: str) -> str:
    return _ROW_AND_BEYOND.sub("", text) if _ROW in text else text


def _name_request(record: logging.LogRecord) -> bool:
    if not hasattr(record, "request_id") and (name := REQUEST_ID.get()) is not None:
        record.request_id = name
    return True
