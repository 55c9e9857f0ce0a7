"""Showing the measurements."""

from __future__ import annotations

from typing import Final

from litestar import Response, get
from prometheus_client import CONTENT_TYPE_LATEST

from consulting.entrypoints.http.answers import Answer
from consulting.entrypoints.http.desk import AtDesk

_KIND: Final = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")  # which the framework adds to every text


@get("/metrics", include_in_schema=False)
async def show_metrics(desk: AtDesk) -> Response[bytes]:
    """Show watchers and admins this process's measurements, and those of the work of all processes."""
    work = await desk.looking.run(desk.work.exposition)
    return Answer(desk.metrics.exposition() + work, media_type=_KIND)


HANDLERS = (show_metrics,)
