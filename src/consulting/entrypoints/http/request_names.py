"""The names of requests, by which answers and log lines are found again (`X-Request-Id`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from typing import Final

from consulting.application.ports.clock import Identities

_FIT: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")


class RequestNames:
    """Names requests: as their own header says if that fits, else by one id for all and a number for each."""

    def __init__(self, ids: Identities) -> None:
        """Begin to count."""
        self._ours = ids.new().hex.encode()
        self._numbers = count(1)

    def of(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Give the name of the request that has these headers."""
        for name, value in headers:
            if name == b"x-request-id":
                return value if _FIT.fullmatch(value) else self._new()
        return self._new()

    def _new(self) -> bytes:
        return b"%s-%d" % (self._ours, next(self._numbers))
