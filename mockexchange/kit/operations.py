"""Reads the operations of an API document: reads with their parameters and response schemas, and writes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mockexchange.kit.validation.schemas import pointer, resolved
from mockexchange.runtime.api_documents import Document

READ = "get"


class Parameter(NamedTuple):
    name: str
    is_required: bool
    schema: Mapping[str, Any]


class Operation(NamedTuple):
    """A read (GET operation). `query` has its query parameters by name, `names` the variables of its path."""

    id: str
    path: str
    node: Mapping[str, Any]
    query: Mapping[str, Parameter]
    names: tuple[str, ...]
    is_public: bool
    place: str
    """The JSON pointer to the operation in its document."""


class WriteOperation(NamedTuple):
    """A write that the exchange executes. `method` is in upper case."""

    id: str
    path: str
    method: str
    node: Mapping[str, Any]


def writes(document: Document) -> dict[str, WriteOperation]:
    """Return the writes of a document by operation id, without writes that the venue always refuses."""
    found = (
        WriteOperation(node["operationId"], path, method.upper(), node)
        for path, item in document["paths"].items()
        for method, node in item.items()
        if method not in {READ, "parameters"} and not node.get("x-never-carried-out")
    )
    return {operation.id: operation for operation in found}


def reads(document: Document) -> dict[str, Operation]:
    """Return the reads of a document by operation id, in its order, without a GET that it marks as a write."""
    found = (
        _read(document, path, item)
        for path, item in document["paths"].items()
        if READ in item and not item[READ].get("x-write")
    )
    return {operation.id: operation for operation in found}


def _read(document: Document, path: str, item: Document) -> Operation:
    node = item[READ]
    listed = [resolved(document, one) for one in (*item.get("parameters", []), *node.get("parameters", []))]
    query = {
        one["name"]: Parameter(one["name"], one.get("required", False), resolved(document, one["schema"]))
        for one in listed
        if one["in"] == "query"
    }
    names = tuple(one["name"] for one in listed if one["in"] == "path")
    place = pointer("paths", path, READ)
    return Operation(node["operationId"], path, node, query, names, node.get("security") == [], place)


def allows(parameter: Parameter, value: str) -> bool:
    """Return whether a value fits a parameter's `enum` and `pattern`, if it has them."""
    choices, pattern = parameter.schema.get("enum"), parameter.schema.get("pattern")
    return (choices is None or value in choices) and (pattern is None or re.search(pattern, value) is not None)


def answer_schema(document: Document, operation: Operation) -> Mapping[str, Any]:
    """Return the schema of a read's 200 response."""
    response = resolved(document, operation.node["responses"]["200"])
    schema: Mapping[str, Any] = resolved(document, response["content"]["application/json"]["schema"])
    return schema


def property_sets(document: Document, operation: Operation) -> list[frozenset[str]]:
    """Return, for each object in a read's response schema, the set of its keys."""
    return list(_property_sets(document, answer_schema(document, operation), set()))


def _property_sets(document: Document, node: Any, seen: set[str]) -> Iterator[frozenset[str]]:
    """Yield the set of keys of each object below a schema; schemas in `seen` are skipped: some are recursive."""
    if not isinstance(node, dict) or node.get("$ref") in seen:
        return
    seen |= {node["$ref"]} if "$ref" in node else set()
    schema = resolved(document, node)
    if "properties" in schema:
        yield frozenset(schema["properties"])
    parts = [
        *schema.get("properties", {}).values(),
        schema.get("items"),
        *schema.get("oneOf", []),
        *schema.get("anyOf", []),
    ]
    for part in parts:
        yield from _property_sets(document, part, seen)
