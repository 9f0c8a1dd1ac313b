"""Implements order entry: orders are placed, canceled, decreased and amended, by two generations of operations.

The first generation answers 410 since 2026-06-18, before it checks the credentials (one report). Both act on the same
orders: an order placed with one can be canceled with the other.
"""

from collections.abc import Callable

from mockexchange.venues.dated import ALWAYS, FOREVER
from mockexchange.venues.kalshi.operations.call import AccountCall, Write, WriteOperation
from mockexchange.venues.kalshi.operations.order_entry import batches, first_generation, second_generation

TRADE = ("write", "write::trade")
RETIRED_SINCE = "2026-06-18"
RESTRICTED_KEYS_IN_BATCHES = "2026-07-30"
FIRST, SECOND = "/portfolio/orders", "/portfolio/events/orders"


def _operation(
    name: str,
    method: str,
    path: str,
    carry_out: Callable[[AccountCall], Write],
    *,
    status: int = 200,
    retired_since: str = FOREVER,
    answer_table: str | None = None,
) -> WriteOperation:
    return WriteOperation(
        name=name,
        method=method,
        path=path,
        scopes=TRADE,
        carry_out=carry_out,
        status=status,
        answer_table=f"{name}Response" if answer_table is None else answer_table,
        per_subaccount_since=RESTRICTED_KEYS_IN_BATCHES if path.endswith("/batched") else ALWAYS,
        retired_since=retired_since,
    )


def _first(
    name: str, method: str, path: str, carry_out: Callable[[AccountCall], Write], status: int = 200
) -> WriteOperation:
    return _operation(name, method, FIRST + path, carry_out, status=status, retired_since=RETIRED_SINCE)


OPERATIONS = (
    _first("CreateOrder", "POST", "", first_generation.create_order, 201),
    _first("CancelOrder", "DELETE", "/{order_id}", first_generation.cancel_order),
    _first("BatchCreateOrders", "POST", "/batched", batches.create_orders, 201),
    _first("BatchCancelOrders", "DELETE", "/batched", batches.cancel_orders),
    _first("AmendOrder", "POST", "/{order_id}/amend", first_generation.amend_order),
    _first("DecreaseOrder", "POST", "/{order_id}/decrease", first_generation.decrease_order),
    _operation("CreateOrderV2", "POST", SECOND, second_generation.create_order, status=201),
    _operation("CancelAllOrdersV2", "DELETE", SECOND, second_generation.cancel_all_orders, status=204, answer_table=""),
    _operation("CancelOrderV2", "DELETE", f"{SECOND}/{{order_id}}", second_generation.cancel_order),
    _operation("BatchCreateOrdersV2", "POST", f"{SECOND}/batched", batches.create_orders_v2, status=201),
    _operation("BatchCancelOrdersV2", "DELETE", f"{SECOND}/batched", batches.cancel_orders_v2),
    _operation("AmendOrderV2", "POST", f"{SECOND}/{{order_id}}/amend", second_generation.amend_order),
    _operation("DecreaseOrderV2", "POST", f"{SECOND}/{{order_id}}/decrease", second_generation.decrease_order),
)
