"""What the venue's messages have, from a list that nothing here was written from, and the part of it that is kept.

The list is read where it lies beside the checkout. What is kept has no prose. Run this module to write it anew.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from tests.contracts.collection import ROOT, written
from tests.venues.kalshi.stream.protocol_facts import full_facts

KEPT = ROOT / "fixtures" / "wire" / "kalshi" / "stream.json"
OF_RFQS = {"rfq_created", "rfq_deleted", "quote_created", "quote_accepted", "quote_executed"}
"""Messages that no recording has: their keys are those of the documents since March 2026."""
SHAPES = {"int": "number", "number": "number", "bool": "boolean", "array": "array", "object": "object"}

Raw = dict[str, Any]


class Fact(NamedTuple):
    shape: str
    """string, number, boolean, array or object."""
    is_required: bool


class Table(NamedTuple):
    kind: str
    generation: str
    fields: dict[str, Fact]


def read_kept() -> Raw:
    kept: Raw = json.loads(KEPT.read_text(encoding="utf-8"))
    return kept


@cache
def load() -> Raw:
    found = full_facts()
    return trimmed(found) if found else read_kept()


# In the AsyncAPI document of 2026-10-26, which is newer than the list.
NEWER = {(kind, "2026-10"): {"clock": Fact("number", True)} for kind in ("orderbook_snapshot", "orderbook_delta")}


def tables() -> list[Table]:
    return [
        Table(kind, generation, {**_facts(fields), **NEWER.get((kind, generation), {})})
        for kind, generations in load()["fields"].items()
        for generation, fields in generations.items()
    ]


def _facts(fields: Raw) -> dict[str, Fact]:
    return {name: Fact(one["type"], one["required"]) for name, one in fields.items()}


def frames(kind: str) -> list[Raw]:
    """What was recorded, and the documents' examples, in the list's order."""
    return [frame for frame in load()["frames"] if frame["type"] == kind]


def trimmed(collection: Raw) -> Raw:
    """Return what can be compared: fields by message type and generation, and whole frames."""
    fields: Raw = {}
    for kind, generation, rows in _rows(collection["channels"]):
        fields.setdefault(kind, {})[generation] = {name: _trimmed_field(fact) for name, fact in rows.items()}
    return {"fields": fields, "frames": list(_frames(collection["channels"]))}


def _rows(channels: Raw) -> Iterator[tuple[str, str, Raw]]:
    for name, channel in channels.items():
        for generation, node in channel.get("generations", {}).items():
            if "fields" in node:
                yield channel.get("message_type", name), generation, node["fields"]
            else:
                yield "orderbook_snapshot", generation, node["snapshot"]
                yield "orderbook_delta", generation, node["delta"]
    lifecycle = channels["market_lifecycle_v2"]
    yield "market_lifecycle_v2", "2026-10", lifecycle["fields"]
    events = lifecycle["event_lifecycle"].items()
    yield (
        "event_lifecycle",
        "2026-10",
        {name: {"type": words, "required": "opt" not in words} for name, words in events},
    )


def _frames(channels: Raw) -> Iterator[Raw]:
    for channel in channels.values():
        for node in (channel, *channel.get("generations", {}).values()):
            yield from node.get("captured", [])
            yield from (node[name] for name in node if name.startswith("example") and name != "example_note")


def _trimmed_field(fact: Raw) -> Raw:
    first = fact["type"].removeprefix("optional ").replace("<", " ").split()[0].rstrip("0123456789")
    return {"type": SHAPES.get(first, "string"), "required": fact["required"]}


if __name__ == "__main__":
    here = full_facts()
    assert here is not None
    KEPT.write_text(written(trimmed(here)), encoding="utf-8")
