"""Makes the schemas of a date: of answers, of requests, of their types and of refusals."""

from collections.abc import Iterator
from typing import Any

from tools.contract_facts import COMPAT, Life, Node, living, living_node
from tools.contract_parts import error_schemas, parameter_error, type_schema
from tools.contract_requests import coded_error, request_schemas

LIST_ROWS_MAX = 1000
LONGER_LISTS = {"IncentiveProgram": 10_000, "StructuredTarget": 2_000}
"""Longest pages of lists that are longer than most."""
REPEATED = ("IndividualResponse", "ResponseOrder")
"""Ends of the names of items that answer the orders of a request one by one, so that two may be equal."""
UNBOUNDED_SINCE = {"MarketPosition": "2026-10-01"}
"""Pages of settled or all positions end between events, so they may exceed the limit; not in compat."""


def every_schema(facts: Node, day: str, asked: dict[str, list[Node]]) -> Node:
    """Return all schemas by name; `asked` are the parameters of each operation with parameters."""
    objects = {name: _object(fields, day) for name, fields in facts["objects"].items()}
    lives = {name: living_node(nodes, day) for name, nodes in facts["types"].items()}
    types = {name: type_schema(node) for name, node in lives.items() if node is not None}
    refusals: Node = {}
    for name, parameters in asked.items():
        refusals |= parameter_error(name, parameters, day)
    coded = {name: node for name, node in facts["errors"].items() if "coded" in node}
    texts = {name: node for name, node in facts["errors"].items() if name not in coded}
    errors = {**error_schemas(texts, day), **{name: coded_error(node, day) for name, node in coded.items()}}
    return {**objects, **request_schemas(facts, day), **types, **refusals, **errors}


def used_schemas(every: Node, *places: Node) -> Node:
    """Return the schemas that some place refers to, also through others."""
    waiting, used = list(places), set[str]()
    while waiting:
        for name in set(_references(waiting.pop())) & set(every) - used:
            used.add(name)
            waiting.append(every[name])
    return {name: schema for name, schema in every.items() if name in used}


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rsplit("/", 1)[1]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def _object(fields: Node, day: str) -> Node:
    lives = {name: living(lines, day) for name, lines in fields.items()}
    living_ones = {name: life for name, life in lives.items() if life is not None}
    required = [name for name, life in living_ones.items() if not life.may_be_absent(day)]
    return {
        "type": "object",
        "additionalProperties": False,
        **({"required": required} if required else {}),
        "properties": {name: _field(life, day) for name, life in living_ones.items()},
    }


def _field(life: Life, day: str) -> Node:
    schema: Node = {"$ref": f"#/components/schemas/{life.name}"}
    if life.is_list:
        is_unbounded = life.name in UNBOUNDED_SINCE and UNBOUNDED_SINCE[life.name] <= day != COMPAT
        limit = {} if is_unbounded else {"maxItems": LONGER_LISTS.get(life.name, LIST_ROWS_MAX)}
        unique = {} if life.name.endswith(REPEATED) else {"uniqueItems": True}
        schema = {"type": "array", **limit, **unique, "items": schema}
    mark = {"x-recorded": life.recorded} if life.recorded else {}
    return {"oneOf": [schema, {"type": "null", **mark}]} if life.may_be_null(day) else schema
