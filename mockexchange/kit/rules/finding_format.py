"""How the rules name what they judge, and how they say what is wrong with it."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockexchange.kit.findings import Finding
from mockexchange.kit.operations import Operation
from mockexchange.kit.target import Answer, Target

CHARS_SHOWN_MAX = 300


def finding(target: Target, rule: str, where: str, seen: object, expected: object, operation_id: str = "") -> Finding:
    """Return a finding that points to an operation of the target's document, or to the document."""
    place = target.place(target.operations[operation_id].place if operation_id in target.operations else "")
    return Finding(rule, where, shown(seen), shown(expected), place)


def shown(value: object) -> str:
    words = str(value)
    return words if len(words) <= CHARS_SHOWN_MAX else f"{words[:CHARS_SHOWN_MAX]}..."


def answer_text(answer: Answer) -> str:
    return f"{answer.status} {answer.text}"


def lists_of(target: Target) -> list[str]:
    """The ids of the lists that the document has, in its order."""
    return [name for name in target.operations if name in target.venue.facts.listings]


def paged_lists_of(target: Target) -> list[str]:
    paging = target.venue.facts.paging
    return [name for name in lists_of(target) if {paging.limit, paging.cursor} <= set(target.operations[name].query)]


def views_of(target: Target, operation_id: str) -> Iterator[dict[str, Any]]:
    """The queries that each give a list of its own, of those parameters that the date has."""
    known = target.operations[operation_id].query
    yield from (dict(view) for view in target.listing(operation_id).views if set(view) <= set(known))


def request_line(operation: Operation, query: Mapping[str, Any]) -> str:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return f"GET {operation.path}{'?' if words else ''}{words}"
