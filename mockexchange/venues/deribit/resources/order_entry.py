"""Order entry: orders are placed, edited and canceled. Each method acts on the caller's own subaccount."""

from collections.abc import Callable, Generator, Sequence
from decimal import Decimal
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from mockexchange.core.commands import (
    CancelDerivativeOrders,
    CancelOrder,
    Command,
    EditDerivativeOrder,
    PlaceDerivativeOrder,
)
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.matching import size_of
from mockexchange.core.derivatives.order_entry import open_orders
from mockexchange.core.derivatives.orders import ALIVE, DerivativeOrder
from mockexchange.core.derivatives.vocabulary import (
    RESTING_LIVES,
    CancelReason,
    Direction,
    OrderLife,
    OrderState,
    TriggerKind,
    TriggerSource,
)
from mockexchange.core.events import DerivativeOrderChanged, DerivativeTraded, Event
from mockexchange.core.exchange import Outcome
from mockexchange.venues.deribit import errors
from mockexchange.venues.deribit.enumerations import (
    CANCEL_TYPES,
    CURRENCIES,
    LINKED_TYPES,
    ORDER_TYPES,
    STOPS,
    TAKES,
    TRADE_KINDS,
    TRIGGERS,
)
from mockexchange.venues.deribit.errors import Rejected, invalid, missing
from mockexchange.venues.deribit.formatting import MICROSECONDS_PER_MILLISECOND
from mockexchange.venues.deribit.resources.call import Call, Operation, Write, derivative_of
from mockexchange.venues.deribit.resources.orders import (
    filter_of,
    kinds_of,
    named_order,
    order_text,
    orders_text,
    owner_of,
    trades_of,
    trades_text,
)
from mockexchange.venues.deribit.resources.parameters import (
    CURRENCY,
    INSTRUMENT_NAME,
    ORDER_ID,
    Parameter,
    choice,
    currency,
    flag,
    integer,
    kind,
    label,
    number,
)
from mockexchange.venues.deribit.resources.refusals import submit, submit_priced

# --- parameters


AMOUNTS = (number("amount"), number("contracts"), number("price"))


SHOWN_AMOUNTS = (number("max_show"), number("display_amount"))


FLAGS = (flag("post_only"), flag("reject_post_only"), flag("reduce_only"))


OPTIONS = (flag("mmp"), integer("valid_until"), choice("advanced", ("usd", "implv")))


CLOSE_TYPES = ("limit", "market")


DETAILED = (flag("detailed"),)


CANCEL_TYPE = choice("type", tuple(CANCEL_TYPES))


TRIGGER_PRICE = number("trigger_price")


PLACE = (
    INSTRUMENT_NAME,
    *AMOUNTS,
    choice("type", ORDER_TYPES, default="limit"),
    choice("time_in_force", tuple(map(str, OrderLife)), default=OrderLife.GOOD_TIL_CANCELLED),
    label(),
    *FLAGS,
    *SHOWN_AMOUNTS,
    choice("trigger", TRIGGERS),
    TRIGGER_PRICE,
    *OPTIONS,
    choice("linked_order_type", LINKED_TYPES),
)


CLOSE = (INSTRUMENT_NAME, replace(choice("type", CLOSE_TYPES), required=True), number("price"))


EDIT = (ORDER_ID, *AMOUNTS, *FLAGS, TRIGGER_PRICE, *OPTIONS)


EDIT_BY_LABEL = (label(required=True), INSTRUMENT_NAME, *AMOUNTS, *FLAGS, TRIGGER_PRICE, *OPTIONS)


CANCEL = (ORDER_ID,)


CANCEL_ALL = DETAILED


CANCEL_ALL_BY_CURRENCY = (CURRENCY, kind(TRADE_KINDS), CANCEL_TYPE, *DETAILED)


CANCEL_ALL_BY_INSTRUMENT = (INSTRUMENT_NAME, CANCEL_TYPE, *DETAILED)


CANCEL_BY_LABEL = (label(required=True), currency(*CURRENCIES))


# --- operations


SCOPE = "trade:read_write"


LIMIT, TRIGGER = "limit", "trigger"


PLACED_TYPES = (LIMIT, "market", *STOPS, *TAKES)


T = TypeVar("T")


Steps = Generator[Command, Outcome, T]


def place(call: Call, direction: Direction) -> Write:
    """Place an order; the result is the order with the trades that it made at once."""
    derivative, params = derivative_of(call), call.params
    require_supported(call)
    kind, _, base = params["type"].rpartition("_")
    is_limit = base == LIMIT
    for name in (*(("price",) if is_limit else ()), *(("trigger", "trigger_price") if kind else ())):
        if params[name] is None:
            raise missing(name, call.operation.name)
    require_trigger_tick(params["trigger_price"] if kind else None, derivative)
    life = OrderLife(params["time_in_force"])
    post_only = bool(params["post_only"])
    if post_only and not (is_limit and life in RESTING_LIVES):
        message = f"post_only needs a limit order that may rest: got type {params['type']}, time_in_force {life}"
        raise Rejected(errors.UNSUPPORTED_COMBINATION, message)
    amount = required_amount(call, derivative)
    require_shown(call, amount)
    command = PlaceDerivativeOrder(
        subaccount_ref=owner_of(call),
        derivative=derivative.name,
        direction=direction,
        amount=amount,
        price=params["price"] if is_limit else None,
        life=life,
        post_only=post_only,
        reject_post_only=bool(params["reject_post_only"]),
        reduce_only=bool(params["reduce_only"]),
        label=params["label"] or "",
        trigger=TriggerSource(params["trigger"]) if kind else None,
        trigger_kind=TriggerKind(kind or TriggerKind.STOP),
        trigger_price=params["trigger_price"] if kind else None,
    )
    return (yield from _place(call, command, derivative))


def _place(call: Call, command: PlaceDerivativeOrder, derivative: Derivative) -> Write:
    events = yield from submit_priced(call.context.state, command, derivative, command.direction)
    placed = next(event for event in events if isinstance(event, DerivativeOrderChanged))
    return _answer(call, call.context.state.derivatives.orders[placed.order_id], events)


def close_position(call: Call) -> Write:
    """Place a reduce-only order for the whole position; the result is the order with its trades."""
    derivative, params = derivative_of(call), call.params
    is_limit = params["type"] == LIMIT
    if is_limit and params["price"] is None:
        raise missing("price", call.operation.name)
    size = size_of(call.context.state, owner_of(call), derivative.name)
    if not size:
        raise Rejected(
            errors.OTHER_REJECT,
            f"there is no position in {derivative.name} to close",
            message="other_reject reduce_only_without_position",
        )
    direction = Direction.SELL if size > 0 else Direction.BUY
    command = PlaceDerivativeOrder(
        subaccount_ref=owner_of(call),
        derivative=derivative.name,
        direction=direction,
        amount=abs(size),
        price=params["price"] if is_limit else None,
        reduce_only=True,
    )
    return (yield from _place(call, command, derivative))


def edit(call: Call) -> Write:
    return (yield from _edit(call, named_order(call)))


def edit_by_label(call: Call) -> Write:
    """Edit the only open order that has a given label in an instrument.

    Raises Rejected if no order, or more than one, has the label.
    """
    derivative_of(call)
    found = open_orders(call.context.state, owner_of(call), filter_of(call))
    where = f"label {call.params['label']!r} in {call.params['instrument_name']}"
    if not found:
        raise Rejected(errors.ORDER_NOT_FOUND, f"there is no open order with {where}")
    if len(found) > 1:
        raise Rejected(errors.LABEL_NOT_UNIQUE, f"there are {len(found)} open orders with {where}")
    return (yield from _edit(call, found[0]))


def cancel(call: Call) -> Write:
    order = named_order(call)
    yield from submit(CancelOrder(order=order.order_id))
    return order_text(order, call.context.api_date)


def cancel_all(call: Call) -> Write:
    """Cancel the orders that match the parameters.

    The result is the number of these orders, or with `detailed` the orders themselves.
    """
    params = call.params
    if "instrument_name" in params:
        derivative_of(call)
    command = CancelDerivativeOrders(
        subaccount_ref=owner_of(call),
        derivative=params.get("instrument_name"),
        currency=params.get("currency"),
        kinds=kinds_of(params.get("kind")),
        label=params.get("label"),
        types=CANCEL_TYPES[params.get("type") or "all"],
    )
    events = yield from submit(command)
    orders = call.context.state.derivatives.orders
    canceled = [orders[event.order_id] for event in events if isinstance(event, DerivativeOrderChanged)]
    return _groups(call, canceled) if params.get("detailed") else str(len(canceled))


def require_supported(call: Call) -> None:
    """Raise Rejected for a parameter of order entry that is not emulated, and for a request past its deadline."""
    params = call.params
    unsupported = [
        f"{name} {params[name]}"
        for name, known in (("type", PLACED_TYPES), ("advanced", ()), ("linked_order_type", ()))
        if params.get(name) is not None and params[name] not in known
    ]
    if unsupported or params["mmp"]:
        message = f"{', '.join(unsupported) or 'mmp'} is not emulated: expected one of {', '.join(PLACED_TYPES)}"
        raise Rejected(errors.NOT_IMPLEMENTED, message)
    valid_until = params["valid_until"]
    if valid_until is not None and call.at // MICROSECONDS_PER_MILLISECOND >= valid_until:
        raise Rejected(errors.TIMED_OUT, f"valid_until={valid_until} is past")


def require_shown(call: Call, amount: Decimal) -> None:
    """Raise Rejected for an order that hides part of its amount: the mock's order books show whole amounts."""
    for name in ("max_show", "display_amount"):
        shown = call.params[name]
        if shown is not None and shown < amount:
            message = f"{name} {shown} of {amount}: hidden amounts are not emulated, leave {name} out"
            raise Rejected(errors.NOT_IMPLEMENTED, message)


def require_trigger_tick(price: Decimal | None, derivative: Derivative) -> None:
    """Raise Rejected for a trigger price that is not a multiple of the tick."""
    if price is not None and price % derivative.terms.tick:
        message = f"trigger_price {price} of {derivative.name}: expected a multiple of {derivative.terms.tick}"
        raise Rejected(errors.TRIGGER_PRICE_WRONG_TICK, message)


def require_editable(call: Call, order: DerivativeOrder) -> None:
    """Raise Rejected for parameters of an edit that an order of this type does not have."""
    params = call.params
    require_trigger_tick(params["trigger_price"], order.derivative)
    can_rest = order.price is not None and order.life in RESTING_LIVES
    wrong = (
        ("trigger_price", params["trigger_price"] is not None and order.state is not OrderState.UNTRIGGERED),
        ("price", params["price"] is not None and order.price is None),
        ("post_only", params["post_only"] and not can_rest),
    )
    for name, is_wrong in wrong:
        if is_wrong and order.state in ALIVE:
            message = f"order {order.order_id} is {order.state}, {order.order_type}, {order.life}: it has no {name}"
            raise Rejected(errors.UNSUPPORTED_COMBINATION, message)


def required_amount(call: Call, derivative: Derivative) -> Decimal:
    """Return the amount of a call, which may be given in contracts. Raises Rejected if it is missing or too small."""
    amount = given_amount(call, derivative)
    if amount is None:
        raise missing("amount", call.operation.name)
    return amount


def given_amount(call: Call, derivative: Derivative) -> Decimal | None:
    """Return the amount of a call; None without one.

    Raises Rejected if `amount` and `contracts` contradict each other.
    """
    amount, contracts, terms = call.params["amount"], call.params["contracts"], derivative.terms
    if contracts is not None:
        counted = contracts * terms.contract_size
        if amount is not None and amount != counted:
            raise invalid("amount", "must match contracts", f"{contracts} contracts are {counted}, amount is {amount}")
        amount = counted
    if amount is not None and amount < terms.amount_min and amount % min(terms.contract_size, terms.amount_min) == 0:
        raise Rejected(errors.QTY_TOO_LOW, f"amount {amount}: expected {terms.amount_min} or more")
    checked: Decimal | None = amount
    return checked


def _edit(call: Call, order: DerivativeOrder) -> Write:
    params = call.params
    require_supported(call)
    require_editable(call, order)
    command = EditDerivativeOrder(
        order=order.order_id,
        amount=given_amount(call, order.derivative),
        price=params["price"],
        post_only=params["post_only"],
        reject_post_only=params["reject_post_only"],
        reduce_only=params["reduce_only"],
        trigger_price=params["trigger_price"],
    )
    events = yield from submit_priced(call.context.state, command, order.derivative, order.direction)
    if order.cancel_reason is CancelReason.EDIT_POST_ONLY:
        message = f"order {order.order_id} would trade at {params['price'] or order.price}: it was canceled"
        raise Rejected(errors.POST_ONLY_REJECT, message)
    return _answer(call, order, events)


def _answer(call: Call, order: DerivativeOrder, events: Sequence[Event]) -> str:
    """Return an order with the trades that a write made of it, oldest first."""
    serials = {event.serial for event in events if isinstance(event, DerivativeTraded)}
    trades = [trade for trade in trades_of(call, order.subaccount_ref, order.order_id) if trade.serial in serials]
    return f'{{"order":{order_text(order, call.context.api_date)},"trades":{trades_text(call, trades)}}}'


def _groups(call: Call, orders: Sequence[DerivativeOrder]) -> str:
    """Return canceled orders in groups: of the instrument that was named, or else of each currency [code].

    Trigger orders are in groups of their own.
    """
    name = call.params.get("instrument_name")
    groups: dict[tuple[str, str], list[DerivativeOrder]] = {}
    for order in orders:
        groups.setdefault((name or order.currency, LIMIT if order.trigger is None else TRIGGER), []).append(order)
    key = "currency" if name is None else "instrument_name"
    rows = (
        f'{{"{key}":"{group}","result":{orders_text(found, call.context.api_date)},"type":"{kind}"}}'
        for (group, kind), found in groups.items()
    )
    return "[" + ",".join(rows) + "]"


def _write(name: str, write: Callable[[Call], Write], parameters: tuple[Parameter, ...]) -> Operation:
    return Operation(name=f"private/{name}", write=write, parameters=parameters, scope=SCOPE)


OPERATIONS: tuple[Operation, ...] = (
    _write("buy", partial(place, direction=Direction.BUY), PLACE),
    _write("sell", partial(place, direction=Direction.SELL), PLACE),
    _write("close_position", close_position, CLOSE),
    _write("edit", edit, EDIT),
    _write("edit_by_label", edit_by_label, EDIT_BY_LABEL),
    _write("cancel", cancel, CANCEL),
    _write("cancel_all", cancel_all, CANCEL_ALL),
    _write("cancel_all_by_currency", cancel_all, CANCEL_ALL_BY_CURRENCY),
    _write("cancel_all_by_instrument", cancel_all, CANCEL_ALL_BY_INSTRUMENT),
    _write("cancel_by_label", cancel_all, CANCEL_BY_LABEL),
)
