"""An example of each body, as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Any, Final

from consulting.entrypoints.http.researcher_examples import RESEARCHER_EXAMPLES

_RESEARCHER_ID: Final = "01931b6e-6f5c-7c3a-8d2e-4b1f0a9c7e11"
_SLOT_ID: Final = "01931b6e-7a10-7f45-9c68-20d7b3e5f1a2"
_SESSION_ID: Final = "01931b70-0c2b-7d19-b3f4-6a58c1d90e47"

_CALENDAR: Final = "an-example-of-43-letters-xxxxxxxxxxxxxxxxxxx"

_PRICE: Final = {"amount": 12550, "currency": "usd"}
_RESEARCHER: Final[dict[str, Any]] = {
    "id": _RESEARCHER_ID,
    "name": "Dr. Ada Marsh",
    "bio": "Learning theory, and what it says about small samples.",
    "expertise": ["machine learning", "statistics"],
    "achievements": [],
    "rate": 125.5,
    "currency": "usd",
    "timezone": "Europe/Berlin",
    "verified": True,
    "avatar_url": None,
    "affiliation": "University of Examples",
    "rating": {"average": 4.8, "count": 12},
    "next_available_slot": {
        "id": _SLOT_ID,
        "start_time": "2026-04-20T07:00:00Z",
        "end_time": "2026-04-20T08:00:00Z",
    },
}
_SLOT: Final[dict[str, Any]] = {
    "id": _SLOT_ID,
    "researcher_id": _RESEARCHER_ID,
    "start_time": "2026-04-20T07:00:00Z",
    "end_time": "2026-04-20T08:00:00Z",
    "available": True,
    "timezone": "Europe/Berlin",
    "local_start_time": "2026-04-20T09:00:00+02:00",
    "local_end_time": "2026-04-20T10:00:00+02:00",
    "price": _PRICE,
}
_DAY: Final[dict[str, Any]] = {"date": "2026-04-20", "time_slots": [_SLOT]}
_TIME_SLOTS: Final = f"https://consulting.example/api/time-slots?researcher_id={_RESEARCHER_ID}"
_LINKS: Final = {"earlier": f"{_TIME_SLOTS}&date=2026-04-19", "later": f"{_TIME_SLOTS}&date=2026-04-21"}
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
    "payment_status": "pending",
    **_PRICE,
    "expires_at": "2026-04-18T10:15:00Z",
    "zoom_link": None,
    "cancellation": None,
    "refund": None,
    "no_show": False,
    "created_at": "2026-04-18T10:00:00Z",
    "updated_at": "2026-04-18T10:00:00Z",
}
_REVIEW_ANSWER: Final = {"text": "Thank you, come again.", "created_at": "2026-04-20T12:00:00Z"}
_REVIEW: Final[dict[str, Any]] = {
    "id": "01931b75-52d4-7b0e-a1c7-93f0e6d2845b",
    "rating": 5,
    "comment": "Clear, patient, and right.",
    "created_at": "2026-04-20T09:00:00Z",
    "updated_at": "2026-04-20T09:00:00Z",
    "answer": _REVIEW_ANSWER,
}
_HIDING: Final = {"reason": "It names a third person.", "at": "2026-04-21T08:00:00Z"}
_OWN_REVIEW: Final = {
    **_REVIEW,
    "session_id": _SESSION_ID,
    "researcher_id": _RESEARCHER_ID,
    "editable_until": "2026-04-22T09:00:00Z",
    "hidden": False,
}
_JUDGED_REVIEW: Final = {**_REVIEW, "session_id": _SESSION_ID, "researcher_id": _RESEARCHER_ID, "hidden": _HIDING}
_PUBLIC_REVIEW: Final = {**_REVIEW, "client_name": "Lin"}

_TAG: Final = {"tag": "machine learning", "researchers": 12}
_REGISTERED: Final[dict[str, Any]] = {
    **{name: value for name, value in _RESEARCHER.items() if name != "next_available_slot"},
    "user_id": "user-3",
    "email": "ada.marsh@example.org",
    "active": True,
    "papers": ["arxiv:2404.01234"],
    "created_at": "2026-04-01T10:00:00Z",
    "updated_at": "2026-04-01T10:00:00Z",
}
_ERRAND: Final[dict[str, Any]] = {
    "id": "01931b71-1d3c-7a20-9c05-7b69d2ea1f58",
    "errand": "notify",
    "lane": "mail",
    "session_id": _SESSION_ID,
    "state": "dead",
    "data": {"kind": "confirmation", "role": "client"},
    "tries": 44,
    "recorded_at": "2026-04-18T10:05:00Z",
    "next_try_at": "2026-04-19T10:05:00Z",
    "error": "MailRefused('no such user')",
}
_ACT: Final[dict[str, Any]] = {
    "id": "01931b72-2e4d-7b31-8d16-8c7ae3fb2069",
    "at": "2026-04-18T11:00:00Z",
    "by": "admin-1",
    "act": "change_researcher",
    "subject": _RESEARCHER_ID,
    "before": {"verified": False},
    "after": {"verified": True},
}
_API_KEY: Final[dict[str, Any]] = {
    "id": "01931b73-3f5e-7c42-9e27-9d8bf40c317a",
    "name": "University portal",
    "prefix": "ck_Xk3v9QwZ",
    "scopes": ["act:users", "book", "read"],
    "created_by": "admin-1",
    "created_at": "2026-04-18T11:00:00Z",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": "2026-04-18T12:30:00Z",
}
_KEPT_CLIENT: Final = {"user_id": "user-7", "email": "kim@example.org", "name": "Kim", "timezone": "Europe/Berlin"}
_KEPT_PAYMENT: Final[dict[str, Any]] = {
    "id": "01931b74-4a6f-7d53-8f38-0e9ca51d428b",
    "attempt": 1,
    "payment_intent_id": "pi_3OExample",
    "state": "succeeded",
    **_PRICE,
    "received": _PRICE,
    "created_at": "2026-04-18T10:01:00Z",
    "updated_at": "2026-04-18T10:02:00Z",
}
_KEPT_REFUND: Final[dict[str, Any]] = {
    "id": "01931b75-5b70-7e64-9a49-1fadb62e539c",
    **_PRICE,
    "reason": "goodwill",
    "state": "succeeded",
    "note": "We are sorry.",
    "created_at": "2026-04-21T10:00:00Z",
    "updated_at": "2026-04-21T10:01:00Z",
}
_KEPT_REVIEW: Final[dict[str, Any]] = {
    "rating": 5,
    "comment": "Clear and kind.",
    "created_at": "2026-04-21T09:00:00Z",
    "updated_at": "2026-04-21T09:00:00Z",
    "answer": None,
}
_KEPT_NOTIFICATION: Final[dict[str, Any]] = {
    "kind": "confirmation",
    "recipient": "client",
    "at": "2026-04-18T10:03:00Z",
    "outcome": "sent",
    "reason": None,
}
_KEPT_SESSION: Final[dict[str, Any]] = {
    "session": _SESSION,
    "client": _KEPT_CLIENT,
    "payments": [_KEPT_PAYMENT],
    "refunds": [_KEPT_REFUND],
    "review": _KEPT_REVIEW,
    "notifications": [_KEPT_NOTIFICATION],
}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "AdminAct": _ACT,
    "AnsweredReview": _REVIEW,
    "Hiding": _HIDING,
    "JudgedReview": _JUDGED_REVIEW,
    "NewAnswer": {"answer": "Thank you, come again."},
    "ReviewAnswer": _REVIEW_ANSWER,
    "ReviewHiding": {"reason": "It names a third person."},
    "AdminActPage": {"acts": [_ACT], "next_cursor": None},
    "CalendarToken": {
        "token": _CALENDAR,
        "url": f"https://api.example.org/api/calendar/{_CALENDAR}.ics",
        "webcal_url": f"webcal://api.example.org/api/calendar/{_CALENDAR}.ics",
    },
    "AdminCancellation": {"reason": "The researcher is ill.", "reopen_slot": False},
    "ApiKey": _API_KEY,
    "ApiKeyPage": {"api_keys": [_API_KEY], "next_cursor": None},
    "Cancellation": {"reason": "I can't make it."},
    "CancellationOfSession": {
        "by": "client",
        "reason": "canceled_by_client",
        "note": "I can't make it.",
        "at": "2026-04-18T12:00:00Z",
    },
    "ErrorEnvelope": {
        "error": {"code": "SLOT_UNAVAILABLE", "message": "This time slot is no longer available", "details": {}}
    },
    "Erased": {"pseudonym": "erased:01931b76-6c81-7f75-8b5a-20bec73f64ad", "sessions": 3},
    "ErrandOutside": _ERRAND,
    "ErrandPage": {"errands": [_ERRAND], "next_cursor": None},
    "ExpertiseTag": _TAG,
    "ExpertiseTags": {"expertise": [_TAG]},
    "GoodwillRefund": {"reason": "The connection kept breaking.", "amount": 5000},
    "IssuedApiKey": _API_KEY | {"key": "ck_Xk3v9QwZexampleexampleexampleexampleexample"},
    "KeptClient": _KEPT_CLIENT,
    "KeptNotification": _KEPT_NOTIFICATION,
    "KeptPayment": _KEPT_PAYMENT,
    "KeptRefund": _KEPT_REFUND,
    "KeptReview": _KEPT_REVIEW,
    "KeptSession": _KEPT_SESSION,
    "Liveness": {"status": "ok"},
    "Money": _PRICE,
    "NewApiKey": {"name": "University portal", "scopes": ["read", "book", "act:users"]},
    "NewResearcher": {
        "name": "Dr. Ada Marsh",
        "email": "ada.marsh@example.org",
        "rate": 125.5,
        "currency": "usd",
        "timezone": "Europe/Berlin",
        "expertise": ["machine learning", "statistics"],
        "verified": True,
    },
    "NewSession": {"time_slot_id": _SLOT_ID, "questions": "Is my sample large enough?"},
    "NewReview": {"rating": 5, "comment": "Clear, patient, and right."},
    "NextSlot": _RESEARCHER["next_available_slot"],
    "NextSlots": {"time_slots": [_SLOT]},
    "PaidIntent": {"session_id": _SESSION_ID, "payment_intent_id": "pi_3OExample"},
    "PaymentIntent": {
        "client_secret": "pi_3OExample_secret_example",
        "payment_intent_id": "pi_3OExample",
        "publishable_key": "pk_test_example",
        **_PRICE,
    },
    "PaymentOfSession": {"session_id": _SESSION_ID},
    "Problem": {"code": "SLOT_UNAVAILABLE", "message": "This time slot is no longer available", "details": {}},
    "PublicReview": _PUBLIC_REVIEW,
    "Quote": {"session_id": _SESSION_ID, "percent": 100, "refund": _PRICE, "quoted_at": "2026-04-18T12:00:00Z"},
    "Rating": _RESEARCHER["rating"],
    "RangeLinks": _LINKS,
    "Readiness": {"status": "ready", "checks": {"database": "ok", "migrations": "ok", "worker": "ok"}},
    "Received": {"received": True},
    "Refund": {**_PRICE, "status": "pending"},
    "RegisterPage": {"researchers": [_REGISTERED], "next_cursor": None},
    "RegisteredResearcher": _REGISTERED,
    "Rescheduling": {"time_slot_id": _SLOT_ID},
    "Researcher": _RESEARCHER,
    "ResearcherChange": {"verified": True},
    "ResearcherPage": {"researchers": [_RESEARCHER], "next_cursor": None},
    "Review": _OWN_REVIEW,
    "ReviewChanges": {"rating": 4},
    "ReviewPage": {"reviews": [_PUBLIC_REVIEW], "next_cursor": None},
    "Session": _SESSION,
    "SessionPage": {"sessions": [_SESSION], "next_cursor": None},
    "TimeSlot": _SLOT,
    "UserExport": {"user_id": "user-7", "exported_at": "2026-05-01T10:00:00Z", "sessions": [_KEPT_SESSION]},
    **RESEARCHER_EXAMPLES,
    "TimeSlotDay": _DAY,
    "TimeSlotDays": {"days": [_DAY], "links": _LINKS},
    "TimeSlotList": {"time_slots": [_SLOT], "links": _LINKS},
}
"""By the name of the body's shape; a test reads each as that shape."""
