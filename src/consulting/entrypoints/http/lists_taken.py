"""What callers may put into the lists that they send, for the document: the framework looks at no member of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from litestar import Litestar

Json = dict[str, Any]

_OF_LISTS: Final = ("minItems", "maxItems")
_OF_TEXTS: Final = ("minLength", "maxLength", "pattern")


def complete_lists(app: Litestar, shapes: Mapping[str, Json]) -> None:
    """Write the bounds of every list that a body has, and of the texts in it, into the shapes of the document."""
    _, taken = msgspec.json.schema_components(list(_bodies(app)))
    for name, shape in taken.items():
        for field, told in shape.get("properties", {}).items():
            for known, said in zip(_lists(told), _lists(shapes[name]["properties"][field]), strict=True):
                _copy(_OF_LISTS, known, said)
                _copy(_OF_TEXTS, known["items"], said["items"])


def _bodies(app: Litestar) -> Iterator[Any]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.parsed_data_field is not None:
                yield handler.parsed_data_field.annotation


def _lists(schema: Json) -> list[Json]:
    """Give the schema, or what it lets choose from, as far as that is a list."""
    choice = (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ()))
    return [each for each in choice if each.get("type") == "array"]


def _copy(words: tuple[str, ...], known: Json, said: Json) -> None:
    said.update({word: known[word] for word in words if word in known})
