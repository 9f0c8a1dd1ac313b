"""Handlers that cancel orders of derivatives, and functions by which settlements and deliveries cancel orders."""

from collections.abc import Callable, Iterator

from mockexchange.core.commands import CancelDerivativeOrders, CancelOrder, SetCancelOnDisconnect
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.lookup import require_trader
from mockexchange.core.derivatives.order_entry.changes import book_of, cancel
from mockexchange.core.derivatives.order_entry.checks import require_active
from mockexchange.core.derivatives.order_entry.editing import require_open
from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.vocabulary import CancelReason, OrderLife
from mockexchange.core.events import DerivativeQuoted, Event
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef


def cancel_order(state: State, command: CancelOrder, at: int) -> Iterator[Event]:
    """Cancel an open order."""
    require_active(state)
    order = state.derivatives.order(command.order)
    require_open(order)
    yield from cancel(state, order, at, CancelReason.USER_REQUEST)


@derivative_handler
def cancel_orders(state: State, command: CancelDerivativeOrders, at: int) -> Iterator[Event]:
    """Cancel all open orders of a subaccount that pass the command's filters, the oldest first."""
    require_trader(state, command.subaccount_ref)
    if command.reason is CancelReason.USER_REQUEST:
        require_active(state)
    named = frozenset(command.orders)

    def matches(order: DerivativeOrder) -> bool:
        return (
            command.derivative in (None, order.derivative.name)
            and command.currency in (None, order.currency)
            and (not command.kinds or order.kind in command.kinds)
            and command.label in (None, order.label)
            and (not command.types or order.order_type in command.types)
            and (not named or order.order_id in named)
        )

    for order in open_orders(state, command.subaccount_ref, matches):
        yield from cancel(state, order, at, command.reason)


@derivative_handler
def set_cancel_on_disconnect(state: State, command: SetCancelOnDisconnect, at: int) -> Iterator[Event]:
    """Switch cancel-on-disconnect for the new streams of a subaccount; nothing else in the state depends on it."""
    require_trader(state, command.subaccount_ref)
    account = state.account(command.subaccount_ref.account)
    change = account.disconnect_subaccounts.add if command.enabled else account.disconnect_subaccounts.discard
    change(command.subaccount_ref.subaccount)
    yield from ()


def open_orders(
    state: State, subaccount_ref: SubaccountRef, matches: Callable[[DerivativeOrder], bool]
) -> list[DerivativeOrder]:
    """Return a subaccount's orders that are open or wait for a trigger and that `matches` accepts, oldest first."""
    opened = state.derivatives.open_orders.get(subaccount_ref, {})
    found = [order for one in opened.values() for order in one.orders.values() if matches(order)]
    waiting = state.derivatives.waiting.values()
    found += (order for order in waiting if order.subaccount_ref == subaccount_ref and matches(order))
    return sorted(found, key=lambda order: order.serial)


def end_session(state: State, at: int) -> Iterator[Event]:
    """Cancel the orders that are valid until the end of the session."""
    resting = [order for book in state.derivatives.order_books.values() for order in book.orders]
    for order in (*resting, *state.derivatives.waiting.values()):
        if order.life is OrderLife.GOOD_TIL_DAY:
            yield from cancel(state, order, at, CancelReason.SETTLEMENT)


def close_book(state: State, derivative: Derivative, at: int) -> Iterator[Event]:
    """Cancel all orders of a derivative that is delivered, and remove its outside quotes."""
    book = book_of(state, derivative)
    waiting = [order for order in state.derivatives.waiting.values() if order.derivative is derivative]
    for order in (*book.orders, *waiting):
        yield from cancel(state, order, at, CancelReason.SETTLEMENT)
    if any(book.quotes.values()):
        for levels in book.quotes.values():
            levels.clear()
        yield DerivativeQuoted(derivative=derivative.name, bids=(), asks=())
