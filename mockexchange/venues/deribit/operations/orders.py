"""Implements the operations that read orders: open, done, by id or label, and the trades of one order."""

from collections.abc import Callable, Iterable

from mockexchange.core.derivatives.order_entry import open_orders
from mockexchange.core.derivatives.orders import ALIVE, DerivativeOrder, DerivativeTrade
from mockexchange.core.derivatives.vocabulary import COMBOS
from mockexchange.core.model.history import Selector
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.deribit.enumerations import ANY, COMBO, KINDS, OPEN_ORDER_TYPES, TRADE_KINDS
from mockexchange.venues.deribit.errors import NOT_OWNER, ORDER_NOT_FOUND, Rejected
from mockexchange.venues.deribit.objects.orders import order_text, orders_text
from mockexchange.venues.deribit.objects.trades import trade_text
from mockexchange.venues.deribit.operations.call import Call, Operation
from mockexchange.venues.deribit.operations.lookups import derivative_of, subaccount_ref_of
from mockexchange.venues.deribit.parameters.rows import (
    CURRENCY,
    HISTORICAL,
    HISTORY_COUNT,
    INSTRUMENT_NAME,
    OFFSET,
    ORDER_ID,
    SORTING,
    SUBACCOUNT_ID,
    Parameter,
    boolean,
    choice,
    kind,
    label,
)
from mockexchange.venues.jsonrpc.envelope import SHOWN_CHARS_MAX

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


TYPE = choice("type", tuple(OPEN_ORDER_TYPES))
KIND = kind(KINDS)
PAGE = (HISTORY_COUNT, OFFSET, boolean("include_unfilled"), *HISTORICAL)


def _read(name: str, answer: Callable[[Call], str], *parameters: Parameter) -> Operation:
    return Operation(name=f"private/{name}", answer=answer, parameters=parameters, scope=SCOPE)


OPERATIONS: tuple[Operation, ...] = (
    _read("get_open_orders", get_open_orders, KIND, TYPE),
    _read("get_open_orders_by_currency", get_open_orders, CURRENCY, KIND, TYPE),
    _read("get_open_orders_by_instrument", get_open_orders_by_instrument, INSTRUMENT_NAME, TYPE),
    _read("get_open_orders_by_label", get_open_orders, CURRENCY, label(required=True)),
    _read("get_order_state", get_order_state, ORDER_ID),
    _read("get_order_state_by_label", get_order_state_by_label, CURRENCY, label(required=True)),
    _read("get_order_history_by_currency", get_order_history_by_currency, CURRENCY, kind(TRADE_KINDS), *PAGE),
    _read("get_order_history_by_instrument", get_order_history_by_instrument, INSTRUMENT_NAME, *PAGE),
    _read("get_user_trades_by_order", get_user_trades_by_order, ORDER_ID, SORTING, *HISTORICAL, SUBACCOUNT_ID),
)
