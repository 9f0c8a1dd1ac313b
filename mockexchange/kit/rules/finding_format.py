"""Makes findings of the REST rules, and selects the lists and the queries that these rules check."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mockexchange.kit.findings import Finding
from mockexchange.kit.operations import Operation
from mockexchange.kit.target import Answer, Target

CHARS_SHOWN_MAX = 300
NAMING, ID_SUFFIX = ("id", "ticker", "event_ticker", "instrument_name"), "_id"
"""The names, and the ending of names, of fields that identify a row."""


def finding(target: Target, rule: str, where: str, seen: object, expected: object, operation_id: str = "") -> Finding:
    """Return a finding that points to an operation in the target's API document, or to the document."""
    place = target.location(target.operations[operation_id].place if operation_id in target.operations else "")
    return Finding(rule, where, shown(seen), shown(expected), place)


def shown(value: object) -> str:
    """Return a value as text, shortened for a finding."""
    text = str(value)
    return text if len(text) <= CHARS_SHOWN_MAX else f"{text[:CHARS_SHOWN_MAX]}..."


def row_text(row: Mapping[str, Any], names: Iterable[str] = ()) -> str:
    """Return a row as short text: the fields that identify it and those in `names`, or the whole row if it has none."""
    wanted = {*names, *(name for name in row if name in NAMING or name.endswith(ID_SUFFIX))}
    found = {name: value for name, value in row.items() if name in wanted}
    return shown(", ".join(f"{name} {value}" for name, value in found.items()) or row)


def differing(row: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields in which two rows differ."""
    return [name for name in {**row, **other} if row.get(name) != other.get(name)]


def answer_text(answer: Answer) -> str:
    """Return the status and the body of an answer as text for a finding."""
    return f"{answer.status} {answer.text}"


def lists_of(target: Target) -> list[str]:
    """Return the operation ids of the lists in the document, in its order."""
    return [name for name in target.operations if name in target.venue.facts.listings]


def paged_lists_of(target: Target) -> list[str]:
    """Return the operation ids of the lists that have pages."""
    paging = target.venue.facts.paging
    return [name for name in lists_of(target) if {paging.limit, paging.cursor} <= set(target.operations[name].query)]


def views_of(target: Target, operation_id: str) -> Iterator[dict[str, Any]]:
    """Yield the queries with which a list is checked, such as settled positions, if the API date supports them."""
    known = target.operations[operation_id].query
    yield from (dict(view) for view in target.listing(operation_id).views if set(view) <= set(known))


def request_line(operation: Operation, query: Mapping[str, Any]) -> str:
    """Return the method, path and query of a read: "GET /portfolio/fills?limit=2"."""
    joined = "&".join(f"{name}={value}" for name, value in query.items())
    return f"GET {operation.path}{'?' if joined else ''}{joined}"
