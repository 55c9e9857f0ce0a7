"""Everything that an adapter for another provider needs, beside the values of `consulting.domain`. All of it is public.

- The ports: PaymentGateway with ProviderBooks, MeetingRooms, Mailer, and Clock, with what they hand over and raise.
- The plugin: Plugin, Surroundings, and Payments, Meetings or Mails, one of which it opens.
- Its settings: `variable`, REQUIRED, and the readers, which make a value of a variable's text.
"""

from __future__ import annotations

from consulting.application.ports.clock import Clock
from consulting.application.ports.inbox import ProviderEvent
from consulting.application.ports.mailer import PORT_VERSION as MAILER_VERSION
from consulting.application.ports.mailer import (
    Mail,
    Mailer,
    MailRefused,
    MailUnavailable,
    MailUncertain,
    SenderRefused,
)
from consulting.application.ports.meeting_rooms import PORT_VERSION as MEETING_ROOMS_VERSION
from consulting.application.ports.meeting_rooms import (
    MeetingRequest,
    MeetingRooms,
    MeetingRoomsMisconfigured,
    MeetingRoomsUnavailable,
    NoFreeHost,
)
from consulting.application.ports.payment_gateway import PORT_VERSION as PAYMENT_GATEWAY_VERSION
from consulting.application.ports.payment_gateway import (
    PaymentDeclined,
    PaymentGateway,
    PaymentGatewayMisconfigured,
    PaymentGatewayUnavailable,
    PaymentOutcomeUnknown,
    WebhookSignatureInvalid,
)
from consulting.application.ports.provider_books import BookedCharge, BookedDispute, BookedRefund, ProviderBooks
from consulting.entrypoints.plugin_declaration import Mails, Meetings, Payments, Plugin, Surroundings
from consulting.entrypoints.settings_dangers import WEAK, is_weak, left_from_sandbox, unencrypted
from consulting.entrypoints.settings_declaration import REQUIRED, variable
from consulting.entrypoints.settings_values import (
    above_zero,
    folder,
    mail_address,
    one_of,
    seconds,
    text,
    web_address,
    whole,
    words,
)

__all__ = [
    "MAILER_VERSION",
    "MEETING_ROOMS_VERSION",
    "PAYMENT_GATEWAY_VERSION",
    "REQUIRED",
    "WEAK",
    "BookedCharge",
    "BookedDispute",
    "BookedRefund",
    "Clock",
    "Mail",
    "MailRefused",
    "MailUnavailable",
    "MailUncertain",
    "Mailer",
    "Mails",
    "MeetingRequest",
    "MeetingRooms",
    "MeetingRoomsMisconfigured",
    "MeetingRoomsUnavailable",
    "Meetings",
    "NoFreeHost",
    "PaymentDeclined",
    "PaymentGateway",
    "PaymentGatewayMisconfigured",
    "PaymentGatewayUnavailable",
    "PaymentOutcomeUnknown",
    "Payments",
    "Plugin",
    "ProviderBooks",
    "ProviderEvent",
    "SenderRefused",
    "Surroundings",
    "WebhookSignatureInvalid",
    "above_zero",
    "folder",
    "is_weak",
    "left_from_sandbox",
    "mail_address",
    "one_of",
    "seconds",
    "text",
    "unencrypted",
    "variable",
    "web_address",
    "whole",
    "words",
]
