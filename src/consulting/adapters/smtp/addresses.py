"""Mail addresses as a mail server takes them."""

from __future__ import annotations

import unicodedata
from email.headerregistry import Address
from typing import Final

import idna

LONGEST_NAME: Final = 120


class AddressRefused(ValueError):
    """This can't be a mail address."""


def deliverable(address: str) -> Address:
    """Give the address with its domain in ASCII (IDNA 2008). Raises AddressRefused, which doesn't quote it."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not domain or any(_outside(each) for each in local + domain):
        raise AddressRefused("not a mail address")
    try:
        ascii_domain = domain if _is_plain(domain) else idna.encode(domain, uts46=True).decode("ascii")
        written = Address(username=local, domain=ascii_domain)
    except (ValueError, IndexError):
        raise AddressRefused("not a mail address") from None
    if len(written.addr_spec.encode()) > 254:
        raise AddressRefused("longer than a mail address can be")
    return written


def ascii_domain(address: str) -> str:
    """Give the domain of an address as it is written in ASCII. Raises AddressRefused."""
    return deliverable(address).domain


def _outside(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"} or character in '@<>,;:"()[]\\'


def _is_plain(domain: str) -> bool:
    return domain.isascii() and all(each.isalnum() or each in "-._" for each in domain)


def needs_utf8(address: Address) -> bool:
    """Tell whether only a server that speaks SMTPUTF8 can take it: its part before the @ isn't ASCII."""
    return not address.username.isascii()


def display_name(name: str | None) -> str:
    """Give the name as it may stand before an address: one line, no control characters."""
    kept = "".join(each for each in name or "" if unicodedata.category(each) not in {"Cc", "Cs", "Zl", "Zp"})
    return " ".join(kept.split())[:LONGEST_NAME].rstrip()
