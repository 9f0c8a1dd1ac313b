"""The API documents for the tests of this folder."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from mockexchange.runtime import api_documents

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts" / "kalshi"

API_DATES = {
    "2025-11": "2025-11-03",
    "2025-12": "2025-12-01",
    "2026-02": "2026-02-20",
    "2026-04": "2026-04-21",
    "2026-06": "2026-06-11",
    "2026-10": "2026-10-31",
}
ALIASES = tuple(API_DATES)
COMPAT = "compat"
DOCUMENTS = (*ALIASES, COMPAT)

EVERY, NONE = set(ALIASES), set[str]()
FROM_2026, FROM_JUNE = {"2026-02", "2026-04", "2026-06", "2026-10"}, {"2026-06", "2026-10"}


def document(alias: str) -> dict[str, Any]:
    return api_documents.parse(CONTRACTS / alias / "openapi.yaml")


def resolved(alias: str, node: dict[str, Any]) -> dict[str, Any]:
    """Return the target of a local reference; any other object as it is."""
    reference = node.get("$ref")
    if reference is None:
        return node
    assert reference.startswith("#/")
    target: Any = document(alias)
    for part in reference[2:].split("/"):
        target = target[part]
    return resolved(alias, target)


def operations(alias: str) -> dict[str, dict[str, Any]]:
    """Return the reads of a document by their ids."""
    return {item["get"]["operationId"]: item["get"] for item in document(alias)["paths"].values() if "get" in item}


def writes(alias: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the operations that change something, by method and path."""
    return {
        (method.upper(), path): operation
        for path, item in document(alias)["paths"].items()
        for method, operation in item.items()
        if method not in {"get", "parameters"}
    }


def parameters(alias: str, operation: str) -> dict[str, dict[str, Any]]:
    found = [resolved(alias, parameter) for parameter in operations(alias)[operation]["parameters"]]
    return {parameter["name"]: parameter for parameter in found}


def objects_of_reads(alias: str) -> dict[str, dict[str, Any]]:
    """Return the schemas of the objects in the answers of reads, by name."""
    waiting: list[Any] = [operation["responses"]["200"] for operation in operations(alias).values()]
    schemas, found = document(alias)["components"]["schemas"], dict[str, dict[str, Any]]()
    while waiting:
        for reference in references(waiting.pop()):
            name = reference.rsplit("/", 1)[1]
            if reference.startswith("#/components/responses/"):
                waiting.append(resolved(alias, {"$ref": reference})["content"])
            elif name not in found:
                found[name] = schemas[name]
                waiting.append(schemas[name])
    return {name: schema for name, schema in found.items() if "properties" in schema}


@cache
def component_validator(alias: str, name: str) -> jsonschema_rs.Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document(alias)["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@cache
def answer_validator(alias: str, operation: str, status: str) -> jsonschema_rs.Draft202012Validator:
    response = resolved(alias, operations(alias)[operation]["responses"][status])
    schema = {**response["content"]["application/json"]["schema"], "components": document(alias)["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def accepting_aliases(operation: str, status: str, body: object) -> set[str]:
    """Return the dates at which an operation exists and may have this answer."""
    having = [alias for alias in ALIASES if status in operations(alias).get(operation, {}).get("responses", {})]
    return {alias for alias in having if answer_validator(alias, operation, status).is_valid(body)}


def references(node: Any) -> Iterator[str]:
    """Yield every reference in a node, with repetitions."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)
