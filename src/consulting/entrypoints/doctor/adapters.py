"""Which adapters are in use and whose they are, and of those that aren't ours whether they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from consulting.application.ports.mailer import SenderRefused
from consulting.application.ports.meeting_rooms import MeetingRoomsMisconfigured
from consulting.application.ports.payment_gateway import PaymentGatewayMisconfigured
from consulting.domain.errors import ConsultingError
from consulting.entrypoints.doctor.findings import Check, Finding, well, wrong
from consulting.entrypoints.plugins import Chosen, PluginError, Port
from consulting.entrypoints.settings import Settings

FOR: Final[Mapping[Port, str]] = {
    Port.PAYMENT_GATEWAY: "payments",
    Port.MEETING_ROOMS: "meetings",
    Port.MAILER: "mails",
}
REFUSALS: Final = (PaymentGatewayMisconfigured, MeetingRoomsMisconfigured, SenderRefused)


def names(settings: Settings) -> Sequence[Check]:
    """List the check that only says what is in use."""
    return [Check(name="adapters", look=lambda: map(_name, settings.plugins.values()))]


def checks(settings: Settings, port: Port) -> Sequence[Check]:
    """List the checks of a plugin of which we know nothing but what every plugin tells."""
    chosen = settings.plugins[port]
    return [Check(name=chosen.offer.name, look=lambda: _answers(settings, chosen))]


def _name(chosen: Chosen) -> Finding:
    offer = chosen.offer
    return well(f"{FOR[offer.port]} by {offer.name}, of {offer.package} {offer.version}")


def _answers(settings: Settings, chosen: Chosen) -> Iterator[Finding]:
    from consulting.entrypoints.container import build_container, open_chosen  # noqa: PLC0415 -- only here it is needed

    offer, container = chosen.offer, build_container(settings)
    try:
        ask = open_chosen(settings, offer.port, container.surroundings()).ask
        if ask is None:
            yield well("nothing can be asked of it")
            return
        ask()
    except PluginError as problem:
        yield wrong(
            str(problem), advice=f"ask whoever made {offer.package}, or choose another with {offer.port.variable}"
        )
    except ConsultingError as failure:
        says = "it refuses us" if isinstance(failure, REFUSALS) else "it doesn't answer"
        advice = f"see that the variables {offer.prefix}… are what it expects, and that this machine reaches it"
        yield wrong(f"{says} ({failure.code})", advice=advice)
    else:
        yield well("it answers")
