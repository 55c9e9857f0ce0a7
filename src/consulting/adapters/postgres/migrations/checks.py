"""Checks that many tables have, as the migrations write them. Never changed: a database may have been made by them."""

from __future__ import annotations


def instants(table: str, *columns: str) -> str:
    """Allow only instants that every client of the database can hold: finite, and of the years 1 to 9999."""
    bounds = (f"{each} >= '0001-01-01 00:00:00+00' AND {each} < '10000-01-01 00:00:00+00'" for each in columns)
    return f"CONSTRAINT {table}_instants CHECK ({' AND '.join(bounds)})"


def lengths(table: str, **letters: int) -> str:
    """Allow only texts up to this many letters."""
    bounds = (f"char_length({column}) <= {most}" for column, most in letters.items())
    return f"CONSTRAINT {table}_lengths CHECK ({' AND '.join(bounds)})"
