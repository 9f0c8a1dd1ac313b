"""Shortens a JSON Schema by moving parts that occur several times to "$defs".

A part's name there is the key at which it was found.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]
SHARED_CHARS_MIN = 100
"""The length, as JSON, from which equal parts are moved; shorter parts are easier to read in their place."""
DEFINITIONS = "$defs"


def with_shared_parts(schema: Schema) -> Schema:
    """Return an equivalent schema in which each repeated part above a certain size occurs only once."""
    counts: Counter[str] = Counter()
    count_parts(schema, counts)
    shared = _Shared(counts)
    whole = shared.shortened(schema, "")
    return {**whole, DEFINITIONS: dict(sorted({**whole.get(DEFINITIONS, {}), **shared.definitions}.items()))}


class _Shared:
    def __init__(self, counts: Counter[str]) -> None:
        self.definitions: dict[str, Schema] = {}
        self._counts = counts
        self._names: dict[str, str] = {}

    def shortened(self, schema: Schema, key: str) -> Schema:
        """Return a schema with references in place of its repeated parts; `key` is the property that has the schema."""
        return _with_parts(schema, key, self._referred)

    def _referred(self, schema: Schema, key: str) -> Schema:
        text = json.dumps(schema)
        if self._counts[text] < 2 or len(text) < SHARED_CHARS_MIN:
            return self.shortened(schema, key)
        if text not in self._names:
            self._names[text] = name = self._free_name(key)
            self.definitions[name] = {}
            self.definitions[name] = self.shortened(schema, key)
        return {"$ref": f"#/{DEFINITIONS}/{self._names[text]}"}

    def _free_name(self, key: str) -> str:
        number = 1
        while (name := key if number == 1 else f"{key}_{number}") in self.definitions:
            number += 1
        return name


def count_parts(schema: Schema, counts: Counter[str]) -> None:
    """Count how often each part of a schema occurs.

    The parts inside a part that was counted already are not counted again.
    """
    for part, _ in _parts(schema, ""):
        text = json.dumps(part)
        counts[text] += 1
        if counts[text] == 1:
            count_parts(part, counts)


def _parts(schema: Schema, key: str) -> Iterator[tuple[Schema, str]]:
    found: list[tuple[Schema, str]] = []

    def note(part: Schema, key: str) -> Schema:
        found.append((part, key))
        return part

    _with_parts(schema, key, note)
    yield from found


def _with_parts(schema: Schema, key: str, change: Callable[[Schema, str], Schema]) -> Schema:
    """Return the schema with `change` applied to each part that is a schema, together with its key."""
    changed = dict(schema)
    for word, value in schema.items():
        if word in ("properties", DEFINITIONS):
            changed[word] = {name: change(part, name) for name, part in value.items()}
        elif word in ("items", "additionalProperties") and isinstance(value, dict):
            changed[word] = change(value, key)
        elif word in ("oneOf", "anyOf", "prefixItems"):
            changed[word] = [change(part, key) for part in value]
    return changed
