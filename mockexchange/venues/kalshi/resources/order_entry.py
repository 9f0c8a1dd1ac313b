"""Order entry: orders are placed, canceled, decreased and amended, by two generations of operations.

The first generation answers 410 since 2026-06-18, before it checks the credentials (one report). Both act on the same
orders: an order placed with one can be canceled with the other. The items of a batch are checked, and then carried out
one by one, each with its own answer or error.
"""

import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from mockexchange.venues.dated_fields import ALWAYS, FOREVER
from mockexchange.venues.kalshi.errors import Rejected, Situation, error_object
from mockexchange.venues.kalshi.rate_limits import DEFAULT_TIER
from mockexchange.venues.kalshi.resources import order_entry_v1 as v1
from mockexchange.venues.kalshi.resources import order_entry_v2 as v2
from mockexchange.venues.kalshi.resources.bodies import Body
from mockexchange.venues.kalshi.resources.call import AccountCall, Write, WriteOperation, encoder, write, write_parts
from mockexchange.venues.kalshi.resources.order_changes import (
    Fields,
    Receipt,
    Steps,
    cancel,
    named_order,
    require_market,
)
from mockexchange.venues.kalshi.resources.orders import OrderView
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.refusals import is_exchange_down
from mockexchange.venues.request import resume

# --- batches

ORDERS_MAX = 20
UNLIMITED_SINCE = "2026-04-22"
"""Day from which only the rate limit bounds the size of a batch."""
EMPTY_BATCH = "orders cannot be empty"
CREATES_FOR_ALL_SINCE = "2025-11-20"
CANCELS_FOR_ALL_SINCE = "2025-12-04"
"""Day from which accounts of the lowest tier may send batch cancellations of the first generation, in production."""
Item = Callable[[AccountCall, Fields], Steps[Receipt]]


class ItemAnswer(Struct, frozen=True):
    """The answer to one item of a batch: the order and what was done to it, or an error with the id in the item."""

    receipt: Receipt | None
    error_json: str | None = None
    named_id: str | None = None
    finding: str | None = None
    nothing: None = None

    @property
    def view(self) -> OrderView | None:
        return self.receipt.view if self.receipt else None

    @property
    def order_id(self) -> str | None:
        return self.receipt.order_id if self.receipt else self.named_id

    @property
    def refused_id(self) -> str:
        return "" if self.receipt else self.named_id or ""

    @property
    def client_order_id(self) -> str | None:
        return self.receipt.client_order_id if self.receipt else None

    @property
    def reduced_centis(self) -> int:
        return self.receipt.reduced_centis if self.receipt else 0

    @property
    def fill_centis_or_none(self) -> int | None:
        return self.receipt.fill_centis if self.receipt else None

    @property
    def remaining_centis_or_none(self) -> int | None:
        return self.receipt.remaining_centis if self.receipt else None

    @property
    def average_price_micros(self) -> int | None:
        return self.receipt.average_price_micros if self.receipt else None

    @property
    def average_fee_micros(self) -> int | None:
        return self.receipt.average_fee_micros if self.receipt else None

    @property
    def ts_ms(self) -> int | None:
        return self.receipt.ts_ms if self.receipt else None


def batch(item_table: str, carry_out: Item, for_all_since: str = ALWAYS) -> Callable[[AccountCall], Write]:
    """Return the function that carries out a batch operation with `carry_out` for each item.

    `item_table` is the table of the fields of an item's answer. Before the day `for_all_since` accounts of the lowest
    tier may not call the operation.
    """

    def carry_out_all(call: AccountCall) -> Write:
        account = call.account
        if account.tier == DEFAULT_TIER and not call.api_date.holds(for_all_since):
            message = f"{account.name} has the tier {account.tier}: until {for_all_since} batches need `tier: advanced`"
            raise Rejected(Situation.FORBIDDEN, f"{message} or a higher one")
        encode = encoder(item_table, call.api_date)
        items = [_answered(call, fields, carry_out) for fields in _items(call)]
        # No item changes what another one is checked for before its command, so a store can take them together.
        begun = [resume(item) for item in items]
        call.ahead += [step for step in begun if not isinstance(step, ItemAnswer)]
        parts: list[bytes] = []
        for item, first in zip(items, begun, strict=True):
            step = first
            while not isinstance(step, ItemAnswer):
                step = resume(item, (yield step))
            if step.finding is not None:
                call.findings.append(step.finding)
            parts += [encode(step)]
        return write_parts(call, {"orders": b"[" + b",".join(parts) + b"]"})

    return carry_out_all


def _items(call: AccountCall) -> list[dict[str, Any]]:
    """Return the items of a batch. Raises Rejected if there are none, or too many for the day."""
    named = [{"order_id": order_id} for order_id in call.body.get("ids") or ()]
    items = [*named, *(call.body.get("orders") or ())]
    if not items:
        raise Rejected(Situation.INVALID_ORDER, "the batch has no orders", details=EMPTY_BATCH)
    if len(items) > ORDERS_MAX and not call.api_date.holds(UNLIMITED_SINCE):
        message = f"the batch has {len(items)} orders: at most {ORDERS_MAX} are allowed"
        raise Rejected(Situation.INVALID_ORDER, message, details=f"orders cannot have more than {ORDERS_MAX} items")
    return items


def _answered(call: AccountCall, fields: Fields, carry_out: Item) -> Steps[ItemAnswer]:
    """Write one item; an error of it is its answer, in the order of keys that was recorded."""
    try:
        return ItemAnswer((yield from carry_out(call, fields)))
    except Rejected as rejected:
        if is_exchange_down(call, rejected):
            raise
        error = {"details": "", **error_object(rejected, call.api_date)}
        text = json.dumps(dict(sorted(error.items())), separators=(",", ":"))
        return ItemAnswer(None, text, fields.get("order_id"), str(rejected.diagnosis))


def cancel_order(call: AccountCall) -> Write:
    order = named_order(call, call.path_params["order_id"])
    require_market(call, order, call.params)
    return write(call, (yield from cancel(call, order)))


def canceled(call: AccountCall, fields: Fields) -> Steps[Receipt]:
    """Cancel the order that an item of a batch names. Raises Rejected."""
    order = named_order(call, fields["order_id"], fields)
    require_market(call, order, fields)
    return (yield from cancel(call, order))


create_orders = batch("BatchCreateOrdersIndividualResponse", v1.placed, CREATES_FOR_ALL_SINCE)
cancel_orders = batch("BatchCancelOrdersIndividualResponse", canceled, CANCELS_FOR_ALL_SINCE)
create_orders_v2 = batch("BatchCreateOrdersV2ResponseOrdersInner", v2.placed)
cancel_orders_v2 = batch("BatchCancelOrdersV2ResponseOrdersInner", canceled)

# --- operations

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
    parameters: tuple[Parameter, ...] = (),
    body: Body | None = None,
) -> WriteOperation:
    return WriteOperation(
        name=name,
        method=method,
        path=path,
        scopes=TRADE,
        parameters=parameters,
        body=body,
        carry_out=carry_out,
        status=status,
        answer_table=f"{name}Response" if answer_table is None else answer_table,
        per_subaccount_since=RESTRICTED_KEYS_IN_BATCHES if path.endswith("/batched") else ALWAYS,
        retired_since=retired_since,
    )


def _first(
    name: str,
    method: str,
    path: str,
    carry_out: Callable[[AccountCall], Write],
    status: int = 200,
    parameters: tuple[Parameter, ...] = (),
    body: Body | None = None,
) -> WriteOperation:
    return _operation(
        name,
        method,
        FIRST + path,
        carry_out,
        status=status,
        retired_since=RETIRED_SINCE,
        parameters=parameters,
        body=body,
    )


OPERATIONS = (
    _first("CreateOrder", "POST", "", v1.create_order, 201, body=v1.CREATE_ORDER),
    _first("CancelOrder", "DELETE", "/{order_id}", cancel_order, parameters=v1.CANCEL_ORDER),
    _first("BatchCreateOrders", "POST", "/batched", create_orders, 201, body=v1.CREATE_ORDERS),
    _first("BatchCancelOrders", "DELETE", "/batched", cancel_orders, body=v1.CANCEL_ORDERS),
    _first("AmendOrder", "POST", "/{order_id}/amend", v1.amend_order, body=v1.AMEND_ORDER),
    _first("DecreaseOrder", "POST", "/{order_id}/decrease", v1.decrease_order, body=v1.DECREASE_ORDER),
    _operation("CreateOrderV2", "POST", SECOND, v2.create_order, status=201, body=v2.CREATE_ORDER),
    _operation(
        "CancelAllOrdersV2",
        "DELETE",
        SECOND,
        v2.cancel_all_orders,
        status=204,
        answer_table="",
        parameters=v2.CHANGE_ORDER_V2,
    ),
    _operation("CancelOrderV2", "DELETE", f"{SECOND}/{{order_id}}", cancel_order, parameters=v2.CANCEL_ORDER_V2),
    _operation("BatchCreateOrdersV2", "POST", f"{SECOND}/batched", create_orders_v2, status=201, body=v2.CREATE_ORDERS),
    _operation("BatchCancelOrdersV2", "DELETE", f"{SECOND}/batched", cancel_orders_v2, body=v2.CANCEL_ORDERS),
    _operation(
        "AmendOrderV2",
        "POST",
        f"{SECOND}/{{order_id}}/amend",
        v2.amend_order,
        parameters=v2.CHANGE_ORDER_V2,
        body=v2.AMEND_ORDER,
    ),
    _operation(
        "DecreaseOrderV2",
        "POST",
        f"{SECOND}/{{order_id}}/decrease",
        v2.decrease_order,
        parameters=v2.CHANGE_ORDER_V2,
        body=v2.DECREASE_ORDER,
    ),
)
