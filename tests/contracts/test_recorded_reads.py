"""Shapes of recorded reads, against the server's answers on the day of the recording.

`recorded_reads.json` has every object of the recorded bodies: its keys, all in alphabetical order, and the spellings of
each value; a question mark stands before keys that some bodies lack.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mockexchange.venues.kalshi.resources import OPERATIONS
from tests.contracts.documents import ROOT
from tests.contracts.reads import ask
from tests.helpers.rows import each_row

FIXTURES = ROOT / "fixtures" / "wire" / "kalshi"
RECORDED: list[dict[str, Any]] = json.loads((FIXTURES / "recorded_reads.json").read_bytes())
PATHS = {operation.name: operation.path for operation in OPERATIONS}
SPELLINGS = {
    "dollars4": re.compile(r"-?\d+\.\d{4}"),
    "dollars6": re.compile(r"-?\d+\.\d{6}"),
    "count2": re.compile(r"-?\d+\.\d{2}"),
    "instant": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"),
    "empty": re.compile(""),
}
ALIKE = [{"integer", "number"}, {"empty", "text"}, {"list", "empty list"}, {"text", "count2"}]
"""Spellings that differ by the value alone: 7 and 7.5, a text that happens to be a decimal."""
KINDS: dict[type, str] = {bool: "boolean", int: "integer", float: "number", dict: "object", type(None): "null"}
MAPS = ("tags_by_categories", "filters_by_sports", "competitions")
"""Objects whose keys are names of the world."""
FREE = ("custom_strike", "details")
OF_THE_WORLD = {
    *("strike_date", "strike_type", "floor_strike", "custom_strike", "early_close_condition", "subtitle", "source_id"),
    *("mve_collection_ticker", "mve_selected_legs", "occurrence_datetime", "competition", "competition_scope"),
    *("settlement_ts", "settlement_value", "settlement_value_dollars", "previous_dollars"),
}
"""Keys that an object has or lacks by its content: another content was recorded."""
EMPTY_HERE = {"mve_selected_legs", "settlement_sources", "competitions.*"}
NULL_BY_CONTENT = {
    *("no", "no_dollars", "yes", "yes_dollars", "end_date", "size_min", "discount_factor_bps", "target_size"),
    *("source_id", "previous"),
}


class Shape(NamedTuple):
    """What the objects at a place of a body have in common."""

    keys: list[list[str]]
    kinds: dict[str, set[str]]


def kind_of(value: Any) -> str:
    if isinstance(value, list):
        return "list" if value else "empty list"
    if isinstance(value, str):
        return next((name for name, pattern in SPELLINGS.items() if pattern.fullmatch(value)), "text")
    return KINDS[type(value)]


def shapes(value: Any, place: str, found: dict[str, Shape]) -> None:
    """Add the objects of a body to `found`, by their place."""
    if isinstance(value, list):
        for item in value:
            shapes(item, place, found)
    elif isinstance(value, dict):
        is_map = place.rsplit(".", maxsplit=1)[-1] in MAPS
        shape = found.setdefault(place, Shape([], {}))
        shape.keys.append(["*"] if is_map else list(value))
        for key, item in value.items():
            name = "*" if is_map else key
            shape.kinds.setdefault(name, set()).add(kind_of(item))
            if name not in FREE:
                shapes(item, f"{place}.{name}".strip("."), found)


def fits(kind: str, recorded: set[str]) -> bool:
    return kind in recorded or any(kind in alike and alike & recorded for alike in ALIKE)


def differences(recorded: dict[str, dict[str, str]], body: Any) -> Iterator[str]:
    found: dict[str, Shape] = {}
    shapes(body, "", found)
    for place, keys in recorded.items():
        if place in found:
            yield from of_keys(place, keys, found[place])
            yield from of_spellings(place, keys, found[place])
        elif not any(place.endswith(name) for name in EMPTY_HERE):
            yield f"{place}: no object"


def of_keys(place: str, keys: dict[str, str], ours: Shape) -> Iterator[str]:
    always = {name for name, words in keys.items() if not words.startswith("?") and name != "*"}
    for one in ours.keys:
        yield from (f"{place}.{name}: missing" for name in always - set(one) - OF_THE_WORLD)
        yield from (f"{place}.{name}: beyond" for name in set(one) - set(keys) - OF_THE_WORLD)
        if one != sorted(one):
            yield f"{place}: not in alphabetical order"


def of_spellings(place: str, keys: dict[str, str], ours: Shape) -> Iterator[str]:
    for name in ours.kinds.keys() & keys.keys():
        recorded = set(keys[name].replace("empty list", "list").removeprefix("? ").split())
        for kind in ours.kinds[name]:
            may_be_null = name in NULL_BY_CONTENT and "null" in {kind, *recorded}
            if not may_be_null and not fits(kind, recorded):
                yield f"{place}.{name}: {kind}, recorded {keys[name]}"


@each_row("row", RECORDED, ids=lambda row: f"{row['operation']} {row['day']}")
def test_an_answer_has_the_shape_that_was_recorded_on_its_day(row: dict[str, Any]) -> None:
    answer = ask(PATHS[row["operation"]], row["day"])
    assert answer.status == 200, answer.body
    assert sorted(set(differences(row["objects"], json.loads(answer.body)))) == []


def test_a_body_that_differs_is_told() -> None:
    recorded = {"": {"a": "dollars4", "b": "? text"}, "a.c": {}}
    assert sorted(differences(recorded, {"b": None, "c": 1, "a": "0.50"})) == [
        ".a: count2, recorded dollars4",
        ".b: null, recorded ? text",
        ".c: beyond",
        ": not in alphabetical order",
        "a.c: no object",
    ]
