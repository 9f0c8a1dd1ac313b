"""Fills at every API date: rows, filters, and the split into live and historical ones."""

import json
from typing import Any

import pytest

from mockexchange.core.instants import parse_instant
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, make
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES
from tests.venues.kalshi.rest_answers import ask, at, read, refusal, why

FILLS, ARCHIVED = f"{PREFIX}/portfolio/fills", f"{PREFIX}/historical/fills"
WORLD = """
scenario: fills
seed: 7
start: 2025-11-04T12:00:00Z
historical: {cutoff: 2025-11-04T12:00:02Z}
accounts:
  alice: {cash: 100, subaccounts: {3: {cash: 10}}, keys: {main: {}, only_3: {subaccount: 3}}}
  bob: {cash: 50}
markets:
  RAIN-1: {event: RAIN, series: RAIN, price: 0.56}
  RAIN-2: {event: RAIN, series: RAIN, price: 0.30}
  HEAT-1: {event: HEAT, series: HEAT, exchange_index: 1}
history:
  - at: 2025-11-04T12:00:00.5Z
    fill:
      {account: alice, market: RAIN-1, side: no, action: buy, count: 12.37, price: 0.4375, taker: true, fee: 0.123456,
       order: {new: order-1}, id: fill-1, client_order_id: mine}
  - {after: 500ms, fill: {account: alice, market: RAIN-2, side: yes, action: buy, count: 1, price: 0.3, id: fill-2}}
  - after: 1s
    fill: {account: alice/3, market: RAIN-1, side: yes, action: sell, count: 2, price: 0.5, id: fill-3}
  - after: 1s
    fill:
      {account: alice, market: RAIN-1, side: no, action: sell, count: 1, price: 0.5, order: {new: order-4}, id: fill-4}
  - {after: 1us, fill: {account: alice, market: HEAT-1, side: yes, action: buy, count: 1, price: 0.5, id: fill-5}}
  - {after: 1us, fill: {account: bob, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.5, id: bobs}}
"""
START = parse_instant("2025-11-04T12:00:00Z") // 1_000_000


@pytest.fixture(scope="module")
def world() -> Sandbox:
    return make(WORLD)


def ids(sandbox: Sandbox, query: str = "", who: str = "alice/main", path: str = FILLS) -> str:
    """The numbers of the fills on a page, in its order."""
    return " ".join(row["fill_id"].removeprefix("fill-") for row in read(ask(sandbox, path + query, who))["fills"])


# --- how a row is written

ROW = {
    "action": "buy",
    "client_order_id": "mine",
    "count": 12,
    "created_time": "2025-11-04T12:00:00.5Z",
    "fill_id": "fill-1",
    "is_taker": True,
    "market_ticker": "RAIN-1",
    "no_price": 43,
    "no_price_fixed": "0.4375",
    "order_id": "order-1",
    "price": 0.5625,
    "side": "no",
    "ticker": "RAIN-1",
    "trade_id": "fill-1",
    "ts": START,
    "yes_price": 56,
    "yes_price_fixed": "0.5625",
}
GONE = {"count", "price", "no_price", "yes_price", "no_price_fixed", "yes_price_fixed", "client_order_id"}
EXACT = {
    **{name: value for name, value in ROW.items() if name not in GONE},
    "count_fp": "12.37",
    "fee_cost": "0.123456",
    "no_price_dollars": "0.4375",
    "subaccount_number": 0,
    "yes_price_dollars": "0.5625",
}
SIDES = {"book_side": "ask", "outcome_side": "no"}
WRITTEN: dict[str, dict[str, Any]] = {
    "2025-11": ROW,
    "2025-12": ROW,
    "2026-02": {**ROW, "count_fp": "12.37", "fee_cost": "0.1200", "subaccount_number": 0},
    "2026-04": EXACT,
    "2026-06": {**EXACT, **SIDES},
    "2026-10": {**EXACT, **SIDES, "exchange_index": 0},
    "compat": {**ROW, **EXACT, **SIDES, "exchange_index": 0},
}


@each_row("date", DATES)
def test_a_row_is_written_as_of_its_date(date: str) -> None:
    page = read(ask(make(WORLD.replace("historical", "# "), date), f"{FILLS}?order_id=order-1"))
    assert page == {"cursor": "", "fills": [WRITTEN[date]]}
    assert list(page["fills"][0]) == sorted(WRITTEN[date])


def test_what_the_client_did_not_name_is_left_out() -> None:
    assert "client_order_id" not in read(ask(make(WORLD, "2025-11"), f"{FILLS}?ticker=RAIN-2"))["fills"][0]


@each_row(
    ("fill", "wanted"),
    [
        ("fill-1", ("no", "buy", "no", "ask")),
        ("fill-2", ("yes", "buy", "yes", "bid")),
        ("fill-3", ("yes", "sell", "no", "ask")),
        ("fill-4", ("no", "sell", "yes", "bid")),
    ],
)
def test_every_side_and_action_has_its_outcome_and_its_side_of_the_book(fill: str, wanted: tuple[str, ...]) -> None:
    rows = read(ask(make(WORLD, "compat"), FILLS))["fills"]
    (row,) = [row for row in rows if row["fill_id"] == fill]
    assert (row["side"], row["action"], row["outcome_side"], row["book_side"]) == wanted


def test_the_body_is_compact_and_its_keys_are_in_order(world: Sandbox) -> None:
    body = ask(world, FILLS).body
    assert body.startswith(b'{"cursor":"","fills":[{"action":"buy","book_side":"bid","count_fp":"1.00","created_time":')
    assert body == json.dumps(json.loads(body), separators=(",", ":"), sort_keys=True).encode()


# --- which rows a call gets


@each_row(
    ("query", "wanted"),
    [
        ("", "5 4 3"),
        ("?subaccount=0", "5 4"),
        ("?subaccount=3", "3"),
        ("?subaccount=9", ""),
        ("?ticker=RAIN-1", "4 3"),
        ("?ticker=RAIN-1,HEAT-1", "5 4 3"),
        ("?ticker=RAIN-1,RAIN-1", "4 3"),
        ("?ticker=NONE", ""),
        ("?ticker=", "5 4 3"),
        ("?exchange_index=0", "4 3"),
        ("?exchange_index=1", "5"),
        ("?exchange_index=1&ticker=RAIN-1,HEAT-1", "5"),
        ("?exchange_index=2", ""),
        ("?order_id=order-4", "4"),
        ("?order_id=order-4&ticker=RAIN-1", "4"),
        ("?order_id=order-4&ticker=RAIN-2", ""),
        ("?order_id=order-4&exchange_index=0", "4"),
        ("?order_id=order-4&exchange_index=1", ""),
        ("?order_id=order-4&subaccount=3", ""),
        ("?order_id=nobodys", ""),
        ("?limit=2", "5 4"),
        (f"?min_ts={START + 3}", "5 4"),
        (f"?max_ts={START + 3}", "4 3"),
        (f"?min_ts={START + 2}&max_ts={START + 2}", "3"),
        (f"?min_ts={START + 4}", ""),
        (f"?order_id=order-4&max_ts={START + 2}", ""),
    ],
)
def test_filters(world: Sandbox, query: str, wanted: str) -> None:
    assert ids(world, query) == wanted


def test_rows_of_another_account_are_not_there(world: Sandbox) -> None:
    (bobs,) = read(ask(world, FILLS, "bob/main"))["fills"]
    assert bobs["fill_id"] == "bobs"
    assert ids(world, f"?order_id={bobs['order_id']}") == ""


def test_a_restricted_key_sees_its_subaccount_alone(world: Sandbox) -> None:
    assert ids(world, who="alice/only_3") == ids(world, "?subaccount=3", "alice/only_3") == "3"
    assert refusal(ask(world, f"{FILLS}?subaccount=0", "alice/only_3")) == at(bodies.FORBIDDEN)
    assert ids(world, "?order_id=order-4", "alice/only_3") == ""


@each_row(
    ("date", "query", "wanted"),
    [
        ("2025-11", "limit=201", bodies.invalid("Limit", "lte", "GetFills")),
        ("2026-04", "limit=1001", bodies.invalid("Limit", "lte", "GetFills")),
        ("2026-10", "limit=0", bodies.invalid("Limit", "gte", "GetFills")),
        ("2026-10", "min_ts=noon", bodies.unreadable("min_ts")),
        ("2026-10", "subaccount=64", bodies.invalid("Subaccount", "lte", "GetFills")),
        ("2026-10", "limit=1&limit=2", bodies.repeated("limit")),
        ("2026-10", "ticker=" + ",".join(["A"] * 101), bodies.invalid("Ticker", "max", "GetFills")),
    ],
)
def test_what_is_refused(date: str, query: str, wanted: bodies.Body) -> None:
    assert refusal(ask(make(WORLD, date), f"{FILLS}?{query}")) == at(wanted, date)


def test_before_october_2026_a_comma_is_part_of_a_ticker() -> None:
    assert ids(make(WORLD, "2026-06"), "?ticker=RAIN-1,HEAT-1") == ""


# --- cursors


def test_a_cursor_goes_on_where_the_page_ended(world: Sandbox) -> None:
    first = read(ask(world, f"{FILLS}?limit=2"))
    assert ids(world, f"?limit=2&cursor={first['cursor']}") == "3"


@each_row(
    ("query", "wanted", "words"),
    [
        ("?cursor=garbage", "5 4 3", "the cursor is none that this list made: answered the first page"),
        ("?ticker=RAIN-1&cursor={}", "4 3", "the cursor was made under other filters: continued from its key"),
    ],
)
def test_a_cursor_from_elsewhere(world: Sandbox, query: str, wanted: str, words: str) -> None:
    cursor = read(ask(world, f"{FILLS}?limit=1"))["cursor"]
    answer = ask(world, FILLS + query.format(cursor))
    assert answer.findings == [words]
    assert ids(world, query.format(cursor)) == wanted
    strict = make("strict_cursors: true\n" + WORLD)
    refused = ask(strict, FILLS + query.format(cursor))
    assert refusal(refused) == at(bodies.BAD_REQUEST)
    assert why(refused) == words.partition(":")[0]


def test_a_cursor_of_positions_is_none_of_this_list(world: Sandbox) -> None:
    cursor = read(ask(world, f"{PREFIX}/portfolio/positions?limit=1"))["cursor"]
    assert cursor
    assert ids(world, f"?cursor={cursor}") == "5 4 3"


# --- history


@each_row(
    ("date", "live", "archived"),
    [
        ("2025-11", "5 4 2 1", None),
        ("2026-02", "5 4 3 2 1", None),
        ("2026-04", "5 4 3", "2 1"),
        ("2026-10", "5 4 3", "2 1"),
        ("compat", "5 4 3 2 1", "2 1"),
    ],
)
def test_what_is_older_than_the_cutoff_has_moved(date: str, live: str, archived: str | None) -> None:
    sandbox = make(WORLD, date)
    assert ids(sandbox) == live
    if archived is None:
        assert refusal(ask(sandbox, ARCHIVED)) == at(bodies.NOT_FOUND, date)
    else:
        assert ids(sandbox, path=ARCHIVED) == archived


@each_row(
    ("query", "wanted"),
    [
        ("?ticker=RAIN-1", "1"),
        (f"?max_ts={START}", ""),
        (f"?max_ts={START + 1}", "2 1"),
        (f"?max_ts={START + 9}", "2 1"),
        (f"?min_ts={START + 1}", "2"),
        ("?subaccount=3", ""),
        ("?limit=1", "2"),
    ],
)
def test_filters_of_history(world: Sandbox, query: str, wanted: str) -> None:
    assert ids(world, query, path=ARCHIVED) == wanted


def cutoff(sandbox: Sandbox) -> dict[str, str]:
    """What a request without any credentials is told."""
    told: dict[str, str] = read(sandbox.answer(Request("GET", f"{PREFIX}/historical/cutoff"))[0])
    return told


def test_the_cutoff_is_told_to_everybody(world: Sandbox) -> None:
    names = ["market_positions_last_updated_ts", "market_settled_ts", "orders_updated_ts", "trades_created_ts"]
    assert cutoff(world) == dict.fromkeys(names, "2025-11-04T12:00:02Z")
    assert cutoff(make(WORLD, "2026-04")) == dict.fromkeys(names[1:], "2025-11-04T12:00:02Z")
