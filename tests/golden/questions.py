"""Requests to every operation of a venue, made of its contract document: a new operation is asked by itself."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from tests.golden.documents import document

METHODS = ("get", "post", "put", "delete")
VALUES_MAX = 6
ALIASES = {"market_ticker": "ticker", "market_tickers": "ticker", "tickers": "ticker", "event_tickers": "event_ticker"}
"""Parameters whose value is found under another name in answers."""
EXAMPLE_FIRST = frozenset(("cursor", "status", "type", "category", "subaccount"))
"""Parameters that have the name of something else in answers."""


class Operation(NamedTuple):
    """An operation of a venue; `parameters` are those of its path and query, with their references followed."""

    method: str
    path: str
    is_signed: bool
    is_write: bool
    parameters: tuple[Mapping[str, Any], ...]
    bodies: tuple[Any, ...]
    """The examples of its body."""


Names = dict[str, str]
"""Values that exist in an exchange, by the key under which answers show them."""


@cache
def operations(venue: str) -> tuple[Operation, ...]:
    """Return the operations of a venue at all dates, those without names in their path first."""
    whole = document(venue)
    prefix = whole["servers"][0]["url"]
    found = [
        Operation(
            method=method.upper(),
            path=prefix + path,
            is_signed=node.get("security") != [],
            is_write=node.get("x-write", venue == "kalshi" and method != "get"),
            parameters=tuple(_whole(whole, one) for one in node.get("parameters", ())),
            bodies=_examples(whole, node.get("requestBody")),
        )
        for path, nodes in whole["paths"].items()
        for method, node in nodes.items()
        if method in METHODS
    ]
    return tuple(sorted(found, key=lambda one: "{" in one.path))


def _whole(whole: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a node, or what it refers to."""
    while "$ref" in node:
        found: Any = whole
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _examples(whole: Mapping[str, Any], body: Mapping[str, Any] | None) -> tuple[Any, ...]:
    if body is None:
        return ()
    content = _whole(whole, body)["content"]["application/json"]
    alone = (content["example"],) if "example" in content else ()
    return (*alone, *(_whole(whole, one)["value"] for one in content.get("examples", {}).values()))


def harvest(names: Names, body: bytes, *, is_newest: bool = False) -> None:
    """Keep texts of an answer by their keys: the first of each, or the newest."""
    try:
        waiting = [json.loads(body)]
    except ValueError:
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict):
            for key, one in value.items():
                if not isinstance(one, str):
                    waiting.append(one)
                elif one and (is_newest or key not in names):
                    names[key] = one


def target(path: str, names: Names, query: Mapping[str, Any] | None = None) -> str:
    """Return the target of a request, its path filled in with names that exist."""
    if "/events/{ticker}" in path:
        path = path.replace("{ticker}", "{event_ticker}")
    for name in re.findall(r"\{(\w+)\}", path):
        path = path.replace(f"{{{name}}}", quote(names.get(ALIASES.get(name, name), "NONE"), safe=""))
    return path + (f"?{urlencode(query, doseq=True)}" if query else "")


def queries(operation: Operation, names: Names) -> Iterator[dict[str, Any]]:
    """Yield queries of an operation: the shortest, then one for each value of each optional parameter."""
    inside = [one for one in operation.parameters if one["in"] == "query"]
    least = {one["name"]: _values(one, names)[0] for one in inside if one.get("required")}
    yield least
    for parameter in inside:
        for value in _values(parameter, names):
            if least.get(parameter["name"]) != value:
                yield {**least, parameter["name"]: value}
    if any(one["name"] == "limit" for one in inside):
        yield {**least, "limit": 1}
    yield {**least, "limit": "x", "nothing": "1"}


def _values(parameter: Mapping[str, Any], names: Names) -> list[Any]:
    name = parameter["name"]
    known = names.get(ALIASES.get(name, name)) if name not in EXAMPLE_FIRST else None
    choices = parameter.get("schema", {}).get("enum", ())
    given = [_plain(value) for value in chain(choices, (parameter.get("example"),)) if value is not None]
    return list(dict.fromkeys([*([known] if known else []), *given]))[:VALUES_MAX] or ["1"]


def _plain(value: Any) -> Any:
    """Return a value as a query spells it."""
    if isinstance(value, bool):
        return str(value).lower()
    return tuple(value) if isinstance(value, list) else json.dumps(value) if isinstance(value, dict) else value
