"""Log lines on stderr: JSON for machines, one line of text for people, and nothing secret or personal in either.

What is personal is kept out where lines are written: they name ids, never names, addresses or anybody's words. What
slips in through a library or an exception is taken out here.
"""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TextIO

import msgspec
from pythonjsonlogger.json import JsonFormatter

from consulting.entrypoints.settings import LogFormat, Settings

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The id of the request that is being answered; threads see it too."""

REQUESTS: Final = "consulting.requests"
"""The logger of the line that each request is."""

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

AT_ONCE: Final = 4096
"""How many bytes can be written to a pipe without being mixed with what other processes write to it."""

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
    handler = Lines()
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


def write_requests(lines: Iterable[RequestLine]) -> None:
    """Write the lines of requests, where anybody wants them."""
    requests = logging.getLogger(REQUESTS)
    if requests.isEnabledFor(logging.INFO):
        for line in lines:
            requests.handle(line)
        for handler in logging.root.handlers:
            handler.flush()


class Lines(logging.StreamHandler[TextIO]):
    """Writes lines to stderr at once; but those of requests, of which there are many, several together.

    They are written when there are enough for one writing, before any other line, and at the latest when they are
    flushed, as all of them are when the process ends.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        super().__init__()
        self._held = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or hold it."""
        if isinstance(record, RequestLine):
            self._hold(self.format(record) + self.terminator)
        else:
            self.flush()
            super().emit(record)

    def _hold(self, line: str) -> None:
        if len(self._held) + len(line) > AT_ONCE:
            self.flush()
        self._held += line

    def flush(self) -> None:
        """Write the lines that are held; where nothing can be written, there is nobody to tell."""
        with self.lock or nullcontext(), suppress(OSError, ValueError):
            held, self._held = self._held, ""
            if held:
                self.stream.write(held)
            super().flush()


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
        return record.in_json() if isinstance(record, RequestLine) else super().format(discreet(record))


class TextLines(logging.Formatter):
    """One line of text, and below it the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line, with the request's id at its end."""
        request = getattr(record, "request_id", None)
        at = f"{_second(int(record.created))}.{int(record.msecs):03}Z"
        line = f"{at} {record.process} {record.levelname} {record.name}: {_message(record)}"
        line = f"{line} [{request}]" if request else line
        return f"{line}\n{_told(record.exc_info[1])}" if record.exc_info and record.exc_info[1] else line


_SAME_FOR_ALL: Final = vars(logging.LogRecord(REQUESTS, logging.INFO, "", 0, "", None, None))


class RequestLine(logging.LogRecord):
    """One line a request: what was asked by what kind of caller, and nothing of what was said.

    It is made and written quickly, since it looks for no place in the code and has nothing to hide.
    """

    def __init__(
        self,
        *,
        method: str,
        route: str,
        status: int,
        milliseconds: float,
        caller: str,
        request_id: str | None = None,
        at: float | None = None,
    ) -> None:
        """Take down a request that was answered `at` this POSIX time in seconds, which is now if nothing is said."""
        vars(self).update(_SAME_FOR_ALL)
        self.created = time.time() if at is None else at
        self.msecs = self.created % 1 * 1000
        self.method, self.route, self.status = method, route, status
        self.milliseconds, self.caller = milliseconds, caller
        self.request_id = request_id

    def getMessage(self) -> str:  # noqa: N802 -- the library's name
        """Say it in words."""
        return f"{self.method} {self.route} {self.status} in {self.milliseconds} ms, {self.caller}"

    def in_json(self) -> str:
        """Give it as an object with the fields that every line has, and its own."""
        told = {
            "level": self.levelname,
            "logger": self.name,
            "message": self.getMessage(),
            "process": self.process,
            "method": self.method,
            "route": self.route,
            "status": self.status,
            "milliseconds": self.milliseconds,
            "caller": self.caller,
            **({"request_id": self.request_id} if self.request_id else {}),
            "timestamp": datetime.fromtimestamp(self.created, UTC).isoformat(),
        }
        return msgspec.json.encode(told).decode()


def discreet(record: logging.LogRecord) -> logging.LogRecord:
    """Copy a record without what is secret or personal, its exception written out already."""
    shown = logging.LogRecord.__new__(logging.LogRecord)  # all that a new one would find out is overwritten
    vars(shown).update(vars(record))
    shown.msg, shown.args = _message(record), None
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


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    return message if isinstance(record, RequestLine) else without_secrets(_without_row(message))


@lru_cache(maxsize=8)
def _second(since_the_epoch: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since_the_epoch))


def _without_row(text: str) -> str:
    return _ROW_AND_BEYOND.sub("", text) if _ROW in text else text


def _name_request(record: logging.LogRecord) -> bool:
    if getattr(record, "request_id", None) is None and (name := REQUEST_ID.get()) is not None:
        record.request_id = name
    return True
