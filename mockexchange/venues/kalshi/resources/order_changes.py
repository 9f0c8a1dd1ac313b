"""What both generations of order entry share: the fields of their answers, and the changes of orders.

The first generation answers with the whole order, the second with counts and average prices. A change places, cancels,
reduces or amends an order, and returns a receipt, from which the operations write their answers.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from mockexchange.core.commands import AmendOrder, CancelOrder, Command, PlaceOrder, ReduceOrder
from mockexchange.core.decimal_text import exact
from mockexchange.core.events import Event, Filled, LevelChanged, OrderPlaced
from mockexchange.core.exchange import Outcome
from mockexchange.core.handlers.order_checks import require_active, require_future
from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.order_rules import AmendRule
from mockexchange.core.model.orders import Order
from mockexchange.core.refusals import Refused
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    PRIMARY_SUBACCOUNT,
    MarketStatus,
    OrderStatus,
    TimeInForce,
)
from mockexchange.venues.dated_fields import ALWAYS, FOREVER, Empty, Field, Nested, Spelling
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import (
    CONTRACTS,
    COUNT_2,
    DOLLARS_4,
    INTEGER,
    TEXT,
    unix_milliseconds,
    yes_price,
)
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, INTEGERS_REMOVED
from mockexchange.venues.kalshi.resources.call import AccountCall
from mockexchange.venues.kalshi.resources.fields import list_of, maybe, table
from mockexchange.venues.kalshi.resources.orders import ORDER, OrderView, view_of
from mockexchange.venues.kalshi.resources.refusals import (
    UUID,
    accepted,
    not_uuid,
    rejected,
    require_shard,
    require_uuid,
    submit,
)
from mockexchange.venues.kalshi.resources.row_owner import written_subaccount

# --- fields of answers

TIMES_ADDED = "2026-05-05"
FEES_ADDED = "2026-04-29"
COUNTS_ADDED = "2026-01-22"
WIRE = "wire-2026-06"

IN_MILLISECONDS = Spelling(INTEGER.kind, unix_milliseconds)
_NESTED_ORDER = Nested("Order", ORDER)
_ORDER_ID = Field(name="order_id", spelling=TEXT, read="order.order_id", source=WIRE)
_TIME = Field(name="ts_ms", spelling=IN_MILLISECONDS, read="order.updated_at", since=TIMES_ADDED, source=WIRE)


def _reduced() -> tuple[Field, ...]:
    return (
        Field(
            name="reduced_by", spelling=CONTRACTS, read="reduced_centis", until=INTEGERS_REMOVED, source="demo-2026-01"
        ),
        Field(name="reduced_by_fp", spelling=COUNT_2, read="reduced_centis", since=COUNTS_ADDED, source=WIRE),
    )


# --- the first generation

CREATE_ORDER_RESPONSE = table(
    "CreateOrderResponse", Field(name="order", spelling=_NESTED_ORDER, read="view", source="demo-2026-01")
)
CANCEL_ORDER_RESPONSE = table("CancelOrderResponse", *CREATE_ORDER_RESPONSE, *_reduced())
DECREASE_ORDER_RESPONSE = table("DecreaseOrderResponse", *CREATE_ORDER_RESPONSE)
AMEND_ORDER_RESPONSE = table(
    "AmendOrderResponse",
    Field(name="old_order", spelling=_NESTED_ORDER, read="old_view", source="demo-2026-01"),
    *CREATE_ORDER_RESPONSE,
)

# --- the second generation


def _fills(empty: Empty, since: str = ALWAYS, until: str = FOREVER) -> tuple[Field, ...]:
    """Return the averages of the contracts that the write filled."""
    rows = (
        ("average_fee_paid", "average_fee_micros", FEES_ADDED),
        ("average_fill_price", "average_price_micros", ALWAYS),
    )
    return tuple(
        Field(name=name, spelling=DOLLARS_4, read=read, empty=empty, since=max(since, added), until=until, source=WIRE)
        for name, read, added in rows
    )


def _changed(name: str, read: str) -> tuple[Field, ...]:
    """Return a count of an amendment: left out if nothing filled or changed size (recorded 2026-06-12), later null."""
    return (
        Field(name=name, spelling=COUNT_2, read=read, empty="absent", until=AUTUMN_2026, source=WIRE),
        Field(name=name, spelling=COUNT_2, read=read, empty="null", since=AUTUMN_2026, source="sdk-3.34"),
    )


CREATE_ORDER_V2_RESPONSE = table(
    "CreateOrderV2Response",
    *_fills("absent"),
    maybe("client_order_id", TEXT, "client_order_id", source=WIRE),
    Field(name="fill_count", spelling=COUNT_2, read="fill_centis", source=WIRE),
    _ORDER_ID,
    Field(name="remaining_count", spelling=COUNT_2, read="order.remaining_centis", source=WIRE),
    _TIME,
)
# The pages show client_order_id here too; the recorded answer about an order that had one was without it.
CANCEL_ORDER_V2_RESPONSE = table(
    "CancelOrderV2Response",
    _ORDER_ID,
    Field(name="reduced_by", spelling=COUNT_2, read="reduced_centis", source=WIRE),
    _TIME,
)
DECREASE_ORDER_V2_RESPONSE = table(
    "DecreaseOrderV2Response",
    _ORDER_ID,
    Field(name="remaining_count", spelling=COUNT_2, read="order.remaining_centis", source=WIRE),
    _TIME,
)
AMEND_ORDER_V2_RESPONSE = table(
    "AmendOrderV2Response",
    *_fills("absent", until=AUTUMN_2026),
    *_fills("null", since=AUTUMN_2026),
    *_changed("fill_count", "changed_fill_centis"),
    _ORDER_ID,
    *_changed("remaining_count", "changed_remaining_centis"),
    _TIME,
)

# --- batches: every key of an item is written, null where it has no value

RAW_ERROR = Spelling("error or null", lambda error: error)
_ERROR = Field(name="error", spelling=RAW_ERROR, read="error_json", empty="null", source="demo-2026-01")


def _item(name: str, spelling: Spelling | Nested, read: str, since: str = ALWAYS) -> Field:
    return Field(name=name, spelling=spelling, read=read, empty="null", since=since, source="openapi-3.21")


BATCH_CREATE_ITEM = table(
    "BatchCreateOrdersIndividualResponse",
    # Null even in the recorded successes.
    Field(name="client_order_id", spelling=TEXT, read="nothing", empty="null", source="demo-2026-01"),
    _ERROR,
    Field(name="order", spelling=_NESTED_ORDER, read="view", empty="null", source="demo-2026-01"),
)
BATCH_CANCEL_ITEM = table(
    "BatchCancelOrdersIndividualResponse",
    _ERROR,
    Field(name="order", spelling=_NESTED_ORDER, read="view", empty="null", source="demo-2026-01"),
    # Empty in the recorded successes.
    Field(name="order_id", spelling=TEXT, read="refused_id", source="demo-2026-01"),
    *_reduced(),
)
BATCH_CREATE_ITEM_V2 = table(
    "BatchCreateOrdersV2ResponseOrdersInner",
    *_fills("null"),
    _item("client_order_id", TEXT, "client_order_id"),
    _ERROR,
    _item("fill_count", COUNT_2, "fill_centis_or_none"),
    maybe("order_id", TEXT, "order_id", source="openapi-3.21"),
    _item("remaining_count", COUNT_2, "remaining_centis_or_none"),
    _item("ts_ms", INTEGER, "ts_ms", TIMES_ADDED),
)
BATCH_CANCEL_ITEM_V2 = table(
    "BatchCancelOrdersV2ResponseOrdersInner",
    _item("client_order_id", TEXT, "nothing"),
    _ERROR,
    Field(name="order_id", spelling=TEXT, read="order_id", source="openapi-3.21"),
    Field(name="reduced_by", spelling=COUNT_2, read="reduced_centis", source="openapi-3.21"),
    _item("ts_ms", INTEGER, "ts_ms", TIMES_ADDED),
)

table("BatchCreateOrdersResponse", list_of("orders", "BatchCreateOrdersIndividualResponse", BATCH_CREATE_ITEM))

table("BatchCancelOrdersResponse", list_of("orders", "BatchCancelOrdersIndividualResponse", BATCH_CANCEL_ITEM))

table("BatchCreateOrdersV2Response", list_of("orders", "BatchCreateOrdersV2ResponseOrdersInner", BATCH_CREATE_ITEM_V2))

table("BatchCancelOrdersV2Response", list_of("orders", "BatchCancelOrdersV2ResponseOrdersInner", BATCH_CANCEL_ITEM_V2))

# --- changes of orders

AMEND_COUNTS_MENDED = "2026-09-03"
"""Day from which the answer to an amendment that matches at once has the right remaining count [changelog]."""
MICROS_PER_MILLI = 1_000
CENTIS_PER_CONTRACT = 100
T = TypeVar("T")
Steps = Generator[Command, Outcome, T]
Fields = Mapping[str, Any]


class Receipt(Struct, kw_only=True):
    """The order after a request changed it, with what the request did to it."""

    order: Order
    view: OrderView
    old_view: OrderView | None = None
    fill_centis: int = 0
    fill_cost_micros: int = 0
    """Cost of the contracts filled by this write, in YES prices."""
    fee_micros: int = 0
    reduced_centis: int = 0
    """Contracts that left the order book without a fill."""
    has_changed_size: bool = False
    wrong_remaining_centis: int | None = None
    """Remaining count that the venue answered by mistake until it corrected this; None if the answer is right."""

    @property
    def order_id(self) -> str:
        return self.order.order_id

    @property
    def client_order_id(self) -> str | None:
        return self.order.client_order_id or None

    @property
    def ts_ms(self) -> int:
        return self.order.updated_at // MICROS_PER_MILLI

    @property
    def remaining_centis(self) -> int:
        return self.order.remaining_centis

    @property
    def average_price_micros(self) -> int | None:
        return self.fill_cost_micros * CENTIS_PER_CONTRACT // self.fill_centis if self.fill_centis else None

    @property
    def average_fee_micros(self) -> int | None:
        return self.fee_micros * CENTIS_PER_CONTRACT // self.fill_centis if self.fill_centis else None

    @property
    def changed_fill_centis(self) -> int | None:
        return self.fill_centis if self.fill_centis or self.has_changed_size else None

    @property
    def changed_remaining_centis(self) -> int | None:
        if self.fill_centis and self.wrong_remaining_centis is not None:
            return self.wrong_remaining_centis
        return self.remaining_centis if self.fill_centis or self.has_changed_size else None


def place(call: AccountCall, command: PlaceOrder) -> Steps[Receipt]:
    """Place an order and return its receipt. Raises Rejected if the exchange refuses the order."""
    if command.group is not None and command.group not in call.state.groups:
        raise Rejected(Situation.GROUP_NOT_FOUND, f"there is no order group {command.group}")
    events = accepted((yield command))
    placed = events[0]
    assert isinstance(placed, OrderPlaced), "the event of the order itself comes first"
    return _receipt(call, call.state.orders[placed.order_id], events)


def cancel(call: AccountCall, order: Order) -> Steps[Receipt]:
    if order.status is OrderStatus.EXECUTED and call.settings.cancel_filled == "zero":
        return _receipt(call, order, ())
    events = yield from submit(CancelOrder(order=order.order_id))
    return _receipt(call, order, events)


def decrease(call: AccountCall, order: Order, by_centis: int | None, to_centis: int | None) -> Steps[Receipt]:
    """Reduce an order by a count or to a count. Raises Rejected unless exactly one of the two is given."""
    if (by_centis is None) == (to_centis is None):
        message = "expected one of reduce_by and reduce_to"
        raise Rejected(Situation.INVALID_ORDER, message, details="exactly one of reduce_by or reduce_to is required")
    if order.status is not OrderStatus.RESTING:
        if order.market.status is not MarketStatus.OPEN:
            raise Rejected(Situation.MARKET_INACTIVE, f"market {order.market.ticker} is {order.market.status}")
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, f"order {order.order_id} is {order.status}: it cannot change")
    left = exact(order.remaining_centis, 2)
    taken_centis = by_centis if by_centis is not None else order.remaining_centis - (to_centis or 0)
    if taken_centis <= 0 or (to_centis or 0) < 0:
        wanted = (
            f"reduce_by {exact(by_centis, 2)}" if by_centis is not None else f"reduce_to {exact(to_centis or 0, 2)}"
        )
        allowed = f"more than 0 and up to {left}" if by_centis is not None else f"0.00 or more and less than {left}"
        message = f"order {order.order_id} has {left} contracts left, got {wanted}: expected {allowed}"
        raise Rejected(Situation.INVALID_SIZE, message)
    events = yield from submit(ReduceOrder(order=order.order_id, count_centis=taken_centis))
    return _receipt(call, order, events)


def amend(call: AccountCall, order: Order, command: AmendOrder, old_view: OrderView | None = None) -> Steps[Receipt]:
    before_centis, wrong_centis = order.initial_centis, _wrong_remaining(call, order, command)
    events = yield from submit(command)
    has_changed_size = order.initial_centis != before_centis
    return _receipt(
        call, order, events, old_view=old_view, has_changed_size=has_changed_size, wrong_remaining_centis=wrong_centis
    )


def _wrong_remaining(call: AccountCall, order: Order, command: AmendOrder) -> int | None:
    """Return the remaining count that an amendment which matches is to answer instead of the true one, if any."""
    rule = call.state.rules.amend_counts
    if rule is AmendRule.AFTER or call.api_date.holds(AMEND_COUNTS_MENDED):
        return None
    wanted_centis = order.initial_centis if command.count_centis is None else command.count_centis
    return wanted_centis - order.filled_centis if rule is AmendRule.BEFORE else 0


def _receipt(call: AccountCall, order: Order, events: Sequence[Event], **more: Any) -> Receipt:
    receipt = Receipt(order=order, view=view_of(call, order), **more)
    for event in events:
        if type(event) is LevelChanged and event.order_id == order.order_id:
            receipt.reduced_centis -= event.change_centis
        elif type(event) is Filled and event.order_id == order.order_id:
            receipt.fill_centis += event.count_centis
            receipt.fill_cost_micros += event.count_centis * yes_price(event.side, event.price_centicents)
            receipt.fee_micros += event.fee_micros
    return receipt


# --- what every order is checked for before it reaches the exchange


def require_terms(call: AccountCall, fields: Fields, expiry: str, *, is_whole: bool = False) -> None:
    """Raise Rejected if a field of an order breaks a rule that does not depend on the state of the exchange.

    `expiry` is the name of the body's field with the expiry. `is_whole` is true if the order has a largest cost, which
    makes it fill-or-kill.
    """
    time_in_force = fields.get("time_in_force") or TimeInForce.GOOD_TILL_CANCELED
    if fields.get("reduce_only") and time_in_force != TimeInForce.IMMEDIATE_OR_CANCEL:
        message = f"reduce_only needs time_in_force immediate_or_cancel: got {time_in_force}"
        raise Rejected(Situation.INVALID_ORDER, message, details="reduce_only can only be used with IoC orders")
    kind = TimeInForce.FILL_OR_KILL if is_whole else time_in_force
    if fields.get(expiry) and kind != TimeInForce.GOOD_TILL_CANCELED:
        details = f"Cannot specify both {kind} and {expiry}"
        raise Rejected(Situation.INVALID_ORDER, f"an order with {expiry} has to rest: {kind} does not", details=details)
    group = fields["order_group_id"]
    if group is not None and group not in call.state.groups:
        require_uuid("order_group_id", group)
    if fields[expiry]:
        try:
            require_future(fields[expiry] * MICROSECONDS_PER_SECOND, call.at)
        except Refused as refused:
            raise rejected(refused.refusal) from None


def require_amounts(call: AccountCall, fields: Fields, count_centis: int | None, price_centicents: int | None) -> None:
    """Raise Rejected for a market, price or count that the exchange would refuse.

    This check runs before any command is made from the request.
    """
    try:
        require_active(call.state)
        market = call.state.market(fields["ticker"])
    except Refused as refused:
        raise rejected(refused.refusal) from None
    where = f"market {market.ticker} trades"
    require_shard(call, fields, market.event.exchange_index, where, Situation.MARKET_NOT_FOUND)
    if price_centicents is not None and not 0 < price_centicents < CENTICENTS_PER_DOLLAR:
        message = f"price {exact(price_centicents, 4)}: expected more than 0 and less than 1 dollar"
        raise Rejected(Situation.INVALID_PRICE, message)
    if count_centis is not None and count_centis <= 0:
        raise Rejected(Situation.INVALID_SIZE, f"count {exact(count_centis, 2)}: expected more than 0 contracts")


def require_market(call: AccountCall, order: Order, fields: Fields) -> None:
    """Raise Rejected if a request to change an order names another market or shard than the order's."""
    ticker = fields.get("market_ticker")
    if ticker not in (None, order.market.ticker):
        message = f"order {order.order_id} is in {order.market.ticker}, the request names {ticker}"
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    require_shard(call, fields, order.market.event.exchange_index, f"order {order.order_id} is")


def named_order(call: AccountCall, order_id: str, fields: Fields | None = None) -> Order:
    """Return the caller's order with this id.

    Raises Rejected, with the same error for unknown orders and those of others.
    """
    try:
        require_active(call.state)
    except Refused as refused:
        raise rejected(refused.refusal) from None
    order = call.state.orders.get(order_id)
    if order is None:
        known = call.account.named_orders.get(order_id)
        message = f"{order_id} is the client_order_id of order {known[-1].order_id}: give its order id" if known else ""
        if UUID.fullmatch(order_id) is None:
            raise Rejected(Situation.BAD_ORDER_ID, message or not_uuid("order_id", order_id))
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message or f"there is no order {order_id}")
    owner = order.subaccount_ref
    if owner.account != call.account.name:
        message = f"order {order_id} is of {owner.account}, the key of {call.account.name}"
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    asked = written_subaccount(call, fields)
    if owner != asked and (asked.subaccount != PRIMARY_SUBACCOUNT or owner.subaccount.isdigit()):
        message = f"order {order_id} is of subaccount {owner.subaccount}, the request is for {asked.subaccount}"
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    return order
