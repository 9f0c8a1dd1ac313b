"""The handler of amendments, which change a resting order.

The count of an amendment is the whole order, filled contracts included; it becomes the order's initial count. An order
keeps its place in the queue unless its price changes or its count grows; otherwise it leaves the order book, matches as
a new order would, and joins the end of the queue. A count that is filled already cancels the order.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from mockexchange.core.commands import AmendOrder
from mockexchange.core.decimals import exact
from mockexchange.core.events import Event, OrderAmended, OrderCanceled
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.orders.matching import match, opposite_to
from mockexchange.core.handlers.orders.order_changes import (
    enter_book,
    hold,
    leave_book,
    level_changed,
    order_changed,
    refile_order,
    release,
    rename_order,
    require_resting,
    require_trading,
    show_resting,
)
from mockexchange.core.handlers.orders.order_checks import (
    opening_centis,
    require_count_on_grid,
    require_formula,
    require_funds,
    require_future,
    require_new_client_order_id,
    require_price_on_grid,
)
from mockexchange.core.handlers.orders.orders import cancel
from mockexchange.core.model.orders import Order
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import OrderReason, OrderStatus


@handler
def amend_order(state: State, command: AmendOrder, at: int) -> Iterator[Event]:
    """Change a resting order, which may match then."""
    order = state.order(command.order)
    require_trading(state, order.market)
    require_resting(order)
    amended = _checked(state, order, command, at)
    if command.client_order_id is not None:
        rename_order(state, order, command.client_order_id)
    yield OrderAmended(order_id=order.order_id)
    if not amended.remaining_centis:
        yield from cancel(state, order, at, OrderReason.AMEND)
    elif amended.price_centicents != order.price_centicents or amended.remaining_centis > order.remaining_centis:
        yield from _requeue(state, order, amended, at)
    else:
        yield from _shrink(state, order, amended, at)


def _checked(state: State, order: Order, command: AmendOrder, at: int) -> Order:
    """Return the order as it is to be, which is nowhere. Raises Refused."""
    if command.expires_at is not None:
        require_future(command.expires_at, at)
    if command.client_order_id is not None and command.client_order_id != order.client_order_id:
        require_new_client_order_id(state, order.subaccount_ref, command.client_order_id)
    if command.count_centis is not None:
        require_count_on_grid(state, command.count_centis)
    remaining_centis = _remaining_after(order, command)
    price_centicents = order.price_centicents if command.price_centicents is None else command.price_centicents
    if price_centicents != order.price_centicents:
        require_price_on_grid(state, order.market, price_centicents)
    amended = replace(
        order,
        price_centicents=price_centicents,
        initial_centis=order.initial_centis if command.count_centis is None else command.count_centis,
        remaining_centis=remaining_centis,
        expires_at=None if command.clears_expiry else command.expires_at or order.expires_at,
    )
    if remaining_centis > order.remaining_centis:
        amended.opening_centis = _opening_after(state, order, remaining_centis)
    if amended.need_micros > order.need_micros:
        require_funds(state, amended, at, order.need_micros)
    if price_centicents != order.price_centicents and opposite_to(state, amended).best() is not None:
        require_formula(order.market)
    return amended


def _remaining_after(order: Order, command: AmendOrder) -> int:
    if command.count_centis is None:
        return order.remaining_centis
    if command.count_centis < order.filled_centis:
        message = (
            f"order {order.order_id} has {exact(order.filled_centis, 2)} contracts filled: expected that count or more,"
            f" got {exact(command.count_centis, 2)}"
        )
        raise Refused(RefusalCode.AMEND_COUNT_TOO_SMALL, message)
    return command.count_centis - order.filled_centis


def _opening_after(state: State, order: Order, remaining_centis: int) -> int:
    """Return how many contracts open the other side once the order has grown; it keeps those that it covers."""
    grown_centis = remaining_centis - order.remaining_centis
    opened = opening_centis(state, order, grown_centis)
    return min(order.opening_centis, order.remaining_centis) + opened


def _shrink(state: State, order: Order, amended: Order, at: int) -> Iterator[Event]:
    """Change the count or the expiry of an order that keeps its place."""
    change_centis = amended.remaining_centis - order.remaining_centis
    release(order, order.remaining_centis)
    _set(order, amended)
    refile_order(state, order, at, order.partition)
    hold(order)
    if change_centis:
        state.order_books[order.market.ticker].change(order, change_centis)
        yield level_changed(order, change_centis)
    yield order_changed(order, OrderReason.AMEND)
    yield show_resting(state, order, change_centis, at)


def _requeue(state: State, order: Order, amended: Order, at: int) -> Iterator[Event]:
    """Take an order out of the order book, match it, and let what remains join the end of the queue."""
    before_centis, left = order.remaining_centis, level_changed(order, -order.remaining_centis)
    has_moved = amended.price_centicents != order.price_centicents
    leave_book(state, order)
    _set(order, amended)
    events, reason = match(state, order, order.remaining_centis, at)
    before = order.partition
    _finish(order, reason)
    refile_order(state, order, at, before)
    joined = [level_changed(order, order.remaining_centis)] if order.remaining_centis else []
    if joined:
        enter_book(state, order)
    if events or not joined:
        yield left
        yield from [OrderCanceled(order_id=order.order_id)] if order.status is OrderStatus.CANCELED else []
    elif has_moved:
        yield from (left, *joined)
    else:
        yield level_changed(order, order.remaining_centis - before_centis)
    yield order_changed(order, reason or OrderReason.AMEND)
    yield from events
    yield from joined if events else ()
    yield show_resting(state, order, order.remaining_centis - before_centis, at)


def _finish(order: Order, reason: OrderReason | None) -> None:
    if not order.remaining_centis:
        order.status = OrderStatus.EXECUTED
    elif reason is not None:
        order.status, order.remaining_centis = OrderStatus.CANCELED, 0


def _set(order: Order, amended: Order) -> None:
    order.price_centicents, order.expires_at = amended.price_centicents, amended.expires_at
    order.initial_centis, order.remaining_centis = amended.initial_centis, amended.remaining_centis
    order.opening_centis = amended.opening_centis
