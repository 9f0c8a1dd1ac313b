"""Markets at every API date: rows, filters, and pages as of the current time."""

import json
from typing import Any

from mockexchange.core.commands import (
    CancelOrder,
    CloseMarket,
    Command,
    DescribeEvent,
    DetermineMarket,
    DisputeMarket,
    FinalizeMarket,
    ListMarket,
    PriceMarket,
    QuoteMarket,
    SettleMarket,
)
from mockexchange.core.model.markets import EventDetails
from mockexchange.core.vocabulary import Result
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.request import Answer, Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, signed
from tests.venues.kalshi.bodies import DATES
from tests.venues.kalshi.world import ALICE, PREFIX, SECOND, START, Venue, buy, rest_order

DAY = 86_400 * SECOND
TEXT = """
scenario: markets
start: 2025-11-04T12:00:00Z
accounts:
  alice: {cash: 100}
events:
  RAIN-25NOV05: {title: How much rain, category: Climate}
markets:
  RAIN-25NOV05-T1:
    event: RAIN-25NOV05
    series: RAIN
    exchange_index: 1
    price: 0.5
    title: Rain over an inch
    subtitle: Over 1"
    yes_title: Over 1 inch
    no_title: 1 inch or less
    open: 2025-11-03T15:00:00Z
    close: 2025-11-06T04:59:00.25Z
    expected_expiration: 2025-11-06T15:00:00Z
    expiration: 2025-11-13T15:00:00Z
    settlement_timer: 1m
    can_close_early: false
    rules: It rains more than one inch.
    rules_secondary: As told by the weather service.
    strike_type: between
    floor_strike: -3
    cap_strike: 007.50
    book: {yes: [[0.53, 81], [0.54, 6.5]], no: [[0.44, 300], [0.43, 12]]}
history:
  - {after: 1s, fill: {account: alice, market: RAIN-25NOV05-T1, side: yes, action: buy, count: 10.5, price: 0.56}}
  - {after: 1s, fill: {account: alice, market: RAIN-25NOV05-T1, side: yes, action: buy, count: 2, price: 0.55}}
"""


def public(sandbox: Sandbox, target: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """The answer to somebody whom nobody knows."""
    path, _, query = target.partition("?")
    return sandbox.answer(Request("GET", f"{PREFIX}/{path}", query, headers))[0]


# --- how a row is written

WORDS: dict[str, Any] = {
    "can_close_early": False,
    "cap_strike": 7.5,
    "close_time": "2025-11-06T04:59:00.25Z",
    "event_ticker": "RAIN-25NOV05",
    "expected_expiration_time": "2025-11-06T15:00:00Z",
    "expiration_time": "2025-11-13T15:00:00Z",
    "expiration_value": "",
    "floor_strike": -3,
    "latest_expiration_time": "2025-11-13T15:00:00Z",
    "market_type": "binary",
    "no_sub_title": "1 inch or less",
    "open_time": "2025-11-03T15:00:00Z",
    "price_level_structure": "linear_cent",
    "price_ranges": [{"end": "1.0000", "start": "0.0000", "step": "0.0100"}],
    "result": "",
    "rules_primary": "It rains more than one inch.",
    "rules_secondary": "As told by the weather service.",
    "settlement_timer_seconds": 60,
    "strike_type": "between",
    "subtitle": 'Over 1"',
    "ticker": "RAIN-25NOV05-T1",
    "title": "Rain over an inch",
    "yes_sub_title": "Over 1 inch",
}
CENTS = {
    "last_price": 55,
    "liquidity": 18360,
    "no_ask": 46,
    "no_bid": 44,
    "notional_value": 100,
    "open_interest": 12,
    "previous_price": 56,
    "previous_yes_ask": 56,
    "previous_yes_bid": 56,
    "volume": 12,
    "volume_24h": 12,
    "yes_ask": 56,
    "yes_bid": 54,
}
DOLLARS = {
    "last_price_dollars": "0.5500",
    "no_ask_dollars": "0.4600",
    "no_bid_dollars": "0.4400",
    "notional_value_dollars": "1.0000",
    "previous_price_dollars": "0.5600",
    "previous_yes_ask_dollars": "0.5600",
    "previous_yes_bid_dollars": "0.5600",
    "yes_ask_dollars": "0.5600",
    "yes_bid_dollars": "0.5400",
}
COUNTED = {"open_interest_fp": "12.50", "volume_24h_fp": "12.50", "volume_fp": "12.50"}
COUNTS = {
    **COUNTED,
    "yes_ask_size_fp": "300.00",
    "yes_bid_size_fp": "6.50",
}
UNITS = {"response_price_units": "usd_cent"}
LIQUID = {"liquidity_dollars": "183.6000", "tick_size": 1}
EMPTIED = {"liquidity_dollars": "0.0000", "tick_size": 1}
LIMITED = {"category": "Climate", "risk_limit_cents": 0}
FIRST = {**WORDS, **DOLLARS, **UNITS}
CREATED = {"created_time": "2025-11-04T12:00:00Z"}
SPRING = {
    **CREATED,
    "updated_time": "2025-11-04T12:00:02Z",
    "status": "active",
}
FRACTIONS = {"fractional_trading_enabled": True}
AUTUMN = {"settlement_bounds_type": "default", "exchange_index": 1}
ROWS: dict[str, dict[str, Any]] = {
    "2025-11": {**FIRST, **CENTS, **LIQUID, **LIMITED, "status": "open", "result": None},
    "2025-12": {**FIRST, **CENTS, **LIQUID, **LIMITED, **CREATED, "status": "active"},
    "2026-02": {**FIRST, **CENTS, **EMPTIED, **COUNTED, **SPRING, **FRACTIONS, "liquidity": 0},
    "2026-04": {**FIRST, **EMPTIED, **COUNTS, **SPRING, **FRACTIONS},
    "2026-06": {**FIRST, **COUNTS, **SPRING, **FRACTIONS, "liquidity_dollars": "0.0000"},
    "2026-10": {**WORDS, **DOLLARS, **COUNTS, **SPRING, **AUTUMN},
    "compat": {**FIRST, **CENTS, **EMPTIED, **LIMITED, **COUNTS, **SPRING, **FRACTIONS, **AUTUMN, "liquidity": 0},
}


@each_row("date", DATES)
def test_a_row_is_written_as_of_its_date(date: str) -> None:
    sandbox = make(TEXT, date)
    page = json.loads(public(sandbox, "markets").body)
    assert page == {"cursor": "", "markets": [ROWS[date]]}
    assert list(page["markets"][0]) == sorted(ROWS[date])
    assert json.loads(public(sandbox, "markets/RAIN-25NOV05-T1").body) == {"market": ROWS[date]}


def test_numbers_are_written_without_what_json_forbids() -> None:
    body = public(make(TEXT), "markets").body
    assert b'"cap_strike":7.50,' in body
    assert b'"floor_strike":-3,' in body


BARE = {
    "close_time": "2027-10-21T12:00:00Z",
    "created_time": "2026-10-21T12:00:00Z",
    "expected_expiration_time": "2027-10-21T12:00:00Z",
    "expiration_time": "2027-10-28T12:00:00Z",
    "last_price_dollars": "0.0000",
    "no_ask_dollars": "1.0000",
    "no_bid_dollars": "0.0000",
    "no_sub_title": "RAIN-1",
    "open_time": "2026-10-21T12:00:00Z",
    "previous_price_dollars": "0.0000",
    "title": "RAIN-1",
    "volume_24h_fp": "0.00",
    "yes_ask_dollars": "1.0000",
    "yes_ask_size_fp": "0.00",
    "yes_bid_dollars": "0.0000",
    "yes_bid_size_fp": "0.00",
    "yes_sub_title": "RAIN-1",
}


def test_what_a_scenario_does_not_say_is_something_sound() -> None:
    venue = Venue()
    venue.do(ListMarket(market="RAIN-1", event="RAIN", series="RAIN"), at=START + DAY)
    row = venue.read("markets/RAIN-1")["market"]
    assert {name: row[name] for name in BARE} == BARE
    assert not row.keys() & {
        "floor_strike",
        "strike_type",
        "settlement_ts",
        "settlement_value_dollars",
        "custom_strike",
    }


CLOSE, DISPUTE, FINALIZE = CloseMarket(market="RAIN-1"), DisputeMarket(market="RAIN-1"), FinalizeMarket(market="RAIN-1")
YES = DetermineMarket(market="RAIN-1", result=Result.YES)
LIVES: list[tuple[list[Command], str, str, str]] = [
    ([], "open", "active", "active"),
    ([CLOSE], "closed", "closed", "closed"),
    ([YES], "closed", "determined", "determined"),
    ([YES, DISPUTE], "closed", "determined", "disputed"),
    ([YES, FINALIZE], "settled", "settled", "finalized"),
]


@each_row(("moves", "old", "winter", "new"), LIVES)
def test_a_status_has_a_word_of_its_date(moves: list[Command], old: str, winter: str, new: str) -> None:
    venue = Venue()
    venue.list_markets("RAIN-1")
    venue.do(*moves)
    days = {"2025-11-30": old, "2025-12-01": winter, "2026-03-31": winter, "2026-04-01": new, "compat": new}
    words = {date: venue.read("markets/RAIN-1", date=date)["market"]["status"] for date in days}
    assert words == days


SETTLED = [
    ("yes", None, "yes", "yes", 100, "1.0000"),
    ("no", None, "no", "no", 0, "0.0000"),
    ("scalar", 3_333, "", "scalar", 33, "0.3333"),
    ("void", None, "", "scalar", None, None),
]


@each_row(("result", "value", "old", "new", "cents", "dollars"), SETTLED)
def test_a_result_and_what_it_pays(
    result: str, value: int | None, old: str, new: str, cents: int | None, dollars: str | None
) -> None:
    venue = Venue()
    venue.list_markets("RAIN-1")
    venue.do(SettleMarket(market="RAIN-1", result=Result(result), value_centicents=value), at=START + DAY)
    for date in DATES:
        row = venue.read("markets/RAIN-1", date=date)["market"]
        is_void_of_spring = result == "void" and date in ("2026-04", "2026-06")
        assert row["result"] == (old if date < "2026-04" or is_void_of_spring else new)
        assert row.get("settlement_value_dollars") == dollars
        assert row.get("settlement_value") == (cents if date < "2026-04" or date == "compat" else None)
        assert row.get("settlement_ts") == (None if date < "2026-02" else "2026-10-21T12:00:00Z")


STEPS = [
    ({}, "linear_cent", "0.0100"),
    ({"price": 5600}, "linear_cent", "0.0100"),
    ({"price": 5610}, "deci_cent", "0.0010"),
    ({"price": 5601}, "center_centi_edge_centi_cent", "0.0001"),
    ({"yes": 5550}, "deci_cent", "0.0010"),
    ({"no": 4401}, "center_centi_edge_centi_cent", "0.0001"),
    ({"yes": 5500, "no": 4400, "price": 5600}, "linear_cent", "0.0100"),
]


@each_row(("prices", "structure", "step"), STEPS)
def test_the_step_of_prices_is_the_widest_that_they_are_all_on(
    prices: dict[str, int], structure: str, step: str
) -> None:
    venue = Venue()
    venue.do(ListMarket(market="RAIN-1", event="RAIN", series="RAIN", price_centicents=prices.get("price")))
    levels = {side: ((prices[side], 100),) if side in prices else () for side in ("yes", "no")}
    venue.do(QuoteMarket(market="RAIN-1", yes=levels["yes"], no=levels["no"]))
    row = venue.read("markets/RAIN-1")["market"]
    assert row["price_level_structure"] == structure
    assert row["price_ranges"] == [{"end": "1.0000", "start": "0.0000", "step": step}]


@each_row(
    ("date", "structure"),
    [("2026-04", "deci_cent"), ("2026-09-30", "deci_cent"), ("2026-10-01", "center_centi_edge_centi_cent")],
)
def test_the_finest_step_has_no_name_before_october(date: str, structure: str) -> None:
    venue = Venue()
    venue.do(ListMarket(market="RAIN-1", event="RAIN", series="RAIN", price_centicents=5_601))
    row = venue.read("markets/RAIN-1", date=date)["market"]
    assert (row["price_level_structure"], row["price_ranges"][0]["step"]) == (structure, "0.0001")


def test_orders_that_rest_are_bids_beside_those_of_strangers() -> None:
    venue = Venue()
    venue.list_markets("RAIN-1")
    venue.do(QuoteMarket(market="RAIN-1", yes=((4_000, 200),), no=((5_000, 100),)))
    venue.do(rest_order("RAIN-1", 3, 40, order="joins"), rest_order("RAIN-1", 1, 45, order="best"))
    row = venue.read("markets/RAIN-1")["market"]
    assert (row["yes_bid_dollars"], row["yes_bid_size_fp"], row["yes_ask_dollars"]) == ("0.4500", "1.00", "0.5000")
    venue.do(CancelOrder(order="best"))
    row = venue.read("markets/RAIN-1")["market"]
    assert (row["yes_bid_dollars"], row["yes_bid_size_fp"]) == ("0.4000", "5.00")


# --- a page tells the moment


def test_the_volume_of_a_day_ends_with_the_day() -> None:
    venue = Venue()
    venue.list_markets("RAIN-1", "RAIN-2")
    venue.do(buy("RAIN-1", 10, 50), at=START + SECOND)
    venue.do(buy("RAIN-1", 2, 50), buy("RAIN-2", 1, 50), at=START + 2 * SECOND)

    def volumes(now: int) -> list[tuple[str, str]]:
        venue.at = now
        nested = venue.read("events/RAIN?with_nested_markets=true")
        page = venue.read("markets")["markets"]
        assert nested["event"]["markets"] == nested["markets"] == page[::-1]
        return [(row["volume_24h_fp"], row["volume_fp"]) for row in page]

    assert volumes(START + SECOND + DAY - 1) == [("1.00", "1.00"), ("12.00", "12.00")]
    assert volumes(START + SECOND + DAY) == [("1.00", "1.00"), ("2.00", "12.00")]
    assert volumes(START + 2 * SECOND + DAY - 1) == [("1.00", "1.00"), ("2.00", "12.00")]
    assert volumes(START + 2 * SECOND + DAY) == [("0.00", "1.00"), ("0.00", "12.00")]
    venue.do(buy("RAIN-1", 3, 50))
    assert volumes(venue.at) == [("0.00", "1.00"), ("3.00", "15.00")]


CHANGES: list[tuple[Command, str, Any]] = [
    (PriceMarket(market="RAIN-1", price_centicents=4_400), "last_price_dollars", "0.4400"),
    (QuoteMarket(market="RAIN-1", yes=((100, 100),)), "yes_bid_dollars", "0.0100"),
    (rest_order("RAIN-1", 1, 2, order="rests"), "yes_bid_dollars", "0.0200"),
    (buy("RAIN-1", 1, 2, order="rests", taker=False), "yes_bid_dollars", "0.0100"),
    (buy("RAIN-1", 2, 44), "open_interest_fp", "3.00"),
    (DescribeEvent(event="RAIN", details=EventDetails(category="Weather")), "category", "Weather"),
    (CloseMarket(market="RAIN-1"), "status", "closed"),
    (SettleMarket(market="RAIN-1", result=Result.NO), "result", "no"),
]


def test_every_change_shows_on_the_page_that_was_there_before() -> None:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    targets = ("markets", "markets/RAIN-1", "events?with_nested_markets=true", "events/RAIN")
    for command, name, value in CHANGES:
        before = {target: venue.ask(target, date="compat").body for target in targets}
        venue.do(command)
        assert venue.read("markets/RAIN-1", date="compat")["market"][name] == value
        for target in targets:
            assert venue.ask(target, date="compat").body != before[target], (command, target)


# --- who may ask


STRANGERS: list[tuple[tuple[bytes, bytes], ...]] = [
    (),
    ((b"kalshi-access-key", b"nobody"),),
    ((b"kalshi-access-key", b"nobody"), (b"kalshi-access-signature", b"AAAA"), (b"kalshi-access-timestamp", b"1")),
    ((b"kalshi-access-timestamp", b"soon"),),
]


@each_row("headers", STRANGERS, ids=["no key", "unknown key", "bad signature", "half of it"])
@each_row(
    "target", ["markets", "markets/RAIN-25NOV05-T1", "markets/trades", "events", "events/RAIN-25NOV05", "series/RAIN"]
)
def test_anybody_may_ask(target: str, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    for date in DATES if target != "markets" else ("2026-05-17", "2026-06", "2026-10", "compat"):
        answer = public(make(TEXT, date), target, headers)
        assert (answer.status, answer.account, answer.findings) == (200, None, [])


@each_row(
    ("setting", "date", "target", "status"),
    [
        ("dated", "2026-05-16", "markets", 401),
        ("dated", "2026-05-16", "events", 200),
        ("dated", "2026-05-17", "markets", 200),
        ("dated", "compat", "markets", 200),
        ("ignore", "2025-11", "markets", 200),
        ("verify", "2026-10", "markets", 401),
        ("verify", "2026-10", "events", 401),
    ],
)
def test_a_key_that_is_not_needed_is_verified_as_the_scenario_says(
    setting: str, date: str, target: str, status: int
) -> None:
    sandbox = make(f"{TEXT}kalshi: {{public_keys: {setting}}}\n", date)
    unknown = ((b"kalshi-access-key", b"nobody"), (b"kalshi-access-signature", b"AAAA"))
    assert public(sandbox, target, unknown).status == status
    assert public(sandbox, target).status == 200
    assert sandbox.answer(signed(sandbox, f"{PREFIX}/{target}", "alice/main"))[0].status == 200


def test_a_restricted_key_may_ask() -> None:
    venue = Venue()
    venue.list_markets("RAIN-1")
    assert venue.ask("markets", "only_3").body == venue.ask("markets", "bob").body
