"""What callers give as JSON, and what the control API answers as Python has it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import pytest

from mockexchange import WrongArgument
from mockexchange.api.values.arguments import (
    TEXTS,
    duration_text,
    given_json,
    instant_text,
    read_row,
    step_json,
    to_json,
)
from mockexchange.api.values.results import read_outcomes, read_position
from mockexchange.runtime import api_documents
from tests.helpers.rows import each_row

CONTROL = api_documents.read("control")
SCHEMAS = CONTROL["components"]["schemas"]
AMOUNTS = {"Money", "UnsignedMoney", "Contracts", "UnsignedContracts", "LedgerPrice", "PriceNamed", "ExactDecimal"}
ROWS = ("Ledger", "ContractLedger", "Event", "Position", "Holding")


class Side(StrEnum):
    YES = "yes"


class Level(Enum):
    HALF = Decimal("0.50")


@each_row(
    ("value", "json"),
    [
        (Decimal("0.5600"), "0.5600"),
        (Decimal("1E-5"), "0.00001"),
        (Decimal("1E+3"), "1000"),
        (0.56, 0.56),
        (1e-05, "0.00001"),
        (1e22, "10000000000000000000000"),
        (7, 7),
        (True, True),
        (None, None),
        ("yes", "yes"),
        (Side.YES, "yes"),
        (Level.HALF, "0.50"),
        (datetime(2025, 11, 4, 23, tzinfo=UTC), "2025-11-04T23:00:00Z"),
        (timedelta(seconds=90), "90s"),
        (Path("a/b.yaml"), "a/b.yaml"),
        ({Side.YES: [(Decimal("0.5"), 1)], 1: {2}}, {"yes": [["0.5", 1]], "1": [2]}),
    ],
)
def test_a_value_is_written_as_scenarios_write_it(value: Any, json: Any) -> None:
    assert to_json(value) == json
    assert type(to_json(value)) is type(json)


@each_row("value", [b"x", object(), {1: b"x"}, [object]])
def test_a_value_that_cannot_be_written_is_told(value: Any) -> None:
    with pytest.raises(WrongArgument, match=r"^value.*: expected text, a number, a mapping or a list, got "):
        to_json(value)


@each_row("value", [float("nan"), float("-inf"), Decimal("NaN"), Decimal("Infinity")])
def test_a_number_that_is_none_is_told_with_its_place(value: Any) -> None:
    with pytest.raises(WrongArgument) as caught:
        given_json({"steps": [{"fill": {"count": value}}]})
    assert str(caught.value) == f"steps[0].fill.count: expected a finite number, got {value!r}"
    assert (caught.value.code, caught.value.where) == ("bad_argument", "steps[0].fill.count")


def test_what_is_none_is_not_said() -> None:
    assert step_json("settle", market="M", result=None, value=0) == {"settle": {"market": "M", "value": 0}}
    assert given_json({"a": None, "b": False}) == {"b": False}


def test_durations_and_instants_are_written() -> None:
    assert duration_text("1h30m") == "1h30m"
    assert duration_text(timedelta(microseconds=1_500)) == "1500us"
    assert instant_text("2025-11-04T00:00:00Z") == "2025-11-04T00:00:00Z"
    east = timezone(timedelta(hours=2))
    assert instant_text(datetime(2025, 11, 4, 1, tzinfo=east)) == "2025-11-03T23:00:00Z"
    with pytest.raises(WrongArgument, match=r"^instant: expected an instant with an offset, such as tzinfo=datetime\."):
        instant_text(datetime(2025, 11, 4))  # noqa: DTZ001  # that is what is told
    wrong_ones: list[Any] = [timedelta(days=-1), 5, None, "", "-5s", "5 parsecs", b"5s"]
    for value in wrong_ones:
        with pytest.raises(WrongArgument) as caught:
            duration_text(value, "within")
        text = "within: expected a duration such as 250ms, 5s, 1h30m or 90d, or a timedelta of 0 or more, got "
        assert str(caught.value) == f"{text}{value!r}"


# --- what comes back


def properties(schema: dict[str, Any], name: str = "") -> Iterator[tuple[str, str]]:
    """Every text that a schema allows, by the name it has, with the name of its schema ("" for one of its own)."""
    if "$ref" in schema:
        called = schema["$ref"].rpartition("/")[2]
        found = list(properties(SCHEMAS[called], name))
        yield from [(name, called)] if found == [(name, "")] else found
        return
    for part in [*schema.get("oneOf", ()), *schema.get("anyOf", ())]:
        yield from properties(part, name)
    for key, part in schema.get("properties", {}).items():
        yield from properties(part, key)
    for part in [*schema.get("prefixItems", ()), schema.get("items"), schema.get("additionalProperties")]:
        if isinstance(part, dict):
            yield from properties(part, name)
    if "string" in schema.get("type", ()):
        yield name, ""


TEXT_PROPERTIES = sorted({pair for row in ROWS for pair in properties(SCHEMAS[row])})


def test_every_text_of_the_document_is_read_as_what_it_is() -> None:
    assert {called for _, called in TEXT_PROPERTIES} >= AMOUNTS
    names = {name for name, called in TEXT_PROPERTIES if called in AMOUNTS}
    instants = {name for name, called in TEXT_PROPERTIES if called == "Instant"}
    free = {name for name, called in TEXT_PROPERTIES if called == ""}
    assert names & TEXTS == set()
    assert {name for name in instants if not re.fullmatch("at|.*_at", name)} == set()
    assert free - TEXTS - {"index"} == set(), "free text has to stay text; an index may be a name or a price"


@each_row(
    ("row", "read"),
    [
        ({"price": "0.5600", "id": "12", "count": "-1"}, {"price": Decimal("0.56"), "id": "12", "count": -1}),
        ({"cash": {"0": "1.00", "book": "2"}}, {"cash": {"0": 1, "book": 2}}),
        ({"yes": [["0.5", "1"]]}, {"yes": [[Decimal("0.5"), 1]]}),
        ({"rows": [{"id": "1", "fee": None}]}, {"rows": [{"id": "1", "fee": None}]}),
        ({"at": "2025-11-04T23:00:00.5Z"}, {"at": datetime(2025, 11, 4, 23, 0, 0, 500_000, tzinfo=UTC)}),
        ({"side": "yes", "settled": True, "revision": 7}, {"side": "yes", "settled": True, "revision": 7}),
    ],
)
def test_a_row_is_read(row: dict[str, Any], read: dict[str, Any]) -> None:
    assert read_row(row) == read


def test_both_kinds_of_position_are_read_whole() -> None:
    document = (path for path in CONTROL["components"]["responses"].values())
    (rows,) = (
        each["content"]["application/json"]["example"]
        for each in document
        if "quantity" in str(each.get("content", {}).get("application/json", {}).get("example", ""))
    )
    position = read_position(rows[0])
    assert (position.quantity, position.cost) == (Decimal(10), Decimal("5.6"))
    assert dict(position.details) == {}
    contract = {
        "account": "a",
        "book": "0",
        "instrument": "I",
        "size": "-3",
        "realized": "0",
        "leverage": 50,
        "vega": None,
    }
    position = read_position(contract)
    assert position.quantity == Decimal(-3)
    assert dict(position.details) == {"leverage": 50, "vega": None}


def test_a_step_without_an_answer_is_no_outcome() -> None:
    with pytest.raises(ValueError, match=r"zip"):
        read_outcomes([{"settle": {}}], [])
