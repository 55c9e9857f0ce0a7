"""Turning away who asks for too much: callers and API keys by what they write, strangers by their address."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from litestar.enums import ScopeType
from litestar.types import Scope

from consulting.application.callers import Caller
from consulting.application.ports.clock import Clock
from consulting.application.ports.rate_limits import Rate, RateLimits
from consulting.entrypoints.http.places import Places
from consulting.entrypoints.http.refusals import TooManyRequests

MOST_ACCOUNTS: Final = 20_000
LARGEST_BATCH: Final = 100
READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class _Account:
    """What somebody did here that the buckets of all processes don't know of yet, and until when they are refused."""

    unsettled: int = 0
    refused_until: float = 0.0


class Meter:
    """Counts here, and settles with the bucket that all processes share once every few requests.

    So a request costs no write of its own, somebody who asks seldom costs none at all, and who is refused neither. What
    somebody can gain by that is less than one batch, a twentieth of the burst, for each process.
    """

    def __init__(
        self,
        limits: RateLimits,
        *,
        kind: str,
        rate: Rate,
        clock: Clock,
        places: Places,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """Count one kind of thing."""
        self._limits, self._kind, self._rate, self._clock, self._places = limits, kind, rate, clock, places
        self._stopwatch = stopwatch
        self._batch = max(1, min(LARGEST_BATCH, rate.burst // 20))
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    async def count(self, who: str) -> None:
        """Count one request. Raises TooManyRequests, Overloaded and StorageUnavailable."""
        account = self._account(who)
        wait = account.refused_until - self._stopwatch()
        if wait > 0:
            raise _refusal(wait)
        account.unsettled += 1
        if account.unsettled >= self._batch:
            await self._settle(who, account)

    def give_back(self, who: str) -> None:
        """Take back one that was counted."""
        self._account(who).unsettled -= 1

    async def _settle(self, who: str, account: _Account) -> None:
        tokens, account.unsettled = account.unsettled, 0
        missing = await self._places.run(self._take, f"{self._kind} {who}", tokens)
        if missing is not None:
            account.unsettled += tokens - 1  # this one isn't let through; those before it are still to be paid
            account.refused_until = self._stopwatch() + missing
            raise _refusal(missing)

    def _take(self, who: str, tokens: int) -> float | None:
        tokens = min(tokens, self._rate.burst)
        missing = self._limits.take(who=who, tokens=tokens, rate=self._rate, at=self._clock.now())
        return None if missing is None else missing.total_seconds()

    def _account(self, who: str) -> _Account:
        account = self._accounts.get(who)
        if account is not None:
            self._accounts.move_to_end(who)
            return account
        account = self._accounts[who] = _Account()
        if len(self._accounts) > MOST_ACCOUNTS:
            self._accounts.popitem(last=False)
        return account


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is counted: the writes of callers, all those that come by one API key, and whatever strangers ask."""

    writes: Meter
    keys: Meter
    strangers: Meter

    async def count_caller(self, scope: Scope, caller: Caller) -> None:
        """Count a signed-in caller's request if it writes: theirs, and that of the key by which it came.

        A key may name as many users as it likes, so a bucket for each of them would bound nothing. Raises
        TooManyRequests.
        """
        if scope["type"] == ScopeType.HTTP and scope["method"] not in READS:
            await self.writes.count(caller.user_id)
            if caller.key_id is not None:
                await self.keys.count(str(caller.key_id))

    async def count_stranger(self, scope: Scope) -> None:
        """Count a request without a valid token, by its address. Raises TooManyRequests."""
        await self.strangers.count(_address(scope))

    @asynccontextmanager
    async def unproven(self, scope: Scope) -> AsyncGenerator[None]:
        """Let somebody pass whose key must be looked up first, as long as their address may send strangers.

        Within the block they count as one; what they turned out to be is counted after it. Raises TooManyRequests.
        """
        await self.count_stranger(scope)
        try:
            yield
        finally:
            self.strangers.give_back(_address(scope))


def _address(scope: Scope) -> str:
    return neighbourhood((scope.get("client") or ("", 0))[0])


@lru_cache(maxsize=4096)
def neighbourhood(address: str) -> str:
    """Give what one household has: an IPv4 address, or the 64 leading bits of one of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _refusal(seconds: float) -> TooManyRequests:
    return TooManyRequests(retry_after=max(1, math.ceil(seconds)))
