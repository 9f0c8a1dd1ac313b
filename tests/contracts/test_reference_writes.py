"""The writes of the documents have the same content as an independent list of them."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.contracts.collection import Raw
from tests.contracts.documents import ALIASES, document, resolved, writes
from tests.contracts.write_collection import full_collection, read_kept, trimmed
from tests.helpers.rows import each_row

LIST = read_kept()
OTHER_NAMES = {
    "ApplySubaccountTransferResponse": "EmptyResponse",
    "EmptyResponse": "EmptyResponse",
    "BatchCancelOrdersV2RequestOrdersInner": "BatchCancelOrdersV2RequestOrder",
    "BatchCancelOrdersV2ResponseOrdersInner": "BatchCancelOrdersV2ResponseOrder",
    "BatchCreateOrdersV2ResponseOrdersInner": "BatchCreateOrdersV2ResponseOrder",
    "ErrorResponse": "ItemError",
}
"""Objects with other names in the documents."""
DELIBERATE: dict[tuple[str, str], str] = {
    ("*", "* /fcm/*: undocumented"): "in the list of FCM members' operations",
    ("*", "* /multivariate_event_collections/*: undocumented"): "in the documents of clients and of April 2026",
    ("*", "* /communications/*: undocumented"): "in the documents of February to August 2026",
    ("*", "PUT /portfolio/order_groups/{order_group_id}/reset: body EmptyRequest*"): "an empty object may be sent",
    ("*", "PUT /portfolio/order_groups/{order_group_id}/trigger: body EmptyRequest*"): "an empty object may be sent",
    ("*", "POST /portfolio/subaccounts: body CreateSubaccountRequest*"): "a JSON type is needed, so {} is sent",
    ("*", "object BatchCreateOrdersV2ResponseOrdersInner: field order_id: nullable"): "unknown where an order failed",
    ("*", "object *: field reduced_by: minimum 0, not None"): "as all counts that are never below zero",
    ("*", "object *: field exchange_index: minimum *, not None"): "as at GetPositions; -1 is documented in prose",
    ("*", "object *: field ts_ms: minimum 0, not None"): "an instant of the engine",
    ("*", "object CreateApiKeyRequest: field scopes: items *"): "the words are listed",
    ("*", "object GenerateApiKeyRequest: field scopes: items *"): "the words are listed",
    ("*", "object *: field subaccount*: minimum 0, not None"): "a subaccount has a number from 0 on",
    ("*", "object *: field *_subaccount: minimum 0, not None"): "a subaccount has a number from 0 on",
}
"""Reasons by (alias, difference); `*` matches any."""


def differences(alias: str) -> Iterator[str]:
    """Yield the differences of a document's writes from the list."""
    listed, ours = LIST[alias]["writes"], {f"{method} {path}": node for (method, path), node in writes(alias).items()}
    ours = {call: node for call, node in ours.items() if "x-never-carried-out" not in node}
    yield from (f"{call}: missing" for call in sorted(set(listed) - set(ours)))
    yield from (f"{call}: undocumented" for call in sorted(set(ours) - set(listed)))
    for call in sorted(set(listed) & set(ours)):
        yield from (f"{call}: {one}" for one in of_write(alias, ours[call], listed[call]))
    schemas = document(alias)["components"]["schemas"]
    for name, fields in LIST[alias]["schemas"].items():
        if name not in {"EmptyResponse", "ApplySubaccountTransferResponse"}:
            schema = schemas[OTHER_NAMES.get(name, name)]
            yield from (f"object {name}: {one}" for one in of_fields(alias, name, schema, fields))


def of_write(alias: str, ours: Raw, theirs: Raw) -> Iterator[str]:
    body = schema_name(ours["requestBody"]["content"]) if "requestBody" in ours else None
    if body != theirs["body"]:
        yield f"body {body}, not {theirs['body']}"
    query = {resolved(alias, one)["name"] for one in ours.get("parameters", [])}
    if query != set(theirs["query"]):
        yield f"query {sorted(query)}, not {theirs['query']}"
    for status, answer in theirs["answers"].items():
        content = resolved(alias, ours["responses"].get(status, {})).get("content")
        found = schema_name(content) if content else None
        if found != OTHER_NAMES.get(answer, answer):
            yield f"answer {status} {found}, not {answer}"
    missing = set(map(str, theirs["statuses"])) - set(ours["responses"])
    yield from (f"status {status}: missing" for status in sorted(missing))
    if ours.get("x-scopes", []) != theirs["scopes"]:
        yield f"scopes {ours.get('x-scopes')}, not {theirs['scopes']}"


def schema_name(content: Raw) -> str:
    name: str = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    return name


def of_fields(alias: str, name: str, schema: Raw, fields: Raw) -> Iterator[str]:
    ours = schema["properties"]
    yield from (f"field {field}: missing" for field in sorted(set(fields) - set(ours)))
    yield from (f"field {field}: undocumented" for field in sorted(set(ours) - set(fields)))
    for field in sorted(set(ours) & set(fields)):
        is_required = field in schema.get("required", [])
        if is_required != fields[field]["required"] and not (is_required and "Response" in name):
            yield f"field {field}: required {is_required}, not {fields[field]['required']}"
        yield from (f"field {field}: {one}" for one in of_field(alias, ours[field], fields[field]))


def of_field(alias: str, node: Raw, fact: Raw) -> Iterator[str]:
    is_nullable, bare = "oneOf" in node, node.get("oneOf", [node])[0]
    if is_nullable != fact.get("nullable", False):
        yield "nullable" if is_nullable else "not nullable"
    found = resolved(alias, bare)
    if found["type"] != fact.get("type", found["type"]):
        yield f"type {found['type']}, not {fact['type']}"
    if found["type"] == "array":
        items = bare["items"]["$ref"].rsplit("/", 1)[1]
        if items not in {fact["items"], OTHER_NAMES.get(fact["items"])} and (items, fact["items"]) != ("Id", "string"):
            yield f"items {items}, not {fact['items']}"
        return
    for keyword in ("minimum", "maximum"):
        seen = found.get(keyword)
        is_wide = seen is not None and (abs(seen) >= 10**17 or keyword == "maximum")
        if seen != fact.get(keyword) and not (is_wide and keyword not in fact):
            yield f"{keyword} {seen}, not {fact.get(keyword)}"
    if "enum" in fact and sorted(found["enum"]) != sorted(fact["enum"]):
        yield f"words {found['enum']}, not {fact['enum']}"


def reason_for(alias: str, difference: str) -> str | None:
    for (name, pattern), reason in DELIBERATE.items():
        if fnmatchcase(alias, name) and fnmatchcase(difference, pattern):
            return reason
    return None


@each_row("alias", ALIASES)
def test_a_document_has_the_writes_of_the_list(alias: str) -> None:
    unexplained = [one for one in differences(alias) if reason_for(alias, one) is None]
    assert not unexplained, "\n".join(unexplained)


def test_every_deliberate_difference_is_one() -> None:
    found = [(alias, one) for alias in ALIASES for one in differences(alias)]
    idle = [
        key
        for key in DELIBERATE
        if not any(fnmatchcase(alias, key[0]) and fnmatchcase(one, key[1]) for alias, one in found)
    ]
    assert not idle


def test_the_list_is_the_comparable_part_of_the_full_collection() -> None:
    place = full_collection()
    if place is None:
        pytest.skip("the full collection is not beside this checkout")
    there = trimmed(json.loads(place.read_text(encoding="utf-8")))
    assert read_kept() == there, "run: python -m tests.contracts.write_collection"


WRONG: list[tuple[str, Any, str]] = [
    ("count", {"type": "integer", "required": True}, "type string, not integer"),
    ("side", {"type": "string", "required": True, "enum": ["yes", "no"]}, "words ['bid', 'ask'], not ['yes', 'no']"),
    ("price", {"type": "string", "required": True, "nullable": True}, "not nullable"),
    ("subaccount", {"type": "integer", "required": False, "minimum": 1}, "minimum 0, not 1"),
]


@each_row(("field", "fact", "wanted"), WRONG)
def test_a_field_that_is_wrong_in_one_thing_is_found(field: str, fact: Any, wanted: str) -> None:
    node = document("2026-10")["components"]["schemas"]["CreateOrderV2Request"]["properties"][field]
    assert list(of_field("2026-10", node, fact)) == [wanted]
