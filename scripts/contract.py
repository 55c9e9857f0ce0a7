"""The contract, docs/openapi.json: `write` it anew, or name what would `break` clients compared with another one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "openapi.json"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
FEWER_WHEN_LOWER = ("maxLength", "maximum", "maxItems", "exclusiveMaximum")
FEWER_WHEN_HIGHER = ("minLength", "minimum", "minItems", "exclusiveMinimum")


def breaking_changes(old: Json, new: Json) -> list[str]:
    """Name what a client of the old document would stumble over in the new one."""
    found = []
    for path, item in old["paths"].items():
        for method in METHODS:
            if method in item:
                name = f"{method.upper()} {path}"
                after = new["paths"].get(path, {}).get(method)
                found += [f"{name} is gone"] if after is None else _Change(name, old, new).of(item[method], after)
    return found


class _Change:
    """Compares one operation in two documents."""

    def __init__(self, name: str, old: Json, new: Json) -> None:
        self._name, self._old, self._new = name, old, new

    def of(self, before: Json, after: Json) -> list[str]:
        told = (*self._security(before, after), *self._inputs(before, after), *self._answers(before, after))
        return [f"{self._name}: {each}" for each in told]

    def _security(self, before: Json, after: Json) -> Iterator[str]:
        if {} in before.get("security", [{}]) and {} not in after.get("security", [{}]):
            yield "it needs a token now"

    def _inputs(self, before: Json, after: Json) -> Iterator[str]:
        was, is_ = _parameters(self._old, before), _parameters(self._new, after)
        for key, parameter in is_.items():
            if parameter.get("required") and not was.get(key, {}).get("required"):
                yield f"{key} is required now"
        for key, parameter in was.items():
            if key not in is_:
                yield f"{key} is not taken any more"
            else:
                yield from self._narrower(parameter["schema"], is_[key]["schema"], key)
        yield from self._bodies(before.get("requestBody"), after.get("requestBody"))

    def _bodies(self, before: Json | None, after: Json | None) -> Iterator[str]:
        if after is not None and after.get("required") and not (before or {}).get("required"):
            yield "a body is required now"
        if before is not None and after is None:
            yield "it takes no body any more"
        elif before is not None and after is not None:
            for kind, content in before["content"].items():
                if kind not in after["content"]:
                    yield f"it takes no {kind} any more"
                else:
                    yield from self._narrower(content["schema"], after["content"][kind]["schema"], "body")

    def _answers(self, before: Json, after: Json) -> Iterator[str]:
        for status, answer in before["responses"].items():
            now = after["responses"].get(status)
            if now is None:
                yield f"there is no answer {status} any more"
                continue
            for kind, content in answer.get("content", {}).items():
                if kind not in now.get("content", {}):
                    yield f"answer {status} is no {kind} any more"
                    continue
                later = now["content"][kind]
                gone = set(content.get("examples", ())) - set(later.get("examples", ())) if int(status) >= 400 else ()
                yield from (f"the code {code} of answer {status} is gone" for code in sorted(gone))
                yield from self._poorer(content.get("schema", {}), later.get("schema", {}), f"answer {status}")

    def _narrower(self, before: Json, after: Json, where: str, depth: int = 0) -> Iterator[str]:
        """Say what was taken before and isn't now."""
        was, is_ = _parts(self._old, before), _parts(self._new, after)
        for kind in sorted(set(was) - set(is_)):
            yield f"{where} may not be {kind} any more"
        for kind in sorted(set(was) & set(is_)):
            yield from _tighter(was[kind], is_[kind], where)
            if depth < 8:
                yield from self._narrower_fields(was[kind], is_[kind], where, depth)

    def _narrower_fields(self, was: Json, is_: Json, where: str, depth: int) -> Iterator[str]:
        before, after = was.get("properties", {}), is_.get("properties", {})
        for name in sorted(set(is_.get("required", ())) - set(was.get("required", ()))):
            yield f"{where}.{name} is required now"
        for name, schema in before.items():
            if name not in after:
                yield f"{where}.{name} is not taken any more"
            else:
                yield from self._narrower(schema, after[name], f"{where}.{name}", depth + 1)
        if "items" in was and "items" in is_:
            yield from self._narrower(was["items"], is_["items"], f"{where}[]", depth + 1)

    def _poorer(self, before: Json, after: Json, where: str, depth: int = 0) -> Iterator[str]:
        """Say what was given before and isn't now, and what a client doesn't reckon with."""
        was, is_ = _parts(self._old, before), _parts(self._new, after)
        if was:
            for kind in sorted(set(is_) - set(was)):
                yield f"{where} may be {kind} now"
        for kind in sorted(set(was) & set(is_)):
            if depth < 8:
                yield from self._poorer_fields(was[kind], is_[kind], where, depth)

    def _poorer_fields(self, was: Json, is_: Json, where: str, depth: int) -> Iterator[str]:
        before, after = was.get("properties", {}), is_.get("properties", {})
        for name, schema in before.items():
            if name not in after:
                yield f"{where}.{name} is gone"
                continue
            if name in was.get("required", ()) and name not in is_.get("required", ()):
                yield f"{where}.{name} may be absent now"
            yield from self._poorer(schema, after[name], f"{where}.{name}", depth + 1)
        if "items" in was and "items" in is_:
            yield from self._poorer(was["items"], is_["items"], f"{where}[]", depth + 1)


def _parameters(document: Json, operation: Json) -> dict[str, Json]:
    found = [_followed(document, each) for each in operation.get("parameters", ())]
    return {f"{each['in']} parameter {each['name']}": each for each in found}


def _followed(document: Json, value: Json) -> Json:
    """Go where a reference leads."""
    if "$ref" not in value:
        return value
    found: Any = document
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return _followed(document, found)


def _parts(document: Json, schema: Json) -> dict[str, Json]:
    """Give what a value may be: each type with what is said of it."""
    schema = _followed(document, schema)
    parts: dict[str, Json] = {}
    for choice in ("oneOf", "anyOf"):
        for each in schema.get(choice, ()):
            parts |= _parts(document, each)
    kinds = schema.get("type", ())
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        parts[kind] = schema
    return parts


def _tighter(was: Json, is_: Json, where: str) -> Iterator[str]:
    for word in FEWER_WHEN_LOWER:
        if word in is_ and is_[word] < was.get(word, float("inf")):
            yield f"{where}: {word} is {is_[word]} now"
    for word in FEWER_WHEN_HIGHER:
        if word in is_ and is_[word] > was.get(word, float("-inf")):
            yield f"{where}: {word} is {is_[word]} now"
    for word in ("pattern", "format"):
        if word in is_ and is_[word] != was.get(word):
            yield f"{where}: {word} is {is_[word]} now"
    gone = [each for each in was.get("enum", ()) if "enum" in is_ and each not in is_["enum"]]
    if gone or ("enum" in is_ and "enum" not in was):
        yield f"{where}: only {', '.join(map(str, is_['enum']))} are taken now"


def _current() -> bytes:
    from consulting.entrypoints.http.document import openapi_document  # noqa: PLC0415 -- reading a file needs no app

    return openapi_document() + b"\n"


def _committed(revision: str) -> bytes:
    shown = subprocess.run(  # noqa: S603 -- our own arguments
        ["git", "show", f"{revision}:docs/openapi.json"],  # noqa: S607 -- git is found as the caller's shell finds it
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if shown.returncode:
        sys.exit(f"consulting: {revision} has no docs/openapi.json to compare with")
    return shown.stdout


def main(arguments: list[str]) -> int:
    """Run a command: `write`, or `break [REVISION]`, whose status is 1 where something would break."""
    if arguments == ["write"]:
        FILE.write_bytes(_current())
        return 0
    if arguments[:1] != ["break"] or len(arguments) > 2:
        sys.exit("usage: scripts/contract.py write | break [REVISION]")
    revision = arguments[1] if len(arguments) == 2 else "HEAD"
    found = breaking_changes(json.loads(_committed(revision)), json.loads(_current()))
    sys.stdout.writelines(f"{each}\n" for each in found or [f"nothing that {revision} promised is broken"])
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
