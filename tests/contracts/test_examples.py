"""The examples of the documents fit their schemas, are complete, and agree with each other."""

import copy
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest

from mockexchange.kit.validation.schemas import resolved, validator
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document
from tests.contracts.documents import ALIASES, DOCUMENTS, document
from tests.helpers.rows import each_row
from tools.contract_examples import with_decimals

SUBJECTS = api_documents.subjects()
CENTS_AS_DOLLARS = {
    "GetPositions": ["fees_paid", "market_exposure", "total_traded", "realized_pnl"],
    "GetOrders": ["taker_fees", "taker_fill_cost", "no_price", "yes_price"],
    "GetMarkets": ["last_price", "no_ask", "no_bid", "yes_ask", "yes_bid", "notional_value"],
    "GetTrades": ["yes_price", "no_price"],
}
"""Amounts with two fields in a row, one of which ends in `_dollars`."""


def bodies(node: Document) -> Iterator[tuple[str, Any, list[Any]]]:
    """Yield (component, schema, examples) of every answer with a body, and of every request body."""
    sent = {
        f"the body of {operation['operationId']}": resolved(node, operation["requestBody"])
        for item in node["paths"].values()
        for method, operation in item.items()
        if method != "parameters" and "requestBody" in operation
    }
    for name, described in {**node["components"]["responses"], **sent}.items():
        for media_type, content in described.get("content", {}).items():
            many = [one["value"] for one in content.get("examples", {}).values()]
            yield (
                f"{name} as {media_type}",
                content["schema"],
                [*many, *([content["example"]] if "example" in content else [])],
            )


def parameters_in(node: Document) -> Iterator[Document]:
    yield from node["components"].get("parameters", {}).values()
    for item in node["paths"].values():
        listed = [one for operation in item.values() if "parameters" in operation for one in operation["parameters"]]
        yield from (one for one in (*item.get("parameters", []), *listed) if "$ref" not in one)


def objections(node: Document) -> Iterator[str]:
    """Yield the missing and the wrong examples of a document."""
    for name, schema, examples in bodies(node):
        yield from (f"{name}: no example" for _ in range(not examples))
        for example in examples:
            yield from (f"{name}: {error.message}" for error in validator(node, schema).iter_errors(example))
    for parameter in parameters_in(node):
        if "example" not in parameter:
            yield f"parameter {parameter['name']}: no example"
        elif not validator(node, resolved(node, parameter["schema"])).is_valid(parameter["example"]):
            yield f"parameter {parameter['name']}: {parameter['example']!r}"


@each_row("subject", SUBJECTS)
def test_every_parameter_and_body_has_an_example_that_fits(subject: str) -> None:
    assert list(objections(api_documents.read(subject))) == []


def test_a_missing_and_a_wrong_example_are_found() -> None:
    node = copy.deepcopy(document("2026-06"))
    content = node["components"]["responses"]["GetBalance"]["content"]["application/json"]
    content["example"]["balance_dollars"] = "994.22"
    del node["components"]["responses"]["GetFills"]["content"]["application/json"]["example"]
    node["components"]["parameters"]["cursor"].pop("example")
    node["components"]["parameters"]["limit_1000"]["example"] = 1001
    sent = node["paths"]["/portfolio/orders"]["post"]["requestBody"]["content"]["application/json"]["example"]
    sent["no_price"] = 44
    found = list(objections(node))
    assert len(found) == 5
    assert [one.split(":")[0] for one in found] == [
        "GetBalance as application/json",
        "GetFills as application/json",
        "the body of CreateOrder as application/json",
        "parameter cursor",
        "parameter limit",
    ]


def example(alias: str, operation: str) -> Any:
    content = document(alias)["components"]["responses"][operation]["content"]["application/json"]
    return content["example"]


def rows_of(alias: str, operation: str) -> list[dict[str, Any]]:
    return [row for part in example(alias, operation).values() if isinstance(part, list) for row in part]


@each_row("alias", DOCUMENTS)
def test_cents_and_dollars_agree(alias: str) -> None:
    compared = 0
    for operation, names in CENTS_AS_DOLLARS.items():
        for row in rows_of(alias, operation):
            for name in names:
                if name in row and f"{name}_dollars" in row:
                    assert Decimal(row[f"{name}_dollars"]) * 100 == row[name], (operation, name)
                    compared += 1
    assert (compared > 0) is (alias < "2026-03" or alias == "compat")


@each_row("alias", DOCUMENTS)
def test_the_event_row_is_the_sum_of_its_market_rows(alias: str) -> None:
    body = example(alias, "GetPositions")
    [event], [market] = body["event_positions"], body["market_positions"]
    assert event["total_cost_dollars"] == market["total_traded_dollars"]
    assert event["event_exposure_dollars"] == market["market_exposure_dollars"]
    assert {event[f"{name}_dollars"] == market[f"{name}_dollars"] for name in ("fees_paid", "realized_pnl")} == {True}
    assert market["ticker"].startswith(event["event_ticker"])


@each_row("alias", DOCUMENTS)
def test_the_fill_makes_the_position(alias: str) -> None:
    [fill], [market] = rows_of(alias, "GetFills"), example(alias, "GetPositions")["market_positions"]
    count = Decimal(fill["count_fp"] if "count_fp" in fill else fill["count"])
    price = Decimal(fill["yes_price_dollars"] if "yes_price_dollars" in fill else fill["yes_price_fixed"])
    assert count * price == Decimal(market["market_exposure_dollars"])
    assert count == Decimal(market["position_fp"] if "position_fp" in market else market["position"])


@each_row("alias", ALIASES)
def test_examples_have_the_keys_of_their_day(alias: str) -> None:
    """Test that examples have every required key, in alphabetical order as on the wire."""
    for operation in ("GetPositions", "GetFills", "GetOrders", "GetMarkets"):
        for row in rows_of(alias, operation):
            assert list(row) == sorted(row), operation


@each_row(("amount", "decimals", "wanted"), [("5.6", 4, "5.6000"), ("1", 2, "1.00"), ("-0.5", 1, "-0.5")])
def test_amounts_get_the_decimals_of_their_type(amount: str, decimals: int, wanted: str) -> None:
    assert with_decimals(amount, decimals) == wanted


def test_an_amount_that_is_finer_than_its_type_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 2 decimals"):
        with_decimals("0.005", 2)


def test_the_validator_of_examples_is_strict() -> None:
    schema = {"type": "string", "format": "date-time"}
    assert not jsonschema_rs.is_valid(schema, "2025-02-30T00:00:00Z", validate_formats=True)
