"""Carries out batches of orders: the items are carried out one by one, each with its own answer or error."""

import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from mockexchange.venues.dated import ALWAYS
from mockexchange.venues.kalshi.errors import Rejected, Situation, error_object
from mockexchange.venues.kalshi.operations.call import AccountCall, Write, encoder, write_parts
from mockexchange.venues.kalshi.operations.order_entry import first_generation, second_generation
from mockexchange.venues.kalshi.operations.order_entry.submission import (
    Fields,
    Receipt,
    Steps,
    cancel,
    named_order,
    require_market,
)
from mockexchange.venues.kalshi.operations.portfolio.orders import OrderView
from mockexchange.venues.kalshi.operations.refusals import is_exchange_down
from mockexchange.venues.kalshi.rate_limits import DEFAULT_TIER

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
        _require_tier(call, for_all_since)
        encode = encoder(item_table, call.api_date)
        parts: list[bytes] = []
        for fields in _items(call):
            answer = yield from _answered(call, fields, carry_out)
            parts += [encode(answer)]
        return write_parts(call, {"orders": b"[" + b",".join(parts) + b"]"})

    return carry_out_all


def _require_tier(call: AccountCall, for_all_since: str) -> None:
    """Raise Rejected for an account of the lowest tier before the day from which all may send batches."""
    account = call.account
    if account.tier == DEFAULT_TIER and not call.api_date.holds(for_all_since):
        message = f"{account.name} has the tier {account.tier}: until {for_all_since} batches need `tier: advanced`"
        raise Rejected(Situation.FORBIDDEN, f"{message} or a higher one")


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
        call.findings.append(str(rejected.diagnosis))
        error = {"details": "", **error_object(rejected, call.api_date)}
        return ItemAnswer(None, json.dumps(dict(sorted(error.items())), separators=(",", ":")), fields.get("order_id"))


def canceled(call: AccountCall, fields: Fields) -> Steps[Receipt]:
    """Cancel the order that an item of a batch names. Raises Rejected."""
    order = named_order(call, fields["order_id"], fields)
    require_market(call, order, fields)
    return (yield from cancel(call, order))


create_orders = batch("BatchCreateOrdersIndividualResponse", first_generation.placed, CREATES_FOR_ALL_SINCE)
cancel_orders = batch("BatchCancelOrdersIndividualResponse", canceled, CANCELS_FOR_ALL_SINCE)
create_orders_v2 = batch("BatchCreateOrdersV2ResponseOrdersInner", second_generation.placed)
cancel_orders_v2 = batch("BatchCancelOrdersV2ResponseOrdersInner", canceled)
