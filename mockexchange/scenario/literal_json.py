"""Literal JSON in a scenario, such as the frame that a script or a fault sends.

Scalars are read as text here as everywhere, so the schema has to say what is what: whole numbers, true, false and null
are what JSON takes them for, and everything else is a string ("1.00" is how the venue writes an amount). Where that is
not what is meant, the JSON is given whole, as text, and goes out byte for byte.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import INTEGER_DIGITS_MAX, wrong

CONSTANTS = {"true": True, "false": False}
LITERAL_CHARS_MAX = 1024 * 1024
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(rf"-?(?:0|[1-9][0-9]{{0,{INTEGER_DIGITS_MAX - 1}}})")


@dataclass(frozen=True, slots=True)
class Literal:
    """Reads a mapping, or the text of anything, into the text that is sent: compact JSON, keys in the order given."""

    chars_min: int = 1

    def read(self, node: Located, path: str) -> str:
        text = node.value if isinstance(node.value, str) else _written(node)
        if not isinstance(node.value, str | dict) or not self.chars_min <= len(text) <= LITERAL_CHARS_MAX:
            raise wrong(node, path, f"a mapping, or text of {self.chars_min} to {LITERAL_CHARS_MAX:,} characters")
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["object", "string"], "description": "a mapping, or the text to send as it is"}


@dataclass(frozen=True, slots=True)
class ExactJson:
    """Reads any value into the JSON that it stands for: what is in quotation marks is a string, whatever it looks like.

    A number goes out digit by digit as it was written, 1.50 as 1.50.
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
    """The value as the scenario has it, its scalars text."""
    if isinstance(node.value, dict):
        return {name: plain(item) for name, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def exact_json(node: Located) -> str:
    """The value as compact JSON; what YAML leaves without quotation marks is what JSON would take it for."""
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
