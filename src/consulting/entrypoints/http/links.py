"""Where an answer leads: which value of it the next operation takes. Clients and stateful tests follow these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A step from one operation's good answer to another operation, both by their ids in the document."""

    to: str
    name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] | None = None


def links_of(operation_id: str) -> dict[str, dict[str, Any]]:
    """Give the links of an operation's answer, as the document has them."""
    return {each.name or each.to: _written(each) for each in LINKS.get(operation_id, ())}


def _written(link: Link) -> dict[str, Any]:
    written: dict[str, Any] = {"operationId": link.to}
    if link.parameters:
        written["parameters"] = dict(link.parameters)
    if link.body is not None:
        written["requestBody"] = dict(link.body)
    return written


def _next_page(operation_id: str) -> Link:
    return Link(to=operation_id, name="nextPage", parameters={"cursor": "$response.body#/next_cursor"})


def _of_researcher(id: str) -> tuple[Link, ...]:
    return (
        Link(to="getResearcher", parameters={"id": id}),
        Link(to="listTimeSlots", parameters={"researcher_id": id}),
        *(Link(to=to, parameters={"id": id}) for to in ("listNextSlots", "listReviews")),
    )


def _of_session(id: str) -> tuple[Link, ...]:
    return (
        *(Link(to=to, parameters={"id": id}) for to in ("getSession", "quoteCancellation", "cancelSession")),
        *(
            Link(to=to, parameters={"id": id})
            for to in ("getCalendar", "rescheduleSession", "writeReview", "getReview")
        ),
        Link(to="createPaymentIntent", body={"session_id": id}),
    )


def _of_booking(id: str) -> tuple[Link, ...]:
    names = ("getBooking", "cancelBooking", "noteNoShow", "writeNotes", "getStartLink")
    return tuple(Link(to=to, parameters={"id": id}) for to in names)


def _of_review(*names: str) -> tuple[Link, ...]:
    return tuple(Link(to=to, parameters={"id": "$response.body#/session_id"}) for to in names)


def _of_each(get: str, change: str, remove: str, id: str) -> tuple[Link, ...]:
    return tuple(Link(to=to, parameters={"id": id}) for to in (get, change, remove))


_ID: Final = "$response.body#/id"
_FIRST_RESEARCHER: Final = "$response.body#/researchers/0/id"
_FIRST_SLOT: Final = "$response.body#/time_slots/0/id"
_FIRST_SESSION: Final = "$response.body#/sessions/0/id"

LINKS: Final[Mapping[str, Sequence[Link]]] = {
    "listResearchers": (*_of_researcher(_FIRST_RESEARCHER), _next_page("listResearchers")),
    "searchResearchers": (*_of_researcher(_FIRST_RESEARCHER), _next_page("searchResearchers")),
    "suggestExpertise": (Link(to="listResearchers", parameters={"expertise": "$response.body#/expertise/0/tag"}),),
    "getResearcher": _of_researcher(_ID)[1:],
    "listNextSlots": (
        Link(to="getTimeSlot", parameters={"id": _FIRST_SLOT}),
        Link(to="bookSession", body={"time_slot_id": _FIRST_SLOT}),
    ),
    "listReviews": (
        *(
            Link(to=to, parameters={"id": "$response.body#/reviews/0/id"})
            for to in ("answerReview", "hideReview", "showReview")
        ),
        _next_page("listReviews"),
    ),
    "listTimeSlots": (
        Link(to="getTimeSlot", parameters={"id": _FIRST_SLOT}),
        Link(to="bookSession", body={"time_slot_id": _FIRST_SLOT}),
    ),
    "getTimeSlot": (
        Link(to="bookSession", body={"time_slot_id": _ID}),
        Link(to="getResearcher", parameters={"id": "$response.body#/researcher_id"}),
    ),
    "bookSession": _of_session(_ID),
    "listSessions": (*_of_session(_FIRST_SESSION), _next_page("listSessions")),
    "getSession": _of_session(_ID)[1:],
    "createPaymentIntent": (
        Link(
            to="confirmPayment",
            body={
                "session_id": "$request.body#/session_id",
                "payment_intent_id": "$response.body#/payment_intent_id",
            },
        ),
    ),
    "confirmPayment": (
        Link(to="getSession", parameters={"id": _ID}),
        Link(to="getCalendar", parameters={"id": _ID}),
    ),
    "cancelSession": (Link(to="getSession", parameters={"id": _ID}),),
    "rescheduleSession": (Link(to="getSession", parameters={"id": _ID}),),
    "writeReview": _of_review("getReview", "editReview"),
    "getReview": _of_review("editReview"),
    "editReview": _of_review("getReview"),
    "listPatterns": _of_each("getPattern", "changePattern", "removePattern", "$response.body#/patterns/0/id"),
    "createPattern": _of_each("getPattern", "changePattern", "removePattern", _ID),
    "listOverrides": _of_each("getOverride", "changeOverride", "removeOverride", "$response.body#/overrides/0/id"),
    "createOverride": _of_each("getOverride", "changeOverride", "removeOverride", _ID),
    "listOneOffSlots": _of_each("getOneOffSlot", "changeOneOffSlot", "removeOneOffSlot", "$response.body#/slots/0/id"),
    "createOneOffSlot": _of_each("getOneOffSlot", "changeOneOffSlot", "removeOneOffSlot", _ID),
    "listBlocks": _of_each("getBlock", "changeBlock", "removeBlock", "$response.body#/blocks/0/id"),
    "createBlock": _of_each("getBlock", "changeBlock", "removeBlock", _ID),
    "listBookings": (*_of_booking("$response.body#/bookings/0/id"), _next_page("listBookings")),
    "getBooking": _of_booking(_ID)[1:],
    "listRegister": (
        *(Link(to=to, parameters={"id": _FIRST_RESEARCHER}) for to in ("getRegistered", "changeResearcher")),
        _next_page("listRegister"),
    ),
    "addResearcher": tuple(Link(to=to, parameters={"id": _ID}) for to in ("getRegistered", "changeResearcher")),
    "listErrands": (
        Link(to="retryErrand", parameters={"id": "$response.body#/errands/0/id"}),
        _next_page("listErrands"),
    ),
    "listAdminActs": (_next_page("listAdminActs"),),
    "createApiKey": tuple(Link(to=to, parameters={"id": _ID}) for to in ("getApiKey", "revokeApiKey")),
    "listApiKeys": (
        *(Link(to=to, parameters={"id": "$response.body#/api_keys/0/id"}) for to in ("getApiKey", "revokeApiKey")),
        _next_page("listApiKeys"),
    ),
}
"""By the operation whose answer leads on."""
