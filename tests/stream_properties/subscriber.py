"""A client that uses only frames: it loads the state when it subscribes, and applies every frame to it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mockexchange.core.model.state import State
from mockexchange.core.queries import order_books
from mockexchange.core.vocabulary import Side, SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from mockexchange.venues.request import Request
from tests.stream_properties.wire import Reading

Frame = dict[str, Any]
Row = tuple[Decimal, ...]
PositionKey = tuple[int, str]
Group = tuple[Decimal | None, bool]
"""Its limit, and whether it is triggered."""
CHANNELS = ("fill", "market_positions", "order_group_updates", "orderbook_delta", "trade", "user_orders")
NUMBERED = ("order_group_updates", "orderbook_delta", "trade")
AROUND_A_FILL = {"user_orders", "fill", "market_positions"}
MICROS, CENTIS, CENTICENTS = Decimal("0.000001"), Decimal("0.01"), Decimal("0.0001")


@dataclass
class View:
    """The state of a subscriber."""

    positions: dict[PositionKey, Row] = field(default_factory=dict)
    orders: dict[str, Row] = field(default_factory=dict)
    fills: list[str] = field(default_factory=list)
    trades: list[str] = field(default_factory=list)
    levels: dict[str, dict[str, dict[Decimal, Decimal]]] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)


class Subscriber:
    """A stream of one key, which can be cut and opened again."""

    def __init__(self, sandbox: Sandbox, key_id: str, account: str, subaccount: str | None = None) -> None:
        self.sandbox, self.key_id, self.account, self.subaccount = sandbox, key_id, account, subaccount
        self.connect()

    @property
    def state(self) -> State:
        return self.sandbox.exchange.state

    def connect(self) -> None:
        self.wire, self.view = Reading(), View()
        request = Request("GET", STREAM_PATH, "", ((b"kalshi-access-key", self.key_id.encode()),))
        handshake, _ = self.sandbox.shake_hands(request)
        assert handshake.session is not None, handshake.answer
        self.connection = self.sandbox.streams.open(handshake.session, self.wire)
        self.wire.connection = self.connection
        self.sids: dict[int, str] = {}
        self.sequences: dict[int, int] = {}
        self.command_id = 0

    def drop(self) -> None:
        self.sandbox.streams.forget(self.connection)
        self.connect()

    def command(self, cmd: str, **params: Any) -> list[Frame]:
        """Send a command and return its answers. No data of a new subscription may come before them."""
        self.command_id += 1
        self.connection.receive(json.dumps({"id": self.command_id, "cmd": cmd, "params": params}).encode())
        return self.read()

    def subscribe(self, channels: Iterable[str], tickers: list[str]) -> None:
        """Subscribe to further channels, with the current state as the beginning."""
        self.catch_up()
        new = [channel for channel in channels if channel not in self.sids.values()]
        self.load(new)
        whole = [channel for channel in new if channel != "orderbook_delta"]
        if whole:
            self.command("subscribe", channels=whole)
        if "orderbook_delta" in new:
            self.command("subscribe", channels=["orderbook_delta"], market_tickers=tickers)

    def unsubscribe(self, channel: str) -> None:
        self.catch_up()
        for sid in [sid for sid, name in self.sids.items() if name == channel]:
            self.command("unsubscribe", sids=[sid])

    def load(self, channels: Iterable[str]) -> None:
        """Load the state as of REST at this moment; for order books the stream sends a snapshot."""
        truth = self.truth()
        for name in channels:
            match name:
                case "market_positions":
                    self.view.positions = truth.positions
                case "user_orders":
                    self.view.orders = truth.orders
                case "fill":
                    self.view.fills = truth.fills
                case "trade":
                    self.view.trades = truth.trades
                case "orderbook_delta":
                    self.view.levels = {}
                case "order_group_updates":
                    self.view.groups = truth.groups

    def catch_up(self) -> None:
        self.wire.is_slow = False
        self.read()

    def read(self) -> list[Frame]:
        """Apply the received frames."""
        self.wire.flush()
        frames = [json.loads(raw) for raw in self.wire.frames]
        self.wire.frames = []
        if set(self.sids.values()) >= AROUND_A_FILL and all(frame["type"] != "error" for frame in frames):
            assert_fills_in_order(frames)
        for frame in frames:
            self.fold(frame)
        return frames

    def fold(self, frame: Frame) -> None:
        self.count(frame)
        msg = frame.get("msg", {})
        match frame["type"]:
            case "subscribed":
                self.sids[msg["sid"]] = msg["channel"]
            case "unsubscribed" | "error":
                self.forget(frame)
            case "fill":
                self.view.fills.append(msg["trade_id"])
            case "trade":
                self.view.trades.append(msg["trade_id"])
            case "market_position":
                self.view.positions[msg.get("subaccount", 0), msg["market_ticker"]] = position_of(msg)
            case "user_order":
                self.view.orders[msg["order_id"]] = order_of(msg)
            case "orderbook_snapshot":
                self.view.levels[msg["market_ticker"]] = {side: levels_of(msg, side) for side in ("yes", "no")}
            case "orderbook_delta":
                self.fold_delta(msg)
            case "order_group_updates":
                self.fold_group(msg)

    def fold_delta(self, msg: Frame) -> None:
        levels = self.view.levels[msg["market_ticker"]][msg["side"]]
        price = Decimal(msg["price_dollars"])
        count = levels.pop(price, Decimal(0)) + Decimal(msg["delta_fp"])
        assert count >= 0, msg
        if count:
            levels[price] = count

    def fold_group(self, msg: Frame) -> None:
        groups, name = self.view.groups, msg["order_group_id"]
        limit = Decimal(msg["contracts_limit_fp"]) if "contracts_limit_fp" in msg else None
        match msg["event_type"]:
            case "created":
                assert name not in groups
                groups[name] = (limit, False)
            case "limit_updated":
                groups[name] = (limit, groups[name][1])
            case "deleted":
                del groups[name]
            case kind:
                groups[name] = (groups[name][0], kind == "triggered")

    def forget(self, frame: Frame) -> None:
        """Handle the end of a subscription, by request or because of slow reading."""
        if frame["type"] == "error":
            assert frame["msg"]["code"] == 25, frame
        del self.sids[frame["sid"]]

    def count(self, frame: Frame) -> None:
        """Check that sequence numbers have no gap, except for the frame that did not fit."""
        if "seq" in frame:
            sid = frame["sid"]
            is_overflow = frame["type"] == "error"
            assert frame["seq"] == self.sequences.get(sid, 0) + 1 + is_overflow, frame
            self.sequences[sid] = frame["seq"]
        elif frame["type"] not in ("subscribed", "ok", "error"):
            assert self.sids[frame["sid"]] not in NUMBERED, frame

    def may_see(self, subaccount_ref: SubaccountRef) -> bool:
        return subaccount_ref.account == self.account and self.subaccount in (None, subaccount_ref.subaccount)

    def truth(self) -> View:
        """Return the exchange's own state, without positions that have only zeros."""
        state, ledger = self.state, self.state.accounts[self.account].ledger
        mine = [subaccount for subaccount_ref, subaccount in state.subaccounts.items() if self.may_see(subaccount_ref)]
        return View(
            {
                (subaccount.number or 0, ticker): (
                    row.stake.quantity_centis * CENTIS,
                    row.stake.cost_micros * MICROS,
                    row.stake.realized_micros * MICROS,
                    row.fees_micros * MICROS,
                )
                for subaccount in mine
                for ticker, row in subaccount.positions.items()
                if any((row.stake.quantity_centis, row.stake.cost_micros, row.stake.realized_micros, row.fees_micros))
            },
            {
                order.order_id: (
                    order.initial_centis * CENTIS,
                    order.filled_centis * CENTIS,
                    order.remaining_centis * CENTIS,
                )
                for order in state.orders.values()
                if self.may_see(order.subaccount_ref)
            },
            [fill.trade.trade_id for fill in ledger.fills if self.may_see(fill.subaccount_ref)],
            [trade.trade_id for trade in state.tape],
            {ticker: {side.value: self.levels(ticker, side) for side in Side} for ticker in self.view.levels},
            {
                group.group_id: (
                    None if group.limit_centis is None else group.limit_centis * CENTIS,
                    group.is_triggered,
                )
                for group in state.groups.values()
                if self.may_see(group.subaccount_ref)
            },
        )

    def levels(self, ticker: str, side: Side) -> dict[Decimal, Decimal]:
        levels = order_books.levels(self.state, self.state.markets[ticker], side)
        return {level.price_centicents * CENTICENTS: level.count_centis * CENTIS for level in levels}

    def assert_true(self) -> None:
        """Check the subscribed state against the exchange; ended subscriptions of a slow reader are not checked."""
        if self.wire.is_slow:
            return
        self.read()
        truth, subscribed = self.truth(), set(self.sids.values())
        if "market_positions" in subscribed:
            assert {key: row for key, row in self.view.positions.items() if any(row)} == truth.positions
        if "user_orders" in subscribed:
            assert self.view.orders == truth.orders
        if "fill" in subscribed:
            assert self.view.fills == truth.fills
        if "trade" in subscribed:
            assert self.view.trades == truth.trades
        if "orderbook_delta" in subscribed:
            assert self.view.levels == truth.levels
        if "order_group_updates" in subscribed:
            assert self.view.groups == truth.groups


def assert_fills_in_order(frames: list[Frame]) -> None:
    """A fill follows its order, and its position follows it."""
    for place, frame in enumerate(frames):
        if frame["type"] == "fill":
            order, fill, position = (one["msg"] for one in frames[place - 1 : place + 2])
            assert (order["order_id"], order["last_updated_ts_ms"]) == (fill["order_id"], fill["ts_ms"])
            assert (position["market_ticker"], position["position_fp"]) == (
                fill["market_ticker"],
                fill["post_position_fp"],
            )


def position_of(msg: Frame) -> Row:
    names = ("position_fp", "position_cost_dollars", "realized_pnl_dollars", "fees_paid_dollars")
    return tuple(Decimal(msg[name]) for name in names)


def order_of(msg: Frame) -> Row:
    return tuple(Decimal(msg[name]) for name in ("initial_count_fp", "fill_count_fp", "remaining_count_fp"))


def levels_of(msg: Frame, side: str) -> dict[Decimal, Decimal]:
    return {Decimal(price): Decimal(count) for price, count in msg.get(f"{side}_dollars_fp", [])}
