"""Who may do what: one line for each operation, by the name of its handler. docs/authorization.md shows it as a table.

A handler that isn't named here can't be called at all. What depends on whose a session is, the use cases judge by
`application/callers.py`; its audience says here what they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from consulting.application.callers import Caller
from consulting.domain.api_keys import Scope
from consulting.entrypoints.http.refusals import Forbidden, ScopeMissing, SignInRequired, UserMissing

Connection = ASGIConnection[Any, Caller | None, Any, Any]


class Audience(StrEnum):
    """For whom an operation is."""

    ANYBODY = "anybody, unasked"
    EVERYONE = "everyone"
    USERS = "signed-in users"
    PARTIES = "client, researcher and admins"
    CLIENT = "the session's client"
    RESEARCHERS = "researchers"
    ITS_RESEARCHER = "the session's researcher"
    ADMINS = "admins"


@dataclass(frozen=True, slots=True)
class Access:
    """For whom an operation is, and the scope that an API key needs for it; None: it isn't for keys."""

    audience: Audience
    scope: Scope | None = None


_UNASKED = Access(Audience.ANYBODY)
_OPEN = Access(Audience.EVERYONE, Scope.READ)
_ADMIN = Access(Audience.ADMINS, Scope.ADMIN)
_ADMIN_IN_PERSON = Access(Audience.ADMINS)

ACCESS: Final[Mapping[str, Access]] = {
    # Finding researchers and slots
    "list_researchers": _OPEN,
    "search_researchers": _OPEN,
    "get_researcher": _OPEN,
    "suggest_expertise": _OPEN,
    "list_time_slots": _OPEN,
    "list_next_slots": _OPEN,
    "get_time_slot": _OPEN,
    # Sessions
    "book_session": Access(Audience.USERS, Scope.BOOK),
    "list_sessions": Access(Audience.USERS, Scope.READ),
    "get_session": Access(Audience.PARTIES, Scope.READ),
    "cancel_session": Access(Audience.CLIENT, Scope.BOOK),
    "quote_cancellation": Access(Audience.CLIENT, Scope.READ),
    "reschedule_session": Access(Audience.CLIENT, Scope.BOOK),
    "get_calendar": Access(Audience.PARTIES, Scope.READ),
    # Reviews
    "write_review": Access(Audience.CLIENT, Scope.BOOK),
    "edit_review": Access(Audience.CLIENT, Scope.BOOK),
    "get_review": Access(Audience.CLIENT, Scope.READ),
    "list_reviews": _OPEN,
    "answer_review": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    # Calendar programs
    "create_calendar_token": Access(Audience.USERS, Scope.BOOK),
    "revoke_calendar_token": Access(Audience.USERS, Scope.BOOK),
    "get_calendar_feed": _UNASKED,
    # Paying
    "create_payment_intent": Access(Audience.CLIENT, Scope.BOOK),
    "confirm_payment": Access(Audience.CLIENT, Scope.BOOK),
    "receive_provider_event": _UNASKED,
    # A researcher's own calendar, profile and bookings
    "get_profile": Access(Audience.RESEARCHERS, Scope.READ),
    "edit_profile": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "list_patterns": Access(Audience.RESEARCHERS, Scope.READ),
    "create_pattern": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "get_pattern": Access(Audience.RESEARCHERS, Scope.READ),
    "change_pattern": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "remove_pattern": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "list_overrides": Access(Audience.RESEARCHERS, Scope.READ),
    "create_override": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "get_override": Access(Audience.RESEARCHERS, Scope.READ),
    "change_override": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "remove_override": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "list_one_off_slots": Access(Audience.RESEARCHERS, Scope.READ),
    "create_one_off_slot": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "get_one_off_slot": Access(Audience.RESEARCHERS, Scope.READ),
    "change_one_off_slot": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "remove_one_off_slot": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "list_blocks": Access(Audience.RESEARCHERS, Scope.READ),
    "create_block": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "get_block": Access(Audience.RESEARCHERS, Scope.READ),
    "change_block": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "remove_block": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "copy_week": Access(Audience.RESEARCHERS, Scope.CALENDAR),
    "preview_change": Access(Audience.RESEARCHERS, Scope.READ),
    "explain_time": Access(Audience.RESEARCHERS, Scope.READ),
    "list_bookings": Access(Audience.RESEARCHERS, Scope.READ),
    "get_booking": Access(Audience.ITS_RESEARCHER, Scope.READ),
    "cancel_booking": Access(Audience.ITS_RESEARCHER, Scope.CALENDAR),
    "note_no_show": Access(Audience.ITS_RESEARCHER, Scope.CALENDAR),
    "write_notes": Access(Audience.ITS_RESEARCHER, Scope.CALENDAR),
    "get_earnings": Access(Audience.RESEARCHERS, Scope.READ),
    "export_earnings": Access(Audience.RESEARCHERS, Scope.READ),
    "get_start_link": Access(Audience.ITS_RESEARCHER, Scope.CALENDAR),
    # Running the place
    "list_register": _ADMIN,
    "get_registered": _ADMIN,
    "add_researcher": _ADMIN,
    "change_researcher": _ADMIN,
    "cancel_any_session": _ADMIN,
    "refund_session": _ADMIN,
    "hide_review": _ADMIN,
    "show_review": _ADMIN,
    "list_errands": _ADMIN,
    "retry_errand": _ADMIN,
    "list_admin_acts": _ADMIN,
    "export_user": _ADMIN,
    "erase_user": _ADMIN,
    "create_api_key": _ADMIN_IN_PERSON,
    "list_api_keys": _ADMIN_IN_PERSON,
    "get_api_key": _ADMIN_IN_PERSON,
    "revoke_api_key": _ADMIN_IN_PERSON,
    "show_metrics": _ADMIN,
    "live": _UNASKED,
    "ready": _UNASKED,
}

_OPEN_TO_KEYS_ALONE: Final = frozenset({Audience.EVERYONE, Audience.ADMINS})


def access_of(handler: BaseRouteHandler) -> Access:
    """Give the line of a handler. Raises LookupError for one that has none, but for the framework's own OPTIONS."""
    return _UNASKED if handler.fn.__name__ == "options_handler" else ACCESS[handler.fn.__name__]


def admitted(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let only those pass for whom the operation is.

    Raises SignInRequired, ScopeMissing, UserMissing and Forbidden.
    """
    access = access_of(handler)
    if access.audience is Audience.ANYBODY:
        return
    caller = connection.user
    if caller is not None:
        _require_right(caller, access)
    elif access.audience is not Audience.EVERYONE:
        raise SignInRequired


def _require_right(caller: Caller, access: Access) -> None:
    if caller.scopes is not None:
        if access.scope is None:
            raise Forbidden
        if access.scope not in caller.scopes:
            raise ScopeMissing(scope=access.scope.value)
    if access.audience is Audience.ADMINS and not caller.admin:
        raise Forbidden
    if not caller.person and access.audience not in _OPEN_TO_KEYS_ALONE and not _looks_as_admin(caller, access):
        raise UserMissing


def _looks_as_admin(caller: Caller, access: Access) -> bool:
    return caller.admin and access.audience is Audience.PARTIES
