"""Writes a scenario as YAML that people can read: one key or one step per line."""

import json
import re
from collections.abc import Mapping
from typing import Any

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./+-]*(?::[0-9][A-Za-z0-9_.:-]*)*|-[0-9][0-9.]*")
UNPRINTABLE = re.compile("[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Characters that JSON leaves unescaped, and that YAML refuses or reads as line breaks."""


def text_of(scenario: Mapping[str, Any]) -> str:
    """Return a scenario as YAML text."""
    lines: list[str] = []
    for name, value in scenario.items():
        if isinstance(value, list):
            lines += [f"{name}:", *(f"  - {_flow(one)}" for one in value)] if value else []
        elif isinstance(value, Mapping):
            lines += [f"{name}:", *(f"  {_flow(key)}: {_flow(one)}" for key, one in value.items())] if value else []
        else:
            lines.append(f"{name}: {_flow(value)}")
    return "\n".join([*lines, ""])


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(name)}: {_flow(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if PLAIN.fullmatch(text) else UNPRINTABLE.sub(_escaped, json.dumps(text, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
