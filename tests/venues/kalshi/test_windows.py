"""min_ts and max_ts are Unix seconds, both inclusive: exact to the microsecond on either edge."""

from functools import cache
from typing import NamedTuple

from mockexchange.core.commands import CancelOrder, SettleMarket
from mockexchange.core.exchange import Exchange
from mockexchange.core.vocabulary import Result
from tests.helpers.rows import each_row
from tests.venues.kalshi.world import ALICE, DAY, SECOND, ST1, START, Venue, buy, rest_order

FIRST, LAST = START // SECOND + 60, START // SECOND + 90
EDGES = [edge * SECOND + offset for edge in (FIRST, LAST) for offset in (-1, 0, 1)]
MARKETS = [f"RAIN-{place}" for place in range(len(EDGES))]


@cache
def world(archived_before: int = 0) -> Venue:
    """A fill, an order and a settlement at each instant, for alice and for a subtrader."""
    venue = Venue(Exchange(archived_before=archived_before))
    venue.fund(ALICE, ST1)
    venue.list_markets("WIND-1", *MARKETS)
    for market in MARKETS:
        venue.do(buy(market, 1, 50, new=f"in-{market}"))
    for place, instant in enumerate(EDGES):
        venue.do(buy("WIND-1", 1, 50, new=f"fill-{place}", fill_id=f"{place}"), at=instant)
        venue.do(rest_order("WIND-1", 1, 10, order=f"{place}"), at=instant)
        venue.do(rest_order("WIND-1", 1, 10, ST1, order=f"desk-{place}"), at=instant)
        venue.do(SettleMarket(market=MARKETS[place], result=Result.YES), at=instant)
    venue.do(*(CancelOrder(order=f"{place}") for place in range(0, len(EDGES), 2)), at=START + DAY)
    return venue


# Query, the places of the instants that are inside.
WINDOWS = [
    ("", [0, 1, 2, 3, 4, 5]),
    (f"min_ts={FIRST}", [1, 2, 3, 4, 5]),
    (f"max_ts={LAST}", [0, 1, 2, 3, 4]),
    (f"min_ts={FIRST}&max_ts={LAST}", [1, 2, 3, 4]),
    (f"min_ts={FIRST}&max_ts={FIRST}", [1]),
    (f"min_ts={LAST}&max_ts={LAST}", [4]),
    (f"max_ts={FIRST}", [0, 1]),
    (f"min_ts={LAST}", [4, 5]),
    (f"min_ts={FIRST - 1}&max_ts={FIRST}", [0, 1]),
    (f"min_ts={FIRST}&max_ts={FIRST + 1}", [1, 2]),
    (f"min_ts={FIRST + 1}&max_ts={LAST - 1}", []),
    (f"min_ts={LAST}&max_ts={FIRST}", []),
    (f"min_ts={LAST + 1}", []),
    (f"max_ts={FIRST - 1}", []),
    ("min_ts=0", [0, 1, 2, 3, 4, 5]),
    ("max_ts=0", []),
    (f"min_ts=-{'9' * 18}&max_ts={'9' * 18}", [0, 1, 2, 3, 4, 5]),
]


class Listed(NamedTuple):
    """A list: who asks, its key for the rows, what names a row, and how the names that count begin."""

    target: str
    who: str
    key: str
    name: str
    prefix: str = ""


LISTS = [
    Listed("portfolio/fills?ticker=WIND-1", "alice", "fills", "fill_id"),
    Listed("portfolio/fills?limit=1000", "alice", "fills", "fill_id"),
    Listed("portfolio/orders?ticker=WIND-1", "alice", "orders", "order_id"),
    Listed("portfolio/settlements?limit=100", "alice", "settlements", "ticker", "RAIN-"),
    Listed("fcm/orders?subtrader_id=fcm7_st1", "desk", "orders", "order_id", "desk-"),
    Listed("markets/trades?ticker=WIND-1", "alice", "trades", "trade_id"),
]


def places(venue: Venue, listed: Listed, query: str) -> list[int]:
    rows = venue.read(f"{listed.target}&{query}", listed.who)[listed.key]
    found = [row[listed.name].removeprefix(listed.prefix) for row in rows]
    return sorted(int(one) for one in found if one.isdigit())


@each_row(("query", "inside"), WINDOWS)
@each_row("listed", LISTS, ids=[listed.target for listed in LISTS])
def test_a_window_includes_both_of_its_seconds(listed: Listed, query: str, inside: list[int]) -> None:
    assert places(world(), listed, query) == inside


@each_row(("query", "inside"), WINDOWS)
@each_row("target", ["historical/fills?ticker=WIND-1", "portfolio/fills?order_id=one"])
def test_so_it_does_in_history_and_within_an_order(target: str, query: str, inside: list[int]) -> None:
    venue = history() if target.startswith("historical") else one_order()
    assert places(venue, Listed(target, "alice", "fills", "fill_id"), query) == inside


@cache
def history() -> Venue:
    return world(START + 2 * DAY)


@cache
def one_order() -> Venue:
    """All fills are of one order that rests."""
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("WIND-1")
    venue.do(rest_order("WIND-1", 100, 50, order="one"))
    for place, instant in enumerate(EDGES):
        venue.do(buy("WIND-1", 1, 50, order="one", fill_id=f"{place}"), at=instant)
    return venue


def test_an_order_is_dated_by_its_creation_not_by_its_last_change() -> None:
    canceled = world().read(f"portfolio/orders?ticker=WIND-1&status=canceled&max_ts={LAST}")["orders"]
    assert sorted(order["order_id"] for order in canceled) == ["0", "2", "4"]
    assert world().read(f"portfolio/orders?ticker=WIND-1&min_ts={LAST + 1}")["orders"] == []


def test_a_window_and_a_walk_go_together() -> None:
    query = f"portfolio/fills?ticker=WIND-1&min_ts={FIRST}&max_ts={LAST}&limit=3"
    first = world().read(query)
    second = world().read(f"{query}&cursor={first['cursor']}")
    assert [row["fill_id"] for row in first["fills"] + second["fills"]] == ["4", "3", "2", "1"]
    assert second["cursor"] == ""


# --- where history begins


@each_row(("date", "live"), [("2026-02", [0, 1, 2, 3, 4, 5]), ("2026-06", [4, 5]), ("2026-10", [4, 5])])
def test_live_fills_begin_where_history_ends_since_there_is_one(date: str, live: list[int]) -> None:
    venue = world(EDGES[4])
    fills = venue.read("portfolio/fills?ticker=WIND-1", date=date)["fills"]
    assert sorted(int(fill["fill_id"]) for fill in fills) == live
    if date > "2026-04":
        old = venue.read("historical/fills?ticker=WIND-1", date=date)["fills"]
        assert sorted(int(fill["fill_id"]) for fill in old) == [0, 1, 2, 3]


def test_compat_has_all_fills_on_one_list() -> None:
    assert len(world(EDGES[4]).read("portfolio/fills?ticker=WIND-1", date="compat")["fills"]) == len(EDGES)
