"""Literal JSON in a scenario, such as the frame that a script or a fault sends.

The scenario reader keeps all scalars as text, so their JSON types are inferred: whole numbers, true, false and null
become JSON values, and all other scalars become strings (venues write amounts as strings such as "1.00"). For other
types the scenario gives the JSON as one text, which is sent byte for byte.
"""

import json
import re
from typing import Any

from msgspec import Struct

from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import INTEGER_DIGITS_MAX, wrong

CONSTANTS = {"true": True, "false": False}
LITERAL_CHARS_MAX = 1024 * 1024
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(rf"-?(?:0|[1-9][0-9]{{0,{INTEGER_DIGITS_MAX - 1}}})")


class Literal(Struct, frozen=True):
    """The type of JSON to be sent: a mapping is sent as compact JSON with its keys in order, a text byte for byte."""

    chars_min: int = 1

    def read(self, node: Located, path: str) -> str:
        text = node.value if isinstance(node.value, str) else _written(node)
        if not isinstance(node.value, str | dict) or not self.chars_min <= len(text) <= LITERAL_CHARS_MAX:
            raise wrong(node, path, f"a mapping, or text of {self.chars_min} to {LITERAL_CHARS_MAX:,} characters")
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["object", "string"], "description": "a mapping, or the text to send as it is"}


class ExactJson(Struct, frozen=True):
    """The type of any JSON value: a quoted scalar is a string, even if it looks like a number.

    A number keeps the digits that were written: 1.50 is sent as 1.50.
    """

    def read(self, node: Located, path: str) -> str:
        text = exact_json(node)
        if len(text) > LITERAL_CHARS_MAX:
            raise wrong(node, path, f"JSON of at most {LITERAL_CHARS_MAX:,} characters")
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"description": "any JSON, which goes out as it is"}


LITERAL = Literal()
EXACT_JSON = ExactJson()


def plain(node: Located) -> Any:
    """Return a parsed value as plain mappings, lists and texts, without file and lines."""
    if isinstance(node.value, dict):
        return {name: plain(item) for name, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def exact_json(node: Located) -> str:
    """Return a parsed value as compact JSON; unquoted scalars have the types that they have in JSON."""
    value = node.value
    if isinstance(value, dict):
        return "{" + ",".join(f"{_string(name)}:{exact_json(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(exact_json, value)) + "]"
    if value is None:
        return "null"
    is_bare = not node.is_quoted and (value in CONSTANTS or _NUMBER.fullmatch(value))
    return value if is_bare else _string(value)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _written(node: Located) -> str:
    return json.dumps(_typed(plain(node)), separators=(",", ":"), ensure_ascii=False)


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _typed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    return CONSTANTS.get(value, value) if isinstance(value, str) else value
