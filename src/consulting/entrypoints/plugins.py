"""The adapters that packages offer as entry points: which ones are installed, and the one of each port that is used.

Only what the settings choose is imported. Whatever is wrong with it is said in one line that names the package, its
version and the entry point.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, NamedTuple

from consulting.application.ports import mailer, meeting_rooms, payment_gateway
from consulting.application.ports.provider_books import ProviderBooks
from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.plugin_declaration import AnyPlugin, Mails, Meetings, Opened, Payments, Plugin, Surroundings
from consulting.entrypoints.settings_declaration import PREFIX, Variable, declared, read_all

OURS: Final = "consulting"
LONGEST_REASON: Final = 300
_HIDDEN: Final = "[hidden]"


class Port(StrEnum):
    """What plugins are for. The value is the field of the settings that chooses one."""

    PAYMENT_GATEWAY = "payment_gateway"
    MEETING_ROOMS = "meeting_rooms"
    MAILER = "mailer"

    @property
    def variable(self) -> str:
        """The environment variable that chooses one."""
        return PREFIX + self.upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a port asks of its plugins: the group of entry points, the version, and what `open` gives, part by part."""

    group: str
    version: int
    opened: type[Opened]
    parts: Mapping[str, type[Any]]


KINDS: Final = {
    Port.PAYMENT_GATEWAY: Kind(
        group="consulting.payment_gateways",
        version=payment_gateway.PORT_VERSION,
        opened=Payments,
        parts={"gateway": payment_gateway.PaymentGateway, "books": ProviderBooks},
    ),
    Port.MEETING_ROOMS: Kind(
        group="consulting.meeting_rooms",
        version=meeting_rooms.PORT_VERSION,
        opened=Meetings,
        parts={"rooms": meeting_rooms.MeetingRooms},
    ),
    Port.MAILER: Kind(
        group="consulting.mailers", version=mailer.PORT_VERSION, opened=Mails, parts={"mailer": mailer.Mailer}
    ),
}


class PluginError(CannotStart):
    """A plugin can't be used; the message says in one line which one, where it is from, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An adapter that an installed package offers under this name; nothing of it is imported yet."""

    port: Port
    name: str
    package: str
    version: str
    entry_point: EntryPoint

    @property
    def choice(self) -> str:
        """The setting that chooses it."""
        return f"{self.port.variable}={self.name}"

    @property
    def prefix(self) -> str:
        """How the variables of its own settings begin."""
        return prefix_of(self.name)

    def broken(self, problem: str) -> PluginError:
        """Say what is wrong with it."""
        whence = f"{self.package} {self.version}, entry point {self.name} = {self.entry_point.value}"
        return PluginError(f"{self.choice}: the plugin ({whence}) {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An adapter that is used: what it was offered as, what its package declared, and its own settings."""

    offer: Offer
    plugin: AnyPlugin
    settings: Any

    def secrets(self) -> dict[str, str]:
        """Give the values of its secret settings that have one, by variable, in the order of their declaration."""
        fields = declared(self.plugin.settings, prefix=self.offer.prefix)
        values = {known.name: str(getattr(self.settings, field)) for field, known in fields if known.secret}
        return {name: value for name, value in values.items() if value}


class Read(NamedTuple):
    """What came of looking for a plugin: the one to use, or what stands against it.

    `variables` are those that it has, and `prefix` is how they begin.
    """

    prefix: str
    chosen: Chosen | None
    problems: list[str]
    variables: list[str]


def prefix_of(name: str) -> str:
    """Give how the variables of the plugin that is offered under this name begin."""
    return f"{PREFIX}{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}_"


@cache
def installed() -> Sequence[Offer]:
    """List what the installed packages offer, by name; nothing is imported. A process looks for it once."""
    known = entry_points()
    found = (
        Offer(port=port, name=each.name, package=each.dist.name, version=each.dist.version, entry_point=each)
        for port, kind in KINDS.items()
        for each in known.select(group=kind.group)
        if each.dist is not None
    )
    return sorted(found, key=lambda offer: (offer.name, offer.package))


def offers(port: Port) -> Iterator[Offer]:
    """Go through what is offered for the port."""
    return (offer for offer in installed() if offer.port is port)


def offered(port: Port, name: str) -> Offer:
    """Find what is offered under the name, whatever its case. Raises PluginError unless it is one thing."""
    known = list(offers(port))
    named = [each for each in known if each.name.lower() == name.lower()]
    if not any(each.package == OURS for each in known):
        again = "its own adapters are missing: install it again (in a checkout: `make setup`)"
        raise PluginError(f"{port.variable}: this program's code is newer than its installation, and {again}")
    if not named:
        names = ", ".join(dict.fromkeys(each.name for each in known))
        raise PluginError(f"{port.variable}: {name!r} will not do; give one of: {names}")
    if len(named) > 1:
        packages = " and ".join(f"{each.package} {each.version}" for each in named)
        raise PluginError(f"{port.variable}: {name!r} is offered by {packages}; uninstall all but one of them")
    return named[0]


def choose(
    port: Port, name: str, environ: Mapping[str, str], *, sandbox: bool, given: Mapping[str, Any], taken: Iterable[str]
) -> Read:
    """Find the plugin that is offered under the name, whatever its case, and read its settings.

    `given` has what its defaults may name, and `taken` the variables that are the program's own.
    """
    prefix = prefix_of(name)
    try:
        offer = offered(port, name)
        plugin = load(offer)
        variables = [known.name for known in variables_of(offer, plugin)]
        clash = next((each for each in variables if each in taken), None)
        if clash is not None:
            raise offer.broken(f"declares {clash}, which is a setting of the program itself")
        settings, problems = _settings_of(offer, plugin, environ, sandbox=sandbox, given=given)
    except PluginError as problem:
        return Read(prefix, None, [str(problem)], [])
    if problems:
        return Read(prefix, None, problems, variables)
    return Read(prefix, Chosen(offer=offer, plugin=plugin, settings=settings), [], variables)


def load(offer: Offer) -> AnyPlugin:
    """Import what is offered. Raises PluginError where that fails, or it isn't what the port asks for."""
    try:
        plugin = offer.entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as failure:  # SystemExit, and what extensions in other languages raise
        raise offer.broken(f"cannot be imported: {_told(failure)}") from failure
    if not isinstance(plugin, Plugin):
        raise offer.broken(f"isn't a consulting.ports.Plugin but {plugin!r:.80}")
    expected = KINDS[offer.port].version
    if plugin.port_version != expected:
        raise offer.broken(f"is for version {plugin.port_version} of the port, and this program has version {expected}")
    if not _declares_settings(plugin.settings):
        raise offer.broken("has settings that aren't a dataclass whose fields are declared with `variable`")
    return plugin


def variables_of(offer: Offer, plugin: AnyPlugin) -> Iterator[Variable]:
    """Go through the settings that the plugin declares."""
    return (known for _, known in declared(plugin.settings, prefix=offer.prefix))


def open_plugin(chosen: Chosen, surroundings: Surroundings) -> Opened:
    """Build the adapter. Raises PluginError where that fails, or what is built lacks something that its port has."""
    kind = KINDS[chosen.offer.port]
    try:
        opened = chosen.plugin.open(chosen.settings, surroundings)
        lacking = list(_lacking(opened, kind))
    except KeyboardInterrupt:
        raise
    except BaseException as failure:
        problem = _told(failure, secrets=chosen.secrets().values())
        raise chosen.offer.broken(f"cannot be opened: {problem}") from failure
    if not isinstance(opened, kind.opened):
        raise chosen.offer.broken(f"opens {opened!r:.80} where {kind.opened.__name__} is expected")
    if lacking:
        raise chosen.offer.broken(f"has no {', no '.join(lacking)}")
    return opened


def _declares_settings(settings: object) -> bool:
    if not isinstance(settings, type) or not dataclasses.is_dataclass(settings):
        return False
    return all("meaning" in field.metadata for field in dataclasses.fields(settings))


def _settings_of(
    offer: Offer, plugin: AnyPlugin, environ: Mapping[str, str], *, sandbox: bool, given: Mapping[str, Any]
) -> tuple[Any, list[str]]:
    """Read the settings; give them, or what is wrong with them. Raises PluginError where they can't be read at all."""
    try:
        values, problems = read_all(
            plugin.settings, environ, sandbox=sandbox, given=given, prefix=offer.prefix, needed_by=offer.choice
        )
        if problems or len(values) < len(dataclasses.fields(plugin.settings)):
            return None, problems
        settings = plugin.settings(**values)
        return settings, [f"{offer.prefix}{field.upper()} {wrong}" for field, wrong in _refusals(settings, sandbox)]
    except Exception as failure:
        # What it says is left out: it may quote a secret whose value nobody could read yet.
        raise offer.broken(f"cannot read its settings: {type(failure).__name__}") from failure


def _refusals(settings: Any, sandbox: bool) -> Iterable[tuple[str, str]]:  # noqa: FBT001 -- as it is handed on
    judge = getattr(settings, "refusals", None)
    return [] if judge is None else list(judge(production=not sandbox))


def _lacking(opened: object, kind: Kind) -> Iterator[str]:
    """Name what a part of it should have; what calling it does, the port's contract suite tells."""
    if not isinstance(opened, kind.opened):
        return
    for part, port in kind.parts.items():
        adapter = getattr(opened, part)
        for name, member in vars(port).items():
            if name.startswith("_"):
                continue
            found = getattr(adapter, name, None)
            if found is None or (callable(member) and not callable(found)):
                yield f"{part}.{name}"


def _told(failure: BaseException, *, secrets: Iterable[str] = ()) -> str:
    """Say it in one line, without what is secret."""
    text = f"{type(failure).__name__}: {' '.join(str(failure).split())}"
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return text[:LONGEST_REASON]
