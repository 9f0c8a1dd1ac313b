"""Edits of bodies: the edited fields change, everything else keeps its bytes."""

import json
from typing import Any

import pytest

from mockexchange.faults.bodies import edit_json, truncate
from mockexchange.scenario import fault_effects
from mockexchange.scenario.fault_effects import Effect
from mockexchange.venues.kalshi.legacy_fields import places_of
from mockexchange.venues.kalshi.parameter_decoding import with_limit
from mockexchange.venues.kalshi.resources import OBJECTS, OPERATIONS
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, PREFIX, make, signed

PAGE = b'{"cursor":"next","event_positions":[{"a":1}],"market_positions":[{"t":"\xc3\xa4","p":0.555},{"t":"2"}]}'


def edited(effect: Effect, body: bytes = PAGE, query: str = "", operation: str = "GetPositions") -> bytes | None:
    return edit_json(body, effect, Request("GET", POSITIONS, query), operation)


@each_row(
    ("how", "query", "cursor"),
    [
        ("null", "", b"null"),
        ("null", "cursor=abc", b"null"),
        ("repeat", "limit=2&cursor=abc", b'"abc"'),
        ("repeat", "cursor=a%3Db", b'"a=b"'),
    ],
)
def test_a_cursor_is_another(how: str, query: str, cursor: bytes) -> None:
    assert edited(fault_effects.Cursor(how), query=query) == PAGE.replace(b'"next"', cursor)


def test_a_cursor_is_gone() -> None:
    assert edited(fault_effects.Cursor("absent")) == PAGE.replace(b'"cursor":"next",', b"")


@each_row(
    ("effect", "body"),
    [
        (fault_effects.Cursor("repeat"), PAGE),
        (fault_effects.Cursor("null"), b'{"balance":1}'),
        (fault_effects.DuplicateRow(), b'{"cursor":"","orders":[]}'),
        (fault_effects.DuplicateRow(), b'{"balance":1,"balance_breakdown":[{"balance":"1"}]}'),
        (fault_effects.Legacy("zero"), PAGE),
    ],
)
def test_there_is_nothing_to_edit(effect: Effect, body: bytes) -> None:
    assert edited(effect, body) is None


def test_the_last_row_of_the_longest_list_is_there_twice() -> None:
    assert edited(fault_effects.DuplicateRow()) == PAGE.replace(b'{"t":"2"}', b'{"t":"2"},{"t":"2"}')
    equal = b'{"a":[{"n":1}],"b":[{"n":2}]}'
    assert edited(fault_effects.DuplicateRow(), equal) == b'{"a":[{"n":1}],"b":[{"n":2},{"n":2}]}'


@each_row("body", [b"", b"x", b"{}", PAGE, b'{"a":"{}{}{}{}"}'])
def test_what_is_truncated_is_no_json(body: bytes) -> None:
    cut = truncate(body)
    assert body.startswith(cut)
    with pytest.raises(ValueError, match=r".*"):
        json.loads(cut)


@each_row(
    ("query", "wanted"),
    [
        ("", "limit=3"),
        ("limit=100", "limit=3"),
        ("limit=2", "limit=2"),
        ("cursor=abc&limit=100&ticker=T", "cursor=abc&ticker=T&limit=3"),
        ("limit=abc", "limit=abc"),
        ("limit=-1", "limit=-1"),
        ("limit=", "limit="),
        ("limit=0", "limit=0"),
        ("limit=1&limit=2", "limit=1&limit=2"),
        ("limit=9999999999", "limit=9999999999"),
        ("limited=1", "limited=1&limit=3"),
    ],
)
def test_a_page_size_is_the_smaller_one(query: str, wanted: str) -> None:
    assert with_limit(query, 3) == wanted


PATHS = sorted(
    operation.path
    for operation in OPERATIONS
    if not operation.is_write and "{" not in operation.path and not operation.path.startswith("/fcm")
)


@each_row("date", ["2025-11", "2026-02", "2026-10", "compat"])
def test_what_is_not_touched_keeps_its_bytes(date: str) -> None:
    """Decoding and encoding any answer again changes nothing."""
    sandbox = make(date=date)
    bodies = [sandbox.answer(signed(sandbox, PREFIX + path))[0].body for path in PATHS]
    assert any(len(body) > 300 for body in bodies)
    for body in bodies:
        with_cursor = json.dumps({**json.loads(body), "cursor": "x"}, separators=(",", ":"), ensure_ascii=False)
        told = edited(fault_effects.Cursor("absent"), with_cursor.encode())
        own = json.loads(body)
        own.pop("cursor", None)
        assert told == json.dumps(own, separators=(",", ":"), ensure_ascii=False).encode()
        assert json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode() == body


def test_legacy_numbers_are_those_with_a_twin_that_went() -> None:
    told: dict[str, Any] = {table: places_of(table).names for table in OBJECTS}
    assert told["MarketPosition"] == ("fees_paid", "market_exposure", "position", "realized_pnl", "total_traded")
    assert told["Settlement"] == ("no_count", "no_total_cost", "yes_count", "yes_total_cost")
    assert told["GetBalanceResponse"] == ()
    assert set(places_of("GetPositionsResponse").below) == {"event_positions", "market_positions"}


def test_legacy_numbers_are_found_however_deep() -> None:
    body = b'{"cursor":"","market_positions":[{"position":2,"position_fp":"2.00","resting_orders_count":1}]}'
    assert edited(fault_effects.Legacy("zero"), body) == body.replace(b'"position":2', b'"position":0')
    assert edited(fault_effects.Legacy("wrong"), body) == body.replace(b'"position":2', b'"position":1002')
    assert edited(fault_effects.Legacy("absent"), body) == body.replace(b'"position":2,', b"")


def test_legacy_numbers_of_one_object() -> None:
    body = b'{"order":{"fill_count":2,"fill_count_fp":"2.00","order_id":"x"}}'
    told = edited(fault_effects.Legacy("zero"), body, operation="GetOrder")
    assert told == body.replace(b'"fill_count":2', b'"fill_count":0')


@each_row("body", [b'{"market_positions":null}', b'{"market_positions":[null,1]}'])
def test_what_is_no_row_has_no_numbers(body: bytes) -> None:
    assert edited(fault_effects.Legacy("zero"), body) is None
