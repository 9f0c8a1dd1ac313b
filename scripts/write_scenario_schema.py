"""Write the JSON Schema of the scenario format to docs/, for editors and other tools."""

import json
from pathlib import Path

from mockexchange.scenario.schema import json_schema

TARGET = Path(__file__).parents[1] / "docs" / "scenario.schema.json"


def render() -> str:
    return json.dumps(json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(render(), encoding="utf-8")
