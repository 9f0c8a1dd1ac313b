"""Random commands, subscriptions, slow readers, drops and reconnects: a client's state equals the exchange's."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.model.orders import Order
from mockexchange.core.vocabulary import Action, MarketStatus, Result, Side
from tests.core.naive import strategies as some
from tests.core.naive.cash_strategies import cash
from tests.helpers.effort import examples
from tests.helpers.sandboxes import make, run
from tests.stream_properties.subscriber import CHANNELS, Subscriber

WORLD = """
scenario: folding
auth: {mode: off}
stream: {outbox: 4000}
"""
KEYS = {"alice": ("alice", None), "only_3": ("alice", "3"), "bob": ("bob", None), "st1": ("desk", "st1")}
TICKERS = ["RAIN-A-0", "SUN-A-0", "RAIN-B-0"]
subscribers = st.sampled_from([*KEYS, "alice"])
Change = tuple[int, Callable[[Order, int, int], Command], int, int]
CHANGES: list[Callable[[Order, int, int], Command]] = [
    lambda order, count, price: commands.ReduceOrder(order=order.order_id, count_centis=count),
    lambda order, count, price: commands.CancelOrder(order=order.order_id),
    lambda order, count, price: commands.ExpireOrder(order=order.order_id),
    lambda order, count, price: commands.AmendOrder(order=order.order_id, price_centicents=price, count_centis=count),
    lambda order, count, price: commands.AmendOrder(order=order.order_id, count_centis=order.filled_centis + count),
    lambda order, count, price: filled(order, min(count, order.remaining_centis)),
    lambda order, count, price: filled(order, order.remaining_centis),
]
changes = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(CHANGES), some.counts, some.prices), max_size=4)
channels = st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=6, unique=True)


def filled(order: Order, count_centis: int) -> Command:
    return commands.Fill(
        subaccount_ref=order.subaccount_ref,
        market=order.market.ticker,
        side=order.side,
        action=order.action,
        count_centis=count_centis,
        price_centicents=order.price_centicents,
        order=order.order_id,
    )


class Folding(RuleBasedStateMachine):
    """Four keys on one exchange, each with a stream; `alice` sees two subaccounts, `only_3` and `st1` one of two."""

    @initialize()
    def open(self) -> None:
        self.sandbox = make(WORLD, date="latest")
        for command in some.PRELUDE:
            self.submit(command)
        for key, (account, subaccount) in KEYS.items():
            self.submit(
                commands.AddKey(account=account, key=key, key_id=key, public_key=account, subaccount=subaccount)
            )
        self.subscribers = {key: Subscriber(self.sandbox, key, *whose) for key, whose in KEYS.items()}
        for key in ("alice", "st1"):
            self.subscribers[key].subscribe(CHANNELS, TICKERS)

    @rule(batch=st.lists(some.fills(some.KNOWN), min_size=1, max_size=6))
    def trade(self, batch: list[Command]) -> None:
        self.submit(*batch)

    @rule(batch=st.lists(some.rests(some.KNOWN), min_size=1, max_size=4), changes=changes)
    def rest(self, batch: list[Command], changes: list[Change]) -> None:
        self.submit(*batch)
        for place, change, count_centis, price_centicents in changes:
            orders = [order for order_book in self.sandbox.exchange.state.order_books.values() for order in order_book]
            if orders:
                self.submit(change(orders[place % len(orders)], count_centis, price_centicents))

    @rule(batch=st.lists(some.parts() | some.groupings(some.KNOWN), min_size=1, max_size=3))
    def fill_or_group(self, batch: list[Command]) -> None:
        self.submit(*batch)

    @rule(place=st.integers(0, 9), price_centicents=some.prices)
    def close_a_position(self, place: int, price_centicents: int) -> None:
        held = [
            row
            for subaccount in self.sandbox.exchange.state.subaccounts.values()
            for row in subaccount.positions.values()
        ]
        held = [row for row in held if row.stake.quantity_centis and row.market.status is MarketStatus.OPEN]
        if held:
            row = held[place % len(held)]
            closing = commands.Fill(
                subaccount_ref=row.subaccount_ref,
                market=row.market.ticker,
                side=Side.YES if row.stake.quantity_centis > 0 else Side.NO,
                action=Action.SELL,
                count_centis=abs(row.stake.quantity_centis),
                price_centicents=price_centicents,
            )
            self.submit(closing)

    @rule(command=some.quotes(some.KNOWN) | cash(some.KNOWN.subaccount_refs) | some.imports(some.KNOWN))
    def quote_or_pay(self, command: Command) -> None:
        self.submit(command)

    @rule(market=st.sampled_from(["RAIN-A-1", "SUN-A-0", "RAIN-B-1"]), decision=some.decisions)
    def settle(self, market: str, decision: tuple[Result, int | None]) -> None:
        self.submit(some.decided(commands.SettleMarket, market, decision))

    @rule(key=subscribers, wanted=channels)
    def subscribe(self, key: str, wanted: list[str]) -> None:
        self.subscribers[key].subscribe(wanted, TICKERS)

    @rule(key=subscribers, channel=st.sampled_from(CHANNELS))
    def unsubscribe(self, key: str, channel: str) -> None:
        self.subscribers[key].unsubscribe(channel)

    @rule(key=subscribers)
    def drop(self, key: str) -> None:
        self.subscribers[key].drop()

    @rule(key=subscribers)
    def read_slowly(self, key: str) -> None:
        self.subscribers[key].wire.is_slow = True

    @rule()
    def read_again(self) -> None:
        for subscriber in self.subscribers.values():
            subscriber.wire.is_slow = False

    @invariant()
    def everybody_knows_the_truth(self) -> None:
        for subscriber in getattr(self, "subscribers", {}).values():
            subscriber.assert_true()

    def submit(self, *batch: Command) -> None:
        for command in batch:
            run(self.sandbox.submit(command))
        self.sandbox.streams.flush()


TestFolding: Any = Folding.TestCase
TestFolding.settings = settings(
    max_examples=examples(100),
    stateful_step_count=40,
    deadline=None,  # a machine under load is no failure
    derandomize="CI" in os.environ,  # the gate must be repeatable; at home new paths are found
)
