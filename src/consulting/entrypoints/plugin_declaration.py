"""What a plugin is: one object that says how an adapter of one port is built, and from which settings.

A package offers it under a name, as an entry point of one of the groups `consulting.payment_gateways`,
`consulting.meeting_rooms` and `consulting.mailers`. Our own adapters are offered in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from consulting.application.ports.clock import Clock
from consulting.application.ports.mailer import Mailer
from consulting.application.ports.meeting_rooms import MeetingRooms
from consulting.application.ports.payment_gateway import PaymentGateway
from consulting.application.ports.provider_books import ProviderBooks

Given = TypeVar("Given")

Ask: TypeAlias = Callable[[], object]
"""Ask the provider, within seconds, for something that changes nothing and needs our credentials.

Raises the port's errors: that it doesn't answer, or that it refuses us.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the program tells every adapter about itself.

    `public_url` is where clients reach the API, without a slash at its end; `webhook_url` is where the payment provider
    is to send its events. `sender` is who all mails are from, as `Name <address>` or an address alone. `production`
    tells that real people and real money are at the other end.
    """

    clock: Clock
    public_url: str
    webhook_url: str
    sender: str
    production: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Payments:
    """A payment provider: its gateway, and its own books, which `reconcile` and `audit --provider` compare with ours.

    `ask` is for `consulting doctor`, which tells whether the provider answers; None where nothing can be asked. Of the
    providers that come with the program the doctor knows more than whether they answer, so these have none.
    """

    gateway: PaymentGateway
    books: ProviderBooks
    ask: Ask | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meetings:
    """A meeting provider. `hosts` are the accounts there that may host any meeting, the preferred one first.

    A provider that knows no hosts leaves them empty. `ask` is as in Payments.
    """

    rooms: MeetingRooms
    hosts: tuple[str, ...] = ()
    ask: Ask | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mails:
    """A way to deliver mails. `ask` is as in Payments."""

    mailer: Mailer
    ask: Ask | None = None


Opened: TypeAlias = Payments | Meetings | Mails


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin(Generic[Given]):
    """How an adapter of a port is built.

    - `port_version` is the PORT_VERSION of the port that it was written for, as a number of its own.
    - `settings` is a frozen dataclass whose fields are declared with `variable`: field `api_key` of the plugin that is
      offered as `acme` is read from CONSULTING_ACME_API_KEY. Where what it was given doesn't fit together, its method
      `refusals(self, *, production: bool)`, if it has one, gives pairs of a field's name and what is wrong with it.
    - `open` builds Payments, Meetings or Mails from those settings. It calls nobody, the clock included; what it raises
      is shown to whoever starts the program, without the values of secret settings.

    The module is imported by whoever reads the settings: what is heavy to import belongs into `open`.
    """

    port_version: int
    settings: type[Given]
    open: Callable[[Given, Surroundings], Opened]


AnyPlugin: TypeAlias = Plugin[Any]
