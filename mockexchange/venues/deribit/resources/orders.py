"""Orders: open, done, by id or label, and the trades of one order."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from mockexchange.core.derivatives.order_entry import open_orders
from mockexchange.core.derivatives.orders import ALIVE, DerivativeOrder, DerivativeTrade
from mockexchange.core.derivatives.vocabulary import COMBOS, CancelReason, OrderLife, OrderState, TriggerSource
from mockexchange.core.model.paged_history import Selector
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated_fields import ApiDate, Field, Nested, Spelling
from mockexchange.venues.deribit.enumerations import ANY, COMBO, KINDS, OPEN_ORDER_TYPES, STOPS, TAKES, TRADE_KINDS
from mockexchange.venues.deribit.errors import NOT_OWNER, ORDER_NOT_FOUND, Rejected
from mockexchange.venues.deribit.formatting import BOOLEAN, MILLISECONDS, TEXT, one_of
from mockexchange.venues.deribit.formatting import number as number_text
from mockexchange.venues.deribit.resources import parameters
from mockexchange.venues.deribit.resources.call import Call, Operation, derivative_of, subaccount_ref_of
from mockexchange.venues.deribit.resources.fields import always, field, number, text, writer
from mockexchange.venues.deribit.resources.parameters import Parameter
from mockexchange.venues.deribit.resources.trades import USER_TRADE, trade_text
from mockexchange.venues.jsonrpc.envelope import SHOWN_CHARS_MAX, spell

# --- fields of answers


MARKET_PRICE = '"market_price"'


NAMED_REASONS = (
    CancelReason.USER_REQUEST,
    CancelReason.DISCONNECT,
    CancelReason.SETTLEMENT,
    CancelReason.EDIT_POST_ONLY,
)


def _price(price: Decimal | None) -> str:
    return MARKET_PRICE if price is None else number_text(price)


def _reason(reason: CancelReason | None) -> str:
    return spell(reason) if reason in NAMED_REASONS else ""


ORDER: tuple[Field, ...] = (
    number("amount"),
    always("api", "true", "order_id", source="wire"),
    number("average_price"),
    field(
        "cancel_reason",
        Spelling("the reason, if the venue has a word for it", _reason, tuple(map(str, NAMED_REASONS))),
        "cancel_reason",
        empty="absent",
    ),
    number("contracts"),
    field("creation_timestamp", MILLISECONDS, "created_at"),
    field("direction", one_of("buy", "sell"), "direction"),
    number("filled_amount", "filled"),
    text("instrument_name", "derivative.terms.name"),
    always("is_liquidation", "false", "order_id", source="wire"),
    field("label", TEXT, "label"),
    field("last_update_timestamp", MILLISECONDS, "updated_at"),
    always("mmp", "false", "order_id", source="wire"),
    text("order_id"),
    field("order_state", one_of(*OrderState), "state"),
    field("order_type", one_of("limit", "market", *STOPS, *TAKES), "order_type"),
    field("post_only", BOOLEAN, "post_only"),
    field("price", Spelling('number, or "market_price"', _price), "price", source="wire"),
    field("reduce_only", BOOLEAN, "reduce_only"),
    field("reject_post_only", BOOLEAN, "rejects_move", empty="absent"),
    field("replaced", BOOLEAN, "is_edited"),
    always("risk_reducing", "false", "order_id", source="wire"),
    field("time_in_force", one_of(*OrderLife), "life"),
    field("trigger", one_of(*TriggerSource), "trigger_source", empty="absent"),
    field("trigger_order_id", TEXT, "trigger_order_id", empty="absent"),
    number("trigger_price", empty="absent"),
    field("triggered", BOOLEAN, "is_triggered", empty="absent"),
    always("web", "false", "order_id", source="wire"),
)


ORDER_WITH_TRADES: tuple[Field, ...] = (
    field("order", Nested("Order", ORDER), "order"),
    field("trades", Nested("UserTrade", USER_TRADE, is_list=True), "trades"),
)
"""Fields of the answer to a placed or edited order."""


_WRITE = writer(ORDER)


def order_text(order: DerivativeOrder, api_date: ApiDate) -> str:
    """Return an order as JSON."""
    return _WRITE(order, api_date)


def orders_text(orders: Iterable[DerivativeOrder], api_date: ApiDate) -> str:
    """Return a list of orders as JSON."""
    return "[" + ",".join(order_text(order, api_date) for order in orders) + "]"


# --- operations


SCOPE = "trade:read"


def get_open_orders(call: Call) -> str:
    return listed_text(call, open_orders(call.context.state, owner_of(call), filter_of(call)))


def get_open_orders_by_instrument(call: Call) -> str:
    derivative_of(call)
    return get_open_orders(call)


def get_order_state(call: Call) -> str:
    return order_text(named_order(call), call.context.api_date)


def get_order_state_by_label(call: Call) -> str:
    return listed_text(call, _listed(call, ("label", owner_of(call), call.params["currency"], call.params["label"])))


def get_order_history_by_currency(call: Call) -> str:
    return _history(call, ("currency", owner_of(call), call.params["currency"]))


def get_order_history_by_instrument(call: Call) -> str:
    return _history(call, ("derivative", owner_of(call), derivative_of(call).name))


def get_user_trades_by_order(call: Call) -> str:
    """Return the trades of an order, oldest first unless `sorting` demands otherwise.

    The venue's default order is not known.
    """
    owner, order_id = subaccount_ref_of(call), call.params["order_id"]
    rows = trades_of(call, owner, order_id)
    shown = rows[::-1] if call.params["sorting"] == "desc" else rows
    return trades_text(call, shown)


def owner_of(call: Call) -> SubaccountRef:
    """Return the subaccount of the caller."""
    assert call.caller is not None, "an operation about a book has a caller"
    return call.caller.subaccount_ref


def named_order(call: Call) -> DerivativeOrder:
    """Return the caller's order with the id in the call. Raises Rejected if there is none."""
    order_id: str = call.params["order_id"]
    order = call.context.state.derivatives.orders.get(order_id)
    if order is None:
        raise Rejected(ORDER_NOT_FOUND, f"there is no order {order_id[:SHOWN_CHARS_MAX]!r}")
    if order.subaccount_ref != owner_of(call):
        raise Rejected(NOT_OWNER, f"order {order_id} is of another account")
    return order


def kinds_of(asked: str | None) -> tuple[str, ...]:
    """Return the kinds of derivatives that a filter value matches; an empty result means that every kind matches."""
    if asked in (None, ANY):
        return ()
    return tuple(map(str, COMBOS)) if asked == COMBO else (str(asked),)


def filter_of(call: Call) -> Callable[[DerivativeOrder], bool]:
    """Return a function that tests whether an order matches the call's parameters.

    Both lists of orders and cancellations have these parameters.
    """
    params, kinds = call.params, kinds_of(call.params.get("kind"))
    types = OPEN_ORDER_TYPES[params.get("type") or "all"]
    name, currency, named = params.get("instrument_name"), params.get("currency"), params.get("label")

    def matches(order: DerivativeOrder) -> bool:
        return (
            (not types or order.order_type in types)
            and (not kinds or order.kind in kinds)
            and name in (None, order.derivative.name)
            and currency in (None, order.currency)
            and named in (None, order.label)
        )

    return matches


def listed_text(call: Call, orders: Iterable[DerivativeOrder]) -> str:
    return orders_text(orders, call.context.api_date)


def trades_text(call: Call, trades: Iterable[DerivativeTrade]) -> str:
    return "[" + ",".join(trade_text(trade, call.context.api_date) for trade in trades) + "]"


def trades_of(call: Call, owner: SubaccountRef, order_id: str) -> list[DerivativeTrade]:
    """Return the trades of an order, oldest first."""
    trades = call.context.state.derivatives.trades
    return trades.find(len(trades), [("order", owner, order_id)]).rows[::-1]


def _history(call: Call, selector: Selector) -> str:
    """Return a page of orders that are done, newest first; unfilled ones only if they are asked for [doc]."""
    params, kinds = call.params, kinds_of(call.params.get("kind"))
    first, history = params["offset"], call.context.state.derivatives.order_history
    found = history.find(
        first + params["count"],
        [selector],
        lambda partition: (
            (not kinds or partition[0] in kinds)
            and partition[1] not in ALIVE
            and (partition[2] or params["include_unfilled"])
        ),
    )
    return listed_text(call, found.rows[first:])


def _listed(call: Call, selector: Selector) -> list[DerivativeOrder]:
    history = call.context.state.derivatives.order_history
    return history.find(len(history), [selector]).rows


TYPE = parameters.choice("type", tuple(OPEN_ORDER_TYPES))


KIND = parameters.kind(KINDS)


PAGE = (parameters.HISTORY_COUNT, parameters.OFFSET, parameters.boolean("include_unfilled"), *parameters.HISTORICAL)


def _read(name: str, answer: Callable[[Call], str], *parameters: Parameter) -> Operation:
    return Operation(name=f"private/{name}", answer=answer, parameters=parameters, scope=SCOPE)


OPERATIONS: tuple[Operation, ...] = (
    _read("get_open_orders", get_open_orders, KIND, TYPE),
    _read("get_open_orders_by_currency", get_open_orders, parameters.CURRENCY, KIND, TYPE),
    _read("get_open_orders_by_instrument", get_open_orders_by_instrument, parameters.INSTRUMENT_NAME, TYPE),
    _read("get_open_orders_by_label", get_open_orders, parameters.CURRENCY, parameters.label(required=True)),
    _read("get_order_state", get_order_state, parameters.ORDER_ID),
    _read("get_order_state_by_label", get_order_state_by_label, parameters.CURRENCY, parameters.label(required=True)),
    _read(
        "get_order_history_by_currency",
        get_order_history_by_currency,
        parameters.CURRENCY,
        parameters.kind(TRADE_KINDS),
        *PAGE,
    ),
    _read("get_order_history_by_instrument", get_order_history_by_instrument, parameters.INSTRUMENT_NAME, *PAGE),
    _read(
        "get_user_trades_by_order",
        get_user_trades_by_order,
        parameters.ORDER_ID,
        parameters.SORTING,
        *parameters.HISTORICAL,
        parameters.SUBACCOUNT_ID,
    ),
)
