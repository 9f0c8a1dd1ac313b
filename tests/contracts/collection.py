"""The full collection of wire facts, and the comparable part of it that is in this repository.

The full collection is read from MOCKEXCHANGE_REFERENCE or from beside the checkout. The part in the repository has no
prose; run this module to write it again.
"""

import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "fixtures" / "wire" / "kalshi" / "reference.json"
GENERATIONS = {"2025-11": "2025-11-03", "2026-04": "2026-04-21", "2026-10": "2026-10-31"}
"""The days of the generations."""

Raw = dict[str, Any]


def full_collection() -> Path | None:
    """Return the path of the full collection; None if it is not on this machine."""
    given = os.environ.get("MOCKEXCHANGE_REFERENCE")
    found = [Path(given)] if given else sorted(ROOT.parent.glob("*/reference/kalshi-rest.json"))
    return found[0] if found else None


def read_kept() -> Raw:
    kept: Raw = json.loads(KEPT.read_text(encoding="utf-8"))
    return kept


def trimmed(collection: Raw) -> Raw:
    """Return the comparable part: reads with their parameters, and the objects in their answers."""
    return {name: _trimmed_generation(collection, name) for name in GENERATIONS}


def _trimmed_generation(collection: Raw, generation: str) -> Raw:
    endpoints = {name: versions.get(generation) for name, versions in collection["endpoints"].items()}
    reads = {
        name.removeprefix("GET "): _trimmed_read(node)
        for name, node in sorted(endpoints.items())
        if node and name.startswith("GET ")
    }
    schemas = collection["schemas"][generation]
    return {"reads": reads, "schemas": dict(sorted(_trimmed_schemas(schemas, reads).items()))}


def _trimmed_read(node: Raw) -> Raw:
    return {
        "signed": bool(node["security_headers"]),
        "answer": node["responses"]["200"],
        "statuses": node["documented_status_codes"],
        "parameters": {fact["name"]: _trimmed_param(fact) for fact in node["query"]},
    }


def _trimmed_param(fact: Raw) -> Raw:
    low, high = fact.get("documented_range", "..").split("..")
    found = {
        "type": fact["type"],
        "required": fact["required"] or None,
        "list": True if fact.get("list") == "comma-separated" else None,
        "list_max": int(fact["list_max"]) if "list_max" in fact else None,
        "minimum": fact.get("minimum", int(low) if low else None),
        "maximum": fact.get("maximum", int(high) if high else None),
        "default": _default(fact),
        "choices": fact.get("enum") or fact.get("accepted"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _default(fact: Raw) -> str | int | bool | None:
    value: str | int | bool | None = fact.get("default", fact.get("default_documented"))
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _trimmed_schemas(schemas: Raw, reads: Raw) -> Raw:
    """Return the objects that the answers refer to, also through others."""
    waiting, found = [read["answer"] for read in reads.values()], dict[str, Raw]()
    while waiting:
        name = waiting.pop()
        if name not in found and schemas.get(name, {}).get("fields"):
            found[name] = {fact["name"]: _trimmed_field(fact, schemas) for fact in schemas[name]["fields"]}
            waiting += [fact["type"].strip("[]") for fact in found[name].values()]
    return found


def _trimmed_field(fact: Raw, schemas: Raw) -> Raw:
    enumeration = schemas.get(fact.get("ref") or fact.get("items") or "", {})
    choices = fact.get("enum") or enumeration.get("enum")
    found = {
        "type": _kind(fact, "enum" in enumeration),
        "required": any(fact.get(f"required{more}") for more in ("", "_in_docs", "_in_sdk_3_2_0")),
        "nullable": fact.get("nullable"),
        "choices": choices,
    }
    return {name: value for name, value in found.items() if value is not None}


def _kind(fact: Raw, is_enumeration: bool) -> str:
    reference, unit = fact.get("ref", ""), fact.get("unit", "")
    if fact["type"] == "array":
        items = "PriceLevelDollarsCountFp" if fact["items"].startswith("Annotated") else fact["items"]
        return f"[{'string' if is_enumeration else items}]"
    if fact["type"] == "object":
        return reference or "object"
    if reference == "FixedPointDollars" or unit.startswith("USD"):
        return "dollars"
    if reference == "FixedPointCount" or unit.startswith("contracts, fixed"):
        return "count"
    if fact.get("format") == "date-time":
        return "instant"
    return str(fact["type"])


def written(kept: Any, depth: int = 0) -> str:
    """Return JSON with a line for each parameter and each field."""
    if depth == 4 or not isinstance(kept, dict) or not kept:
        return json.dumps(kept) + ("\n" if depth == 0 else "")
    space = " " * (depth + 1)
    lines = [f"{space}{json.dumps(name)}: {written(node, depth + 1)}" for name, node in kept.items()]
    return "{\n" + ",\n".join(lines) + "\n" + " " * depth + "}" + ("\n" if depth == 0 else "")


if __name__ == "__main__":
    collection_place = full_collection()
    assert collection_place is not None
    kept_part = trimmed(json.loads(collection_place.read_text(encoding="utf-8")))
    KEPT.write_text(written(kept_part), encoding="utf-8")
