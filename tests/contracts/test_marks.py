"""`x-recorded` marks undocumented recordings with their day, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mockexchange.kit.validation.schemas import resolved
from tests.contracts.collection import full_collection
from tests.contracts.documents import ALIASES, DOCUMENTS, component_validator, document, operations
from tests.contracts.reference import DELIBERATE
from tests.helpers.rows import each_row
from tools.contract_facts import COMPAT, read_facts

Node = dict[str, Any]
DAYS = {"2025-11-03", "2026-01-12", "2026-01-14", "2026-06-11", "2026-08-24"}
"""Days of undocumented recordings; true if the day is unknown."""


def nested(code: str, message: str, **more: str) -> Node:
    return {"error": {"code": code, "message": message, **more}}


FIELD = "Error:Field validation for 'Limit' failed on the 'lte' tag"
OUT_OF_BOUNDS = {"msg": f"Parameter validation failed for GetMarkets: Key: 'GetMarketsParams.Limit' {FIELD}"}
AUTHENTICATION = "authentication_error"
WITHOUT_SIGNATURE = nested("signature_is_missing_from_headers", "signature is missing from headers")
GONE = nested(
    "deprecated_v1_order_endpoint",
    "Please switch to the V2 endpoints",
    details="https://docs.kalshi.com/api-reference/orders/create-order-v2",
)
# The schema of a body, the day on which it was recorded first, the body, and an alias of which it is.
RECORDED: list[tuple[str, str, Node, str]] = [
    ("GetMarketsParameterError", "2026-06-11", OUT_OF_BOUNDS, "2026-06"),
    ("BadRequestError", "2025-11-03", nested("bad_request", "bad request"), "2025-11"),
    ("AuthenticationError", "2026-06-11", WITHOUT_SIGNATURE, "2026-06"),
    ("AuthenticationError", "2026-06-11", nested("header_timestamp_expired", "header timestamp expired"), "2026-06"),
    ("AuthenticationError", "2026-06-11", nested(AUTHENTICATION, AUTHENTICATION, details="NOT_FOUND"), "2026-06"),
    (
        "AuthenticationError",
        "2026-06-11",
        nested(AUTHENTICATION, AUTHENTICATION, details="INCORRECT_API_KEY_SIGNATURE"),
        "2026-06",
    ),
    ("PermissionDeniedError", "2026-01-14", nested("permission_denied", "permission denied"), "2026-02"),
    ("NotFoundError", "2025-11-03", nested("not_found", "not found", service="query-exchange"), "2025-11"),
    ("ServiceUnavailableError", "2025-11-03", nested("service_unavailable", "service_unavailable"), "2025-11"),
    ("RetiredWriteError", "2026-08-24", GONE, "2026-10"),
]
ABOUT_ORDERS = {
    *("invalid_order", "invalid_price", "insufficient_balance", "market_not_found", "order_already_exists"),
    *("transfer_already_applied", "invalid_content_type", "missing_parameters", "invalid_parameters"),
}
"""Codes of answers to writes, which are never carried out here."""


@each_row(("name", "day", "body", "alias"), RECORDED)
def test_a_recorded_body_is_one_and_bears_its_day(name: str, day: str, body: Node, alias: str) -> None:
    assert component_validator(alias, name).is_valid(body)
    schema = document(alias)["components"]["schemas"][name]
    [branch] = [one for one in schema.get("oneOf", [schema]) if is_about(one, body)]
    assert branch["x-recorded"] == day


def is_about(schema: Node, body: Node) -> bool:
    """Whether a branch allows the code and the details of a body."""
    wanted = schema["properties"].get("error", {}).get("properties", {})
    error = body.get("error", {})
    return all(wanted.get(name, {}).get("const", error.get(name)) == error.get(name) for name in ("code", "details"))


def test_every_body_that_was_recorded_is_here() -> None:
    """Test each difference of the full collection, except those of writes and those known from reports only."""
    place = full_collection()
    if place is None:
        pytest.skip("the full collection is not beside this checkout")
    errors = json.loads(place.read_text(encoding="utf-8"))["errors"]
    recorded = [json.loads(one["body"]) for one in errors if "recorded" in one["certainty"]]
    read = [body for body in recorded if codes_of(body).isdisjoint(ABOUT_ORDERS) and "details" not in body]
    known = [body for _, _, body, _ in RECORDED]
    assert read
    assert [body for body in read if body not in known] == []


def codes_of(body: Node) -> set[str]:
    error = body.get("error")
    return {error["code"] if isinstance(error, dict) else "", str(body.get("code"))}


def marks(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        if "x-recorded" in node:
            yield node["x-recorded"]
        for child in node.values():
            yield from marks(child)
    elif isinstance(node, list):
        for child in node:
            yield from marks(child)


@each_row("alias", DOCUMENTS)
def test_a_mark_is_a_day_on_which_something_was_recorded(alias: str) -> None:
    found = [one for mark in marks(document(alias)) for one in (mark.values() if isinstance(mark, dict) else [mark])]
    assert found
    assert {one for one in found if one is not True} <= DAYS


@each_row("alias", DOCUMENTS)
def test_statuses_are_marked_on_their_operation(alias: str) -> None:
    total = operations(alias)["GetPortfolioRestingOrderTotalValue"]
    assert total["x-recorded"] == {"403": "2026-01-14"}
    assert "403" in total["responses"]
    others = [name for name, one in operations(alias).items() if "x-recorded" in one]
    assert others == ["GetPortfolioRestingOrderTotalValue"]


@each_row("alias", ["2025-11", "2025-12", "2026-02", COMPAT])
def test_an_empty_side_that_is_null_is_marked_where_it_is(alias: str) -> None:
    for field in document(alias)["components"]["schemas"]["Orderbook"]["properties"].values():
        assert {"type": "null", "x-recorded": "2025-11-03"} in field["oneOf"]


@each_row("alias", ALIASES)
def test_what_is_documented_is_not_marked(alias: str) -> None:
    node = document(alias)
    for name in ("TooManyRequestsError", "InternalServerError", "MethodNotAllowedError", "GetBalanceResponse"):
        assert "x-recorded" not in resolved(node, {"$ref": f"#/components/schemas/{name}"})


def test_the_facts_that_are_marked_are_the_ones_that_are_explained() -> None:
    """Test that differences from the documentation that a recording explains have a mark in the facts."""
    facts = read_facts()
    assert facts["parameters"]["order_status"]["recorded"]
    assert facts["parameters"]["market_status"][0]["recorded"]
    explained = [difference for (_, difference), reason in DELIBERATE.items() if "was recorded as" in reason]
    assert len(explained) == 5  # both of these, the sides of books, and two lists of a series
