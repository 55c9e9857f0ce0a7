"""The one place of the sandbox that makes ids and secrets."""

from __future__ import annotations

import secrets
import string
from typing import Final

_LETTERS: Final = string.ascii_letters + string.digits


def random_text(length: int) -> str:
    """Letters and digits that nobody can guess."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def new_id(prefix: str) -> str:
    """Return an id in Stripe's manner: `pi_` and 24 letters and digits."""
    return f"{prefix}_{random_text(24)}"


def meeting_number() -> int:
    """Return a Zoom meeting number: eleven digits, never beginning with zero."""
    return 10**10 + secrets.randbelow(9 * 10**10)
