"""The dated facts behind the API documents, and the facts that hold on one date."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockexchange.runtime import api_documents

CONTRACTS = Path(__file__).parents[1] / "contracts" / "kalshi"
API_DATES = {
    "2025-11": "2025-11-03",
    "2025-12": "2025-12-01",
    "2026-02": "2026-02-20",
    "2026-04": "2026-04-21",
    "2026-06": "2026-06-11",
    "2026-10": "2026-10-31",
}
COMPAT = "compat"
"""The date of `compat`, which sorts after every day: the last fact of every name. `since: compat` is for it only."""
EMPTY_LEFT_OUT_SINCE = "2026-06-01"
"""The date from which empty values are absent instead of null (recorded before and after; the day is a choice)."""

Node = dict[str, Any]
LINE = re.compile(
    r"(?P<list>\[)?(?P<name>\w+)\]?( or (?P<empty>\w+)( recorded (?P<recorded>[\d-]{10}))?)?"
    r"( since (?P<since>[\d-]{10}|compat))?( until (?P<until>[\d-]{10}))?"
)


@dataclass(frozen=True, slots=True)
class Life:
    """A dated fact: the type of a field or a parameter of a read, with the days from and until which it holds."""

    name: str
    is_list: bool
    empty: str | None
    """The form of a missing value: empty, absent, null, nothing; None if there is always a value."""
    recorded: str | None
    """The day of the recording, if the fact is not documented."""
    since: str
    until: str

    def holds_on(self, day: str) -> bool:
        return holds(self.since, self.until, day)

    def may_be_absent(self, day: str) -> bool:
        return self.empty in {"absent", "nothing"} or (self.empty == "empty" and day >= EMPTY_LEFT_OUT_SINCE)

    def may_be_null(self, day: str) -> bool:
        return self.empty in {"null", "nothing"} or (self.empty == "empty" and day < EMPTY_LEFT_OUT_SINCE)


def holds(since: str, until: str, day: str) -> bool:
    """Whether a fact holds on a day: from `since` on and before `until`; in compat unless it ends with compat."""
    return since <= day and (day < until or (day == COMPAT != until))


def life_of(line: str) -> Life:
    """Read a line such as "[Fill] or absent since 2026-01-29"."""
    found = LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"no fact: {line!r}")
    since, until = found["since"] or "0000-00-00", found["until"] or "9999-99-99"
    if found["empty"] not in {None, "empty", "absent", "null", "nothing"}:
        raise ValueError(f"no word for a missing value: {line!r}")
    return Life(found["name"], found["list"] is not None, found["empty"], found["recorded"], since, until)


def living(lines: str | list[str], day: str) -> Life | None:
    """Return the dated version of a fact that holds on the day."""
    found = [one for one in map(life_of, [lines] if isinstance(lines, str) else lines) if one.holds_on(day)]
    if len(found) > 1 and day != COMPAT:
        raise ValueError(f"{lines!r} has two lives on {day}")
    return max(found, key=lambda one: one.since, default=None)


def since(node: Node) -> str:
    return str(node.get("since", "0000-00-00"))


def node_holds(node: Node, day: str) -> bool:
    return holds(since(node), str(node.get("until", "9999-99-99")), day)


def living_node(nodes: Node | list[Node], day: str) -> Node | None:
    """Return the version of a node that holds on the day, without its dates."""
    found = [node for node in (nodes if isinstance(nodes, list) else [nodes]) if node_holds(node, day)]
    if len(found) > 1 and day != COMPAT:
        raise ValueError(f"{nodes!r} has two lives on {day}")
    newest = max(found, key=since, default=None)
    return newest and {name: value for name, value in newest.items() if name not in {"since", "until"}}


def read_facts() -> Node:
    """Read the tables: objects, requests, types, parameters, reads, writes, links, errors, examples."""
    tables: dict[str, Node] = {
        name: api_documents.parse_text((CONTRACTS / "facts" / f"{name}.yaml").read_text(encoding="utf-8"))
        for name in ("schemas", "operations", "writes", "links", "errors", "examples")
    }
    named = {name: tables[name] for name in ("links", "errors", "examples")}
    schemas, writes = tables["schemas"], tables["writes"]
    both = {section: {**schemas[section], **writes[section]} for section in ("objects", "types")}
    carried_out = {name: _with_path(write) for name, write in writes["writes"].items()}
    return {**tables["operations"], **writes, **both, **named, "writes": carried_out}


def _with_path(write: Node) -> Node:
    method, path = write["at"].split()
    return {**write, "method": method.lower(), "path": path}
