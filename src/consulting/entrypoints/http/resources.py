"""All operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Request, Router
from litestar.types import Middleware

from consulting.entrypoints.http import (
    admin_researchers,
    admin_sessions,
    admin_work,
    api_keys,
    blocks,
    bookings,
    calendar_feeds,
    calendar_trials,
    earnings,
    expertise,
    health,
    metrics,
    one_offs,
    overrides,
    patterns,
    payments,
    privacy,
    profile,
    researchers,
    review_duties,
    reviews,
    sessions,
    time_slots,
    weeks,
)
from consulting.entrypoints.http.access import admitted
from consulting.entrypoints.http.bodies import check_body
from consulting.entrypoints.http.queries import check_query
from consulting.entrypoints.http.revalidation import revalidated
from consulting.entrypoints.http.watching import may_watch

_API: Final = (
    *researchers.HANDLERS,
    *expertise.HANDLERS,
    *time_slots.HANDLERS,
    *sessions.HANDLERS,
    *reviews.HANDLERS,
    *review_duties.HANDLERS,
    *calendar_feeds.HANDLERS,
    *payments.HANDLERS,
    *profile.HANDLERS,
    *patterns.HANDLERS,
    *overrides.HANDLERS,
    *one_offs.HANDLERS,
    *blocks.HANDLERS,
    *calendar_trials.HANDLERS,
    *weeks.HANDLERS,
    *bookings.HANDLERS,
    *earnings.HANDLERS,
    *admin_researchers.HANDLERS,
    *admin_sessions.HANDLERS,
    *admin_work.HANDLERS,
    *api_keys.HANDLERS,
    *privacy.HANDLERS,
)


def routers(
    *,
    recognition: Sequence[Middleware] = (),
    watching: Sequence[Middleware] = (),
    retries: Sequence[Middleware] = (),
) -> list[Router]:
    """Give all operations; callers are recognized by this middleware where it matters who they are.

    `watching` recognizes those who may see the measurements without being users; `retries` answers repeated writes.
    """
    calling = [*recognition, *retries, revalidated]
    measuring = [*watching, *recognition]
    return [
        Router("/api", route_handlers=_API, before_request=_checked, middleware=calling),
        Router("/", route_handlers=metrics.HANDLERS, before_request=_watched, middleware=measuring),
        Router("/", route_handlers=health.HANDLERS, before_request=_checked),
    ]


# These stand before the handlers where the framework has guards, for each of which it copies the handler every time.
async def _checked(request: Request[Any, Any, Any]) -> None:
    admitted(request, request.route_handler)
    check_query(request)
    await check_body(request)


async def _watched(request: Request[Any, Any, Any]) -> None:
    may_watch(request, request.route_handler)
    check_query(request)
