"""What all tables have in common: how constraints are named, and checks that many tables need."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    MetaData,
    Text,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s",
    }
)

Instant = DateTime(timezone=True)
Texts = ARRAY(Text)
Amount = BigInteger
"""Money in minor units."""

CodePoints = Text(collation="C")
"""Text that is put in order, the same order as Python's."""

LONGEST_ID, LONGEST_NAME, LONGEST_TEXT = 255, 200, 20_000


def fixed(value: StrEnum | str) -> ColumnElement[Any]:
    """Write one of our own words into the statement itself, so that the planner can match it with partial indexes."""
    return literal_column(f"'{value}'")


def period(columns: Any) -> ColumnElement[Any]:
    """Give the half-open range of a table's start and end, exactly as its exclusion constraint indexes it."""
    return func.tstzrange(columns.start_time, columns.end_time, type_=TSTZRANGE)


def one_of(column: str, values: Iterable[StrEnum]) -> CheckConstraint:
    """Allow only these words."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


def instants(*columns: str) -> CheckConstraint:
    """Allow only instants that Python can hold: finite, and of the years 1 to 9999."""
    bounds = (f"{each} >= '0001-01-01 00:00:00+00' AND {each} < '10000-01-01 00:00:00+00'" for each in columns)
    return CheckConstraint(" AND ".join(bounds), name="instants")


def currency(column: str) -> CheckConstraint:
    """Allow only what looks like a lower-case ISO 4217 code."""
    return CheckConstraint(f"{column} ~ '^[a-z]{{3}}$'", name=column)


def at_most(**letters: int) -> CheckConstraint:
    """Allow only texts up to this many letters."""
    bounds = (f"char_length({column}) <= {most}" for column, most in letters.items())
    return CheckConstraint(" AND ".join(bounds), name="lengths")


def all_or_none(name: str, *columns: str) -> CheckConstraint:
    """Allow only rows that have all of these or none."""
    return CheckConstraint(f"num_nulls({', '.join(columns)}) IN (0, {len(columns)})", name=name)
