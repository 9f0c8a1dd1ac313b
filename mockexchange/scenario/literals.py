"""Literal JSON in a scenario, such as the frame that a script or a fault sends.

Scalars are read as text here as everywhere, so the schema has to say what is what: whole numbers, true, false and null
are what JSON takes them for, and everything else is a string ("1.00" is how the venue writes an amount). Where that is
not what is meant, the JSON is given whole, as text, and goes out byte for byte.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from mockexchange.scenario.kinds import INTEGER_DIGITS_MAX, wrong
from mockexchange.scenario.source import Located

CONSTANTS = {"true": True, "false": False}
LITERAL_CHARS_MAX = 1024 * 1024
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


LITERAL = Literal()


def plain(node: Located) -> Any:
    """The value as the scenario has it, its scalars text."""
    if isinstance(node.value, dict):
        return {name: plain(item) for name, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


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
