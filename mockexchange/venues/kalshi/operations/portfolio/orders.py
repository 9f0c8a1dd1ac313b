"""Implements the operations that read an account's orders, in pages or one by one."""

from typing import NamedTuple

from msgspec.structs import replace

from mockexchange.core.model.history import HistoryPage, Window
from mockexchange.core.model.orders import Order
from mockexchange.core.queries.lists import OrderQuery, find_orders
from mockexchange.core.vocabulary import OrderStatus
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, write
from mockexchange.venues.kalshi.operations.lists import (
    ListTable,
    answer_list,
    live_or_all,
    live_since,
    names_of,
    window_of,
)
from mockexchange.venues.kalshi.operations.row_owner import requested_or_all

STATUSES = tuple(status.value for status in OrderStatus)
STATUS_CHARS_SHOWN_MAX = 80
ORDERS = ListTable("orders", "Order")


class OrderView(NamedTuple):
    """An order as its owner sees it. `type` is always limit, since the venue removed market orders."""

    order: Order
    user_id: str
    queue_position: int = 0
    type: str = "limit"

    @property
    def revision(self) -> int:
        return self.order.revision

    @property
    def cancel_on_pause(self) -> bool | None:
        return self.order.cancel_on_pause or None

    @property
    def group_id(self) -> str | None:
        return self.order.group.group_id if self.order.group else None

    @property
    def maker_fees_paid_micros(self) -> int | None:
        return self.order.maker_fees_micros or None

    @property
    def taker_fees_paid_micros(self) -> int | None:
        return self.order.taker_fees_micros or None


class OrderAnswer(NamedTuple):
    order: OrderView


def get_orders(call: AccountCall) -> bytes:
    return answer_orders(call, requested_or_all(call), live_or_all(call))


def get_order(call: AccountCall) -> bytes:
    return write(call, OrderAnswer(view_of(call, named_order(call))))


def answer_orders(
    call: AccountCall, subaccount: str | None, is_archived: bool | None, window: Window | None = None
) -> bytes:
    """Return the orders of a subaccount (None for all) that pass the call's filters.

    `is_archived` is True for historical orders, False for live ones, None for both.
    An unknown status matches nothing (recorded 2025-11-03).
    """
    params, orders = call.params, call.account.ledger.orders
    status = params.get("status")
    if status and status not in STATUSES:
        shown = status[:STATUS_CHARS_SHOWN_MAX]
        call.findings.append(f"status={shown!r} matches nothing: known are {', '.join(STATUSES)}")
    query = OrderQuery(
        limit=1,
        subaccounts=None if subaccount is None else (subaccount,),
        tickers=names_of(params.get("ticker")),
        events=names_of(params.get("event_ticker")),
        exchange_index=params.get("exchange_index"),
        statuses=(status,) if status else (),
        archived=is_archived,
        client_order_ids=params.get("client_order_ids") or (),
        window=window_of(call) if window is None else window,
    )

    def find(limit: int, after: int | None) -> HistoryPage[OrderView]:
        rows, last = find_orders(call.state, call.account.name, replace(query, limit=limit, after=after))
        return HistoryPage([view_of(call, order) for order in rows], last)

    return answer_list(call, ORDERS, orders.revision, find, is_kept=window is None)


def view_of(call: AccountCall, order: Order) -> OrderView:
    return OrderView(order, call.account.user_id)


def named_order(call: AccountCall) -> Order:
    """Return the order that the path names. Raises Rejected if there is no such order or the key may not see it."""
    order_id, key = call.path_params["order_id"], call.key
    order = call.state.orders.get(order_id)
    if order is None:
        raise Rejected(Situation.NOT_FOUND, f"there is no order {order_id!r}")
    if order.subaccount_ref.account != call.account.name:
        message = f"order {order_id} is of {order.subaccount_ref.account}, the key of {call.account.name}"
        raise Rejected(Situation.NOT_FOUND, message)
    if key.subaccount not in (None, order.subaccount_ref.subaccount):
        own = order.subaccount_ref.subaccount
        message = f"order {order_id} is of book {own}, key {key.name} is restricted to book {key.subaccount}"
        raise Rejected(Situation.NOT_FOUND, message)
    if order.is_archived and live_since(call) is not None:
        raise Rejected(Situation.NOT_FOUND, f"order {order_id} is history: /historical/orders lists it")
    return order


OPERATIONS = (
    AccountOperation(
        name="GetOrders",
        path="/portfolio/orders",
        answer=get_orders,
        answer_table="GetOrdersResponse",
        is_per_subaccount=True,
    ),
    AccountOperation(
        name="GetOrder",
        path="/portfolio/orders/{order_id}",
        answer=get_order,
        answer_table="GetOrderResponse",
        is_per_subaccount=True,
    ),
)
