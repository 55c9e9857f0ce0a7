"""`consulting run`: everything that an instance on a laptop needs, started, watched and stopped together."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from consulting.entrypoints.cannot_start import CannotStart
from consulting.entrypoints.console import say
from consulting.entrypoints.mail_templates import refuse_broken_templates
from consulting.entrypoints.plugin_trial import refuse_broken_plugins
from consulting.entrypoints.settings import Mode, Settings, load_settings
from consulting.entrypoints.supervisor import presence
from consulting.entrypoints.supervisor.child import Child
from consulting.entrypoints.supervisor.children import Children, told_to_stop
from consulting.entrypoints.supervisor.databases import DATABASE
from consulting.entrypoints.supervisor.embedded_postgres import running_postgres
from consulting.entrypoints.supervisor.lifeline import Lifeline
from consulting.entrypoints.supervisor.ports import usable_port
from consulting.entrypoints.supervisor.postgres_server import EmbeddedPostgres
from consulting.entrypoints.supervisor.readiness import reachable, unreadiness
from consulting.entrypoints.tokens import issue_token

LOOPBACK = "127.0.0.1"
PAUSE_SECONDS = 0.1
READY_SECONDS = 120.0
DATABASE_LOOK_SECONDS = 2.0


def run(environ: Mapping[str, str]) -> None:
    """Start an instance, keep it running until told to stop, and stop all of it. Raises CannotStart."""
    settings = load_settings(environ, mode=Mode.SANDBOX)
    if settings.mode is Mode.PRODUCTION:
        raise CannotStart("`run` is for the sandbox: in production start `consulting serve` and `consulting worker`")
    refuse_broken_templates(settings)
    with told_to_stop() as stop, presence.alone(settings.home), ExitStack() as stack:
        ports = _settled_ports(settings)
        presence.leave_note(settings.home, ports=ports)
        settled = {**environ, **ports, "CONSULTING_MODE": Mode.SANDBOX.value}
        server = None
        if not settings.database_url:
            server = stack.enter_context(running_postgres(settings.home, say=say))
            settled["CONSULTING_DATABASE_URL"] = server.url(DATABASE)
        instance = Instance(
            settings=load_settings(settled, mode=Mode.SANDBOX), environ=settled, stop=stop, lifeline=Lifeline()
        )
        refuse_broken_plugins(instance.settings)
        children = Children(say=say, in_order=True)
        try:
            instance.start(children)
            instance.keep(children, server)
        finally:
            say("stopping")
            children.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One running instance: its settings, the environment that its processes get, and the wish that it stops."""

    settings: Settings
    environ: Mapping[str, str]
    stop: threading.Event
    lifeline: Lifeline

    def start(self, children: Children) -> None:
        """Start every process and wait until requests are taken. Raises CannotStart where they are not in time."""
        children.add(self._child("sandbox"))
        self._prepare_database()
        children.add(self._child("worker"))
        children.add(self._child("serve", name="API"))
        if self._wait_until_ready(children):
            self._tell()

    def keep(self, children: Children, server: EmbeddedPostgres | None) -> None:
        """Start again whatever ends, until told to stop."""
        looked = time.monotonic()
        while not self.stop.wait(PAUSE_SECONDS):
            children.tend()
            if server and time.monotonic() - looked > DATABASE_LOOK_SECONDS:
                if not server.running():
                    say("PostgreSQL ended and is started again")
                    server.start()
                looked = time.monotonic()

    def _child(self, command: str, *, name: str | None = None) -> Child:
        return Child(
            name=name or command,
            arguments=[command],
            environ=self.environ,
            lifeline=self.lifeline,
            log=self.settings.home / "logs" / f"{command}.log",
        )

    def _prepare_database(self) -> None:
        """Run a command to its end that migrates the database and adds what sample data is missing."""
        say("preparing the database")
        child = self._child("seed", name="the preparation of the database")
        child.start()
        try:
            while child.ended() is None and not self.stop.wait(PAUSE_SECONDS):
                pass
        finally:
            child.ask_to_stop()
            child.wait(READY_SECONDS)
        if child.ended() and not self.stop.is_set():
            raise CannotStart(f"cannot prepare the database: {child.last_words()}")

    def _wait_until_ready(self, children: Children) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while not self.stop.wait(PAUSE_SECONDS):
            children.tend()
            problem = unreadiness(host=self.settings.host, port=self.settings.port)
            if problem is None:
                return True
            if time.monotonic() > deadline:
                raise CannotStart(f"not ready after {READY_SECONDS:.0f} s: {problem} (logs: {self._logs()})")
        return False

    def _tell(self) -> None:
        url = f"http://{reachable(self.settings.host)}:{self.settings.port}"
        say(f"ready {url}")
        say(f"  API docs    {url}/schema")
        say(f"  mail inbox  http://{LOOPBACK}:{self.settings.sandbox_port}/")
        say(f"  logs        {self._logs()}")
        if self.settings.jwt_secret:
            say(
                "  a client's token, good for 12 hours (make others with `consulting token --user ID --email ADDRESS`):"
            )
            say(f"  {self._sample_token()}")

    def _sample_token(self) -> str:
        return issue_token(
            self.settings, user="sample-client", email="client@example.com", name="Sample Client", zone="Europe/Berlin"
        )

    def _logs(self) -> Path:
        return self.settings.home / "logs"


def _settled_ports(settings: Settings) -> dict[str, str]:
    """Find out which ports are used, free ones where that is asked for, so that every process knows them."""
    hosts = {"CONSULTING_PORT": (settings.host, settings.port)}
    hosts["CONSULTING_SANDBOX_PORT"] = (LOOPBACK, settings.sandbox_port)
    hosts["CONSULTING_SANDBOX_SMTP_PORT"] = (LOOPBACK, settings.sandbox_smtp_port)
    return {variable: str(usable_port(port, host=host, variable=variable)) for variable, (host, port) in hosts.items()}
