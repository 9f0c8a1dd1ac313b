"""The dated facts behind the contract documents, and what of them holds on one day."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CONTRACTS = Path(__file__).parents[1] / "contracts" / "kalshi"
API_DATES = {
    "2025-11": "2025-11-03",
    "2025-12": "2025-12-01",
    "2026-02": "2026-02-20",
    "2026-04": "2026-04-21",
    "2026-06": "2026-06-11",
    "2026-10": "2026-10-31",
}
EMPTY_LEFT_OUT_SINCE = "2026-06-01"
"""Null before, absent from then on (recorded on both sides; the day is a choice)."""

Node = dict[str, Any]
LINE = re.compile(
    r"(?P<list>\[)?(?P<name>\w+)\]?( or (?P<empty>\w+))?( since (?P<since>[\d-]{10}))?( until (?P<until>[\d-]{10}))?"
)


@dataclass(frozen=True, slots=True)
class Life:
    """A name with its days: of a type in a field, or of a parameter in a read."""

    name: str
    is_list: bool
    empty: str | None
    """What stands where there is no value: empty, absent, null, nothing; None if there always is one."""
    since: str
    until: str

    def holds_on(self, day: str) -> bool:
        return self.since <= day < self.until

    def may_be_absent(self, day: str) -> bool:
        return self.empty in {"absent", "nothing"} or (self.empty == "empty" and day >= EMPTY_LEFT_OUT_SINCE)

    def may_be_null(self, day: str) -> bool:
        return self.empty in {"null", "nothing"} or (self.empty == "empty" and day < EMPTY_LEFT_OUT_SINCE)


def life_of(line: str) -> Life:
    """Read a line such as "[Fill] or absent since 2026-01-29"."""
    found = LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"no fact: {line!r}")
    since, until = found["since"] or "0000-00-00", found["until"] or "9999-99-99"
    if found["empty"] not in {None, "empty", "absent", "null", "nothing"}:
        raise ValueError(f"no word for a missing value: {line!r}")
    return Life(found["name"], found["list"] is not None, found["empty"], since, until)


def living(lines: str | list[str], day: str) -> Life | None:
    """Return the one of a fact's lives that holds on the day."""
    found = [one for one in map(life_of, [lines] if isinstance(lines, str) else lines) if one.holds_on(day)]
    if len(found) > 1:
        raise ValueError(f"{lines!r} has two lives on {day}")
    return found[0] if found else None


def node_holds(node: Node, day: str) -> bool:
    return str(node.get("since", "0000-00-00")) <= day < str(node.get("until", "9999-99-99"))


def living_node(nodes: Node | list[Node], day: str) -> Node | None:
    """Return what holds on the day, without its days."""
    found = [node for node in (nodes if isinstance(nodes, list) else [nodes]) if node_holds(node, day)]
    if len(found) > 1:
        raise ValueError(f"{nodes!r} has two lives on {day}")
    return {name: value for name, value in found[0].items() if name not in {"since", "until"}} if found else None


def read_facts() -> Node:
    """Read the tables: objects, types, parameters, reads, writes, errors."""
    tables: list[Node] = [
        yaml.safe_load((CONTRACTS / "facts" / f"{name}.yaml").read_text(encoding="utf-8"))
        for name in ("schemas", "operations", "errors")
    ]
    return {**tables[0], **tables[1], "errors": tables[2]}
