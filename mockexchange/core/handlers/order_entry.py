"""Handlers that place, rest, amend, reduce, cancel and expire orders.

A resting order adds to the resting contracts of its position row and holds back the cash that it would spend. It does
not change the row's time of update (recorded 2025-11-03: three orders, one old `last_updated_ts`). An order's time of
expiry is only stored and shown, because no clock runs in the exchange: an order expires by an ExpireOrder command.
RestOrder states the fact that an order rests; PlaceOrder enters an order that may match.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from mockexchange.core.commands import (
    AmendOrder,
    CancelAllOrders,
    CancelOrder,
    ExpireOrder,
    PlaceOrder,
    ReduceOrder,
    RestOrder,
)
from mockexchange.core.decimal_text import exact
from mockexchange.core.events import (
    Event,
    OrderAmended,
    OrderCanceled,
    OrderPlaced,
    OrderReduced,
    OrderRejected,
    OrderRested,
)
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.matching import Reach, match, opposite_to, reach
from mockexchange.core.handlers.order_bookkeeping import (
    cancel,
    enter_book,
    hold,
    leave_book,
    level_changed,
    list_order,
    order_changed,
    refile_order,
    release,
    rename_order,
    show_resting,
    take_off,
)
from mockexchange.core.handlers.order_checks import (
    opening_centis,
    reducing_centis,
    require_active,
    require_count_on_grid,
    require_enterable,
    require_formula,
    require_funds,
    require_future,
    require_new_client_order_id,
    require_price_on_grid,
    require_resting,
    require_trading,
)
from mockexchange.core.model.markets import Market, require_open
from mockexchange.core.model.order_rules import FillRule, RowRule
from mockexchange.core.model.orders import Order, OrderGroup
from mockexchange.core.model.paged_history import EVERYTHING, Selector
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import OrderReason, OrderStatus, SubaccountRef, TimeInForce

# New orders


@handler
def place_order(state: State, command: PlaceOrder, at: int) -> list[Event]:
    """Place an order: check it and match it; what remains rests or is canceled. All checks come before any change."""
    subaccount = state.dollar_subaccount(command.subaccount_ref)
    market = state.market(command.market)
    group = None
    if command.group is not None:
        group = _group_for(state, command.group, command.subaccount_ref, market)
    require_trading(state, market)
    require_open(market)
    require_enterable(state, command, market, at)
    order = new_order(state, command, subaccount, market, at)
    order.group = group
    order.opening_centis = opening_centis(state, order, command.count_centis)
    if not command.reduce_only:
        require_funds(state, order, at)
    crossing = ""
    if command.post_only and state.rules.fill is FillRule.BOOK and (best := opposite_to(state, order).best()):
        prices = exact(order.price_centicents, 4), exact(best.price_centicents, 4)
        crossing = "post_only at {} would cross the other side's best bid, {}".format(*prices)
        if state.rules.post_only_row is RowRule.NONE:
            raise Refused(RefusalCode.POST_ONLY_WOULD_CROSS, crossing)
    if command.time_in_force is TimeInForce.FILL_OR_KILL or command.max_cost_micros is not None:
        _require_fillable(state, command, order)

    order.serial = state.next_revision()
    if crossing:  # it is listed as canceled at once; its client order id stays free
        order.end("cancel")
        order.is_archived = at < state.archived_before
        list_order(state, order, order.serial, spends_id=False)
        return [
            OrderRejected(order_id=order.given_id, code=RefusalCode.POST_ONLY_WOULD_CROSS, message=crossing),
            OrderCanceled(order_id=order.given_id),
            order_changed(order, OrderReason.POST_ONLY),
        ]
    wanted_centis = reducing_centis(order) if command.reduce_only else order.remaining_centis
    matches, reason = match(state, order, wanted_centis, at)
    if reason is None and wanted_centis < command.count_centis and order.filled_centis == wanted_centis:
        reason = OrderReason.REDUCE_ONLY
    may_rest = command.time_in_force is TimeInForce.GOOD_TILL_CANCELED and command.max_cost_micros is None
    if not order.remaining_centis:
        order.end("fill")
    elif reason is not None or not may_rest:
        order.end("cancel")
    rests = order.status is OrderStatus.RESTING
    order.is_archived = not rests and at < state.archived_before
    list_order(state, order, state.next_revision())
    # The event of the order comes before those of its matches and has the order's values after them: the venue sends no
    # frame of a resting order before the frame of its fill (recorded 2026-06-12).
    events: list[Event] = [
        OrderPlaced(
            order_id=order.given_id,
            subaccount_ref=subaccount.ref,
            market=market.ticker,
            client_order_id=order.client_order_id,
        )
    ]
    if order.status is OrderStatus.CANCELED:
        events.append(OrderCanceled(order_id=order.given_id))
    if reason is None and order.filled is not None:
        reason = OrderReason.TRADE
    events.append(order_changed(order, reason or (OrderReason.PLACED if rests else OrderReason.CANCEL)))
    events += matches
    if rests:
        enter_book(state, order)
        events.append(level_changed(order, order.remaining_centis))
        events.append(show_resting(state, order, order.remaining_centis, at))
    return events


def _require_fillable(state: State, command: PlaceOrder, order: Order) -> None:
    """Refuse a fill-or-kill order that cannot be filled; one that meets an order of its own acts as IOC."""
    if state.rules.fill is FillRule.ALL:
        return
    found = Reach()
    if state.rules.fill is FillRule.BOOK:
        account = state.accounts[command.subaccount_ref.account]
        found = reach(order, order.remaining_centis, opposite_to(state, order), account, state.rules.share_parts)
    if found.meets_own:
        return
    if found.count_centis < order.remaining_centis:
        message = f"only {exact(found.count_centis, 2)} of {exact(order.remaining_centis, 2)} contracts can be filled"
        raise Refused(RefusalCode.FILL_OR_KILL_UNFILLED, f"{message} at {exact(order.price_centicents, 4)} or better")
    if command.max_cost_micros is not None and found.cost_micros > command.max_cost_micros:
        message = f"the contracts cost {exact(found.cost_micros, 6)}"
        raise Refused(
            RefusalCode.FILL_OR_KILL_UNFILLED, f"{message}: at most {exact(command.max_cost_micros, 6)} are allowed"
        )


@handler
def rest_order(state: State, command: RestOrder, at: int) -> Iterator[Event]:
    """Place an order that rests in the order book without being matched."""
    market = require_open(state.market(command.market))
    subaccount = state.dollar_subaccount(command.subaccount_ref)
    group = None
    if command.group is not None:
        group = _group_for(state, command.group, command.subaccount_ref, market)
    if command.order is not None and command.order in state.orders:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"order {command.order} exists already")
    order = new_order(state, command, subaccount, market, at)
    order.serial = order.revision = state.next_revision()
    order.group = group
    list_order(state, order, order.serial)
    enter_book(state, order)
    yield OrderRested(
        order_id=order.given_id,
        subaccount_ref=command.subaccount_ref,
        market=market.ticker,
        side=order.side,
        action=order.action,
        count_centis=order.initial_centis,
        price_centicents=order.price_centicents,
    )
    yield level_changed(order, order.remaining_centis)
    yield order_changed(order, OrderReason.PLACED)
    yield show_resting(state, order, order.remaining_centis, at)


def _group_for(state: State, group_id: str, subaccount_ref: SubaccountRef, market: Market) -> OrderGroup:
    """Return the order group that a new order names.

    Raises Refused if the group belongs to another subaccount or shard, or is triggered.
    """
    group = state.group(group_id)
    if group.subaccount_ref != subaccount_ref:
        message = f"group {group.group_id} is of {group.subaccount_ref}, the order of {subaccount_ref}"
        raise Refused(RefusalCode.GROUP_MISMATCH, message)
    if group.exchange_index != market.event.exchange_index:
        where = f"market {market.ticker} trades on {market.event.exchange_index}"
        message = f"group {group.group_id} is on exchange index {group.exchange_index}, {where}"
        raise Refused(RefusalCode.GROUP_MISMATCH, message)
    if group.is_triggered:
        message = f"group {group.group_id} is triggered: reset it before it takes orders again"
        raise Refused(RefusalCode.GROUP_TRIGGERED, message)
    return group


def new_order(state: State, command: RestOrder | PlaceOrder, subaccount: Subaccount, market: Market, at: int) -> Order:
    """Return a new `Order` with the values of a command; it has no serial, revision or group, and is in no list yet."""
    return Order(
        given_id=command.order or state.new_id("order"),
        client_order_id=command.client_order_id,
        subaccount=subaccount,
        market=market,
        side=command.side,
        action=command.action,
        price_centicents=command.price_centicents,
        initial_centis=command.count_centis,
        remaining_centis=command.count_centis,
        created_at=at,
        updated_at=at,
        serial=0,
        revision=0,
        expires_at=command.expires_at,
        self_trade_prevention=command.self_trade_prevention,
        cancel_on_pause=command.cancel_on_pause,
    )


# Amendments


@handler
def amend_order(state: State, command: AmendOrder, at: int) -> Iterator[Event]:
    """Change a resting order, which may match then.

    The count of an amendment is the whole order, filled contracts included; it becomes the order's initial count. An
    order keeps its place in the queue unless its price changes or its count grows; otherwise it leaves the order book,
    matches as a new order would, and joins the end of the queue. A count that is filled already cancels the order.
    """
    order = state.order(command.order)
    require_trading(state, order.market)
    require_resting(order)
    amended = _amended(state, order, command, at)
    if command.client_order_id is not None:
        rename_order(state, order, command.client_order_id)
    yield OrderAmended(order_id=order.order_id)
    if not amended.remaining_centis:
        yield from cancel(state, order, at, OrderReason.AMEND)
        return
    change_centis = amended.remaining_centis - order.remaining_centis
    if amended.price_centicents != order.price_centicents or change_centis > 0:
        yield from _requeue(state, order, amended, at)
        return
    release(order, order.remaining_centis)
    _set(order, amended)
    refile_order(state, order, at, order.partition)
    hold(order)
    if change_centis:
        state.order_books[order.market.ticker].change(order, change_centis)
        yield level_changed(order, change_centis)
    yield order_changed(order, OrderReason.AMEND)
    yield show_resting(state, order, change_centis, at)


def _amended(state: State, order: Order, command: AmendOrder, at: int) -> Order:
    """Return the order as it is to be, which is nowhere. Raises Refused."""
    if command.expires_at is not None:
        require_future(command.expires_at, at)
    if command.client_order_id is not None and command.client_order_id != order.client_order_id:
        require_new_client_order_id(state, order.subaccount_ref, command.client_order_id)
    remaining_centis = order.remaining_centis
    if command.count_centis is not None:
        require_count_on_grid(state, command.count_centis)
        remaining_centis = command.count_centis - order.filled_centis
        if remaining_centis < 0:
            message = (
                f"order {order.order_id} has {exact(order.filled_centis, 2)} contracts filled: expected that count or"
                f" more, got {exact(command.count_centis, 2)}"
            )
            raise Refused(RefusalCode.AMEND_COUNT_TOO_SMALL, message)
    price_centicents = order.price_centicents if command.price_centicents is None else command.price_centicents
    if price_centicents != order.price_centicents:
        require_price_on_grid(state, order.market, price_centicents)
    amended = replace(
        order,
        price_centicents=price_centicents,
        initial_centis=order.initial_centis if command.count_centis is None else command.count_centis,
        remaining_centis=remaining_centis,
        expires_at=None if command.clears_expiry else command.expires_at or order.expires_at,
    )
    if remaining_centis > order.remaining_centis:
        # It keeps the contracts that it covers; those by which it grows may open the other side.
        opened_centis = opening_centis(state, order, remaining_centis - order.remaining_centis)
        amended.opening_centis = min(order.opening_centis, order.remaining_centis) + opened_centis
    if amended.needs_micros() > order.needs_micros():
        require_funds(state, amended, at, order.needs_micros())
    if price_centicents != order.price_centicents and opposite_to(state, amended).best() is not None:
        require_formula(order.market)
    return amended


def _requeue(state: State, order: Order, amended: Order, at: int) -> Iterator[Event]:
    """Take an order out of the order book, match it, and let what remains join the end of the queue."""
    before_centis, left = order.remaining_centis, level_changed(order, -order.remaining_centis)
    has_moved = amended.price_centicents != order.price_centicents
    leave_book(state, order)
    _set(order, amended)
    events, reason = match(state, order, order.remaining_centis, at)
    before = order.partition
    if not order.remaining_centis:
        order.end("fill")
    elif reason is not None:
        order.end("cancel")
    refile_order(state, order, at, before)
    joined = [level_changed(order, order.remaining_centis)] if order.remaining_centis else []
    if joined:
        enter_book(state, order)
    if events or not joined:
        yield left
        yield from [OrderCanceled(order_id=order.order_id)] if order.status is OrderStatus.CANCELED else []
    elif has_moved:
        yield from (left, *joined)
    else:
        yield level_changed(order, order.remaining_centis - before_centis)
    yield order_changed(order, reason or OrderReason.AMEND)
    yield from events
    yield from joined if events else ()
    yield show_resting(state, order, order.remaining_centis - before_centis, at)


def _set(order: Order, amended: Order) -> None:
    order.price_centicents, order.expires_at = amended.price_centicents, amended.expires_at
    order.initial_centis, order.remaining_centis = amended.initial_centis, amended.remaining_centis
    order.opening_centis = amended.opening_centis


# Orders that end


@handler
def reduce_order(state: State, command: ReduceOrder, at: int) -> Iterator[Event]:
    """Reduce a resting order; cancel it if nothing remains."""
    require_active(state)
    order = require_resting(state.order(command.order))
    if command.count_centis >= order.remaining_centis:
        yield from cancel(state, order, at, OrderReason.DECREASE)
        return
    take_off(state, order, command.count_centis, at)
    yield OrderReduced(order_id=order.given_id, remaining_centis=order.remaining_centis)
    yield level_changed(order, -command.count_centis)
    yield order_changed(order, OrderReason.DECREASE)
    yield show_resting(state, order, -command.count_centis, at)


@handler
def cancel_order(state: State, command: CancelOrder, at: int) -> Iterator[Event]:
    """Cancel a resting order: of an event market, or of a derivative."""
    if command.order in state.derivatives.orders:
        from mockexchange.core.derivatives import handlers as derivative_handlers

        yield from derivative_handlers.cancel_order(state, command, at)
        return
    require_active(state)
    yield from cancel(state, require_resting(state.order(command.order)), at, OrderReason.CANCEL)


@handler
def expire_order(state: State, command: ExpireOrder, at: int) -> Iterator[Event]:
    """Cancel a resting order as expired."""
    yield from cancel(state, require_resting(state.order(command.order)), at, OrderReason.EXPIRY)


@handler
def cancel_all_orders(state: State, command: CancelAllOrders, at: int) -> Iterator[Event]:
    """Cancel the resting orders that pass the command's filters, in the order of arrival in each market."""
    require_active(state)
    account = state.account(command.account)
    if command.subaccount is not None:
        state.subaccount(SubaccountRef(command.account, command.subaccount))
    market = None if command.market is None else state.market(command.market)
    selector: Selector = EVERYTHING if market is None else market.ticker
    subaccounts = account.subaccounts if command.subaccount is None else (command.subaccount,)
    partitions = [(subaccount, OrderStatus.RESTING, False) for subaccount in subaccounts]
    wanted = [order for each in partitions for order in account.ledger.orders.filed(selector, each)]
    for order in wanted:
        yield from cancel(state, order, at, OrderReason.CANCEL)
