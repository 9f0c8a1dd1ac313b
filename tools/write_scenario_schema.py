"""Write the JSON Schema of the scenario format to docs/, for editors and other tools."""

import json
from pathlib import Path
from typing import Any

from mockexchange.scenario.schema import json_schema

TARGET = Path(__file__).parents[1] / "docs" / "scenario.schema.json"
LINE_CHARS_MAX = 120


def render() -> str:
    return rendered(json_schema()) + "\n"


def rendered(value: Any, before: str = "", indent: str = "") -> str:
    """Return JSON in which every value that fits on a line is on one; `before` is the text before it on the line."""
    line = json.dumps(value)
    if len(indent) + len(before) + len(line) < LINE_CHARS_MAX or not isinstance(value, dict | list):
        return indent + before + line
    deeper = indent + "  "
    if isinstance(value, list):
        opening, closing, parts = "[", "]", [rendered(part, indent=deeper) for part in value]
    else:
        opening, closing = "{", "}"
        parts = [rendered(part, f"{json.dumps(name)}: ", deeper) for name, part in value.items()]
    return "\n".join([indent + before + opening, ",\n".join(parts), indent + closing])


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(render(), encoding="utf-8")
