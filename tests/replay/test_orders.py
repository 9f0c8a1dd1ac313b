"""A log of orders replays to the same state and to the same events, with the rules that its header carries."""

from typing import Any

from mockexchange.core.commands import CancelAllOrders, PlaceOrder, QuoteMarket
from mockexchange.core.vocabulary import Action, Side, SubaccountRef, TimeInForce
from mockexchange.replay.log_replay import Replay
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.codec import write_log
from tests.core.dump import dump
from tests.helpers.sandboxes import SMALL, make, run

RULES = "orders: {share: 0.4, group_window: 5s, post_only_row: none}\n"


def order(count_centis: int, **options: Any) -> PlaceOrder:
    fields: dict[str, Any] = {"subaccount_ref": SubaccountRef("alice"), "market": "RAIN-1", "side": Side.YES}
    fields |= {"action": Action.BUY, "count_centis": count_centis, "price_centicents": 6_000, **options}
    return PlaceOrder(**fields)


def traded() -> Sandbox:
    """alice gets 4 of the 10 that a stranger offers; 1 rests; a post-only order and one of a used id are refused."""
    sandbox = make(SMALL + RULES)
    commands = (
        QuoteMarket(market="RAIN-1", no=((4_000, 1_000),)),
        order(500, client_order_id="mine"),
        order(100, client_order_id="mine"),
        QuoteMarket(market="RAIN-1", no=((3_900, 100),)),
        order(100, post_only=True, price_centicents=6_100),
        order(100, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL, price_centicents=6_100),
        CancelAllOrders(account="alice"),
    )
    for command in commands:
        run(sandbox.submit(command))
    return sandbox


def test_a_log_of_orders_replays_to_the_same_state() -> None:
    sandbox = traded()
    state = sandbox.exchange.state
    placed = [each for each in state.orders.values() if each.client_order_id == "mine"]
    assert [(each.filled_centis, each.initial_centis) for each in placed] == [(400, 500)], "a share of 0.4"
    replay = Replay(write_log(sandbox.log))
    replay.run_to(len(sandbox.log))
    assert replay.exchange.state.rules == state.rules != type(state.rules)()
    assert dump(replay.exchange.state) == dump(state)
