"""Checks that order, trades and position agree after a fill. Runs only where orders may be filled."""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.writes.order_placer import BUY, SELL, OrderPlacer
from mockexchange.kit.deribit.writes.orders import POSITION, Expect, check_of
from mockexchange.kit.findings import Finding
from mockexchange.kit.jsonrpc import result_of
from mockexchange.kit.target import OTHER, Target

FILLED = "orders.filled"
TRADES = "private/get_user_trades_by_order"
PARTS = 3


def judge_filled(placer: OrderPlacer, expect: Expect) -> Iterator[Finding]:
    """Check a bid that another account fills in part: order, trades and position have the same amounts."""
    size = placer.result(POSITION, instrument_name=placer.name)["size"]
    mark = placer.result("public/ticker", instrument_name=placer.name)["mark_price"]
    price = mark // placer.tick * placer.tick
    bid = placer.place(amount=PARTS * placer.amount, price=price, post_only=False, reject_post_only=False)["order"]
    yield from expect("what a bid in front of the market fills", bid["filled_amount"], 0)
    ask = {
        "instrument_name": placer.name,
        "amount": placer.amount,
        "price": price,
        "time_in_force": "immediate_or_cancel",
    }
    sold = result_of(placer.send(SELL, ask, placer.target.key(OTHER)))
    yield from expect("what was sold", sold["order"]["filled_amount"], placer.amount)
    order = placer.state(bid["order_id"])
    counts = {name: order[name] for name in ("amount", "filled_amount", "order_state", "average_price")}
    wanted = {
        "amount": PARTS * placer.amount,
        "filled_amount": placer.amount,
        "order_state": "open",
        "average_price": price,
    }
    yield from expect("the order after a part of it was filled", counts, wanted)
    trades = placer.result(TRADES, order_id=bid["order_id"])
    yield from expect("the amounts of its trades", sum(trade["amount"] for trade in trades), placer.amount)
    yield from expect("the prices of its trades", {trade["price"] for trade in trades}, {price})
    moved = abs(placer.result(POSITION, instrument_name=placer.name)["size"] - size)
    if placer.instrument["instrument_type"] == "reversed":
        yield from expect("how far the position moved", moved, Decimal(placer.amount))


CHECKS: tuple[Check[Target], ...] = (
    check_of(FILLED, "Order, trades and position agree about a fill.", judge_filled, BUY, may_trade=True),
)
