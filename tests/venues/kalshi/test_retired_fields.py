"""Retirements found in requests, answers and frames, case by case; every day comes from the tables."""

import json
from typing import Any

from mockexchange.venues.dated_fields import COMPAT_ONLY, FOREVER
from mockexchange.venues.kalshi.catalogue import CATALOGUE, PREFIX, find_entry
from mockexchange.venues.kalshi.frames import FRAMES, NESTED
from mockexchange.venues.kalshi.named_days import FIRST_DAY, api_date
from mockexchange.venues.kalshi.resources import OBJECTS, OPERATIONS, count_removed_fields
from mockexchange.venues.kalshi.retired_fields import _table, of_frame, of_request
from mockexchange.venues.retirement import Retirement
from tests.helpers.rows import each_row

POSITIONS = "/portfolio/positions"
LATEST = "latest"


def told(method: str, path: str, query: str = "", answer: Any = None, day: str = LATEST) -> list[Retirement]:
    raw = None if answer is None else json.dumps(answer, separators=(",", ":")).encode()
    return list(of_request(method, PREFIX + path, query, raw, api_date(day)))


# method, path                                          until         what to do
OPERATIONS_RETIRED = [
    ("GET", "/exchange/announcements", "2026-07-04", "nothing replaces it: do without"),
    ("POST", "/portfolio/orders", "2026-06-18", "call POST /trade-api/v2/portfolio/events/orders"),
    ("DELETE", "/portfolio/orders/abc", "2026-06-18", "call DELETE /trade-api/v2/portfolio/events/orders/{order_id}"),
    ("POST", "/portfolio/orders/abc/amend", "2026-06-18", "/trade-api/v2/portfolio/events/orders/{order_id}/amend"),
    ("DELETE", "/portfolio/orders/batched", "2026-06-18", "DELETE /trade-api/v2/portfolio/events/orders/batched"),
]


@each_row(("method", "path", "until", "advice"), OPERATIONS_RETIRED)
def test_an_operation_that_is_retired_is_told(method: str, path: str, until: str, advice: str) -> None:
    (row,) = told(method, path)
    assert (row.kind, row.until, row.since) == ("operation", until, "")
    assert row.name.startswith(f"{method} {PREFIX}/")
    assert advice in row.advice


@each_row(("method", "path"), [("GET", POSITIONS), ("GET", "/portfolio/orders"), ("GET", "/nothing")])
def test_an_operation_that_goes_on_is_not(method: str, path: str) -> None:
    assert told(method, path) == []


def test_a_path_elsewhere_is_nobodys() -> None:
    assert list(of_request("GET", "/portfolio/positions", "", None, api_date(LATEST))) == []


def test_every_operation_with_an_end_is_told() -> None:
    ends = {(method, known.path) for known in CATALOGUE if known.until != FOREVER for method in known.methods.split()}
    ends |= {(one.method, one.path) for one in OPERATIONS if one.retired_since != FOREVER}
    assert len(ends) > 6
    for method, path in ends:
        assert [row.kind for row in told(method, path)] == ["operation"]


# path, query, day                                                              kind, name, until, advice
PARAMETERS: list[tuple[str, str, str, list[tuple[str, str, str, str]]]] = [
    (POSITIONS, "limit=1000&cursor=&ticker=X", LATEST, []),
    (POSITIONS, "unknown=1", LATEST, []),
    (POSITIONS, "settlement_status=all", LATEST, []),
    (POSITIONS, "settlement_status=all", "2025-11", []),
    (
        POSITIONS,
        "settlement_status=all",
        "2026-02",
        [("parameter", "GetPositions settlement_status", "2025-12-11", "leave it out until 2026-10-01")],
    ),
    (
        POSITIONS,
        "count_filter=position,resting_order_count",
        LATEST,
        [
            (
                "value",
                "GetPositions count_filter=position,resting_order_count",
                "2025-11-13",
                "it takes some of position, total_traded",
            )
        ],
    ),
    (POSITIONS, "count_filter=position", LATEST, []),
    (POSITIONS, "count_filter=nonsense", LATEST, []),
    (POSITIONS, "limit=nonsense", LATEST, []),
    (POSITIONS, "event_ticker=A", LATEST, []),
    (
        POSITIONS,
        "event_ticker=A,B",
        LATEST,
        [("value", "GetPositions event_ticker=A,B", "2026-04-01", "it takes one, no list")],
    ),
    (
        "/portfolio/order_groups",
        "limit=5",
        LATEST,
        [("parameter", "GetOrderGroups limit", "2026-04-01", "leave it out: it is ignored")],
    ),
    ("/markets", "limit=0", LATEST, []),
    ("/markets", "status=closed,settled", LATEST, [("value", "GetMarkets status=closed,settled", "2026-04-01", "one")]),
    ("/markets", "limit=1", "compat", []),
]


@each_row(("path", "query", "day", "rows"), PARAMETERS, ids=[f"{q}@{d}" for _, q, d, _ in PARAMETERS])
def test_of_a_query_this_is_told(path: str, query: str, day: str, rows: list[tuple[str, str, str, str]]) -> None:
    found = told("GET", path, query, day=day)
    assert [(row.kind, row.name, row.until) for row in found] == [row[:3] for row in rows]
    for row, (_, _, _, advice) in zip(found, rows, strict=True):
        assert advice in row.advice


def test_fields_of_an_answer_are_told_where_they_are() -> None:
    answer = {
        "market_positions": [{"ticker": "A", "position": 3, "resting_orders_count": 0}, {"position": 1}],
        "event_positions": [{"event_ticker": "E", "total_cost": 5}],
        "cursor": "",
    }
    found = told("GET", POSITIONS, answer=answer)
    assert [(row.kind, row.name, row.until, row.advice) for row in found] == [
        ("field", "MarketPosition position", "2026-03-12", "read position_fp"),
        ("field", "MarketPosition resting_orders_count", "2026-07-09", "nothing replaces it: do without"),
        ("field", "MarketPosition position", "2026-03-12", "read position_fp"),
        ("field", "EventPosition total_cost", "2026-03-12", "read total_cost_dollars"),
    ]


@each_row("answer", [{}, {"market_positions": []}, {"market_positions": None}, [], "position", {"position": 1}, None])
def test_answers_without_them_are_not(answer: Any) -> None:
    assert told("GET", POSITIONS, answer=answer) == []


def test_an_answer_that_is_no_json_has_no_fields() -> None:
    assert list(of_request("GET", PREFIX + POSITIONS, "", b'{"position":', api_date(LATEST))) == []


# table, field                              what to read instead
INSTEAD = [
    ("Market", "previous_yes_bid", "read previous_yes_bid_dollars"),
    ("Fill", "price", "read yes_price_dollars"),
    ("OrderQueuePosition", "queue_position", "read queue_position_fp"),
    ("Market", "category", "nothing replaces it: do without"),
]


@each_row(("table", "field", "advice"), INSTEAD)
def test_what_replaces_a_field_is_named(table: str, field: str, advice: str) -> None:
    assert _table(True, table).gone[field].advice == advice


def test_the_tables_have_as_many_removed_fields_as_compat_keeps() -> None:
    assert sum(len(_table(True, name).gone) for name in OBJECTS) == count_removed_fields()


def test_advice_names_fields_that_there_are() -> None:
    for is_object, tables in ((True, OBJECTS), (False, {**FRAMES, **NESTED})):
        for name, rows in tables.items():
            alive = {row.name for row in rows if row.until == FOREVER}
            for row in _table(is_object, name).gone.values():
                named = row.advice.removeprefix("read ").split(" or ") if row.advice.startswith("read") else []
                assert set(named) <= alive
                assert FIRST_DAY < row.until < COMPAT_ONLY


def frame(kind: str, **msg: Any) -> bytes:
    return json.dumps({"type": kind, "sid": 1, "msg": msg}, separators=(",", ":")).encode() + b"\n"


def test_channels_of_a_command_are_told() -> None:
    command = b'{"id":1,"cmd":"subscribe","params":{"channels":["ticker_v2","fill","nonsense"]}}'
    (row,) = of_frame("in", command, "")
    assert (row.kind, row.name, row.until) == ("channel", "ticker_v2", "2026-02-12")


@each_row("raw", [b"", b"[]", b"{", b'{"params":[]}', b'{"params":{"channels":"ticker_v2"}}'])
def test_commands_without_channels_are_not(raw: bytes) -> None:
    assert list(of_frame("in", raw, "")) == []


def test_fields_of_a_message_are_told() -> None:
    (row,) = of_frame("out", frame("market_position", position=1, position_fp="1.00"), "market_position")
    assert (row.name, row.advice) == ("market_position message position", "read position_fp")


@each_row(
    ("raw", "kind"),
    [
        (frame("market_position", position_fp="1.00"), "market_position"),
        (frame("subscribed", position=1), "subscribed"),
        (b'{"msg":{"position":', "market_position"),
        (b'["position":1]', "market_position"),
        (b'[{"position":1}]', "market_position"),
    ],
)
def test_other_messages_are_not(raw: bytes, kind: str) -> None:
    assert list(of_frame("out", raw, kind)) == []


def test_the_catalogue_knows_an_operation_by_its_path() -> None:
    known = find_entry("GET", "/markets/KX-1/orderbook")
    assert known is not None
    assert known.path == "/markets/{ticker}/orderbook"
    assert find_entry("POST", "/markets/KX-1/orderbook") is None
