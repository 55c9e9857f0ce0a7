"""An example of each body of a researcher's own API."""

from __future__ import annotations

from typing import Any, Final

_RULE_ID: Final = "01931b72-41c7-7a52-8f0d-5e9b3c2a6d18"
_RESEARCHER_ID: Final = "01931b6e-6f5c-7c3a-8d2e-4b1f0a9c7e11"
_SLOT_ID: Final = "01931b6e-7a10-7f45-9c68-20d7b3e5f1a2"
_SESSION_ID: Final = "01931b70-0c2b-7d19-b3f4-6a58c1d90e47"

_SLOTS: Final = {"added": 24, "removed": 2, "kept_booked": 1}
_HOURS: Final = {"start": "10:00", "end": "12:00"}
_NEW_PATTERN: Final = {"weekday": 0, "start": "09:00", "end": "12:00", "slot_minutes": 60}
_PATTERN: Final[dict[str, Any]] = {
    "id": _RULE_ID,
    **_NEW_PATTERN,
    "timezone": "Europe/Berlin",
    "gap_minutes": 0,
    "valid_from": "2026-04-01",
    "valid_until": None,
    "every_weeks": 1,
}
_NEW_OVERRIDE: Final = {"date": "2026-04-20", "windows": [_HOURS], "slot_minutes": 60}
_OVERRIDE: Final[dict[str, Any]] = {
    "id": _RULE_ID,
    **_NEW_OVERRIDE,
    "timezone": "Europe/Berlin",
    "gap_minutes": 0,
}
_TIME_OFF: Final = {"start_time": "2026-04-27T00:00:00Z", "end_time": "2026-05-04T00:00:00Z", "reason": "Holidays"}
_ONCE: Final = {"start_time": "2026-04-25T13:00:00Z", "end_time": "2026-04-25T14:00:00Z"}
_ONE_OFF: Final[dict[str, Any]] = {"id": _RULE_ID, **_ONCE}
_BLOCK: Final[dict[str, Any]] = {"id": _RULE_ID, **_TIME_OFF}
_TIER: Final = {"notice_minutes": 1440, "percent": 100}
_POLICY: Final = {"name": "moderate", "tiers": [_TIER, {"notice_minutes": 120, "percent": 50}]}
_CLIENT: Final = {"name": "Kim Poe", "email": "kim@example.org", "timezone": "Europe/London"}
_SLOT: Final = {"id": _SLOT_ID, "start_time": "2026-04-20T07:00:00Z", "end_time": "2026-04-20T08:00:00Z"}
_BECAUSE: Final = {
    "reason": "booking",
    "message": "A session is booked in this time.",
    "rule_id": None,
    "session_id": _SESSION_ID,
}
_SESSION: Final[dict[str, Any]] = {
    "id": _SESSION_ID,
    "user_id": "user-7",
    "researcher_id": _RESEARCHER_ID,
    "time_slot_id": _SLOT_ID,
    "start_time": "2026-04-20T07:00:00Z",
    "end_time": "2026-04-20T08:00:00Z",
    "paper_id": None,
    "questions": "Is my sample large enough?",
    "status": "scheduled",
    "payment_status": "completed",
    "amount": 12550,
    "currency": "usd",
    "expires_at": None,
    "zoom_link": "https://zoom.example/j/81234567890",
    "cancellation": None,
    "refund": None,
    "no_show": False,
    "created_at": "2026-04-18T10:00:00Z",
    "updated_at": "2026-04-18T10:02:00Z",
}

_MONTH: Final = {"month": "2026-04", "currency": "usd", "gross": 37650, "refunds": 12550, "net": 25100}

RESEARCHER_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "Because": _BECAUSE,
    "Block": {**_BLOCK, "slots": _SLOTS},
    "BlockChanges": {"end_time": "2026-05-02T00:00:00Z"},
    "BlockList": {"blocks": [_BLOCK]},
    "Booking": {**_SESSION, "client": _CLIENT, "notes": "Bring the data set."},
    "BookingCancellation": {"reason": "I am ill.", "reopen_slot": False},
    "BookingNotes": {"notes": "Bring the data set."},
    "BookingPage": {"bookings": [_SESSION], "next_cursor": None},
    "ChangedSlots": _SLOTS,
    "ClientOfBooking": _CLIENT,
    "CopiedWeek": {
        "overrides": [_OVERRIDE],
        "removed_overrides": [],
        "one_off_slots": [_ONE_OFF],
        "blocks": [_BLOCK],
        "slots": _SLOTS,
    },
    "WeekToCopy": {"from_week": "2026-04-20", "to_week": "2026-04-27"},
    "EarningsByMonth": {
        "timezone": "Europe/Berlin",
        "from_month": "2026-01",
        "to_month": "2026-04",
        "months": [_MONTH],
    },
    "EarningsOfMonth": _MONTH,
    "ExplainedSlot": _SLOT,
    "Hours": _HOURS,
    "NewBlock": {**_TIME_OFF, "cancel_sessions": False},
    "NewOneOffSlot": _ONCE,
    "NewOverride": _NEW_OVERRIDE,
    "NewPattern": _NEW_PATTERN,
    "OneOffSlot": {**_ONE_OFF, "slots": _SLOTS},
    "OneOffSlotChanges": {"end_time": "2026-04-25T14:30:00Z"},
    "OneOffSlotList": {"slots": [_ONE_OFF]},
    "Override": {**_OVERRIDE, "slots": _SLOTS},
    "OverrideChanges": {"windows": []},
    "OverrideList": {"overrides": [_OVERRIDE]},
    "Pattern": {**_PATTERN, "slots": _SLOTS},
    "PatternChanges": {"end": "13:00"},
    "PatternList": {"patterns": [_PATTERN]},
    "Policy": _POLICY,
    "PolicyTier": _TIER,
    "Profile": {
        "id": _RESEARCHER_ID,
        "user_id": "user-1",
        "name": "Dr. Ada Marsh",
        "email": "ada.marsh@example.org",
        "bio": "Learning theory, and what it says about small samples.",
        "expertise": ["machine learning", "statistics"],
        "achievements": [],
        "affiliation": "University of Examples",
        "avatar_url": "https://example.org/ada.png",
        "rate": 125.5,
        "currency": "usd",
        "timezone": "Europe/Berlin",
        "verified": True,
        "active": True,
        "notice_minutes": 60,
        "gap_minutes": 0,
        "horizon_days": 60,
        "cancellation_policy": _POLICY,
        "rating": {"average": 4.8, "count": 12},
        "slots": _SLOTS,
    },
    "ProfileChanges": {"rate": 150, "cancellation_policy": "flexible", "notice_minutes": 120},
    "StartLink": {"start_link": "https://zoom.example/s/81234567890?zak=example"},
    "TimeExplained": {"at": "2026-04-20T07:30:00Z", "offered": False, "slot": _SLOT, "reasons": [_BECAUSE]},
    "Trial": {"pattern": _NEW_PATTERN},
}
"""By the name of the body's shape; part of `examples.EXAMPLES`."""
