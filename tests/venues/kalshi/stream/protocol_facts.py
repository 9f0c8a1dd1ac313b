"""The stream's protocol as it was gathered elsewhere: codes, channels, parameters and captured or documented replies.

The full collection is read where it lies beside the checkout; what is kept of it has no prose. Run this module to
write that anew.
"""

import json
import re
from typing import Any

from tests.contracts.collection import ROOT, full_collection

KEPT = ROOT / "fixtures" / "wire" / "kalshi" / "stream_protocol.json"
GENERATIONS = ("2025-11", "2026-10")
DAY = re.compile(r"20\d\d-\d\d(?:-\d\d)?")

Raw = dict[str, Any]


def full_facts() -> Raw | None:
    """Return the full collection, None if it is not here."""
    rest = full_collection()
    place = rest.with_name("kalshi-ws.json") if rest else None
    return json.loads(place.read_text(encoding="utf-8")) if place and place.exists() else None


def kept_facts() -> Raw:
    kept: Raw = json.loads(KEPT.read_text(encoding="utf-8"))
    return kept


def trimmed(facts: Raw) -> Raw:
    """Return what can be compared: words, days and names."""
    commands, responses = facts["commands"], facts["responses"]
    return {
        "errors": {str(row["code"]): _error(row) for row in facts["errors"]},
        "terminal": facts["terminal"]["codes_2026-10"],
        "channels": {generation: sorted(commands[f"channels_{generation}"]) for generation in GENERATIONS},
        "private": {name: row["private"] is not False for name, row in facts["channels"].items()},
        "unnumbered": facts["sequencing"]["seq_absent"],
        "numbered": {
            "2025-11": facts["sequencing"]["seq_present_2025-11_docs"],
            "2026-10": [name for name in facts["sequencing"]["seq_present_2026-10"] if " " not in name],
        },
        "parameters": {
            name: {parameter: _type(fact["type"]) for parameter, fact in commands[name]["params"].items()}
            for name in ("subscribe", "unsubscribe", "update_subscription")
        },
        "replies": {
            name: {key: value for key, value in response.items() if key.startswith("example")}
            for name, response in responses.items()
            if any(key.startswith("example") for key in response)
        },
    }


def _error(row: Raw) -> Raw:
    return {"text": row["msg"], "days": DAY.findall(row["since"]), "is_retired": "retired" in row["since"]}


def _type(words: str) -> str:
    if words.startswith("array"):
        return "integers" if "int" in words else "texts"
    return {"str": "text", "uui": "text", "int": "integer", "boo": "boolean"}[words[:3]]


if __name__ == "__main__":
    found = full_facts()
    assert found is not None
    KEPT.write_text(json.dumps(trimmed(found), indent=1) + "\n", encoding="utf-8")
