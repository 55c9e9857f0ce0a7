"""Zoom's errors: `{"code": int, "message": str}` with an HTTP status."""

from __future__ import annotations

from typing import Any

from consulting.entrypoints.sandbox import clock


class ZoomRefusal(Exception):
    """An answer that isn't a success."""

    def __init__(self, status: int, body: dict[str, Any], *, headers: dict[str, str] | None = None) -> None:
        super().__init__(body.get("message") or body.get("reason"))
        self.status = status
        self.body = body
        self.headers = headers or {}


def refused(status: int, code: int, message: str, **more: Any) -> ZoomRefusal:
    """Return an error of the meetings API."""
    return ZoomRefusal(status, {"code": code, "message": message, **more})


def unknown_meeting(number: str) -> ZoomRefusal:
    """404, code 3001."""
    return refused(404, 3001, f"Meeting does not exist: {number}.")


def invalid_field(field: str, message: str) -> ZoomRefusal:
    """400, code 300, with the field."""
    return refused(400, 300, "Validation Failed.", errors=[{"field": field, "message": message}])


def daily_limit(limit: int) -> ZoomRefusal:
    """429 of a host that has used up its creates of the day, which begins at 00:00 UTC."""
    message = (
        f"You have exceeded the daily rate limit ({limit}) of Meeting Create/Update API requests permitted for this "
        "particular user. You may resume these requests at GMT 00:00:00."
    )
    tomorrow = clock.written((int(clock.now()) // 86400 + 1) * 86400)
    headers = {
        "X-RateLimit-Category": "Medium",
        "X-RateLimit-Type": "Daily-limit",
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "Retry-After": tomorrow,
    }
    return ZoomRefusal(429, {"code": 429, "message": message}, headers=headers)


def told_to_fail(status: int) -> ZoomRefusal:
    """Return the status that a fault names, with Zoom's rate headers if it is 429 and its token error if it is 401."""
    if status == 429:
        message = "You have reached the maximum per-second rate limit for this API. Try again later."
        headers = {
            "X-RateLimit-Category": "Medium",
            "X-RateLimit-Type": "QPS",
            "X-RateLimit-Limit": "20",
            "X-RateLimit-Remaining": "0",
            "Retry-After": "1",
        }
        return ZoomRefusal(429, {"code": 429, "message": message}, headers=headers)
    code = 124 if status == 401 else status
    return refused(status, code, "Invalid access token." if status == 401 else "The sandbox was told to fail.")
