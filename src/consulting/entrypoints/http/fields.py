"""Telling callers of a problem by the name that the field has in their request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from consulting.domain.errors import FieldProblem, ValidationFailed


@contextmanager
def fields_named(**names: str) -> Iterator[None]:
    """Rename fields in a ValidationFailed that passes: `fields_named(rate="max_rate")`."""
    try:
        yield
    except ValidationFailed as error:
        renamed = [FieldProblem(names.get(each.field, each.field), each.problem) for each in error.problems]
        raise ValidationFailed(renamed) from None
