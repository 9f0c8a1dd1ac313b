"""Writes documents as YAML with one fact a line: a node that fits on one line is on one, and keys keep their order."""

import json
import re
from typing import Any

LINE_CHARS_MAX = 120
PLAIN = re.compile(r"[A-Za-z_/$][A-Za-z0-9_/$ .'`;()-]*")
"""Texts that need no quotes, unless they are one of the words below."""
WORDS = {"yes", "no", "on", "off", "y", "n", "true", "false", "null"}


def scalar(value: Any) -> str:
    """Return one value as a line of YAML, quoted as JSON if plain text could be read as something else."""
    if isinstance(value, str):
        is_plain = PLAIN.fullmatch(value) and value.lower() not in WORDS and value.strip() == value
        return value if is_plain else json.dumps(value)
    return json.dumps(value)


def on_one_line(node: Any) -> str:
    if isinstance(node, dict):
        return "{" + ", ".join(f"{scalar(key)}: {on_one_line(value)}" for key, value in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(map(on_one_line, node)) + "]"
    return scalar(node)


def is_leaf(node: Any) -> bool:
    """Whether a node contains only scalars."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return all(not isinstance(child, dict | list) or not child for child in children)


def lines_of(node: Any, indent: int, fits: int = LINE_CHARS_MAX) -> list[str]:
    """Return the lines of a node below its key, or the one line beside it."""
    short = on_one_line(node)
    if not isinstance(node, dict | list) or not node or (is_leaf(node) and len(short) <= fits):
        return [short]
    space = " " * indent
    if isinstance(node, list):
        return ["", *(line for item in node for line in _item_lines(item, space, indent))]
    return ["", *(line for key, value in node.items() for line in _entry_lines(key, value, space, indent))]


def _entry_lines(key: Any, value: Any, space: str, indent: int) -> list[str]:
    head = f"{space}{scalar(key)}:"
    first, *rest = lines_of(value, indent + 2, LINE_CHARS_MAX - len(head) - 1)
    return [f"{head} {first}".rstrip(), *rest]


def _item_lines(item: Any, space: str, indent: int) -> list[str]:
    first, *rest = lines_of(item, indent + 2, LINE_CHARS_MAX - indent - 2)
    if first:
        return [f"{space}- {first}", *rest]
    return [f"{space}- {rest[0].lstrip()}", *rest[1:]]


def render(document: dict[str, Any]) -> str:
    """Return the whole document, with blank lines between its sections and the members of `paths` and `components`."""
    return "\n".join(lines_of(document, 0)[1:]) + "\n"
