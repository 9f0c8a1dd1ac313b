"""The checks of an order that is placed, amended, reduced or canceled; each raises Refused and changes nothing."""

from mockexchange.core import fees
from mockexchange.core.commands import PlaceOrder
from mockexchange.core.decimal_text import exact
from mockexchange.core.instants import MICROSECONDS_PER_DAY
from mockexchange.core.model.markets import Market, require_open
from mockexchange.core.model.orders import OTHER_SIDE, Order
from mockexchange.core.model.paged_history import EVERYTHING
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import (
    PRIMARY_SUBACCOUNT,
    AccountKind,
    Action,
    OrderStatus,
    Side,
    SubaccountRef,
    TimeInForce,
)

GRID_STEPS = (100, 10, 1)
"""Possible price steps of a market in centi-cents, widest first. Whole cents are valid with every step."""


def require_resting(order: Order) -> Order:
    """Return the order. Raises Refused if it does not rest.

    If its market is not open, the refusal names that as the reason [doc].
    """
    if order.status is not OrderStatus.RESTING:
        require_open(order.market)
        message = f"order {order.order_id} is {order.status}: only a resting one can change"
        raise Refused(RefusalCode.ORDER_NOT_RESTING, message)
    return order


def require_active(state: State) -> None:
    """Raise Refused while the whole exchange is halted."""
    if not state.service.is_active:
        raise Refused(RefusalCode.EXCHANGE_PAUSED, "the exchange is paused: orders can be neither placed nor changed")


def require_trading(state: State, market: Market) -> None:
    """Raise Refused while the exchange is halted, or while trading on it or in the market is paused."""
    require_active(state)
    if not state.service.is_trading:
        message = "trading is paused: orders rest and can be canceled, but none can be placed or amended"
        raise Refused(RefusalCode.TRADING_PAUSED, message)
    if not market.is_trading:
        message = f"trading in {market.ticker} is paused: its orders rest and can be canceled, none can be placed"
        raise Refused(RefusalCode.TRADING_PAUSED, message)


def require_enterable(state: State, command: PlaceOrder, market: Market, at: int) -> None:
    """Raise Refused if a field of a new order is not acceptable; cash is not checked here."""
    if command.reduce_only and command.time_in_force is not TimeInForce.IMMEDIATE_OR_CANCEL:
        message = f"reduce_only is for immediate_or_cancel orders: got {command.time_in_force}"
        raise Refused(RefusalCode.REDUCE_ONLY_NEEDS_IOC, message)
    if command.expires_at is not None:
        require_future(command.expires_at, at)
    require_formula(market)
    if command.price_centicents % GRID_STEPS[0]:
        require_price_on_grid(state, market, command.price_centicents)
    require_count_on_grid(state, command.count_centis)
    if command.order is not None and command.order in state.orders:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"order {command.order} exists already")
    require_new_client_order_id(state, command.subaccount_ref, command.client_order_id)
    resting, orders_max = state.accounts[command.subaccount_ref.account].resting_orders, state.rules.orders_max
    if resting >= orders_max:
        message = (
            f"account {command.subaccount_ref.account} has {resting} resting orders: at most {orders_max} may rest"
        )
        raise Refused(RefusalCode.TOO_MANY_ORDERS, message)


def require_future(expires_at: int, at: int) -> None:
    """Raise Refused for an expiry that has passed."""
    if expires_at <= at:
        late_s = exact(at - expires_at, 6)
        raise Refused(RefusalCode.EXPIRY_IN_PAST, f"the expiry passed {late_s} s ago: expected one in the future")


def require_formula(market: Market) -> None:
    """Raise Refused for an order in a series whose fees have no formula, because its trades could not be charged."""
    if market.event.series.fee_type not in fees.COEFFICIENTS:
        message = (
            f"series {market.event.series.ticker} has fee_type flat, which has no formula: its orders cannot match"
        )
        raise Refused(RefusalCode.FEE_UNKNOWN, message)


def require_price_on_grid(state: State, market: Market, price_centicents: int) -> None:
    """Raise Refused for a price that is not a multiple of the market's price step.

    The step is the widest one that all prices now in the market are multiples of.
    """
    if price_centicents % GRID_STEPS[0] == 0:
        return
    levels = () if market.quotes is None else (*market.quotes[Side.YES], *market.quotes[Side.NO])
    order_book = state.order_books.get(market.ticker)
    queues = () if order_book is None else (*order_book.sides[Side.YES], *order_book.sides[Side.NO])
    prices = [market.price_centicents or 0, market.previous_centicents or 0, *levels, *queues]
    step = next(step for step in GRID_STEPS if all(price % step == 0 for price in prices))
    if price_centicents % step:
        message = f"price {exact(price_centicents, 4)} is between the steps of {market.ticker}"
        raise Refused(RefusalCode.PRICE_OFF_GRID, f"{message}: expected a multiple of {exact(step, 4)}")


def require_count_on_grid(state: State, count_centis: int) -> None:
    """Raise Refused for a count that is no multiple of the exchange's smallest count."""
    step = state.rules.count_step_centis
    if count_centis % step:
        message = f"count {exact(count_centis, 2)}: expected a multiple of {exact(step, 2)}"
        raise Refused(RefusalCode.COUNT_OFF_GRID, message)


def require_new_client_order_id(state: State, subaccount_ref: SubaccountRef, client_order_id: str) -> None:
    """Raise Refused for a client order id that an order of the account has or had."""
    if client_order_id and client_order_id in state.accounts[subaccount_ref.account].client_order_ids:
        message = f"account {subaccount_ref.account} has used client_order_id {client_order_id!r}: it is spent for ever"
        raise Refused(RefusalCode.DUPLICATE_CLIENT_ORDER_ID, message)


def require_funds(state: State, order: Order, at: int, released_micros: int = 0) -> None:
    """Raise Refused if the position limit, the subtrader's rules or the free cash do not permit an order.

    `released_micros` is the cash that an amended order held back before the amendment.
    """
    limit_centis = state.rules.position_limit_centis
    if limit_centis is not None:
        bid_side, subaccount, market = order.bid_side, order.subaccount, order.market
        own_centis, other_centis = (held_centis(subaccount, market, side) for side in (bid_side, OTHER_SIDE[bid_side]))
        after_centis = own_centis - other_centis + order.remaining_centis
        if after_centis > limit_centis:
            message = f"the order could lead to {exact(after_centis, 2)} contracts of {bid_side} in {market.ticker}"
            raise Refused(RefusalCode.POSITION_LIMIT, f"{message}: at most {exact(limit_centis, 2)} are allowed")
    if state.accounts[order.subaccount.ref.account].kind is AccountKind.FCM:
        _require_subtrader(state, order, at)
    if not state.rules.check_cash:
        return
    need_micros, series = order.needs_micros(), order.market.event.series
    # The fee if it were filled whole as a taker at its limit price.
    attos = fees.exact_fee_attos(
        series.fee_type, series.fee_multiplier, True, order.remaining_centis, order.price_centicents
    )
    fee_micros = -(-(attos or 0) // fees.ATTOS_PER_MICRO)
    shard = order.market.event.exchange_index
    free_micros = order.subaccount.free_on(shard) + released_micros
    if need_micros + fee_micros > free_micros:
        subaccount = order.subaccount
        needs = f"needs {exact(need_micros, 6)} and at most {exact(fee_micros, 6)} in fees"
        message = f"the order {needs}, {order.subaccount_ref} has {exact(free_micros, 6)} dollars free on shard {shard}"
        shards = (0, *sorted(subaccount.shards_micros))
        others = {other: subaccount.free_on(other) for other in shards if other != shard}
        found = " and ".join(f"{exact(free, 6)} on shard {other}" for other, free in others.items() if free > 0)
        advice = f", and {found}: `shard_transfer` moves it" if found else ""
        raise Refused(RefusalCode.INSUFFICIENT_CASH, message + advice)


def opening_centis(state: State, order: Order, count_centis: int) -> int:
    """Return how many contracts a sell order opens on the other side.

    These are the contracts beyond those that are held and that no other resting order would sell. If the order rules do
    not check cash the number is 0, because nothing is held back for them.
    """
    if order.action is Action.BUY or not state.rules.check_cash:
        return 0
    subaccount, market, side = order.subaccount, order.market, order.side
    free_centis = held_centis(subaccount, market, side) - subaccount.covered_centis.get(market.ticker, 0)
    return count_centis - min(count_centis, max(0, free_centis))


def held_centis(subaccount: Subaccount, market: Market, side: Side) -> int:
    """Return how many contracts of a side a subaccount holds, 0 if it holds the other side."""
    row = subaccount.positions.get(market.ticker)
    quantity_centis = 0 if row is None else row.stake.quantity_centis
    return max(0, quantity_centis if side is Side.YES else -quantity_centis)


def reducing_centis(order: Order) -> int:
    """Return how many of an order's contracts would reduce the subaccount's position."""
    return min(order.remaining_centis, held_centis(order.subaccount, order.market, OTHER_SIDE[order.bid_side]))


def _require_subtrader(state: State, order: Order, at: int) -> None:
    """Enforce the restrictions that an FCM has set on its subtrader."""
    account, subaccount = state.accounts[order.subaccount_ref.account], order.subaccount_ref.subaccount
    rules = account.subtrader_rules.get(subaccount)
    if rules is None or subaccount == PRIMARY_SUBACCOUNT:
        return
    if rules.blocked:
        raise Refused(RefusalCode.SUBTRADER_BLOCKED, f"{order.subaccount_ref} is blocked by its FCM")
    event = order.market.event
    barred = {event.details.category, event.series.details.category} & set(rules.categories)
    if barred:
        message = f"{order.subaccount_ref} may not trade {', '.join(sorted(barred))}, the category of {event.ticker}"
        raise Refused(RefusalCode.SUBTRADER_BLOCKED, message)
    if rules.cap_micros is not None:
        # It has spent its fills since midnight UTC, and what its resting orders hold back.
        spent_micros = order.subaccount.reserved_micros
        for fill in reversed(account.ledger.fills.filed(EVERYTHING, (subaccount,))):
            if fill.created_at < at - at % MICROSECONDS_PER_DAY:
                break
            price = fill.trade.yes_centicents if fill.outcome_side is Side.YES else fill.trade.no_centicents
            spent_micros += fill.trade.count_centis * price
        if spent_micros + order.needs_micros() > rules.cap_micros:
            needs = f"{exact(spent_micros, 6)} spent today, and the order needs {exact(order.needs_micros(), 6)}"
            message = f"{order.subaccount_ref} may spend {exact(rules.cap_micros, 6)} a day: {needs}"
            raise Refused(RefusalCode.SUBTRADER_CAPPED, message)
