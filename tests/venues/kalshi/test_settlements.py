"""Settlements: counts, payouts, and filters."""

from functools import cache
from typing import Any

from mockexchange.core.commands import OpenPosition, SettleMarket
from mockexchange.core.vocabulary import Action, Result, Side
from mockexchange.venues.kalshi.settings import KalshiSettings
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES
from tests.venues.kalshi.world import ALICE, ALICE_3, BOB, ST1, ST2, Venue, at, buy, refusal, why

SETTLEMENTS = "portfolio/settlements"


def row(venue: Venue, who: str = "alice", date: str = "2026-10", **settings: Any) -> dict[str, Any]:
    [found] = venue.read(SETTLEMENTS, who, date, **settings)["settlements"]
    assert isinstance(found, dict)
    return found


def sides(settlement: dict[str, Any]) -> tuple[str, ...]:
    """Count and cost of YES, then of NO."""
    names = ("yes_count_fp", "yes_total_cost_dollars", "no_count_fp", "no_total_cost_dollars")
    return tuple(settlement[name] for name in names)


def settled(result: Result, *fills: tuple[int, int, Side, Action], value: int | None = None) -> Venue:
    """One market with fills of (count, price in cents, side, action), settled."""
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    for count, price, side, action in fills:
        venue.do(buy("RAIN-1", count, price, side=side, action=action, fee_micros=1_500))
    venue.do(SettleMarket(market="RAIN-1", result=result, value_centicents=value))
    return venue


YES_10 = (10, 40, Side.YES, Action.BUY)
NO_4 = (4, 30, Side.NO, Action.BUY)
SELL_YES_4 = (4, 70, Side.YES, Action.SELL)
NO_12 = (12, 25, Side.NO, Action.BUY)
# Fills, counts and costs when everything bought counts, and when the position that is paid does.
COUNTED = [
    ((YES_10,), ("10.00", "4.000000", "0.00", "0.000000"), ("10.00", "4.000000", "0.00", "0.000000")),
    ((NO_4,), ("0.00", "0.000000", "4.00", "1.200000"), ("0.00", "0.000000", "4.00", "1.200000")),
    ((YES_10, NO_4), ("10.00", "4.000000", "4.00", "1.200000"), ("6.00", "2.400000", "0.00", "0.000000")),
    ((YES_10, SELL_YES_4), ("10.00", "4.000000", "4.00", "1.200000"), ("6.00", "2.400000", "0.00", "0.000000")),
    ((YES_10, NO_12), ("10.00", "4.000000", "12.00", "3.000000"), ("0.00", "0.000000", "2.00", "0.500000")),
    (
        (YES_10, (10, 60, Side.NO, Action.BUY)),
        ("10.00", "4.000000", "10.00", "6.000000"),
        ("0.00", "0.000000", "0.00", "0.000000"),
    ),
]


@each_row(("fills", "gross", "net"), COUNTED)
def test_counts_are_of_everything_bought_or_of_the_position_where_that_is_wanted(
    fills: tuple[Any, ...], gross: tuple[str, ...], net: tuple[str, ...]
) -> None:
    venue = settled(Result.YES, *fills)
    assert sides(row(venue)) == gross
    assert sides(row(venue, settlement_counts="gross")) == gross
    assert sides(row(venue, settlement_counts="net")) == net
    assert KalshiSettings().settlement_counts == "gross"


# Result, value in centi-cents, fills, revenue and value in cents, fees in dollars.
PAID = [
    (Result.YES, None, (YES_10,), 1_000, 100, "0.001500"),
    (Result.NO, None, (YES_10,), 0, 0, "0.001500"),
    (Result.NO, None, (YES_10, NO_12), 200, 0, "0.003000"),
    (Result.YES, None, (YES_10, NO_12), 0, 100, "0.003000"),
    (Result.SCALAR, 2_550, (YES_10,), 255, 25, "0.001500"),
    (Result.SCALAR, 2_555, (YES_10,), 255, 25, "0.006500"),
    (Result.SCALAR, 2_555, (NO_4,), 297, 25, "0.009500"),
    (Result.SCALAR, 0, (YES_10,), 0, 0, "0.001500"),
    (Result.SCALAR, 10_000, (YES_10,), 1_000, 100, "0.001500"),
    (Result.VOID, None, (YES_10,), 400, None, "0.001500"),
    (Result.VOID, None, (YES_10, NO_4), 240, None, "0.003000"),
]


@each_row(("result", "value", "fills", "revenue", "shown", "fees"), PAID)
def test_what_was_paid(
    result: Result, value: int | None, fills: tuple[Any, ...], revenue: int, shown: int | None, fees: str
) -> None:
    """Scalar pays whole cents and shows the rest as a fee; void gives back the cost."""
    found = row(settled(result, *fills, value=value))
    assert (found["revenue"], found.get("value"), found["fee_cost"]) == (revenue, shown, fees)
    assert ("value" in found) is (result is not Result.VOID)


@each_row("date", DATES)
def test_void_is_spelt_scalar_since_clients_do_not_know_it(date: str) -> None:
    found = row(settled(Result.VOID, YES_10), date=date)
    is_known = date not in ("2026-10", "compat")
    assert found["market_result"] == ("void" if is_known else "scalar")
    is_null = date < "2026-06"
    assert ("value" in found) is is_null
    assert found.get("value") is None


@each_row("date", DATES)
@each_row("result", [Result.YES, Result.NO])
def test_yes_and_no_are_spelt_so_at_every_date(result: Result, date: str) -> None:
    assert row(settled(result, YES_10), date=date)["market_result"] == result


def test_a_position_that_was_opened_without_fills_settles_with_its_count_and_cost() -> None:
    venue = Venue()
    venue.list_markets("RAIN-1")
    venue.do(OpenPosition(subaccount_ref=ALICE, market="RAIN-1", quantity_centis=-250, cost_micros=750_000))
    venue.do(SettleMarket(market="RAIN-1", result=Result.NO))
    found = row(venue, settlement_counts="net")
    assert sides(found) == ("0.00", "0.000000", "2.50", "0.750000")
    assert found["revenue"] == 250


# --- which of them


@cache
def world() -> Venue:
    venue = Venue()
    venue.fund(ALICE, ALICE_3, BOB, ST1, ST2)
    markets = ("RAIN-1", "RAIN-2", "WIND-1", "HEAT-1")
    venue.list_markets(*markets)
    for market, subaccount_ref in (
        ("RAIN-1", ALICE),
        ("RAIN-2", ALICE_3),
        ("WIND-1", ALICE),
        ("RAIN-1", BOB),
        ("HEAT-1", BOB),
    ):
        venue.do(buy(market, 1, 50, subaccount_ref))
    venue.do(buy("RAIN-1", 1, 50, ST1), buy("RAIN-2", 1, 50, ST2), buy("HEAT-1", 1, 50))
    venue.do(*(SettleMarket(market=market, result=Result.YES) for market in markets[:3]))
    return venue


def tickers(query: str, who: str = "alice", date: str = "2026-10") -> list[str]:
    return [one["ticker"] for one in world().read(f"{SETTLEMENTS}{query}", who, date)["settlements"]]


@each_row(
    ("query", "date", "found"),
    [
        ("", "2026-10", ["WIND-1", "RAIN-2", "RAIN-1"]),
        ("?ticker=RAIN-1", "2026-10", ["RAIN-1"]),
        ("?ticker=HEAT-1", "2026-10", []),
        ("?event_ticker=RAIN", "2026-10", ["RAIN-2", "RAIN-1"]),
        ("?event_ticker=RAIN&ticker=WIND-1", "2026-10", []),
        ("?event_ticker=RAIN&subaccount=3", "2026-10", ["RAIN-2"]),
        ("?event_ticker=RAIN,WIND", "2026-10", []),
        ("?event_ticker=RAIN,WIND", "2025-11", ["WIND-1", "RAIN-1"]),
        ("?event_ticker=RAIN,WIND", "compat", ["WIND-1", "RAIN-2", "RAIN-1"]),
        ("?event_ticker=WIND", "2025-11", ["WIND-1"]),
        ("?subaccount=0", "2026-10", ["WIND-1", "RAIN-1"]),
        ("?subaccount=3", "2026-10", ["RAIN-2"]),
    ],
)
def test_filters(query: str, date: str, found: list[str]) -> None:
    assert tickers(query, date=date) == found


@each_row(
    ("who", "found"), [("bob", ["RAIN-1"]), ("only_3", ["RAIN-2"]), ("desk", ["RAIN-2", "RAIN-1"]), ("st1", ["RAIN-1"])]
)
def test_a_key_sees_its_books(who: str, found: list[str]) -> None:
    assert tickers("", who) == found


def test_a_bound_key_may_name_its_own_book_alone() -> None:
    answer = world().ask(f"{SETTLEMENTS}?subaccount=0", "only_3")
    assert refusal(answer) == at(bodies.FORBIDDEN)
    assert why(answer) == "key only_3 of alice is restricted to subaccount 3, asked for 0"


def test_a_subaccount_that_was_never_opened_is_empty_and_told() -> None:
    answer = world().ask(f"{SETTLEMENTS}?subaccount=9")
    assert answer.body == b'{"cursor":"","settlements":[]}'
    assert answer.findings == ["alice has no subaccount 9: answered as an empty one; its subaccounts: 0, 3"]


def test_a_settlement_makes_the_kept_page_anew() -> None:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    venue.do(buy("RAIN-1", 1, 50))
    assert venue.read(SETTLEMENTS)["settlements"] == []
    venue.do(SettleMarket(market="RAIN-1", result=Result.YES))
    assert len(venue.read(SETTLEMENTS)["settlements"]) == 1
