"""The functions by which handlers change an order of a derivative.

They also update the lists of orders, the order book, and the sums over the subaccount's open orders.
"""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.order_book import DerivativeBook
from mockexchange.core.derivatives.orders import DerivativeOrder, OpenOrders
from mockexchange.core.derivatives.vocabulary import CancelReason, OrderState
from mockexchange.core.events import DerivativeOrderChanged, DerivativeQuoted, Event
from mockexchange.core.model.paged_history import Partition
from mockexchange.core.model.state import State


def list_order(state: State, order: DerivativeOrder) -> None:
    """Add a new order to the orders by id and to the list that reads return."""
    state.derivatives.orders[order.order_id] = order
    state.derivatives.order_history.add(order, order.serial)


def enter(state: State, order: DerivativeOrder) -> None:
    """Let an order rest: add it to the order book and to the open orders of its subaccount."""
    book_of(state, order.derivative).add(order)
    opened = open_orders_of(state, order)
    opened.orders[order.order_id] = order
    opened.count(order, 1)


def leave(state: State, order: DerivativeOrder) -> None:
    """Remove an order from the order book and the open orders, or from the orders that wait for their trigger.

    Call this function before the order's amount, price or state changes.
    """
    if order.state is OrderState.UNTRIGGERED:
        del state.derivatives.waiting[order.order_id]
        return
    open_orders_of(state, order).count(order, -1)
    _forget(state, order)


def fill_order(state: State, order: DerivativeOrder, amount: Decimal, price: Decimal, at: int, *, rests: bool) -> None:
    """Add a fill to an order. One that rests keeps its place in the queue, until nothing of it remains."""
    before = order.partition
    if rests:
        open_orders_of(state, order).count(order, -1)
    order.fill(amount, price)
    refile(state, order, at, before)
    if rests and order.state is OrderState.OPEN:
        open_orders_of(state, order).count(order, 1)
    elif rests:
        _forget(state, order)


def cancel(state: State, order: DerivativeOrder, at: int, reason: CancelReason) -> Iterator[Event]:
    """Cancel an order that rests or waits for its trigger."""
    leave(state, order)
    end(state, order, at, reason)
    yield order_changed(order)


def end(state: State, order: DerivativeOrder, at: int, reason: CancelReason) -> None:
    """Set the state of an order that neither rests nor waits any more to canceled, with this reason."""
    before = order.partition
    order.move("cancel")
    order.cancel_reason = reason
    refile(state, order, at, before)


def refile(state: State, order: DerivativeOrder, at: int, before: Partition) -> None:
    """Set the time of a changed order to `at`, and give it and its derivative a new revision.

    `before` is the partition of the order before the change.
    """
    order.revision, order.updated_at = state.next_revision(), at
    order.derivative.revision = order.revision
    state.derivatives.order_history.refile(order, order.revision, before)


def _forget(state: State, order: DerivativeOrder) -> None:
    book_of(state, order.derivative).remove(order)
    opened = open_orders_of(state, order)
    del opened.orders[order.order_id]
    if not opened.orders:
        del state.derivatives.open_orders[order.subaccount_ref][order.derivative.name]


def book_of(state: State, derivative: Derivative) -> DerivativeBook:
    """Return the order book of a derivative; create an empty one if there is none."""
    return state.derivatives.order_books.setdefault(derivative.name, DerivativeBook())


def open_orders_of(state: State, order: DerivativeOrder) -> OpenOrders:
    """Return the open orders of an order's subaccount in its derivative; create an empty one if there is none."""
    opened = state.derivatives.open_orders.setdefault(order.subaccount_ref, {})
    return opened.setdefault(order.derivative.name, OpenOrders())


def order_changed(order: DerivativeOrder) -> DerivativeOrderChanged:
    """Return the event that describes an order after a change."""
    return DerivativeOrderChanged(
        order_id=order.order_id,
        subaccount_ref=order.subaccount_ref,
        derivative=order.derivative.name,
        state=order.state,
        price=order.price,
        amount=order.amount,
        filled=order.filled,
        cancel_reason=order.cancel_reason,
    )


def quoted(state: State, derivative: Derivative) -> DerivativeQuoted:
    """Return the event that describes the outside quotes of a derivative."""
    book = book_of(state, derivative)
    bids, asks = ([(price, amount) for price, amount in levels.items()] for levels in book.quotes.values())
    return DerivativeQuoted(derivative=derivative.name, bids=tuple(reversed(bids)), asks=tuple(asks))
