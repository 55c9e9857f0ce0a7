"""Who is calling, where an API key calls: the key itself, or the user whom it acts for."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final

from litestar.types import Scope as Request

from consulting.application.api_keys import RecognizeApiKey
from consulting.application.callers import ADMIN, Caller
from consulting.domain.api_keys import ApiKey, Scope, looks_like_key
from consulting.domain.errors import ValidationFailed
from consulting.entrypoints.http.places import Places
from consulting.entrypoints.http.refusals import ScopeMissing, TokenInvalid
from consulting.entrypoints.http.tokens import OURS, text_claim

USER, EMAIL = "Consulting-User", "Consulting-User-Email"
PREFIX: Final = "ck_"
REMEMBERED_SECONDS: Final = 3.0
"""For how long a process takes a key without asking the database: a revocation counts everywhere after this time."""

MOST_REMEMBERED: Final = 1000
Probation = Callable[[], AbstractAsyncContextManager[None]]
"""What somebody must bear whose key may be a guess."""

_BY_NAME: Final = {USER.lower().encode(): USER, EMAIL.lower().encode(): EMAIL}


def named_user(request: Request) -> Mapping[str, Sequence[bytes]]:
    """Give the headers by which a request names the user that it is for; nothing where it names none."""
    found: dict[str, list[bytes]] = {}
    for name, value in request["headers"]:
        if name in _BY_NAME:
            found.setdefault(_BY_NAME[name], []).append(value)
    return found


@dataclass(slots=True)
class KeyHolders:
    """Recognizes callers by their API keys, each by one look-up every few seconds, however many ask at once."""

    recognize: RecognizeApiKey
    places: Places
    _known: OrderedDict[str, tuple[float, ApiKey]] = field(default_factory=OrderedDict)
    _asked: dict[str, asyncio.Task[ApiKey | None]] = field(default_factory=dict)

    async def caller(self, key: str, *, named: Mapping[str, Sequence[bytes]], unproven: Probation) -> Caller:
        """Give the caller; a key that was never valid here is looked up within `unproven`.

        Raises TokenInvalid, ScopeMissing, ValidationFailed (fields by the headers' names), and what `unproven` raises.
        """
        record = await self._record(key, unproven)
        if named:
            if Scope.ACT_USERS not in record.scopes:
                raise ScopeMissing(scope=Scope.ACT_USERS.value)
            return _acted_for(named, by=record)
        roles = frozenset({ADMIN}) if Scope.ADMIN in record.scopes else frozenset()
        return Caller(user_id=f"key:{record.id}", roles=roles, scopes=record.scopes, key_id=record.id, person=False)

    async def _record(self, key: str, unproven: Probation) -> ApiKey:
        seen, record = self._known.get(key, (0.0, None))
        if record is not None and time.monotonic() - seen < REMEMBERED_SECONDS:
            return record
        if not looks_like_key(key):
            raise TokenInvalid
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._look_up(key, unproven))
        found = await asyncio.shield(self._asked[key])  # who goes away takes it from nobody else
        if found is None:
            raise TokenInvalid
        return found

    async def _look_up(self, key: str, unproven: Probation) -> ApiKey | None:
        now = time.monotonic()
        try:
            async with nullcontext() if key in self._known else unproven():
                found = await self.places.run(self.recognize, key)
        finally:
            del self._asked[key]
        self._known.pop(key, None)
        if found is not None:
            self._known[key] = (now, found)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return found


def _acted_for(named: Mapping[str, Sequence[bytes]], *, by: ApiKey) -> Caller:
    """Give the user: for the time of the request the key is that user and nobody else, an admin neither."""
    user_id, email = _value(USER, named), _value(EMAIL, named)
    if user_id is None or user_id.startswith(OURS):
        raise ValidationFailed.of(USER, "give the user's id")
    if email is not None and "@" not in email:
        raise ValidationFailed.of(EMAIL, "give a mail address")
    return Caller(user_id=user_id, email=email, scopes=by.scopes, key_id=by.id)


def _value(name: str, named: Mapping[str, Sequence[bytes]]) -> str | None:
    """Read a header as the claim of a token would be read; None where it isn't there."""
    given = named.get(name)
    if given is None:
        return None
    try:
        text = text_claim(given[0].decode()) if len(given) == 1 else None
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise ValidationFailed.of(name, "give this once, as 1 to 254 printable characters in UTF-8")
    return text
