"""The handler of new orders: check, match, then rest or cancel what remains.

Everything is checked before anything changes. The event of the order itself comes before those of its matches and has
the order's values after them: the venue sends no frame of a resting order before the frame of its fill (recorded
2026-06-12).
"""

from mockexchange.core.commands import PlaceOrder
from mockexchange.core.decimals import exact
from mockexchange.core.events import Event, OrderCanceled, OrderPlaced, OrderRejected
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.orders.matching import match, opposite_to
from mockexchange.core.handlers.orders.order_changes import (
    add_order,
    enter_book,
    level_changed,
    list_order,
    order_changed,
    require_trading,
    show_resting,
)
from mockexchange.core.handlers.orders.order_checks import (
    opening_centis,
    reducing_centis,
    require_enterable,
    require_funds,
)
from mockexchange.core.handlers.orders.orders import group_for, new_order
from mockexchange.core.matching.crossing import Reach, reach
from mockexchange.core.model.markets import require_open
from mockexchange.core.model.order_rules import FillRule, RowRule
from mockexchange.core.model.orders import Order
from mockexchange.core.model.state import State
from mockexchange.core.refusals import Refusal, RefusalCode, Refused
from mockexchange.core.vocabulary import OrderReason, OrderStatus, TimeInForce


@handler
def place_order(state: State, command: PlaceOrder, at: int) -> list[Event]:
    """Place an order: check it and match it; what remains rests or is canceled."""
    order = _checked(state, command, at)
    refusal = _post_only_refusal(state, order) if command.post_only else None
    if refusal is not None and state.rules.post_only_row is RowRule.NONE:
        raise Refused(refusal.code, refusal.message)
    if command.time_in_force is TimeInForce.FILL_OR_KILL or command.max_cost_micros is not None:
        _require_fillable(state, command, order)
    order.serial = state.next_revision()
    if refusal is not None:
        return _reject(state, order, refusal)
    matches, reason = _matched(state, command, order, at)
    is_over = _finish(command, order, reason)
    order.is_archived = is_over and at < state.archived_before
    list_order(state, order, state.next_revision())
    events: list[Event] = [_placed(order)]
    if order.status is OrderStatus.CANCELED:
        events.append(OrderCanceled(order_id=order.given_id))
    events.append(order_changed(order, reason or _reason_of(order)))
    events += matches
    if not is_over:
        enter_book(state, order)
        events.append(level_changed(order, order.remaining_centis))
        events.append(show_resting(state, order, order.remaining_centis, at))
    return events


def _checked(state: State, command: PlaceOrder, at: int) -> Order:
    """Return the order, which is nowhere yet. Raises Refused."""
    subaccount = state.dollar_subaccount(command.subaccount_ref)
    market = state.market(command.market)
    group = None
    if command.group is not None:
        group = group_for(state, command.group, command.subaccount_ref, market)
    require_trading(state, market)
    require_open(market)
    require_enterable(state, command, market, at)
    order = new_order(state, command, subaccount, market, at)
    order.group = group
    order.opening_centis = opening_centis(state, order, command.count_centis)
    if not command.reduce_only:
        require_funds(state, order, at)
    return order


def _post_only_refusal(state: State, order: Order) -> Refusal | None:
    best = opposite_to(state, order).best() if state.rules.fill is FillRule.BOOK else None
    if best is None:
        return None
    offered = exact(best.price_centicents, 4)
    message = f"post_only at {exact(order.price_centicents, 4)} would cross the other side's best bid, {offered}"
    return Refusal(RefusalCode.POST_ONLY_WOULD_CROSS, message)


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


def _matched(state: State, command: PlaceOrder, order: Order, at: int) -> tuple[list[Event], OrderReason | None]:
    """Carry out the matches of an order; return their events, and why the rest is canceled, None if it is not."""
    wanted_centis = reducing_centis(order) if command.reduce_only else order.remaining_centis
    events, reason = match(state, order, wanted_centis, at)
    if reason is None and wanted_centis < command.count_centis and order.filled_centis == wanted_centis:
        reason = OrderReason.REDUCE_ONLY
    return events, reason


def _finish(command: PlaceOrder, order: Order, reason: OrderReason | None) -> bool:
    """Set the status of an order after its matches; return whether it is done."""
    rests = command.time_in_force is TimeInForce.GOOD_TILL_CANCELED and command.max_cost_micros is None
    if not order.remaining_centis:
        order.status = OrderStatus.EXECUTED
    elif reason is not None or not rests:
        order.status, order.remaining_centis = OrderStatus.CANCELED, 0
    return order.status is not OrderStatus.RESTING


def _reason_of(order: Order) -> OrderReason:
    if order.filled is not None:
        return OrderReason.TRADE
    return OrderReason.PLACED if order.status is OrderStatus.RESTING else OrderReason.CANCEL


def _placed(order: Order) -> Event:
    return OrderPlaced(
        order_id=order.given_id,
        subaccount_ref=order.subaccount.ref,
        market=order.market.ticker,
        client_order_id=order.client_order_id,
    )


def _reject(state: State, order: Order, refusal: Refusal) -> list[Event]:
    """List an order that a rule canceled at once. Its client order id stays free."""
    order.status, order.remaining_centis = OrderStatus.CANCELED, 0
    order.is_archived = order.created_at < state.archived_before
    add_order(state, order, order.serial)
    return [
        OrderRejected(order_id=order.order_id, code=refusal.code, message=refusal.message),
        OrderCanceled(order_id=order.order_id),
        order_changed(order, OrderReason.POST_ONLY),
    ]
