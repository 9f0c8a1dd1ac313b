"""Generated bodies: they match the documents, reach extremes, and fields of equal meaning have equal values."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import Phase, find, given, seed, settings
from hypothesis import strategies as st

from mockexchange.kit.client.fuzzing import consistent_body, kind_of
from mockexchange.kit.client.generated_values import UNKNOWN, values_of
from mockexchange.kit.client.read_tasks import aliases_of
from mockexchange.kit.kalshi.read_tasks import BALANCE, FILLS, ORDERS, POSITIONS, TASKS
from mockexchange.kit.validation.schemas import resolved, validator
from mockexchange.runtime import api_documents
from tests.helpers.effort import chosen, examples
from tests.helpers.rows import each_row

pytestmark = pytest.mark.untraced


@pytest.mark.parametrize("alias", chosen(aliases_of("kalshi"), "2026-10"))
def test_bodies_are_what_the_document_describes(alias: str) -> None:
    """Of every read that has a 200 with JSON, not only those that clients are asked about."""
    document = api_documents.read(f"kalshi/{alias}")
    for path, item in document["paths"].items():
        answer = resolved(document, item.get("get", {}).get("responses", {}).get("200", {}))
        if "application/json" in answer.get("content", {}):
            assert_described(document, answer["content"]["application/json"]["schema"], path)


def assert_described(document: api_documents.Document, schema: Any, path: str) -> None:
    judge = validator(document, schema)

    @seed(1)
    @settings(max_examples=2, deadline=None, database=None, phases=(Phase.generate,))
    @given(values_of(document, schema))
    def describe(body: Any) -> None:
        assert judge.is_valid(body), (path, [error.message for error in judge.iter_errors(body)])

    describe()


def schema_of(document: api_documents.Document, path: str) -> Any:
    answer = resolved(document, document["paths"][path]["get"]["responses"]["200"])
    return answer["content"]["application/json"]["schema"]


@each_row("task", TASKS, ids=lambda task: task.name)
def test_bodies_of_tasks_are_described_to_the_last_row(task: Any) -> None:
    """They have rows with distinct keys, and fields of equal meaning agree."""
    document = api_documents.read("kalshi/2026-10")
    judge = validator(document, schema_of(document, task.path))

    @seed(2)
    @settings(max_examples=examples(15), deadline=None, database=None, phases=(Phase.generate,))
    @given(values_of(document, schema_of(document, task.path)).map(partial(consistent_body, task)))
    def describe(body: Any) -> None:
        assert judge.is_valid(body), [error.message for error in judge.iter_errors(body)]
        if task.rows:
            key = task.names[task.key][0].name
            assert len({row[key] for row in body[task.rows]}) == len(body[task.rows])

    describe()


def test_an_unknown_field_is_all_that_a_document_has_against_the_other_bodies() -> None:
    document = api_documents.read("kalshi/2026-10")
    judge = validator(document, schema_of(document, POSITIONS.path))

    @seed(3)
    @settings(max_examples=10, deadline=None, database=None, phases=(Phase.generate,))
    @given(values_of(document, schema_of(document, POSITIONS.path), UNKNOWN))
    def describe(body: Any) -> None:
        kinds = {type(error.kind) for error in judge.iter_errors(consistent_body(POSITIONS, body))}
        assert kinds == {jsonschema_rs.ValidationErrorKind.AdditionalProperties}

    describe()


EXTREMES = {
    "no-rows": lambda body: not body["market_positions"],
    "many-rows": lambda body: len(body["market_positions"]) >= 8,
    "negative": lambda body: any(row["position_fp"].startswith("-") for row in body["market_positions"]),
    "large": lambda body: any(len(row["position_fp"]) >= 11 for row in body["market_positions"]),
    "six-decimals": lambda body: any(row["fees_paid_dollars"][-1] != "0" for row in body["market_positions"]),
    "unicode": lambda body: any(not row["ticker"].isascii() for row in body["market_positions"]),
    "no-fraction": lambda body: any("." not in row["last_updated_ts"] for row in body["market_positions"]),
}


@each_row("name", EXTREMES)
def test_extremes_are_among_the_bodies(name: str) -> None:
    document = api_documents.read("kalshi/2026-10")
    bodies = values_of(document, schema_of(document, POSITIONS.path))
    assert is_among(bodies, EXTREMES[name])


def is_among(bodies: st.SearchStrategy[Any], condition: Callable[[Any], bool]) -> bool:
    """Whether a body meets a condition; it is not shrunk."""
    chosen = settings(max_examples=400, deadline=None, database=None, phases=(Phase.generate,))
    return bool(find(bodies, condition, settings=chosen, random=Random(4)))


def test_nulls_and_what_may_be_left_out_are_among_the_bodies() -> None:
    document = api_documents.read("kalshi/2025-11")
    bodies = values_of(document, schema_of(document, ORDERS.path))
    assert is_among(bodies, lambda body: any(row["expiration_time"] is None for row in body["orders"]))
    assert is_among(bodies, lambda body: any(row["expiration_time"] is not None for row in body["orders"]))
    assert is_among(bodies, lambda body: any("cancel_order_on_pause" in row for row in body["orders"]))
    assert is_among(bodies, lambda body: any("cancel_order_on_pause" not in row for row in body["orders"]))


def test_fields_of_equal_meaning_have_equal_values() -> None:
    body = {"balance": 7, "balance_dollars": "-12.3456", "portfolio_value": 5, "updated_ts": 1}

    assert consistent_body(BALANCE, body)["balance"] == -1234


TRADE = {
    "action": "sell",
    "book_side": "bid",
    "created_time": "2020-01-01T00:00:09.9Z",
    "no_price_dollars": "0.0001",
    "outcome_side": "yes",
    "side": "yes",
    "ticker": "KX-A",
    "yes_price_dollars": "0.4550",
}
AGREED = {**TRADE, "book_side": "ask", "no_price_dollars": "0.5450", "outcome_side": "no"}
FILL = {"count": 9, "count_fp": "1.90", "fill_id": "f", "market_ticker": "KX-B", "trade_id": "t", "ts": 5}
AGREED_FILL = {**FILL, "count": 1, "market_ticker": "KX-A", "trade_id": "f", "ts": 1577836809}


@each_row(
    ("task", "row", "consistent"),
    [
        (FILLS, {**TRADE, **FILL}, {**AGREED, **AGREED_FILL}),
        (ORDERS, {**TRADE, "order_id": "o"}, {**AGREED, "order_id": "o"}),
    ],
    ids=["fills", "orders"],
)
def test_a_trade_that_is_made_up_is_one_trade(task: Any, row: dict[str, Any], consistent: dict[str, Any]) -> None:
    """A client may read any of the fields of equal meaning, and derive one from the others."""
    assert consistent_body(task, {task.rows: [row]}) == {task.rows: [consistent]}


def test_errors_that_differ_in_values_are_one() -> None:
    first, second = (
        kind_of(f"row {place}, cost '{cost}' (digits were cut off)") for place, cost in ((0, "1.5"), (7, "2"))
    )
    assert first == second != kind_of("row 0, cost '1.5' (the sign is wrong: NO is negative)")
