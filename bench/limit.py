"""The limit: the guide's calls, as fast as Python gives them, and with nothing else.

One process, Starlette, raw asynchronous psycopg, and the guide's three statements in one transaction, in two trips. The
driver's own BEGIN and COMMIT would take a trip each, and a list of slots three instead of one; so connections commit by
themselves, and the transaction is spelled out. Nothing is looked through for garbage that was there at the start.
No validation, no identity, no idempotency, no price, no events: what it leaves out is what the product is for. Run as
`python -m bench.limit DATABASE_URL PORT`.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import uvicorn
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consulting.adapters.postgres.identifiers import TimeOrderedIdentities

CONNECTIONS: Final = 8

SCHEMA: Final = """
CREATE TABLE time_slots (
    id uuid PRIMARY KEY, researcher_id uuid NOT NULL, start_time timestamptz NOT NULL, end_time timestamptz NOT NULL,
    available boolean NOT NULL, session_id uuid);
CREATE INDEX slots_of_day ON time_slots (researcher_id, start_time);
CREATE TABLE sessions (
    id uuid PRIMARY KEY, user_id text NOT NULL, researcher_id uuid NOT NULL, time_slot_id uuid NOT NULL, paper_id text,
    questions text, status text NOT NULL, payment_status text NOT NULL, created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL);
CREATE INDEX sessions_of_user ON sessions (user_id);
"""
_LOCK = "SELECT available, researcher_id FROM time_slots WHERE id = %s FOR UPDATE"
_TAKE = "UPDATE time_slots SET available = FALSE, session_id = %s WHERE id = %s"
_BOOK = "INSERT INTO sessions VALUES (%s, %s, %s, %s, %s, %s, 'scheduled', 'pending', %s, %s)"
_DAY = (
    "SELECT id, researcher_id, start_time, end_time, available, session_id FROM time_slots"
    " WHERE researcher_id = %s AND start_time >= %s AND start_time < %s ORDER BY start_time"
)
new_id = TimeOrderedIdentities().new
_COLUMNS = ("id", "researcher_id", "start_time", "end_time", "available", "session_id")

write_json = msgspec.json.Encoder().encode


async def time_slots(request: Request) -> Response:
    """GET /api/time-slots."""
    asked = request.query_params
    first = date.fromisoformat(asked.get("date") or asked["from"])
    last = date.fromisoformat(asked.get("date") or asked["to"])
    values = (UUID(asked["researcher_id"]), _midnight(first), _midnight(last + timedelta(days=1)))
    async with request.app.state.pool.connection() as connection:
        rows = await (await connection.execute(_DAY, values, binary=True)).fetchall()
    return _json({"time_slots": [dict(zip(_COLUMNS, row, strict=True)) for row in rows]}, status=200)


async def book(request: Request) -> Response:
    """POST /api/sessions."""
    body = msgspec.json.decode(await request.body())
    slot, session, now = UUID(body["time_slot_id"]), new_id(), datetime.now(UTC)
    user, questions = request.headers["authorization"], body.get("questions")
    async with request.app.state.pool.connection() as connection:
        async with connection.pipeline():
            await connection.execute("BEGIN")
            cursor = await connection.execute(_LOCK, (slot,), binary=True)
        found = await cursor.fetchone()
        if found is None or not found[0]:
            await connection.execute("ROLLBACK")
            return _json({"error": "taken"}, status=409)
        async with connection.pipeline():
            await connection.execute(_TAKE, (session, slot))
            await connection.execute(_BOOK, (session, user, found[1], slot, None, questions, now, now))
            await connection.execute("COMMIT")
    told = {"id": session, "user_id": user, "researcher_id": found[1], "time_slot_id": slot, "questions": questions}
    states = {"status": "scheduled", "payment_status": "pending", "created_at": now, "updated_at": now}
    return _json(told | states, status=201)


def create_app(database_url: str) -> Starlette:
    """Make the application."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        pool = AsyncConnectionPool(
            database_url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False, configure=_prepare, reset=None
        )
        async with pool:
            await pool.wait()
            app.state.pool = pool
            gc.collect()
            gc.freeze()  # as ours
            yield

    routes = [Route("/api/time-slots", time_slots), Route("/api/sessions", book, methods=["POST"])]
    return Starlette(routes=routes, lifespan=lifespan)


async def _prepare(connection: AsyncConnection[Any]) -> None:
    connection.prepare_threshold = 0
    await connection.set_autocommit(True)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _json(body: object, *, status: int) -> Response:
    return Response(write_json(body), status_code=status, media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[1]),
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
    )
