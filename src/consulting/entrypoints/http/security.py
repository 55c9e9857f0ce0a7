"""Recognizing callers, and turning away those who may not enter. What of others they may see, the use cases say."""

from __future__ import annotations

from functools import partial

from litestar.types import ASGIApp, Receive, Scope, Send

from consulting.application.callers import Caller
from consulting.entrypoints.http.bodies import ApiRequest
from consulting.entrypoints.http.key_holders import PREFIX, KeyHolders, named_user
from consulting.entrypoints.http.limits import Limits
from consulting.entrypoints.http.places import Places
from consulting.entrypoints.http.refusals import ActingRefused, SignInRequired, TokenInvalid
from consulting.entrypoints.http.tokens import Tokens


class Recognition:
    """Sets the `user` of every request below it: the token's caller, or None for a request without a token.

    A bad token is TokenInvalid, on every path, and who asks too much is TooManyRequests. Only what must be fetched
    takes a place. API keys come the same way; the headers that name a user are theirs alone.
    """

    def __init__(self, app: ASGIApp, *, tokens: Tokens, places: Places, limits: Limits, keys: KeyHolders) -> None:
        """Wrap an application."""
        self._app, self._tokens, self._places = app, tokens, places
        self._limits, self._keys = limits, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Recognize the caller, then go on."""
        try:
            caller = await self._caller(scope)
        except TokenInvalid:
            await self._limits.count_stranger(scope)
            raise
        await (self._limits.count_stranger(scope) if caller is None else self._limits.count_caller(scope, caller))
        scope["user"] = caller
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller | None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        named = named_user(scope)
        if not given and named:
            raise SignInRequired
        if not given:
            return None
        scheme, _, token = given[0].decode("latin-1").partition(" ")
        if len(given) > 1 or scheme.lower() != "bearer":
            raise TokenInvalid
        if token.startswith(PREFIX):
            return await self._keys.caller(token, named=named, unproven=partial(self._limits.unproven, scope))
        caller = await self._user(token)
        if named:
            raise ActingRefused
        return caller

    async def _user(self, token: str) -> Caller:
        key = self._tokens.key_at_hand(token)
        if key is None:
            return await self._places.run(self._tokens.caller, token)
        return self._tokens.caller(token, key=key)


def caller_of(request: ApiRequest) -> Caller:
    """Give the signed-in caller. Raises SignInRequired."""
    if request.user is None:
        raise SignInRequired
    return request.user
