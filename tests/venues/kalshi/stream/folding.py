"""A subscriber that knows only the frames it was sent, on one API date, and the read that it is compared with."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources.call import encoder
from mockexchange.venues.kalshi.resources.market_views import MarketView
from mockexchange.venues.kalshi.resources.orders import OrderView
from mockexchange.venues.kalshi.stream.feed import Message, snapshot_of, ticker_of

Body = dict[str, Any]
TIMES = {"ts", "ts_ms", "time"}
# Key of a position frame in dollars, that in centi-cents, and the REST row's name for both.
MONEY = (
    ("position_cost_dollars", "position_cost", "market_exposure"),
    ("realized_pnl_dollars", "realized_pnl", "realized_pnl"),
    ("fees_paid_dollars", "fees_paid", "fees_paid"),
)
COSTS = tuple(f"{role}_{what}_dollars" for role in ("taker", "maker") for what in ("fill_cost", "fees"))
MARKET_KEYS = {
    *("yes_bid_dollars", "yes_ask_dollars", "no_bid_dollars", "volume", "volume_fp"),
    *("open_interest", "open_interest_fp", "yes_bid_size_fp", "yes_ask_size_fp"),
}
COUNTS = ("fill_count_fp", "remaining_count_fp", "initial_count_fp")


@dataclass
class Folded:
    date: str
    positions: dict[tuple[SubaccountRef, str], Body] = field(default_factory=dict)
    orders: dict[str, Body] = field(default_factory=dict)
    levels: dict[tuple[str, str], dict[Decimal, Decimal]] = field(default_factory=dict)
    tickers: dict[str, Body] = field(default_factory=dict)
    trades: list[Body] = field(default_factory=list)
    fills: list[Body] = field(default_factory=list)

    def hear(self, message: Message) -> None:
        body: Body = json.loads(message.body(api_date(self.date)))
        match message.kind:
            case "market_position":
                assert message.subaccount_ref is not None
                self.positions[message.subaccount_ref, body["market_ticker"]] = body
            case "user_order" if body:
                self.orders[body["order_id"]] = body
            case "orderbook_delta":
                self._change_level(body)
            case "ticker":
                self.tickers[body["market_ticker"]] = untimed(body)
            case "trade":
                self.trades.append(body)
            case "fill":
                self.fills.append(body)

    def _change_level(self, body: Body) -> None:
        level = self.levels.setdefault((body["market_ticker"], body["side"]), {})
        price = Decimal(body["price_dollars"])
        count = level.pop(price, Decimal()) + Decimal(body["delta_fp"] if "delta_fp" in body else body["delta"])
        if count:
            level[price] = count


def untimed(body: Body) -> Body:
    return {name: value for name, value in body.items() if name not in TIMES}


def shown_tickers(state: State, at: int, date: str) -> dict[str, Body]:
    return {
        name: untimed(json.loads(ticker_of(state, market, at).body(api_date(date))))
        for name, market in state.markets.items()
    }


def shown_levels(state: State, date: str) -> dict[tuple[str, str], dict[Decimal, Decimal]]:
    """The books as snapshots show them, empty sides left out."""
    found: dict[tuple[str, str], dict[Decimal, Decimal]] = {}
    for name, market in state.markets.items():
        body = json.loads(snapshot_of(state, market).body(api_date(date)))
        for side in ("yes", "no"):
            if levels := body.get(f"{side}_dollars_fp"):
                assert levels == sorted(levels)
                found[name, side] = {Decimal(price): Decimal(count) for price, count in levels}
    return found


def rest_positions(state: State, date: str) -> dict[tuple[SubaccountRef, str], Body]:
    """Every row of every book, settled ones too, as REST writes it."""
    write = encoder("MarketPosition", api_date(date))
    return {
        (row.subaccount_ref, row.market.ticker): json.loads(write(row))
        for subaccount in state.subaccounts.values()
        for row in subaccount.positions.values()
    }


def rest_markets(state: State, at: int, date: str) -> dict[str, Body]:
    write = encoder("Market", api_date(date))
    return {name: json.loads(write(MarketView(state, market, at, 0))) for name, market in state.markets.items()}


def rest_orders(state: State, date: str) -> dict[str, Body]:
    write = encoder("Order", api_date(date))
    return {name: json.loads(write(OrderView(order, "", "gained"))) for name, order in state.orders.items()}


def assert_same_position(frame: Body, row: Body) -> None:
    """Equal amount for amount, in whatever units; in compat centi-cents are exact and REST's cents truncated."""
    for name in ("position", "position_fp"):
        if name in frame and name in row:
            assert frame[name] == row[name]
    for dollars, centicents, name in MONEY:
        if dollars in frame:
            assert frame[dollars] == row[f"{name}_dollars"]
        if centicents in frame and dollars not in frame:
            assert frame[centicents] == row[name] * 100
        elif centicents in frame:
            assert frame[centicents] == truncated(frame[dollars], 4) * 10_000


def assert_same_market(ticker: Body, row: Body) -> None:
    """Number for number, in whatever units; REST has its last price under a name of its own."""
    for name in MARKET_KEYS & ticker.keys() & row.keys():
        assert Decimal(ticker[name]) == Decimal(row[name]), name
    price = ticker["price_dollars"] or "0"
    assert Decimal(price) == Decimal(row["last_price_dollars"])


def assert_same_order(frame: Body, row: Body) -> None:
    for name in ("status", "side", "ticker", "yes_price_dollars", *COUNTS):
        assert frame[name] == row[name], name
    for name in COSTS:
        shown, read = frame.get(name, "0"), row.get(name, "0")
        decimals = min(len(text.partition(".")[2]) for text in (shown, read))
        assert truncated(shown, decimals) == truncated(read, decimals), name


def truncated(text: str, decimals: int) -> Decimal:
    whole, _, rest = text.partition(".")
    return Decimal(f"{whole}.{rest[:decimals]}0")
