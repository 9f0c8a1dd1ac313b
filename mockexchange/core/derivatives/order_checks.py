"""The checks of an order of a derivative: its instrument, price and amount, self-trades, and the required funds."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.formulas import form_of, is_option, option_fee
from mockexchange.core.derivatives.matching import offers_within, reducible, shared, size_of
from mockexchange.core.derivatives.orders import DerivativeOrder, OpenOrders
from mockexchange.core.derivatives.precision import ZERO, quotient
from mockexchange.core.derivatives.valuation import open_orders_margin, summary_of
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import SubaccountRef

BAND = (Decimal("0.985"), Decimal("1.015"))
"""Lowest and highest price of an order as a fraction of the mark price, as in the documents' example of a future."""


def price_band(derivative: Derivative) -> tuple[Decimal, Decimal]:
    """Return the lowest price at which an order may sell, and the highest at which an order may buy.

    Both can be below zero for a combo.
    """
    least, most = sorted(derivative.mark * factor for factor in BAND)
    return least, most


def require_room(state: State, owner: SubaccountRef) -> None:
    """Raise Refused if a subaccount already has as many open orders as the order rules allow."""
    opened = sum(len(one.orders) for one in state.derivatives.open_orders.get(owner, {}).values())
    if opened >= state.rules.orders_max:
        message = f"{owner} has {opened} open orders: at most {state.rules.orders_max} may be open"
        raise Refused(RefusalCode.TOO_MANY_ORDERS, message)


def limit_of(order: DerivativeOrder) -> Decimal:
    """Return the worst price at which an order may trade.

    It is the order's limit, or for a market order the bound of the price band, rounded to a tick.
    """
    if order.price is not None:
        return order.price
    least, most = price_band(order.derivative)
    bound, rounding = (most, ROUND_FLOOR) if order.direction is Direction.BUY else (least, ROUND_CEILING)
    tick = order.derivative.terms.tick
    return max(quotient(bound, tick).to_integral_value(rounding) * tick, tick)


def require_price(derivative: Derivative, direction: Direction, price: Decimal) -> None:
    """Raise Refused for a price that is not a multiple of the tick, or is worse than the price band allows."""
    require_tick(derivative, price)
    least, most = price_band(derivative)
    if direction is Direction.BUY and price > most:
        message = f"a purchase of {derivative.name} at {price}: expected {most} or less"
        raise Refused(RefusalCode.PRICE_OUT_OF_RANGE, message)
    if direction is Direction.SELL and price < least:
        message = f"a sale of {derivative.name} at {price}: expected {least} or more"
        raise Refused(RefusalCode.PRICE_OUT_OF_RANGE, message)


def require_tick(derivative: Derivative, price: Decimal | None) -> None:
    """Raise Refused for a price that is not a multiple of the tick; a market order has none."""
    if price is not None and price % derivative.terms.tick:
        message = f"{derivative.name} at {price}: expected a multiple of {derivative.terms.tick}"
        raise Refused(RefusalCode.PRICE_OFF_GRID, message)


def wanted_of(state: State, order: DerivativeOrder) -> Decimal:
    """Return the amount of an order that may be filled.

    It is all that remains, or for a reduce-only order at most the position. Raises Refused if the order is reduce-only
    and there is no position to reduce.
    """
    wanted = reducible(order, size_of(state, order.subaccount_ref, order.derivative.name))
    if not wanted:
        message = f"a reduce_only order to {order.direction} {order.derivative.name}: there is no position to reduce"
        raise Refused(RefusalCode.NOTHING_TO_REDUCE, message)
    return wanted


def reached(state: State, order: DerivativeOrder, limit: Decimal, wanted: Decimal) -> Decimal:
    """Return the part of the amount `wanted` that the order book would fill at once, at prices within `limit`.

    Raises Refused if the order would trade with an order of its own subaccount.
    """
    found, sizes = ZERO, dict[SubaccountRef, Decimal]()
    for offer in offers_within(state, order, limit):
        if found >= wanted:
            break
        if offer.order is None:
            found += shared(state, offer, order.derivative.terms)
            continue
        owner = offer.order.subaccount_ref
        if owner == order.subaccount_ref:
            message = f"the order would trade with {offer.order.order_id} of the same account at {offer.price}"
            raise Refused(RefusalCode.SELF_TRADE, message)
        size = sizes.get(owner, size_of(state, owner, order.derivative.name))
        amount = min(wanted - found, reducible(offer.order, size))
        sizes[owner] = size + offer.order.sign * amount
        found += amount
    return min(found, wanted)


def require_funds(
    state: State, order: DerivativeOrder, limit: Decimal, replaced: DerivativeOrder | None = None
) -> None:
    """Raise Refused for an order that needs more than the available funds: margin, fee, and the loss at its limit.

    An order that does not raise the required margin is never refused. An edited order is compared with the order
    `replaced`, as it was before.
    """
    margin = margin_of(state, order, limit, replaced)
    if margin <= ZERO or not state.rules.check_cash:
        return
    cost = cost_of(state, order, limit)
    available = summary_of(state, order.subaccount_ref, order.currency).available_funds
    if margin + cost > available:
        message = f"{order.subaccount_ref} needs a margin of {margin:.9f} and {cost:.9f} for fee and loss"
        raise Refused(RefusalCode.INSUFFICIENT_CASH, f"{message} in {order.currency}: {available:.9f} are available")


def margin_of(state: State, order: DerivativeOrder, limit: Decimal, replaced: DerivativeOrder | None) -> Decimal:
    """Return by how much an order that rests at `limit` raises the initial margin of its subaccount.

    `replaced` is the order before an edit, which no longer counts; None for a new order.
    """
    derivative, owner = order.derivative, order.subaccount_ref
    size, index = size_of(state, owner, derivative.name), state.derivatives.indexes[derivative.terms.index]
    opened = state.derivatives.open_orders_of(owner, derivative.name)
    after = OpenOrders(buying=opened.buying, selling=opened.selling, premium=opened.premium)
    if replaced is not None:
        after.count(replaced, -1)
    after.count(order, 1, limit)
    return open_orders_margin(derivative, size, after, index) - open_orders_margin(derivative, size, opened, index)


def cost_of(state: State, order: DerivativeOrder, limit: Decimal) -> Decimal:
    """Return the taker fee of an order plus the loss, measured at the mark price, that a fill at `limit` would make."""
    terms, size = order.derivative.terms, order.sign * order.remaining
    index = state.derivatives.indexes[terms.index]
    if is_option(terms):
        return max(order.remaining * option_fee(terms, terms.taker_fee, limit, index), ZERO)
    fee = max(terms.taker_fee * form_of(terms).value(size, limit), ZERO)
    form = form_of(terms)
    return fee + max(form.worth(size, limit) - form.worth(size, order.derivative.mark), ZERO)
