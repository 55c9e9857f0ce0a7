"""Telling whether this process lives, and whether it can take requests."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from litestar import get
from msgspec import UNSET, UnsetType

from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import NO_TOKEN, only_errors
from consulting.entrypoints.http.refusals import NotReady
from consulting.entrypoints.http.wire import Answer
from consulting.entrypoints.readiness import ReadinessCheck

log = logging.getLogger(__name__)

OK = "ok"


class Liveness(Answer):
    """The process answers."""

    status: str


class Readiness(Answer):
    """Requests can be taken; every check is ok. `checks` names them to whoever may look inside."""

    status: str
    checks: dict[str, str] | UnsetType = UNSET


@get(
    "/health/live",
    summary="Is this process alive?",
    description="It answers as long as the process does; nothing else is looked at.",
    responses=only_errors(),
    security=NO_TOKEN,
    tags=["Health"],
)
async def live() -> Liveness:
    """Answer at all."""
    return Liveness(status=OK)


@get(
    "/health/ready",
    summary="Can this instance take requests?",
    description="200 only when database, migrations, a worker and whatever else this instance needs are there. What "
    "exactly, `checks` says in the sandbox, and in production to whoever brings the token of the measurements.",
    responses=only_errors(NotReady),
    security=NO_TOKEN,
    tags=["Health"],
)
async def ready(request: ApiRequest, desk: AtDesk) -> Readiness:
    """Look at everything that is needed. Raises NotReady."""
    found = await desk.looking.run(_look, desk.checks)
    shown = desk.watchers.may_see_checks(request.scope)
    if any(word != OK for word in found.values()):
        raise NotReady(checks=found) if shown else NotReady()
    return Readiness(status="ready", checks=found if shown else UNSET)


def _look(checks: Sequence[ReadinessCheck]) -> dict[str, str]:
    return {check.name: _verdict(check) for check in checks}


def _verdict(check: ReadinessCheck) -> str:
    try:
        return check.problem() or OK
    except Exception as failure:  # noqa: BLE001 -- whatever it is, this isn't ready, and the log has it
        log.warning("readiness check %s failed: %r", check.name, failure)
        return "failed"


HANDLERS = (live, ready)
