"""The independent list of writes: the fields of their bodies and answers at each date, without prose.

Run this module to write the part in the repository again from the full collection (MOCKEXCHANGE_WRITES, or beside the
checkout).
"""

import json
import os
from pathlib import Path

from tests.contracts.collection import ROOT, Raw, written

KEPT = ROOT / "fixtures" / "wire" / "kalshi" / "reference_writes.json"
COMPARED = ("type", "minimum", "maximum", "nullable", "enum", "items", "ref", "format")


def full_collection() -> Path | None:
    """Return the path of the full collection; None if it is not on this machine."""
    given = os.environ.get("MOCKEXCHANGE_WRITES")
    found = [Path(given)] if given else sorted(ROOT.parent.glob("*/reference/kalshi-orders.json"))
    return found[0] if found else None


def read_kept() -> Raw:
    kept: Raw = json.loads(KEPT.read_text(encoding="utf-8"))
    return kept


def trimmed(collection: Raw) -> Raw:
    """Return the writes and the objects of each date."""
    aliases = collection["meta"]["alias_days"]
    return {alias: {"writes": _writes(collection, alias), "schemas": _schemas(collection, alias)} for alias in aliases}


def _writes(collection: Raw, alias: str) -> Raw:
    there = {call: lives[alias] for call, lives in collection["endpoints"].items() if lives.get(alias)}
    return {
        call: {
            "body": node["request_body"],
            "query": [one["name"] for one in node["query"]],
            "answers": {status: answer for status, answer in node["responses"].items() if status[0] == "2"},
            "statuses": node["documented_status_codes"],
            "scopes": node["scopes_any_of"],
        }
        for call, node in sorted(there.items())
    }


def _schemas(collection: Raw, alias: str) -> Raw:
    return {
        name: {fact["name"]: _field(fact) for fact in node["fields"]}
        for name, node in sorted(collection["schemas"][alias].items())
        if "fields" in node
    }


def _field(fact: Raw) -> Raw:
    return {"required": fact["required"], **{name: fact[name] for name in COMPARED if fact.get(name) is not None}}


if __name__ == "__main__":
    place = full_collection()
    assert place is not None
    KEPT.write_text(written(trimmed(json.loads(place.read_text(encoding="utf-8")))), encoding="utf-8")
