"""Admins hand out API keys, and take them back. No API key can do that."""

from __future__ import annotations

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody

from consulting.application.api_keys import CreateApiKey, GetApiKey, ListApiKeys, RevokeApiKey
from consulting.domain.errors import ApiKeyNotFound
from consulting.entrypoints.http import admin_wire
from consulting.entrypoints.http.answers import created
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.desk import AtDesk
from consulting.entrypoints.http.documentation import (
    LOCATION,
    OF_ADMINS,
    WITH_TOKEN,
    errors,
    errors_of_writing,
    story,
)
from consulting.entrypoints.http.ids import read_id
from consulting.entrypoints.http.pages import DEFAULT_LIMIT, Cursor, Limit, after_id, cut
from consulting.entrypoints.http.security import caller_of


@post(
    "/admin/api-keys",
    summary="Make an API key",
    description=story(CreateApiKey),
    responses=errors_of_writing(*OF_ADMINS),
    response_headers=LOCATION,
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def create_api_key(
    request: ApiRequest,
    data: JSONBody[admin_wire.NewApiKey],
    desk: AtDesk,
) -> Response[admin_wire.IssuedApiKey]:
    """Make a key."""
    issued = await desk.database.run(
        desk.use.create_api_key,
        name=data.name,
        scopes=frozenset(data.scopes),
        expires_at=data.expires_at,
        caller=caller_of(request),
    )
    body = admin_wire.IssuedApiKey(**admin_wire.key_fields(issued.record), key=issued.key)
    return created(body, location=f"{desk.public_url}/api/admin/api-keys/{body.id}")


@get(
    "/admin/api-keys",
    summary="List API keys",
    description=story(ListApiKeys),
    responses=errors(*OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def list_api_keys(
    desk: AtDesk,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> admin_wire.ApiKeyPage:
    """List keys."""
    found = await desk.database.run(desk.use.list_api_keys, after=after_id(cursor), limit=limit + 1)
    shown, last = cut(found, limit=limit)
    return admin_wire.ApiKeyPage(
        api_keys=[admin_wire.ApiKey(**admin_wire.key_fields(each)) for each in shown],
        next_cursor=None if last is None else str(last.id),
    )


@get(
    "/admin/api-keys/{id:str}",
    summary="Get an API key",
    description=story(GetApiKey),
    responses=errors(ApiKeyNotFound, *OF_ADMINS),
    security=WITH_TOKEN,
    tags=["Admin"],
)
async def get_api_key(id: FromPath[str], desk: AtDesk) -> admin_wire.ApiKey:
    """Show what is kept of a key."""
    found = await desk.database.run(desk.use.get_api_key, read_id(id, ApiKeyNotFound))
    return admin_wire.ApiKey(**admin_wire.key_fields(found))


@delete(
    "/admin/api-keys/{id:str}",
    summary="Revoke an API key",
    description=story(RevokeApiKey),
    responses=errors(ApiKeyNotFound, *OF_ADMINS),
    security=WITH_TOKEN,
    status_code=200,
    tags=["Admin"],
)
async def revoke_api_key(request: ApiRequest, id: FromPath[str], desk: AtDesk) -> admin_wire.ApiKey:
    """Revoke a key."""
    revoked = await desk.database.run(desk.use.revoke_api_key, read_id(id, ApiKeyNotFound), caller=caller_of(request))
    return admin_wire.ApiKey(**admin_wire.key_fields(revoked))


HANDLERS = (create_api_key, list_api_keys, get_api_key, revoke_api_key)
