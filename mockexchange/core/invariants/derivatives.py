"""Checks of derivatives: positions, cash by currency, and orders against their books, sums and trades."""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.derivatives.formulas import form_of
from mockexchange.core.derivatives.order_entry import is_reached
from mockexchange.core.derivatives.orders import OpenOrders
from mockexchange.core.derivatives.precision import ZERO, precise
from mockexchange.core.derivatives.vocabulary import COMBOS, Direction, OrderState
from mockexchange.core.model.order_rules import FillRule
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef

ROUNDING_RATIO = Decimal("1e-40")
"""Tolerated error of a sum relative to its largest amount; quotients are rounded to 50 digits."""


@precise
def violations(state: State) -> Iterator[str]:
    """Yield one line of text per broken invariant of derivatives."""
    return iter([*_holdings(state), *_cash(state), *_orders(state), *_books(state), *_open(state), *_waiting(state)])


def _holdings(state: State) -> Iterator[str]:
    for subaccount_ref, held in state.derivatives.holdings.items():
        for name, holding in held.items():
            where, derivative = f"{subaccount_ref}: {name}", state.derivatives.listed[name]
            if derivative.terms.kind in COMBOS:
                yield f"{where} is a combo, which is never held"
            elif not derivative.is_open:
                yield f"{where} was delivered and is still held"
            elif not holding.size:
                costs = (holding.cost, holding.session_cost, holding.cost_usd)
                if any(costs):
                    yield f"{where} is flat and cost {', '.join(map(str, costs))}"
            elif form_of(derivative.terms).price_of(holding.size, holding.cost) <= 0:
                yield f"{where}: {holding.size} for a cost of {holding.cost} has no price"


def _cash(state: State) -> Iterator[str]:
    """Check that a subaccount's cash is the sum of its sources, and its fees the sum of its trades' fees."""
    fees: dict[tuple[SubaccountRef, str], Decimal] = {}
    for trade in state.derivatives.trades:
        key = (trade.subaccount_ref, trade.currency)
        fees[key] = fees.get(key, ZERO) + trade.fee
    for subaccount_ref, currencies in state.derivatives.cash.items():
        for currency, cash in currencies.items():
            where = f"{subaccount_ref}: {currency}"
            sources = (cash.credited, cash.traded, cash.settled, -cash.fees)
            if not _equal(cash.amount, *sources):
                yield f"{where} is {cash.amount}, where it comes from makes it {sum(sources, ZERO)}"
            if not _equal(cash.fees, fees.get((subaccount_ref, currency), ZERO)):
                yield f"{where} paid {cash.fees} in fees, its trades {fees.get((subaccount_ref, currency), ZERO)}"


def _equal(total: Decimal, *parts: Decimal) -> bool:
    largest = max([abs(part) for part in (total, *parts)])
    return abs(sum(parts, ZERO) - total) <= largest * ROUNDING_RATIO


def _orders(state: State) -> Iterator[str]:
    filled: dict[str, Decimal] = {}
    for trade in state.derivatives.trades:
        filled[trade.order_id] = filled.get(trade.order_id, ZERO) + trade.amount
    for order in state.derivatives.orders.values():
        where = f"order {order.order_id}"
        if filled.get(order.order_id, ZERO) != order.filled:
            yield f"{where} counts {order.filled}, its trades {filled.get(order.order_id, ZERO)}"
        if not ZERO <= order.filled <= order.amount or (order.filled == order.amount) != (
            order.state is OrderState.FILLED
        ):
            yield f"{where} is {order.state} with {order.filled} of {order.amount}"
        if order not in state.derivatives.order_history.filed(order.selectors[-1], order.partition):
            yield f"{where} is not listed as {order.partition}"


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
    orders = state.derivatives.orders.values()
    untriggered = {order.order_id for order in orders if order.state is OrderState.UNTRIGGERED}
    if untriggered != set(state.derivatives.waiting):
        yield f"waiting orders: {len(untriggered)} by their state, {len(state.derivatives.waiting)} in the list"
    is_paused = not (state.service.is_active and state.service.is_trading)
    for order in state.derivatives.waiting.values():
        if not is_paused and is_reached(state, order):
            yield f"order {order.order_id} waits, and its trigger is reached"
