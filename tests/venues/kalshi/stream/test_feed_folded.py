"""Random commands: the state that a subscriber folds from its frames equals the state of a read, on every date."""

import json
import os
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import Command
from mockexchange.core.events import Event, Filled, LevelChanged, MarketListed, OrderChanged, PositionChanged, Traded
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.positions import FLAT
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import FeeRounding
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.stream.feed import Message, messages_of
from tests.core.naive import strategies as some
from tests.core.world import START
from tests.helpers.effort import examples
from tests.venues.kalshi.stream.folding import (
    Folded,
    assert_same_market,
    assert_same_order,
    assert_same_position,
    rest_markets,
    rest_orders,
    rest_positions,
    shown_levels,
    shown_tickers,
)

pytestmark = pytest.mark.untraced

DATES = ("2025-11", "2026-02", "2026-03-11", "2026-03-20", "2026-04", "2026-10", "compat")
UNCOUNTED, WITHOUT_ORDERS = ("2025-11",), ("2025-11",)
"""Whole contracts cannot be folded: fractions are cut off each change. Orders had no channel yet."""
PLACES = {"trade": 1, "orderbook_delta": 2, "ticker": 3}
KINDS: dict[type[Event], str] = {
    OrderChanged: "user_order",
    Filled: "fill",
    Traded: "trade",
    LevelChanged: "orderbook_delta",
    PositionChanged: "market_position",
}
EXAMPLES_MAX = int(os.environ.get("MOCKEXCHANGE_FEED_EXAMPLES", "20"))

COMMANDS = (
    some.fills(some.KNOWN)
    | some.fills(some.KNOWN, some.ORDERS)
    | some.parts()
    | some.rests(some.KNOWN)
    | some.rests(some.KNOWN)
    | some.order_changes(some.KNOWN)
    | some.imports(some.KNOWN)
    | some.groupings(some.KNOWN)
    | some.lives(some.KNOWN)
    | some.listings(some.KNOWN)
    | some.quotes(some.KNOWN)
)


class Audience:
    """A subscriber to everything for each date, from before the first command on."""

    def __init__(self, rounding: FeeRounding) -> None:
        self.exchange = Exchange(7, rounding)
        self.state = self.exchange.state
        self.at = START
        self.listeners = [Folded(date) for date in DATES]
        for command in some.PRELUDE:
            self.submit(command)

    def submit(self, command: Command) -> None:
        self.at += 1_000
        outcome = self.exchange.execute(command, self.at)
        if isinstance(outcome, Refusal):
            return
        messages = messages_of(self.state, outcome, self.at)
        assert_in_order(messages)
        assert_told(messages, outcome)
        for listener in self.listeners:
            for message in messages:
                listener.hear(message)
            self._show_new_markets(listener, outcome)

    def compare(self) -> None:
        for listener in self.listeners:
            self._compare_positions(listener)
            assert listener.tickers == shown_tickers(self.state, self.at, listener.date)
            for name, row in rest_markets(self.state, self.at, listener.date).items():
                assert_same_market(listener.tickers[name], row)
            assert len(listener.trades) == len(list(self.state.tape))
            if listener.date not in UNCOUNTED:
                levels = {key: level for key, level in listener.levels.items() if level}
                assert levels == shown_levels(self.state, listener.date)
            if listener.date not in WITHOUT_ORDERS:
                self._compare_orders(listener)

    def _show_new_markets(self, listener: Folded, happened: tuple[Event, ...]) -> None:
        """As to a subscription that asks for the tickers that there are."""
        new = {event.market for event in happened if isinstance(event, MarketListed)}
        if new:
            shown = shown_tickers(self.state, self.at, listener.date)
            listener.tickers |= {name: shown[name] for name in new}

    def _compare_positions(self, listener: Folded) -> None:
        for key, row in rest_positions(self.state, listener.date).items():
            frame = listener.positions.get(key)
            if frame is not None:
                assert_same_position(frame, row)
            else:
                untold = self.state.subaccounts[key[0]].positions[key[1]]
                assert (untold.stake, untold.fees_micros) == (FLAT, 0), "it has moved, and nobody was told"

    def _compare_orders(self, listener: Folded) -> None:
        rows = rest_orders(self.state, listener.date)
        assert listener.orders.keys() == rows.keys()
        for name, row in rows.items():
            assert_same_order(listener.orders[name], row)


def assert_in_order(messages: list[Message]) -> None:
    """What is somebody's own first, a market's ticker last and once; around a fill as the venue was seen to do it."""
    places = [PLACES.get(message.kind, 0) for message in messages]
    assert places == sorted(places)
    tickers = Counter(message.market for message in messages if message.kind == "ticker")
    assert set(tickers.values()) <= {1}
    for place, message in enumerate(messages):
        if message.kind == "fill":
            before, after = messages[place - 1], messages[place + 1]
            assert (before.kind, after.kind) == ("user_order", "market_position")
            assert before.subaccount_ref == message.subaccount_ref == after.subaccount_ref
            order, fill, position = (json.loads(one.body(api_date("2026-10"))) for one in (before, message, after))
            assert order["order_id"] == fill["order_id"]
            assert order["last_updated_ts_ms"] == fill["ts_ms"]
            assert fill["post_position_fp"] == position["position_fp"]


def assert_told(messages: list[Message], happened: tuple[Event, ...]) -> None:
    """A message for every event that has one, and a position for every row that moved."""
    told = Counter(message.kind for message in messages if message.kind in KINDS.values())
    moved = [event for event in happened if not isinstance(event, PositionChanged) or event.has_moved]
    assert told == Counter(KINDS[type(event)] for event in moved if type(event) in KINDS)


@settings(max_examples=examples(EXAMPLES_MAX), deadline=None)
@given(commands=st.lists(COMMANDS, min_size=5, max_size=40), rounding=st.sampled_from(FeeRounding))
@example(commands=[], rounding=FeeRounding.GRID)
def test_the_last_frames_are_what_a_read_shows(commands: list[Command], rounding: FeeRounding) -> None:
    audience = Audience(rounding)
    for command in commands:
        audience.submit(command)
        audience.compare()
