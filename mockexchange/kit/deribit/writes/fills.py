"""Rules of orders that are filled: counts add up over order, trades and position. Only where fills are allowed."""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.writes.desk import BUY, SELL, Desk
from mockexchange.kit.deribit.writes.orders import POSITION, Expect, check_of
from mockexchange.kit.findings import Finding
from mockexchange.kit.jsonrpc import result_of
from mockexchange.kit.target import OTHER, Target

FILLED = "orders.filled"
TRADES = "private/get_user_trades_by_order"
PARTS = 3


def judge_filled(desk: Desk, expect: Expect) -> Iterator[Finding]:
    """Judge a bid that another account fills in part: amounts, trades and the position agree."""
    size = desk.result(POSITION, instrument_name=desk.name)["size"]
    mark = desk.result("public/ticker", instrument_name=desk.name)["mark_price"]
    price = mark // desk.tick * desk.tick
    bid = desk.place(amount=PARTS * desk.amount, price=price, post_only=False, reject_post_only=False)["order"]
    yield from expect("what a bid in front of the market fills", bid["filled_amount"], 0)
    ask = {"instrument_name": desk.name, "amount": desk.amount, "price": price, "time_in_force": "immediate_or_cancel"}
    sold = result_of(desk.send(SELL, ask, desk.target.key(OTHER)))
    yield from expect("what was sold", sold["order"]["filled_amount"], desk.amount)
    order = desk.state(bid["order_id"])
    counts = {name: order[name] for name in ("amount", "filled_amount", "order_state", "average_price")}
    wanted = {
        "amount": PARTS * desk.amount,
        "filled_amount": desk.amount,
        "order_state": "open",
        "average_price": price,
    }
    yield from expect("the order after a part of it was filled", counts, wanted)
    trades = desk.result(TRADES, order_id=bid["order_id"])
    yield from expect("the amounts of its trades", sum(trade["amount"] for trade in trades), desk.amount)
    yield from expect("the prices of its trades", {trade["price"] for trade in trades}, {price})
    moved = abs(desk.result(POSITION, instrument_name=desk.name)["size"] - size)
    if desk.instrument["instrument_type"] == "reversed":
        yield from expect("how far the position moved", moved, Decimal(desk.amount))


CHECKS: tuple[Check[Target], ...] = (
    check_of(FILLED, "Order, trades and position agree about a fill.", judge_filled, BUY, may_trade=True),
)
