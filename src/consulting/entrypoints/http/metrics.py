"""Showing the measurements."""

from __future__ import annotations

from litestar import Response, get
from prometheus_client import CONTENT_TYPE_LATEST

from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.refusals import Forbidden
from consulting.entrypoints.http.security import caller_of, signed_in


@get("/metrics", include_in_schema=False, guards=[signed_in])
async def show_metrics(request: ApiRequest, desk: AtDesk) -> Response[bytes]:
    """Show an admin this process's measurements, and those of the work of all processes."""
    if not caller_of(request).admin:
        raise Forbidden
    work = await desk.looking.run(desk.work.exposition)
    return Response(desk.metrics.exposition() + work, media_type=CONTENT_TYPE_LATEST)


HANDLERS = (show_metrics,)
