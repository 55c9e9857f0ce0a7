"""Packages that offer plugins, as an installer would leave them in a folder of modules."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import invalidate_caches
from itertools import count
from pathlib import Path
from textwrap import dedent, indent

import pytest

from consulting.entrypoints.plugins import installed

NUMBERS = count(1)
ACME = """
from dataclasses import dataclass

from consulting.ports import REQUIRED, Mails, Plugin, variable
from consulting.ports import left_from_sandbox, seconds, text, unencrypted, web_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    api_key: str = variable(text, default=REQUIRED, secret=True, sandbox="acme-sandbox-key", meaning="Acme's API key")
    api_url: str = variable(
        web_address, default="https://api.acme.example", sandbox="http://127.0.0.1:{sandbox_port}/acme", meaning="where"
    )
    letters_url: str = variable(web_address, default="{api_url}/letters", meaning="where its letters are")
    timeout_seconds: float = variable(seconds, default="5", meaning="longest wait for Acme")

    def refusals(self, *, production):
        if production:
            yield from left_from_sandbox(self, {"api_key": "acme-sandbox"})
            yield from unencrypted(self, "api_url")


@dataclass(frozen=True)
class Post:
    settings: Settings
    surroundings: object

    def send(self, mail):
        raise AssertionError("nothing is sent here")


def open_mails(settings, surroundings):
    return Mails(mailer=Post(settings, surroundings))


plugin = Plugin(port_version=1, settings=Settings, open=open_mails)
"""


@dataclass(frozen=True, slots=True)
class Installer:
    """Puts packages where the interpreter finds them."""

    folder: Path

    def install(
        self, module: str, *, package: str = "acme", name: str = "acme", group: str = "consulting.mailers"
    ) -> str:
        """Install a package of one module which offers its `plugin`; give the module's name, which nobody else has."""
        imported = f"module_of_{package.replace('-', '_')}_{next(NUMBERS)}"
        (self.folder / f"{imported}.py").write_text(module)
        self._describe(package, {"entry_points.txt": f"[{group}]\n{name} = {imported}:plugin\n"})
        return imported

    def _describe(self, package: str, files: Mapping[str, str]) -> None:
        info = self.folder / f"{package.replace('-', '_')}-1.2.3.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2.3\n"
        for name, content in {"METADATA": metadata, **files}.items():
            (info / name).write_text(content)
        invalidate_caches()
        installed.cache_clear()


def acme_opening(body: str) -> str:
    """Write the module of a package whose `open` does this instead."""
    opening = "def open_mails(settings, surroundings):\n"
    start, _, rest = ACME.partition(opening)
    return start + opening + indent(dedent(body), "    ") + "\n\n" + rest[rest.index("plugin = ") :]


@contextmanager
def site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installer]:
    """Have the interpreter look for packages in the folder, too, and forget afterwards what it found there."""
    known = set(sys.modules)
    monkeypatch.syspath_prepend(folder)
    yield Installer(folder)
    installed.cache_clear()
    for each in set(sys.modules) - known:
        if each.startswith("module_of_"):
            del sys.modules[each]
