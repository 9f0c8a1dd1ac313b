"""The handler of amendments, which change the price, the count, or both of a resting order.

The count of an amendment is the whole order, filled contracts included; it becomes the order's initial count.
An order keeps its place in the queue unless its price changes or its count grows.
"""

from collections.abc import Iterator

from mockexchange.core.commands import AmendOrder
from mockexchange.core.decimals import exact
from mockexchange.core.events import Event
from mockexchange.core.handlers.order_changes import (
    change_order,
    level_changed,
    order_changed,
    require_resting,
    show_resting,
)
from mockexchange.core.model.orders import Order
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import OrderReason


def amend_order(state: State, command: AmendOrder, at: int) -> Iterator[Event]:
    """Change the price or the count of a resting order."""
    order = require_resting(state.order(command.order))
    before_centis, after_centis = order.remaining_centis, _remaining_after(order, command)
    has_moved = command.price_centicents not in (None, order.price_centicents)
    left = level_changed(order, -before_centis)
    _amend(state, order, command, after_centis, at, keeps_place=not has_moved and after_centis <= before_centis)
    if has_moved:
        yield left
        yield level_changed(order, after_centis)
    elif after_centis != before_centis:
        yield level_changed(order, after_centis - before_centis)
    yield order_changed(order, OrderReason.AMEND)
    yield show_resting(state, order, after_centis - before_centis, at)


def _remaining_after(order: Order, command: AmendOrder) -> int:
    if command.count_centis is None:
        return order.remaining_centis
    if command.count_centis <= order.filled_centis:
        message = (
            f"order {order.order_id} has {exact(order.filled_centis, 2)} contracts filled: expected a count above"
            f" that, got {exact(command.count_centis, 2)}"
        )
        raise Refused(RefusalCode.ORDER_MISMATCH, message)
    return command.count_centis - order.filled_centis


def _amend(state: State, order: Order, command: AmendOrder, after_centis: int, at: int, *, keeps_place: bool) -> None:
    order_book, before_centis = state.order_books[order.market.ticker], order.remaining_centis
    if not keeps_place:
        order_book.remove(order)
    order.subaccount.reserved_micros -= order.reserve_micros(before_centis)
    change_order(state, order, at, lambda: _set(order, command, after_centis))
    order.subaccount.reserved_micros += order.reserve_micros(after_centis)
    if keeps_place:
        order_book.change(order, after_centis - before_centis)
    else:
        order_book.add(order)


def _set(order: Order, command: AmendOrder, remaining_centis: int) -> None:
    if command.price_centicents is not None:
        order.price_centicents = command.price_centicents
    if command.count_centis is not None:
        order.initial_centis = command.count_centis
    order.remaining_centis = remaining_centis
