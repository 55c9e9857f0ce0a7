"""Reading a request's parameters as Stripe does: unknown ones are refused, values checked one by one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from consulting.entrypoints.sandbox.stripe.refusals import invalid

_MOST_METADATA: Final = 50
_LONGEST_METADATA_KEY: Final = 40
_LONGEST_METADATA_VALUE: Final = 500
_ALWAYS_ALLOWED: Final = frozenset({"expand"})


class Parameters:
    """The parameters of one request. Every reader raises Refusal (400) if the value isn't of its kind."""

    def __init__(self, given: dict[str, Any], *, allowed: Collection[str]) -> None:
        for name in given:
            if name not in allowed and name not in _ALWAYS_ALLOWED:
                raise invalid(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
        self._given = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str) -> str | None:
        """Return a string; empty counts as absent, since that is how the form encoding unsets a value."""
        value = self._given.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid(f"Invalid string: {value}", param=name)
        return value or None

    def required(self, name: str) -> str:
        """Return a string that must be there."""
        if name not in self._given:
            raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
        value = self.text(name)
        if value is None:
            message = (
                f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
                f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a "
                "non-empty value."
            )
            raise invalid(message, code="parameter_invalid_empty", param=name)
        return value

    def integer(self, name: str, *, lowest: int = 1) -> int | None:
        """Return a whole number of at least `lowest`."""
        value = self.text(name)
        if value is None:
            return None
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
            raise invalid(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
        if int(value) < lowest:
            message = f"This value must be greater than or equal to {lowest}."
            raise invalid(message, code="parameter_invalid_integer", param=name)
        return int(value)

    def flag(self, name: str) -> bool | None:
        """Read `true` or `false`."""
        value = self.text(name)
        if value not in (None, "true", "false"):
            raise invalid(f"Invalid boolean: {value}", param=name)
        return None if value is None else value == "true"

    def choice(self, name: str, options: Collection[str]) -> str | None:
        """One of the given words."""
        value = self.text(name)
        if value is not None and value not in options:
            raise invalid(f"Invalid {name}: must be one of {', '.join(sorted(options))}", param=name)
        return value

    def texts(self, name: str) -> list[str] | None:
        """Return a list of strings."""
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid("Invalid array", param=name)
        return value

    def group(self, name: str, *, allowed: Collection[str]) -> Parameters | None:
        """Return a nested group such as `automatic_payment_methods[enabled]`."""
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise invalid("Invalid object", param=name)
        for inner in value:
            if inner not in allowed:
                full = f"{name}[{inner}]"
                raise invalid(f"Received unknown parameter: {full}", code="parameter_unknown", param=full)
        return Parameters(value, allowed=allowed)

    def metadata(self, current: dict[str, str]) -> dict[str, str]:
        """Return `current` with the request's metadata merged in (docs.stripe.com/api/metadata).

        An empty value removes a key, an empty whole removes all of them.
        """
        value = self._given.get("metadata")
        if value is None:
            return current
        if value == "":
            return {}
        merged = {name: text for name, text in {**current, **_metadata_pairs(value)}.items() if text != ""}
        if len(merged) > _MOST_METADATA:
            raise invalid(f"Metadata can have at most {_MOST_METADATA} keys", param="metadata")
        return merged


def _metadata_pairs(value: Any) -> dict[str, str]:
    # a form whose keys happen to count 0, 1, 2 reads as a list; metadata is a map all the same
    pairs = {str(index): item for index, item in enumerate(value)} if isinstance(value, list) else value
    if not isinstance(pairs, dict):
        raise invalid("Metadata must be a set of key-value pairs", param="metadata")
    for name, text in pairs.items():
        if not isinstance(text, str) or len(text) > _LONGEST_METADATA_VALUE or len(name) > _LONGEST_METADATA_KEY:
            message = (
                f"Metadata keys can have up to {_LONGEST_METADATA_KEY} characters and values must be strings of up to "
                f"{_LONGEST_METADATA_VALUE} characters"
            )
            raise invalid(message, param=f"metadata[{name}]")
    return pairs
