"""Checks of the orders of derivatives against their order books, their subaccounts' sums and their trades."""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.derivatives.holdings.holdings import ZERO
from mockexchange.core.derivatives.order_entry.waiting import is_reached
from mockexchange.core.derivatives.orders import DerivativeOrder, OpenOrders
from mockexchange.core.derivatives.precision import precise
from mockexchange.core.derivatives.vocabulary import Direction, OrderState
from mockexchange.core.model.order_rules import FillRule
from mockexchange.core.model.state import State

_UNTRIGGERED = OrderState.UNTRIGGERED


@precise
def violations(state: State) -> Iterator[str]:
    """Yield one line of text per broken invariant of orders of derivatives."""
    return iter([*_orders(state), *_books(state), *_open(state), *_waiting(state)])


def _orders(state: State) -> Iterator[str]:
    filled: dict[str, Decimal] = {}
    for trade in state.derivatives.trades:
        filled[trade.order_id] = filled.get(trade.order_id, ZERO) + trade.amount
    for order in state.derivatives.orders.values():
        where = f"order {order.order_id}"
        if filled.get(order.order_id, ZERO) != order.filled:
            yield f"{where} counts {order.filled}, its trades {filled.get(order.order_id, ZERO)}"
        if not ZERO <= order.filled <= order.amount or (order.filled == order.amount) != _is_filled(order):
            yield f"{where} is {order.state} with {order.filled} of {order.amount}"
        if order not in state.derivatives.order_history.filed(order.selectors[-1], order.partition):
            yield f"{where} is not listed as {order.partition}"


def _is_filled(order: DerivativeOrder) -> bool:
    return order.state is OrderState.FILLED


def _books(state: State) -> Iterator[str]:
    for name, book in state.derivatives.order_books.items():
        bid, ask = book.best(Direction.BUY), book.best(Direction.SELL)
        if bid and ask and bid.price >= ask.price and state.rules.fill is FillRule.BOOK:
            yield f"{name} is crossed: {bid.price} is bid, {ask.price} asked"
        for order in book.orders:
            if order.state is not OrderState.OPEN or order.derivative.name != name:
                yield f"{name} has order {order.order_id}, which is {order.state} in {order.derivative.name}"


def _open(state: State) -> Iterator[str]:
    books = state.derivatives.order_books.values()
    resting = {order.order_id for book in books for order in book.orders}
    opened = [one for by_name in state.derivatives.open_orders.values() for one in by_name.values()]
    listed = {order_id for one in opened for order_id in one.orders}
    alive = {order.order_id for order in state.derivatives.orders.values() if order.state is OrderState.OPEN}
    if not resting == listed == alive:
        yield f"open orders: {len(alive)} by their state, {len(resting)} in order books, {len(listed)} in lists"
    for one in opened:
        counted = OpenOrders()
        for order in one.orders.values():
            counted.count(order, 1)
        if (counted.buying, counted.selling, counted.premium) != (one.buying, one.selling, one.premium):
            yield f"the sums of {list(one.orders)} are {one.buying}, {one.selling} and {one.premium}"


def _waiting(state: State) -> Iterator[str]:
    untriggered = {order.order_id for order in state.derivatives.orders.values() if order.state is _UNTRIGGERED}
    if untriggered != set(state.derivatives.waiting):
        yield f"waiting orders: {len(untriggered)} by their state, {len(state.derivatives.waiting)} in the list"
    is_paused = not (state.service.is_active and state.service.is_trading)
    for order in state.derivatives.waiting.values():
        if not is_paused and is_reached(state, order):
            yield f"order {order.order_id} waits, and its trigger is reached"
