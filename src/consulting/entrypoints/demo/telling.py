"""Showing requests and answers so that a person can follow them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import click
import httpx

LONGEST_LIST: Final = 2
LONGEST_TEXT: Final = 70
LONGEST_LINE: Final = 112
DEEPEST: Final = 3
Json = Any


def heading(text: str) -> None:
    """Begin a step."""
    click.secho(f"\n── {text} ", bold=True)


def remark(text: str) -> None:
    """Say something beside the requests."""
    click.secho(f"   {text}", dim=True)


def promise_kept(text: str) -> None:
    """Say what was checked and found right."""
    click.secho(f"   ✓ {text}", fg="green")


def request(method: str, address: str, *, who: str, body: Json = None, form: Mapping[str, str] | None = None) -> None:
    """Show what is asked, by whom."""
    click.echo(f"   {click.style(method, fg='cyan')} {address}   {click.style(f'({who})', dim=True)}")
    if body is not None:
        _show(body)
    if form is not None:
        _show(dict(form))


def answer(response: httpx.Response) -> None:
    """Show what came back: the status, and the body cut to what a person reads."""
    color = "green" if response.is_success else "yellow"
    click.echo(f"   → {click.style(f'{response.status_code} {response.reason_phrase}', fg=color)}")
    try:
        body = response.json()
    except ValueError:
        body = response.text[:LONGEST_TEXT] or None
    if body is not None:
        _show(body)


def _show(body: Json) -> None:
    for line in written(trimmed(body), width=LONGEST_LINE):
        click.echo(f"     {line}")


def written(value: Json, *, width: int) -> list[str]:
    """Write JSON in few lines: what fits into one line stays on it, and short items share one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= width or not isinstance(value, dict | list) or not value:
        return [line]
    names = [f"{json.dumps(key)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    values = list(value.values()) if isinstance(value, dict) else value
    lines: list[str] = []
    for name, each in zip(names, values, strict=True):
        _pack(lines, name, written(each, width=width - 2 - len(name)), width=width - 2)
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    return [opened, *(f"  {line}" for line in lines), closed]


def _pack(lines: list[str], name: str, item: list[str], *, width: int) -> None:
    """Add one item: to the last line if both are short, else on lines of its own."""
    first = name + item[0]
    if lines:
        lines[-1] += ","
    if lines and len(item) == 1 and lines[-1][-2] not in "]}" and len(lines[-1]) + len(first) + 2 <= width:
        lines[-1] += f" {first}"
    else:
        lines += [first, *item[1:]]


def trimmed(value: Json, *, depth: int = 0) -> Json:
    """Cut long lists and texts, and what lies too deep to be of interest."""
    match value:
        case dict() | list() if depth > DEEPEST:
            return "…"
        case dict():
            return {key: trimmed(each, depth=depth + 1) for key, each in value.items()}
        case list():
            shown = [trimmed(each, depth=depth + 1) for each in value[:LONGEST_LIST]]
            return shown if len(value) <= LONGEST_LIST else [*shown, f"… {len(value) - LONGEST_LIST} more"]
        case str() if len(value) > LONGEST_TEXT:
            return f"{value[:LONGEST_TEXT]}…"
        case _:
            return value
