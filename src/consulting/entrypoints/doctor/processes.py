"""Whether the API and a worker run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus

from sqlalchemy import Engine

from consulting.adapters.postgres.clock import DatabaseClock
from consulting.adapters.postgres.heartbeats import WorkerHeartbeats
from consulting.entrypoints.doctor import laptop
from consulting.entrypoints.doctor.findings import Check, Finding, careful, well, wrong
from consulting.entrypoints.doctor.outside import Unanswered, ask
from consulting.entrypoints.readiness import SIGN_OF_LIFE
from consulting.entrypoints.settings import Settings


def checks(settings: Settings, engine: Engine) -> Sequence[Check]:
    """List the checks of what must be running."""
    return [
        Check(name="API", look=lambda: _api(settings)),
        Check(name="worker", look=lambda: _worker(settings, engine), after="migrations"),
    ]


def _api(settings: Settings) -> Iterator[Finding]:
    address = f"{settings.public_url}/health/ready"
    try:
        status = ask(settings, "GET", address).status_code
    except Unanswered as failure:
        advice = "start `consulting serve`, and see that CONSULTING_PUBLIC_URL leads to it"
        silent = laptop.api_silent(settings, why=str(failure))
        yield silent or wrong(f"{address} can't be reached ({failure})", advice=advice)
        return
    if status == HTTPStatus.OK:
        yield well(f"{address} says that it is ready")
    else:
        advice = "what stands above is likely why; with the token of CONSULTING_METRICS_TOKEN the answer names it"
        yield wrong(f"{address} answers {status}", advice=advice)


def _worker(settings: Settings, engine: Engine) -> Iterator[Finding]:
    alive = WorkerHeartbeats(engine).since(DatabaseClock(engine).now() - SIGN_OF_LIFE)
    failing = sorted({name for each in alive for name, loop in each.loops.items() if loop.failing_since is not None})
    if not alive:
        says = f"none has given a sign of life for {SIGN_OF_LIFE.seconds} seconds"
        advice = laptop.start(settings, otherwise="start `consulting worker`, on one machine or on several")
        yield wrong(says, advice=advice)
    elif failing:
        yield careful(f"failing: {', '.join(failing)}", advice="its log says why")
    else:
        yield well(f"{len(alive)} at work")
