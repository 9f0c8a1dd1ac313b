"""Handlers of recorded fills and opening balances.

A fill is a trade with at least one side on this exchange: that of the account, and that of its counterparty if it has
an account here too. Each side is a row in its account's list of fills, under the id of the trade (recorded 2025-11-03
and 2026-06-11: fill_id is trade_id). Each side belongs to an order: the one that the fill names, or one that is created
with the fill.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from mockexchange.core.commands import Fill, NewOrder, OpenPosition
from mockexchange.core.decimal_text import exact
from mockexchange.core.events import Event
from mockexchange.core.fees import COEFFICIENTS
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.markets import touch_market
from mockexchange.core.handlers.order_checks import require_resting
from mockexchange.core.handlers.position_rows import change_row, row_changed, row_of
from mockexchange.core.handlers.trades import Leg, carry_out
from mockexchange.core.model.markets import Market, require_open
from mockexchange.core.model.orders import OTHER_SIDE, Order, Trade, outcome_side
from mockexchange.core.model.state import State
from mockexchange.core.position_cost import Stake
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Action, MarketStatus, OrderStatus, Side

OPPOSITE = {Action.BUY: Action.SELL, Action.SELL: Action.BUY}


@handler
def fill(state: State, command: Fill, at: int) -> list[Event]:
    """Carry out a recorded trade for one account, or for two."""
    return fill_order(state, command, at)


def fill_order(state: State, command: Fill, at: int, *, is_block: bool = False) -> list[Event]:
    """Carry out a recorded trade; `is_block` marks one that two accounts agreed on outside the order book."""
    market = require_open(state.market(command.market))
    sides = [command] if command.against is None else [command, _of_counterparty(state, command)]
    if command.fill_id in state.named_trades:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"fill {command.fill_id} exists already")
    for side in sides:
        _require_fillable(state, market, side)
    # The taker gains from one outcome side, its counterparty from the other.
    own_side = outcome_side(command.side, command.action)
    price_centicents = command.price_centicents
    traded = Trade(
        given_id=command.fill_id,
        market=market,
        yes_centicents=price_centicents if command.side is Side.YES else CENTICENTS_PER_DOLLAR - price_centicents,
        count_centis=command.count_centis,
        taker_side=own_side if command.taker else OTHER_SIDE[own_side],
        created_at=at,
        serial=state.next_revision(),
        market_volume_centis=market.volume_centis,
        is_block=is_block,
    )
    return carry_out(state, traded, _legs(state, traded, sides), at)


def _of_counterparty(state: State, command: Fill) -> Fill:
    """Return the counterparty's side of a fill, which has the opposite action and role.

    It is in the terms of the order that it names: to sell YES at 0.60 is to buy NO at 0.40.
    """
    assert command.against is not None, "it has a counterparty"
    order = state.orders.get(command.against_order) if isinstance(command.against_order, str) else None
    side, action, price_centicents = command.side, OPPOSITE[command.action], command.price_centicents
    if order is not None and order.side is not side:
        side, action, price_centicents = order.side, command.action, CENTICENTS_PER_DOLLAR - price_centicents
    return replace(
        command,
        subaccount_ref=command.against,
        against=None,
        against_order=None,
        against_fee_micros=None,
        side=side,
        action=action,
        price_centicents=price_centicents,
        taker=not command.taker,
        fee_micros=command.against_fee_micros,
        order=command.against_order,
        client_order_id="",
    )


def _require_fillable(state: State, market: Market, command: Fill) -> None:
    """Raise Refused if one side of a fill has no fee, or does not fit its order.

    An order has to agree in subaccount, market, side, action and remaining count.
    """
    state.dollar_subaccount(command.subaccount_ref)
    if command.fee_micros is None and market.event.series.fee_type not in COEFFICIENTS:
        message = (
            f"series {market.event.series.ticker} has fee_type flat, which has no formula: state the fill's fee,"
            " and with `against` the against_fee too"
        )
        raise Refused(RefusalCode.FEE_UNKNOWN, message)
    if isinstance(command.order, NewOrder) and command.order.order_id in state.orders:
        order_id = command.order.order_id
        message = f"order {order_id} exists already: `order: {order_id}` fills it"
        raise Refused(RefusalCode.ALREADY_EXISTS, message)
    if not isinstance(command.order, str):
        return
    try:
        order = state.order(command.order)
    except Refused as refused:
        message = f"{refused.refusal.message}; `order: {{new: {command.order}}}` makes an order with this id"
        raise Refused(RefusalCode.UNKNOWN_ORDER, message) from None
    if order.is_placed:
        require_resting(order)
    wanted = (order.subaccount.ref, order.market.ticker, order.side, order.action)
    if wanted != (command.subaccount_ref, command.market, command.side, command.action):
        message = f"order {order.order_id} is {order.action} {order.side} in {order.market.ticker} by {wanted[0]}"
        given = f"{command.action} {command.side} in {command.market} by {command.subaccount_ref}"
        raise Refused(RefusalCode.ORDER_MISMATCH, f"{message}, got {given}")
    if command.client_order_id not in ("", order.client_order_id):
        message = f"order {order.order_id} has client_order_id {order.client_order_id!r}"
        raise Refused(RefusalCode.ORDER_MISMATCH, f"{message}, got {command.client_order_id!r}")
    if order.is_placed and command.count_centis > order.remaining_centis:
        message = (
            f"order {order.order_id} has {exact(order.remaining_centis, 2)} contracts left,"
            f" got {exact(command.count_centis, 2)}"
        )
        raise Refused(RefusalCode.ORDER_MISMATCH, message)


def _legs(state: State, traded: Trade, sides: list[Fill]) -> Iterator[Leg]:
    """Yield the legs of a fill with their orders. An order that no side names is made when its turn comes.

    It is executed and known only by its fills; that of the account's side has the serial of the trade.
    """
    for place, side in enumerate(sides):
        if isinstance(side.order, str):
            order = state.orders[side.order]
        else:
            serial = state.next_revision() if place else traded.serial
            order = Order(
                given_id=side.order.order_id if side.order is not None else "",
                client_order_id=side.client_order_id,
                subaccount=state.subaccounts[side.subaccount_ref],
                market=traded.market,
                side=side.side,
                action=side.action,
                price_centicents=side.price_centicents,
                initial_centis=0,
                remaining_centis=0,
                created_at=traded.created_at,
                updated_at=traded.created_at,
                serial=serial,
                revision=serial,
                status=OrderStatus.EXECUTED,
                is_placed=False,
                is_archived=traded.created_at < state.archived_before,
            )
        yield Leg(order, side.taker, side.fee_micros)


@handler
def open_position(state: State, command: OpenPosition, at: int) -> Iterator[Event]:
    """Open a position without fills, for an account imported from elsewhere."""
    market = state.market(command.market)
    subaccount = state.dollar_subaccount(command.subaccount_ref)
    if market.status is MarketStatus.FINALIZED:
        message = f"market {market.ticker} is finalized: open the position before it settles"
        raise Refused(RefusalCode.MARKET_NOT_OPEN, message)
    if market.ticker in subaccount.positions:
        raise Refused(
            RefusalCode.POSITION_EXISTS,
            f"{command.subaccount_ref} has a row in {market.ticker} already: open it before any fill or order there",
        )
    subaccount.contributed_micros += command.cost_micros - command.realized_micros + command.fees_micros
    row = row_of(state, subaccount, market, at)
    shares_centis = abs(command.quantity_centis) if command.shares_centis is None else command.shares_centis
    stake = Stake(
        command.quantity_centis, command.cost_micros, command.realized_micros, command.traded_micros, shares_centis
    )
    has_moved = change_row(subaccount, row, state.next_revision(), stake, command.fees_micros)
    row.opened, row.opened_fees_micros = stake, command.fees_micros
    row.held_fees_micros = command.fees_micros if command.quantity_centis else 0
    yield row_changed(row, has_moved=has_moved)
    touch_market(state, market, at)
