"""The documents have the same content as an independent list of wire facts."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.collection import GENERATIONS, full_collection, read_kept, trimmed
from tests.contracts.documents import document, objects_of_reads, operations, parameters, resolved
from tests.contracts.reference import (
    DELIBERATE,
    FieldFact,
    Operation,
    Param,
    differences,
    load_reference,
    reason_for,
)
from tests.helpers.rows import each_row

Node = dict[str, Any]
DOLLARS = {"Dollars", "UnsignedDollars", "FeeDollars", "BalanceDollars", "PriceDollars"}
COUNTS = {"Count", "UnsignedCount"}
CHOICES = re.compile(r"\^\(([\w|]+)\)\(,\(\1\)\)\*\$")
MOST = re.compile(r"\^\[\^,\]\*\(,\[\^,\]\*\)\{0,(\d+)\}\$")


def param_of(node: Node) -> Param:
    """Return a documented parameter in the form of the list, without the bounds of 32 and 64 bits."""
    schema = node["schema"]
    pattern = schema.get("pattern", "")
    choices, most = CHOICES.fullmatch(pattern), MOST.fullmatch(pattern)
    words = schema.get("enum") or (choices[1].split("|") if choices else None)
    return Param(
        name=node["name"],
        kind=schema["type"],
        is_required=node.get("required", False),
        is_list=node["description"].startswith("Comma list."),
        list_max=int(most[1]) + 1 if most else None,
        minimum=schema.get("minimum") if abs(schema.get("minimum", 0)) < 2**31 else None,
        maximum=schema.get("maximum") if schema.get("maximum", 0) < 2**31 - 1 else None,
        default=schema.get("default"),
        choices=frozenset(words) if words else None,
    )


def field_of(alias: str, name: str, node: Node, is_required: bool) -> FieldFact:
    is_nullable = "oneOf" in node
    bare = node["oneOf"][0] if is_nullable else node
    is_list = bare.get("type") == "array"
    kind, choices = kind_of(alias, bare["items"] if is_list else bare)
    kind = f"[{kind}]" if is_list else kind
    return FieldFact(name=name, kind=kind, is_required=is_required, is_nullable=is_nullable, choices=choices)


def kind_of(alias: str, node: Node) -> tuple[str, frozenset[str] | None]:
    name, schema = node["$ref"].rsplit("/", 1)[1], resolved(alias, node)
    if name in DOLLARS | COUNTS:
        return "dollars" if name in DOLLARS else "count", None
    if name == "Instant":
        return "instant", None
    if schema["type"] in {"object", "array"}:
        return "object" if name == "FreeObject" else name, None
    return schema["type"], frozenset(schema["enum"]) if "enum" in schema else None


def schemas_of(alias: str) -> dict[str, dict[str, FieldFact]]:
    """Return the objects in the answers of a document's reads."""
    return {
        name: {
            field: field_of(alias, field, schema, field in node.get("required", []))
            for field, schema in node["properties"].items()
        }
        for name, node in objects_of_reads(alias).items()
    }


def operation_of(alias: str, path: str, node: Node) -> Operation:
    schema = resolved(alias, node["responses"]["200"])["content"]["application/json"]["schema"]
    return Operation(
        path=path,
        is_signed=node.get("security") != [],
        answer=schema["$ref"].rsplit("/", 1)[1],
        statuses=frozenset(map(int, node["responses"])),
        params={name: param_of(one) for name, one in parameters(alias, node["operationId"]).items()},
        recorded=frozenset(map(int, node.get("x-recorded", {}))),
    )


def operations_of(alias: str) -> dict[str, Operation]:
    paths = {item["get"]["operationId"]: path for path, item in document(alias)["paths"].items() if "get" in item}
    return {paths[name]: operation_of(alias, paths[name], node) for name, node in operations(alias).items()}


def found_in(alias: str) -> list[str]:
    return list(differences(load_reference()[alias], operations_of(alias), schemas_of(alias)))


@each_row("alias", GENERATIONS)
def test_a_document_says_what_the_list_says(alias: str) -> None:
    unexplained = [one for one in found_in(alias) if reason_for(alias, one) is None]
    assert not unexplained, "\n".join(unexplained)


def test_every_deliberate_difference_is_one() -> None:
    found = {(alias, one) for alias in GENERATIONS for one in found_in(alias)}
    idle = dict(DELIBERATE)
    for alias, one in found:
        idle = {key: reason for key, reason in idle.items() if reason_for(alias, one, {key: reason}) is None}
    assert not idle


def test_what_is_kept_is_what_can_be_compared() -> None:
    place = full_collection()
    if place is None:
        pytest.skip("the full collection is not beside this checkout")
    there = trimmed(json.loads(place.read_text(encoding="utf-8")))
    assert read_kept() == there, "run: python -m tests.contracts.collection"


def changed_fill(**changes: Any) -> dict[str, dict[str, FieldFact]]:
    """Return the objects of April 2026 with a changed `count_fp` of a fill."""
    schemas = schemas_of("2026-04")
    return {**schemas, "Fill": {**schemas["Fill"], "count_fp": replace(schemas["Fill"]["count_fp"], **changes)}}


def test_an_object_that_is_wrong_in_one_thing_is_found() -> None:
    generation, reads = load_reference()["2026-04"], operations_of("2026-04")
    without = schemas_of("2026-04")
    del without["Fill"]["fee_cost"]
    wrong = [
        (without, "object Fill: field fee_cost: missing"),
        ({**without, "Other": {}}, "object Other: undocumented"),
        (changed_fill(kind="dollars"), "object Fill: field count_fp: kind is dollars, not count"),
        (changed_fill(is_required=False), "object Fill: field count_fp: is_required is False, not True"),
        (changed_fill(is_nullable=True), "object Fill: field count_fp: is_nullable is True, not False"),
    ]
    for schemas, words in wrong:
        assert words in set(differences(generation, reads, schemas))
        assert reason_for("2026-04", words) is None


def test_a_read_that_is_wrong_in_one_thing_is_found() -> None:
    generation, schemas, path = load_reference()["2026-04"], schemas_of("2026-04"), "/portfolio/fills"
    read = operations_of("2026-04")[path]
    limit = read.params["limit"]
    wrong = [
        ({"limit": replace(limit, maximum=200)}, f"read {path}: parameter limit: maximum is 200, not 1000"),
        ({"limit": replace(limit, minimum=None)}, f"read {path}: parameter limit: minimum is None, not 1"),
        ({"limit": replace(limit, default=10)}, f"read {path}: parameter limit: default is 10, not 100"),
        ({"side": replace(limit, name="side")}, f"read {path}: parameter side: undocumented"),
    ]
    for params, words in wrong:
        reads = {path: replace(read, params={**read.params, **params})}
        assert {words, "read /portfolio/balance: missing"} <= set(differences(generation, reads, schemas))
        assert reason_for("2026-04", words) is None
